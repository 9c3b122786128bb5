#include "http/h1_codec.h"

#include <string.h>

/* Every step takes bytes off the front of *in, or moves c->in.
 * STATUS_OK         go on
 * STATUS_NEED_MORE  all of *in is taken
 * STATUS_END        the rest is not to be taken now */

static void emit_data(struct h1_codec *c, struct slice in, struct bytes data)
{
    struct message_event ev = {.kind = MESSAGE_DATA};

    ev.data = slice_part(in, (size_t)(data.ptr - in.ptr), data.len);
    codec_emit(&c->base, c->stream, &ev);
}

static void emit_head(struct h1_codec *c, enum message_event_kind kind, const struct head *h)
{
    codec_emit(&c->base, c->stream, &(struct message_event){.kind = kind, .head = h});
}

/* Where the reading side goes behind a head of that framing. */
static void await_content(struct h1_codec *c, const struct head *h)
{
    switch (h->framing) {
    case HTTP_NO_BODY:
        c->in = H1_IN_END;
        break;
    case HTTP_LENGTH:
        c->in_left = (uint64_t)h->length;
        c->in = h->length > 0 ? H1_IN_LENGTH : H1_IN_END;
        break;
    case HTTP_CHUNKED:
        h1_chunked_init(&c->chunks, !h1_serves(c) || c->base.limits.lenient);
        c->in = H1_IN_CHUNKS;
        break;
    case HTTP_UNTIL_CLOSE:
        c->in = H1_IN_CLOSE;
        break;
    }
}

static enum status on_request(struct h1_codec *c, struct head *h)
{
    if (c->empty_lines > 0)
        h->anomalies |= HTTP_ANOMALY(EMPTY_LINES);
    c->empty_lines = 0;
    c->stream++;
    c->asked = (struct h1_asked){
        .head = http_method_is(h, "HEAD"),
        .connect = h->form == TARGET_AUTHORITY,
        .upgrade = h->upgrade,
    };
    c->http10 = h->version == HTTP_1_0;
    c->persist = h->keep_alive;
    c->out = H1_OUT_HEAD;
    c->opened = true;
    await_content(c, h);
    emit_head(c, MESSAGE_HEAD, h);
    return STATUS_OK;
}

/* RFC 9110 §7.8, §9.3.6: what comes behind this head is not HTTP. */
static enum status on_switch(struct h1_codec *c, struct head *h)
{
    c->in = H1_IN_TUNNEL;
    c->switched = true;
    if (c->out == H1_OUT_PEER)
        c->out = H1_OUT_TUNNEL;
    emit_head(c, MESSAGE_HEAD, h);
    codec_emit(&c->base, c->stream, &(struct message_event){.kind = MESSAGE_TUNNEL});
    return STATUS_OK;
}

static enum status on_response(struct h1_codec *c, struct head *h)
{
    if (h->status == 101 && !c->asked.upgrade)
        return h1_fail_with(c, STATUS_BAD_MESSAGE, 0,
                            "a protocol was switched that nobody asked for");
    if (h->status == 101 || (c->asked.connect && h->status / 100 == 2))
        return on_switch(c, h);
    if (h->status / 100 == 1) { /* RFC 9110 §15.2 */
        if (++c->interims > HTTP_INTERIM_RESPONSES)
            return h1_fail_with(c, STATUS_BAD_MESSAGE, 0, "there are too many interim responses");
        emit_head(c, MESSAGE_INTERIM, h);
        return STATUS_OK;
    }
    c->persist = c->persist && h->keep_alive;
    await_content(c, h);
    emit_head(c, MESSAGE_HEAD, h);
    return STATUS_OK;
}

/* Parses a head that is whole, or tells that it is not. *ret_used is untouched then. */
static enum status parse_head(struct h1_codec *c, struct bytes in, size_t *ret_used)
{
    struct codec_fault fault = {.status = 0};
    struct h1_reader r;
    enum status st;

    h1_reader_init(&r, c->base.side, &c->base.limits, c->scratch, in, &fault);
    st = h1_head_parse(&r, &c->asked);
    if (st == STATUS_NEED_MORE)
        return st;
    if (st)
        return h1_fail(c, st, &fault);
    *ret_used = (size_t)(r.at - r.begin);
    c->base.anomalies = 0;
    return h1_serves(c) ? on_request(c, &c->scratch->head) : on_response(c, &c->scratch->head);
}

/* Of a head still held in part: is what there is of it good? */
static enum status judge_start_line(struct h1_codec *c)
{
    struct codec_fault fault = {.status = 0};
    struct h1_reader r;
    enum status st;

    h1_reader_init(&r, c->base.side, &c->base.limits, c->scratch, buf_bytes(&c->held), &fault);
    st = h1_start_line_parse(&r);
    if (st < 0)
        return h1_fail(c, st, &fault);
    c->line_judged = st == STATUS_OK;
    return STATUS_OK;
}

/* Moves bytes of *in to those held, up to the end of the section or `max` in
 * all. Each byte is looked at once. STATUS_OK when the section is whole, or
 * `max` is reached. */
static enum status hold(struct h1_codec *c, struct slice *in, size_t max)
{
    struct bytes look = bytes_until(slice_bytes(*in), max - c->held.len);
    size_t end = h1_search_end(&c->search, look);
    size_t take = end > 0 ? end : look.len;

    buf_put(&c->held, bytes_until(look, take));
    if (buf_status(&c->held))
        return h1_fail_with(c, STATUS_NO_MEMORY, 0, "out of memory");
    *in = slice_part(*in, take, in->len - take);
    return end > 0 || c->held.len >= max ? STATUS_OK : STATUS_NEED_MORE;
}

static void held_done(struct h1_codec *c)
{
    buf_release(&c->held);
    c->search = H1_SEARCH_IN_LINE;
    c->line_judged = false;
}

static enum status hold_head(struct h1_codec *c, struct slice *in)
{
    struct slice before = *in;
    size_t used = 0;
    enum status st = hold(c, in, c->base.limits.head_bytes);

    if (st == STATUS_NEED_MORE) {
        bool line_end = memchr(before.ptr, '\n', before.len) != NULL;

        if (!c->line_judged && (line_end || c->held.len >= c->base.limits.request_line_bytes)) {
            enum status line = judge_start_line(c);

            if (line)
                return line;
        }
        return STATUS_NEED_MORE;
    }
    if (st)
        return st;
    st = parse_head(c, buf_bytes(&c->held), &used);
    if (st)
        return st;
    held_done(c);
    return STATUS_OK;
}

static enum status pass_empty_line(struct h1_codec *c)
{
    if (++c->empty_lines <= HTTP_EMPTY_LINES)
        return STATUS_OK;
    return h1_fail_with(c, STATUS_BAD_MESSAGE, HTTP_ANOMALY(EMPTY_LINES),
                        "too many empty lines stood before the request line");
}

/* RFC 9112 §2.2: empty lines before a request line are passed over. A CR at the
 * end of *in is held until it shows what it begins. */
static enum status skip_empty_lines(struct h1_codec *c, struct slice *in)
{
    while (in->len > 0) {
        bool held_cr = c->held.len == 1 && c->held.ptr[0] == '\r';
        size_t len = held_cr ? 1 : 2;
        enum status st;

        if (c->held.len > 0 && (!held_cr || in->ptr[0] != '\n'))
            return STATUS_OK;
        if (!held_cr && in->ptr[0] != '\r')
            return STATUS_OK;
        if (!held_cr && in->len == 1)
            return hold(c, in, c->base.limits.head_bytes);
        if (in->ptr[len - 1] != '\n')
            return STATUS_OK;
        held_done(c);
        *in = slice_part(*in, len, in->len - len);
        st = pass_empty_line(c);
        if (st)
            return st;
    }
    return STATUS_NEED_MORE;
}

static enum status step_head(struct h1_codec *c, struct slice *in)
{
    size_t used = 0;
    enum status st = STATUS_OK;

    if (in->len == 0)
        return STATUS_NEED_MORE;
    if (h1_serves(c) && c->content > 0)
        return STATUS_END;
    if (h1_serves(c) && c->held.len <= 1)
        st = skip_empty_lines(c, in);
    if (st)
        return st;
    if (c->held.len == 0) {
        st = parse_head(c, slice_bytes(*in), &used);
        if (st == STATUS_OK)
            *in = slice_part(*in, used, in->len - used);
        if (st != STATUS_NEED_MORE)
            return st;
    }
    return hold_head(c, in);
}

static enum status step_length(struct h1_codec *c, struct slice *in)
{
    struct slice whole = *in;
    size_t len = c->in_left < in->len ? (size_t)c->in_left : in->len;

    if (len == 0)
        return STATUS_NEED_MORE;
    c->in_left -= len;
    if (c->in_left == 0)
        c->in = H1_IN_END;
    *in = slice_part(*in, len, in->len - len);
    emit_data(c, whole, bytes_make(whole.ptr, len));
    return STATUS_OK;
}

static enum status step_chunks(struct h1_codec *c, struct slice *in)
{
    struct slice whole = *in;
    struct bytes left = slice_bytes(*in), data;
    enum status st = h1_chunked_next(&c->chunks, &left, &data);

    *in = slice_part(*in, in->len - left.len, left.len);
    if (c->chunks.untidy)
        c->base.anomalies |= HTTP_ANOMALY(BAD_CHUNK);
    if (st == STATUS_OK)
        emit_data(c, whole, data);
    if (st != STATUS_END)
        return st < 0 ? h1_fail_with(c, st, HTTP_ANOMALY(BAD_CHUNK),
                                     http_anomaly_sentence(HTTP_ANOMALY_PLACE_BAD_CHUNK))
                      : st;
    c->in = H1_IN_TRAILERS;
    c->search = H1_SEARCH_LINE_START;
    return STATUS_OK;
}

/* RFC 9110 §6.5.1: fields that frame, route or control do not count there. */
static void drop_forbidden(struct h1_codec *c, struct fields *f)
{
    uint32_t kept = 0;

    for (uint32_t i = 0; i < f->count; i++) {
        if ((field_rules(f->items[i].id) & FIELD_RULE_NO_TRAILER) != 0)
            c->base.anomalies |= HTTP_ANOMALY(BAD_TRAILER);
        else
            f->items[kept++] = f->items[i];
    }
    f->count = kept;
}

static enum status step_trailers(struct h1_codec *c, struct slice *in)
{
    struct codec_fault fault = {.status = 0};
    struct h1_reader r;
    enum status st;

    if (in->len == 0)
        return STATUS_NEED_MORE;
    st = hold(c, in, HTTP_TRAILER_BYTES);
    if (st)
        return st;
    h1_reader_init(&r, c->base.side, &c->base.limits, c->scratch, buf_bytes(&c->held), &fault);
    st = h1_read_fields(&r);
    if (st == STATUS_NEED_MORE)
        st = h1_refuse_size(&r, 431, "the trailers are too large");
    if (st)
        return h1_fail(c, st, &fault);
    c->base.anomalies |= r.anomalies;
    drop_forbidden(c, r.fields);
    c->in = H1_IN_END;
    if (r.fields->count > 0)
        codec_emit(&c->base, c->stream,
                   &(struct message_event){.kind = MESSAGE_TRAILERS, .trailers = r.fields});
    held_done(c);
    return STATUS_OK;
}

static enum status excess(struct h1_codec *c)
{
    return h1_fail_with(c, STATUS_BAD_MESSAGE, HTTP_ANOMALY(EXCESS_BYTES),
                        http_anomaly_sentence(HTTP_ANOMALY_PLACE_EXCESS_BYTES));
}

static enum status step_end(struct h1_codec *c, struct slice *in)
{
    if (!h1_serves(c) && in->len > 0) /* known before END tells the owner to reuse us */
        c->persist = false;
    c->in = H1_IN_TURN;
    c->opened = false;
    if (!h1_serves(c)) /* at END the owner may put us back into its pool, or use us again */
        h1_turn(c);
    codec_emit(&c->base, c->stream, &(struct message_event){.kind = MESSAGE_END});
    if (!h1_serves(c))
        return STATUS_OK;
    if (c->switched && c->in == H1_IN_TURN)
        c->in = H1_IN_TUNNEL;
    h1_turn(c);
    return STATUS_OK;
}

static enum status step_raw(struct h1_codec *c, struct slice *in)
{
    struct slice all = *in;

    if (all.len == 0)
        return STATUS_NEED_MORE;
    *in = slice_part(all, all.len, 0);
    emit_data(c, all, slice_bytes(all));
    return STATUS_NEED_MORE;
}

static enum status step(struct h1_codec *c, struct slice *in)
{
    switch (c->in) {
    case H1_IN_HEAD:
        return step_head(c, in);
    case H1_IN_LENGTH:
        return step_length(c, in);
    case H1_IN_CHUNKS:
        return step_chunks(c, in);
    case H1_IN_TRAILERS:
        return step_trailers(c, in);
    case H1_IN_END:
        return step_end(c, in);
    case H1_IN_TURN:
        if (h1_serves(c))
            return STATUS_END;
        return in->len > 0 ? excess(c) : STATUS_NEED_MORE;
    case H1_IN_CLOSE:
    case H1_IN_TUNNEL:
        return step_raw(c, in);
    case H1_IN_NOTHING:
        return STATUS_END;
    }
    return STATUS_END;
}

enum status h1_feed(struct codec *base, struct slice in, size_t *ret_used)
{
    struct h1_codec *c = h1_codec_of(base);
    bool was_tunnel = c->in == H1_IN_TUNNEL;
    struct slice left = in;
    enum status st;

    do {
        st = step(c, &left);
    } while (st == STATUS_OK && (was_tunnel || c->in != H1_IN_TUNNEL));
    *ret_used = in.len - left.len;
    return st < 0 ? st : STATUS_OK;
}

static enum status truncated(struct h1_codec *c, enum status st)
{
    return h1_fail_with(c, st, 0, "the peer closed in the midst of a message");
}

enum status h1_eof(struct codec *base, bool clean)
{
    struct h1_codec *c = h1_codec_of(base);
    struct slice none = {NULL, 0, NULL};

    c->eof = true;
    switch (c->in) {
    case H1_IN_HEAD:
        if (c->held.len > 0)
            return truncated(c, STATUS_TRUNCATED);
        if (c->opened && c->interims == 0)
            return truncated(c, STATUS_CLOSED);
        if (c->opened)
            return truncated(c, STATUS_TRUNCATED);
        c->in = H1_IN_NOTHING;
        return STATUS_OK;
    case H1_IN_CLOSE:
        if (!clean)
            return truncated(c, STATUS_TRUNCATED);
        return step_end(c, &none);
    case H1_IN_TUNNEL:
        c->in = H1_IN_NOTHING;
        c->opened = false;
        codec_emit(&c->base, c->stream, &(struct message_event){.kind = MESSAGE_END});
        return clean ? STATUS_OK : STATUS_TRUNCATED;
    case H1_IN_LENGTH:
    case H1_IN_CHUNKS:
    case H1_IN_TRAILERS:
        return truncated(c, STATUS_TRUNCATED);
    case H1_IN_END:
    case H1_IN_TURN:
    case H1_IN_NOTHING:
        return STATUS_OK;
    }
    return STATUS_OK;
}
