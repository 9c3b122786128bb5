#include "logs/flow_pack.h"

#include <string.h>

#include "logs/flow_pack_impl.h"

enum {
    NUMBER_BYTES = 10, /* the longest number */
    BASE_AHEAD = 8,    /* fields of the base looked at for one that is alike */
};

static void put_number(struct buf *out, uint64_t value)
{
    uint8_t bytes[NUMBER_BYTES];
    size_t len = 0;

    for (; value >= 0x80; value >>= 7)
        bytes[len++] = (uint8_t)(value | 0x80);
    bytes[len++] = (uint8_t)value;
    buf_put(out, bytes_make(bytes, len));
}

static void put_signed(struct buf *out, int64_t value)
{
    uint64_t folded = (uint64_t)value << 1;

    put_number(out, value < 0 ? ~folded : folded);
}

static void put_run(struct buf *out, struct bytes run)
{
    put_number(out, run.len);
    buf_put(out, run);
}

static void put_text(struct buf *out, const char *text)
{
    put_run(out, text ? bytes_make(text, strlen(text) + 1) : bytes_make(NULL, 0));
}

static unsigned flag_if(bool set, unsigned flag)
{
    return set ? flag : 0;
}

static bool within(struct bytes part, struct bytes whole)
{
    return part.len && part.len <= whole.len && part.ptr >= whole.ptr &&
           part.ptr + part.len <= whole.ptr + whole.len;
}

/* A part of `whole` is its place plus 1, and its length; another run follows a 0. */
static void put_part(struct buf *out, struct bytes part, struct bytes whole)
{
    if (within(part, whole)) {
        put_number(out, (uint64_t)(part.ptr - whole.ptr) + 1);
        put_number(out, part.len);
    } else {
        put_number(out, 0);
        put_run(out, part);
    }
}

static bool same(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.ptr == b.ptr || bytes_equal(a, b));
}

static bool same_field(const struct field *a, const struct field *b)
{
    return same(a->name, b->name) && same(a->value, b->value) && same(a->line, b->line) &&
           a->never_index == b->never_index;
}

static bool same_start(const struct head *a, const struct head *b)
{
    return a->status == b->status && same(a->method, b->method) && same(a->target, b->target) &&
           same(a->scheme, b->scheme) && same(a->authority, b->authority) &&
           same(a->path, b->path) && same(a->reason, b->reason);
}

static void put_field(struct buf *out, const struct field *f)
{
    bool in_line = f->name.len && f->name.ptr == f->line.ptr && within(f->name, f->line) &&
                   within(f->value, f->line);

    put_number(out, 0);
    put_number(out, flag_if(f->never_index, PACK_NEVER_INDEX) | flag_if(in_line, PACK_IN_LINE));
    put_run(out, f->line);
    if (in_line) {
        put_number(out, f->name.len);
        put_number(out, (uint64_t)(f->value.ptr - f->line.ptr));
        put_number(out, f->value.len);
    } else {
        put_run(out, f->name);
        put_run(out, f->value);
    }
}

/* A field that is the base's is its place there plus 1. Those sent on are mostly in the
 * order in which they came. */
static void put_fields(struct buf *out, const struct fields *fields, const struct fields *base)
{
    uint32_t from = 0;

    put_number(out, fields->count);
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct field *f = &fields->items[i];
        uint32_t at = from, end = base ? base->count : 0;

        end = end - from > BASE_AHEAD ? from + BASE_AHEAD : end;
        while (at < end && !same_field(f, &base->items[at]))
            at++;
        if (at == end) {
            put_field(out, f);
            continue;
        }
        put_number(out, (uint64_t)at + 1);
        from = at + 1;
    }
}

static void put_head(struct buf *out, const struct head *h, const struct head *base)
{
    bool start_of_base = base && same_start(h, base);

    put_number(out, flag_if(h->keep_alive, PACK_KEEP_ALIVE) |
                        flag_if(h->expect_continue, PACK_EXPECT_CONTINUE) |
                        flag_if(h->upgrade, PACK_UPGRADE) |
                        flag_if(start_of_base, PACK_START_OF_BASE));
    put_number(out, h->version);
    put_number(out, h->framing);
    put_signed(out, h->length);
    put_number(out, h->anomalies);
    put_number(out, h->head_bytes);
    put_number(out, h->form);
    if (!start_of_base) {
        put_run(out, h->method);
        put_run(out, h->target);
        put_part(out, h->scheme, h->target);
        put_part(out, h->authority, h->target);
        put_part(out, h->path, h->target);
        put_number(out, h->status);
        put_run(out, h->reason);
    }
    put_fields(out, &h->fields, base ? &base->fields : NULL);
}

static void put_message(struct buf *out, const struct flow_message *m)
{
    bool one = m->sent && m->sent == m->received;

    put_number(out, flag_if(m->received, PACK_RECEIVED) | flag_if(m->sent && !one, PACK_SENT) |
                        flag_if(one, PACK_SENT_IS_RECEIVED) | flag_if(m->trailers, PACK_TRAILERS) |
                        flag_if(m->body.decoded, PACK_BODY_DECODED) |
                        flag_if(m->body.cut, PACK_BODY_CUT) |
                        flag_if(m->body.content_bytes != 0, PACK_CONTENT_BYTES));
    if (m->received)
        put_head(out, m->received, NULL);
    if (m->sent && !one)
        put_head(out, m->sent, m->received);
    if (m->trailers)
        put_fields(out, m->trailers, NULL);
    put_signed(out, m->body.wire_bytes);
    put_signed(out, m->body.captured_bytes);
    if (m->body.content_bytes)
        put_signed(out, m->body.content_bytes);
}

static void put_tls(struct buf *out, const struct flow_tls *tls)
{
    if (tls->version == 0)
        return;
    put_number(out,
               flag_if(tls->resumed, PACK_TLS_RESUMED) | flag_if(tls->verified, PACK_TLS_VERIFIED));
    put_number(out, tls->version);
    put_text(out, tls->version_text);
    put_text(out, tls->cipher);
    put_run(out, tls->sni);
    put_run(out, tls->alpn);
    put_run(out, tls->ja4);
    put_run(out, tls->certificate);
}

static void put_interim(struct buf *out, const struct flow_interim *first)
{
    uint64_t count = 0;

    for (const struct flow_interim *i = first; i; i = i->next)
        count++;
    put_number(out, count);
    for (const struct flow_interim *i = first; i; i = i->next) {
        put_number(out, i->injected);
        put_head(out, i->head, NULL);
    }
}

static void put_timings(struct buf *out, const struct flow_timings *t)
{
    put_signed(out, t->blocked);
    put_signed(out, t->dns);
    put_signed(out, t->connect);
    put_signed(out, t->tls);
    put_signed(out, t->send);
    put_signed(out, t->wait);
    put_signed(out, t->receive);
    put_signed(out, t->injected);
    put_signed(out, t->total);
}

static void put_rules(struct buf *out, const struct flow *f)
{
    uint64_t count = 0;

    for (const struct flow_rule *r = f->rules; r; r = r->next)
        count++;
    put_number(out, count);
    for (const struct flow_rule *r = f->rules; r; r = r->next) {
        put_text(out, r->label);
        put_text(out, r->note);
    }
    count = 0;
    for (const struct flow_tag *t = f->tags; t; t = t->next)
        count++;
    put_number(out, count);
    for (const struct flow_tag *t = f->tags; t; t = t->next)
        put_text(out, t->text);
}

/* Their times count from the flow's start. */
static void put_messages(struct buf *out, const struct flow *f)
{
    uint64_t count = 0;

    for (const struct flow_socket_message *m = f->messages; m; m = m->next)
        count++;
    put_number(out, count);
    for (const struct flow_socket_message *m = f->messages; m; m = m->next) {
        put_number(out, flag_if(m->from_client, PACK_FROM_CLIENT));
        put_number(out, m->opcode);
        put_signed(out, (int64_t)((uint64_t)m->time_us - (uint64_t)f->started_us));
        put_run(out, m->data);
    }
}

static void put_start(struct buf *out, const struct flow *f)
{
    put_number(out, FLOW_PACK_VERSION);
    put_number(out, f->kind);
    put_number(out, flag_if(f->client_reused, PACK_CLIENT_REUSED) |
                        flag_if(f->upstream_reused, PACK_UPSTREAM_REUSED) |
                        flag_if(f->client_tls.version != 0, PACK_CLIENT_TLS) |
                        flag_if(f->upstream_tls.version != 0, PACK_UPSTREAM_TLS) |
                        flag_if(f->injected, PACK_INJECTED) | flag_if(f->error, PACK_ERROR) |
                        flag_if(f->live, PACK_LIVE) |
                        flag_if(f->body_not_captured, PACK_BODY_NOT_CAPTURED));
    put_text(out, f->id);
    put_number(out, f->loop);
    put_number(out, f->sequence);
    put_signed(out, f->started_us);
    put_run(out, f->client);
    put_run(out, f->user);
    put_run(out, f->upstream);
    put_number(out, f->client_connection);
    put_number(out, f->upstream_connection);
    put_run(out, f->scheme);
    put_run(out, f->host);
    put_number(out, f->port);
}

enum status flow_pack(const struct flow *f, struct buf *out)
{
    put_start(out, f);
    put_tls(out, &f->client_tls);
    put_tls(out, &f->upstream_tls);
    put_message(out, &f->request);
    put_message(out, &f->response);
    put_interim(out, f->interim);
    put_timings(out, &f->timings);
    put_number(out, f->anomalies);
    put_rules(out, f);
    put_messages(out, f);
    put_number(out, f->keep);
    put_text(out, f->duplicate_of);
    put_number(out, f->status);
    put_text(out, f->reason);
    put_text(out, f->sentence);
    put_signed(out, f->tunnel_up_bytes);
    put_signed(out, f->tunnel_down_bytes);
    return buf_status(out);
}
