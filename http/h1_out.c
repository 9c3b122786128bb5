#include "http/h1_codec.h"

#include <stdio.h>

#include "http/h1_writer.h"

enum { COPIED_BYTES = 4 * 1024 }; /* content under this goes into the same block as its head */

static enum status put(struct h1_codec *c, struct bytes b)
{
    return slice_queue_put(&c->base.out, c->base.pool, b);
}

static enum status write_head(struct h1_codec *c, const struct head *h, const struct h1_plan *plan)
{
    struct bytes bytes;
    enum status st = h1_write_head(c->scratch, h, plan, &bytes);

    return st ? st : put(c, bytes);
}

/* The framing that the fields of an answer without content may still tell of:
 * that of the answer to a GET (RFC 9110 §9.3.2, §15.4.5). */
static void plan_bodiless(const struct h1_codec *c, const struct head *h, struct h1_plan *plan)
{
    bool coded = fields_find(&h->fields, FIELD_TRANSFER_ENCODING, 0) >= 0;

    if (h->status == 204) { /* RFC 9110 §8.6, RFC 9112 §6.1: MUST NOT have either */
        plan->frame = H1_FRAME_NONE;
    } else if (h->framing == HTTP_LENGTH) {
        plan->frame = H1_FRAME_LENGTH;
        plan->length = (uint64_t)h->length;
    } else if (c->http10 && (coded || h->framing == HTTP_CHUNKED)) {
        plan->frame = H1_FRAME_NONE;
    } else {
        plan->frame = h->framing == HTTP_CHUNKED ? H1_FRAME_CHUNKED : H1_FRAME_AS_IS;
    }
}

/* How the content of an answer goes to this client; the state that follows. */
static enum h1_out plan_content(struct h1_codec *c, const struct head *h, struct h1_plan *plan)
{
    if (c->asked.head || http_status_bodiless(h->status)) {
        plan_bodiless(c, h, plan);
        return H1_OUT_END;
    }
    switch (h->framing) {
    case HTTP_LENGTH:
        plan->frame = H1_FRAME_LENGTH;
        plan->length = (uint64_t)h->length;
        c->out_left = plan->length;
        return plan->length > 0 ? H1_OUT_LENGTH : H1_OUT_END;
    case HTTP_NO_BODY:
        plan->frame = H1_FRAME_LENGTH;
        return H1_OUT_END;
    case HTTP_CHUNKED:
    case HTTP_UNTIL_CLOSE:
        break;
    }
    if (!c->http10) {
        plan->frame = H1_FRAME_CHUNKED;
        return H1_OUT_CHUNKS;
    }
    c->persist = false;
    plan->frame = H1_FRAME_NONE;
    return H1_OUT_CLOSE;
}

static enum status send_switch(struct h1_codec *c, const struct head *h)
{
    struct h1_plan plan = {.frame = H1_FRAME_NONE};
    enum status st;

    if (h->status == 101 && !c->asked.upgrade)
        return STATUS_BAD_INPUT;
    st = write_head(c, h, &plan);
    if (st)
        return st;
    c->switched = true;
    c->out = H1_OUT_TUNNEL;
    if (c->in == H1_IN_TURN)
        c->in = H1_IN_TUNNEL;
    return STATUS_OK;
}

/* A coding beneath chunked cannot be told to a client of HTTP/1.0. */
static bool outer_coding_lost(const struct h1_codec *c, const struct head *h)
{
    return c->http10 && h->framing == HTTP_CHUNKED &&
           fields_find(&h->fields, FIELD_TRANSFER_ENCODING, 0) >= 0 &&
           h1_codings_of(&h->fields) != H1_CODINGS_CHUNKED;
}

static enum status send_response(struct h1_codec *c, const struct head *h)
{
    struct h1_plan plan = {.frame = H1_FRAME_NONE};
    bool told_close = fields_list_has(&h->fields, FIELD_CONNECTION, BYTES("close"));
    bool heard_all = c->in == H1_IN_END || c->in == H1_IN_TURN;
    enum h1_out next;
    enum status st;

    if (h->status == 101 || (c->asked.connect && h->status / 100 == 2))
        return send_switch(c, h);
    if (h->status / 100 == 1)
        return STATUS_BAD_INPUT;
    if (outer_coding_lost(c, h))
        return STATUS_UNSUPPORTED;
    /* What a client sends behind a refused CONNECT was meant for a tunnel; what
     * it still sends of an answered request is not waited for. */
    if (told_close || !heard_all || c->asked.connect || c->draining || c->eof)
        c->persist = false;
    next = plan_content(c, h, &plan);
    plan.close = !c->persist && !told_close;
    plan.keep_alive = c->persist && c->http10;
    st = write_head(c, h, &plan);
    if (!st)
        c->out = next;
    return st;
}

static enum status send_interim(struct h1_codec *c, const struct head *h)
{
    struct h1_plan plan = {.frame = H1_FRAME_NONE};

    if (!h1_serves(c) || c->out != H1_OUT_HEAD || h->status / 100 != 1 || h->status == 101)
        return STATUS_BAD_INPUT;
    if (c->http10) /* RFC 9110 §15.2: MUST NOT be sent to HTTP/1.0 */
        return STATUS_OK;
    return write_head(c, h, &plan);
}

static enum status send_request(struct h1_codec *c, const struct head *h)
{
    struct h1_plan plan = {.frame = H1_FRAME_NONE};
    enum h1_out next = H1_OUT_END;
    enum status st;

    if (h->framing == HTTP_LENGTH) {
        plan.frame = H1_FRAME_LENGTH;
        plan.length = (uint64_t)h->length;
        next = h->length > 0 ? H1_OUT_LENGTH : H1_OUT_END;
    } else if (h->framing != HTTP_NO_BODY) {
        plan.frame = H1_FRAME_CHUNKED;
        next = H1_OUT_CHUNKS;
    }
    st = write_head(c, h, &plan);
    if (st)
        return st;
    c->out = next;
    c->out_left = plan.length;
    c->in = H1_IN_HEAD;
    c->opened = true;
    c->interims = 0;
    c->asked = (struct h1_asked){
        .head = http_method_is(h, "HEAD"),
        .connect = h->form == TARGET_AUTHORITY,
        .upgrade = fields_want_upgrade(&h->fields),
    };
    c->persist = !fields_list_has(&h->fields, FIELD_CONNECTION, BYTES("close"));
    return STATUS_OK;
}

static enum status send_head(struct h1_codec *c, const struct head *h)
{
    if (c->out != H1_OUT_HEAD || h->side != (h1_serves(c) ? HTTP_RESPONSE : HTTP_REQUEST))
        return STATUS_BAD_INPUT;
    return h1_serves(c) ? send_response(c, h) : send_request(c, h);
}

static enum status put_content(struct h1_codec *c, struct slice data)
{
    struct slice kept;
    enum status st;

    if (data.len < COPIED_BYTES)
        return put(c, slice_bytes(data));
    st = slice_retain(c->base.pool, data, &kept);
    return st ? st : slice_queue_push(&c->base.out, kept);
}

static enum status put_chunk(struct h1_codec *c, struct slice data)
{
    char line[24];
    int len = snprintf(line, sizeof(line), "%zx\r\n", data.len);
    enum status st = put(c, bytes_make(line, (size_t)len));

    if (!st)
        st = put_content(c, data);
    if (!st)
        st = put(c, BYTES("\r\n"));
    return st;
}

static enum status send_data(struct h1_codec *c, struct slice data)
{
    enum status st = STATUS_BAD_INPUT;

    if (data.len == 0)
        return c->out == H1_OUT_HEAD || c->out == H1_OUT_TURN ? STATUS_BAD_INPUT : STATUS_OK;
    if (c->out == H1_OUT_LENGTH && data.len <= c->out_left) {
        c->out_left -= data.len;
        if (c->out_left == 0)
            c->out = H1_OUT_END;
        st = put_content(c, data);
    } else if (c->out == H1_OUT_CHUNKS) {
        st = put_chunk(c, data);
    } else if (c->out == H1_OUT_CLOSE || c->out == H1_OUT_TUNNEL) {
        st = put_content(c, data);
    }
    if (!st)
        c->content += data.len;
    return st;
}

static enum status send_trailers(struct h1_codec *c, const struct fields *trailers)
{
    struct bytes bytes;
    enum status st;

    if (c->out == H1_OUT_END || c->out == H1_OUT_CLOSE)
        return STATUS_OK; /* there is no place for them in this framing */
    if (c->out != H1_OUT_CHUNKS)
        return STATUS_BAD_INPUT;
    st = h1_write_trailers(c->scratch, trailers, &bytes);
    if (!st)
        st = put(c, bytes);
    if (!st)
        c->out = H1_OUT_END;
    return st;
}

static enum status send_end(struct h1_codec *c)
{
    enum status st = STATUS_OK;

    if (c->out == H1_OUT_TUNNEL) {
        c->out = H1_OUT_NOTHING;
        return STATUS_OK;
    }
    if (c->out == H1_OUT_CHUNKS)
        st = put(c, BYTES("0\r\n\r\n"));
    else if (c->out != H1_OUT_END && c->out != H1_OUT_CLOSE)
        return STATUS_BAD_INPUT;
    if (st)
        return st;
    c->out = !h1_serves(c) && c->switched ? H1_OUT_TUNNEL : H1_OUT_PEER;
    h1_turn(c);
    return STATUS_OK;
}

static enum status send_abort(struct h1_codec *c)
{
    c->out = H1_OUT_NOTHING;
    c->persist = false;
    return STATUS_OK;
}

static enum status send_event(struct h1_codec *c, const struct message_event *ev)
{
    switch (ev->kind) {
    case MESSAGE_HEAD:
        return send_head(c, ev->head);
    case MESSAGE_INTERIM:
        return send_interim(c, ev->head);
    case MESSAGE_DATA:
        return send_data(c, ev->data);
    case MESSAGE_TRAILERS:
        return send_trailers(c, ev->trailers);
    case MESSAGE_END:
        return send_end(c);
    case MESSAGE_ABORT:
        return send_abort(c);
    case MESSAGE_TUNNEL: /* the head before it has done it */
        return c->switched ? STATUS_OK : STATUS_BAD_INPUT;
    case MESSAGE_MESSAGE:
        break;
    }
    return STATUS_BAD_INPUT;
}

enum status h1_send(struct codec *base, uint32_t stream, const struct message_event *ev)
{
    struct h1_codec *c = h1_codec_of(base);
    size_t before = base->out.bytes;
    enum status st;

    if (stream != c->stream)
        return STATUS_BAD_INPUT;
    st = send_event(c, ev);
    c->wire += base->out.bytes - before;
    if (st == STATUS_NO_MEMORY) { /* half of it may be in the queue */
        c->out = H1_OUT_NOTHING;
        c->persist = false;
    }
    return st;
}

/* Content is credited in proportion to the bytes that carry it, and to the last
 * byte once all have left. */
void h1_sent(struct codec *base, size_t bytes)
{
    struct h1_codec *c = h1_codec_of(base);
    size_t credit = c->content;

    if (bytes < c->wire) {
        credit = (size_t)((double)c->content * ((double)bytes / (double)c->wire));
        c->wire -= bytes;
    } else {
        c->wire = 0;
    }
    if (credit > c->content)
        credit = c->content;
    c->content -= credit;
    if (credit > 0)
        base->user.on_credit(base->self, c->stream, credit);
}
