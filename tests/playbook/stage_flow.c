/* Flows as one line of words, for scripts to compare. */
#include <stdlib.h>
#include <string.h>

#include "stage.h"

enum { FLOW_BYTES = 4096 };

/* Reads every byte, so that one that is gone already is noticed. */
static void touch(struct bytes b, unsigned *sum)
{
    for (size_t i = 0; i < b.len; i++)
        *sum += b.ptr[i];
}

static void touch_head(const struct head *h, unsigned *sum)
{
    if (!h)
        return;
    touch(h->method, sum);
    touch(h->target, sum);
    touch(h->path, sum);
    touch(h->reason, sum);
    for (uint32_t i = 0; i < h->fields.count; i++) {
        touch(h->fields.items[i].name, sum);
        touch(h->fields.items[i].value, sum);
        touch(h->fields.items[i].line, sum);
    }
}

static void touch_message(const struct flow_message *m, unsigned *sum)
{
    int64_t captured = 0;

    touch_head(m->received, sum);
    touch_head(m->sent, sum);
    for (uint32_t i = 0; i < m->body.count; i++) {
        touch(slice_bytes(m->body.slices[i]), sum);
        captured += (int64_t)m->body.slices[i].len;
    }
    if (captured != m->body.captured_bytes || captured > m->body.wire_bytes)
        FAIL("a flow holds %lld bytes of body and says %lld", (long long)captured,
             (long long)m->body.captured_bytes);
    if (m->trailers) {
        for (uint32_t i = 0; i < m->trailers->count; i++)
            touch(m->trailers->items[i].value, sum);
    }
}

static void put_flow(const struct flow *f, struct buf *out)
{
    unsigned sum = 0;

    buf_putf(out, "%s ", flow_kind_text(f->kind));
    if (f->request.received) {
        buf_put(out, f->request.received->method);
        buf_put_byte(out, ' ');
    }
    if (f->host.len)
        flow_put_url(f, out);
    else
        buf_put_byte(out, '-');
    buf_putf(out, " %u %s", (unsigned)f->status, f->reason);
    if (f->kind == FLOW_TUNNEL)
        buf_putf(out, " %lld/%lld", (long long)f->tunnel_up_bytes, (long long)f->tunnel_down_bytes);
    if (f->duplicate_of[0])
        buf_put_text(out, " copy");
    if (f->request.body.wire_bytes || f->response.body.wire_bytes)
        buf_putf(out, " %lld/%lld", (long long)f->request.body.wire_bytes,
                 (long long)f->response.body.wire_bytes);
    for (const struct flow_interim *i = f->interim; i; i = i->next) {
        if (i->injected)
            buf_putf(out, " (%u by rule)", (unsigned)i->head->status);
    }
    for (const struct flow_rule *r = f->rules; r; r = r->next)
        buf_putf(out, " [%s: %s]", r->label, r->note);
    for (unsigned i = 0; i < HTTP_ANOMALY_COUNT; i++) {
        if (f->anomalies >> i & 1)
            buf_putf(out, " !%s", http_anomaly_text((enum http_anomaly_place)i));
    }
    touch_message(&f->request, &sum);
    touch_message(&f->response, &sum);
    touch(f->user, &sum);
    touch(f->upstream, &sum);
    for (const struct flow_interim *i = f->interim; i; i = i->next)
        touch_head(i->head, &sum);
    (void)sum;
}

static int client_of(const struct flow *f)
{
    ptrdiff_t colon = bytes_find(f->client, ':');
    uint64_t port = 0;

    if (colon < 0 || bytes_to_u64(bytes_from(f->client, (size_t)colon + 1), UINT16_MAX, &port))
        FAIL("a flow names no client");
    return (int)port - STAGE_CLIENT_PORT;
}

void stage_take_flow(struct stage *s, const struct flow *f)
{
    struct buf text;

    buf_init(&text, FLOW_BYTES);
    put_flow(f, &text);
    if (s->flow_count == STAGE_FLOWS)
        FAIL("too many flows");
    s->told[client_of(f)] = true;
    s->flows[s->flow_count] = strdup(buf_text(&text));
    s->sentences[s->flow_count++] = strdup(f->sentence);
    buf_release(&text);
}
