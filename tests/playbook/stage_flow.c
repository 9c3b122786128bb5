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

    buf_putf(out, "%s%s ", f->live ? "live " : "", flow_kind_text(f->kind));
    if (f->request.received) {
        buf_put(out, f->request.received->method);
        buf_put_byte(out, ' ');
    }
    if (f->host.len)
        flow_put_url(f, out);
    else
        buf_put_byte(out, '-');
    buf_putf(out, " %u %s", (unsigned)f->status, f->reason ? f->reason : "open");
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

static void take_line(struct stage *s, struct buf *text, const char *sentence)
{
    if (s->flow_count == STAGE_FLOWS)
        FAIL("too many flows");
    s->flows[s->flow_count] = strdup(buf_text(text));
    s->sentences[s->flow_count++] = strdup(sentence);
}

static void take_flow(struct stage *s, const struct flow *f)
{
    struct buf text;

    buf_init(&text, FLOW_BYTES);
    put_flow(f, &text);
    s->told[client_of(f)] |= !f->live;
    take_line(s, &text, f->sentence ? f->sentence : "");
    buf_release(&text);
}

/* Where that id is noted, "" for a free place; NULL: nowhere. */
static char *shown_place(struct stage *s, const char *id)
{
    for (int i = 0; i < STAGE_SHOWN; i++) {
        if (strcmp(s->shown[i], id) == 0)
            return s->shown[i];
    }
    return NULL;
}

/* Pieces that follow each other are one: how content is cut is no matter. */
static bool data_joined(struct stage *s, const char *words, const struct log_event *log)
{
    char **last = s->flow_count > s->flow_seen ? &s->flows[s->flow_count - 1] : NULL;
    size_t len = last ? strlen(*last) : 0;
    char *longer;

    if (!last || strncmp(*last, words, strlen(words)) != 0)
        return false;
    longer = realloc(*last, len + log->data.len + 1);
    if (!longer)
        FAIL("out of memory");
    memcpy(longer + len, log->data.ptr, log->data.len);
    longer[len + log->data.len] = 0;
    *last = longer;
    return true;
}

static void take_data(struct stage *s, const struct log_event *log)
{
    const char *words = log->side == HTTP_REQUEST ? "data request " : "data response ";
    struct buf text;

    if (!shown_place(s, log->id))
        FAIL("content is told of a flow that was not shown");
    if (data_joined(s, words, log))
        return;
    buf_init(&text, FLOW_BYTES);
    buf_putf(&text, "%s%.*s", words, (int)log->data.len, (const char *)log->data.ptr);
    take_line(s, &text, "");
    buf_release(&text);
}

static void take_begin(struct stage *s, const struct log_event *log)
{
    char *place = shown_place(s, "");

    if (!log->flow->live || !place || strcmp(log->id, log->flow->id) != 0)
        FAIL("a flow cannot be shown");
    memcpy(place, log->id, sizeof(log->id));
    take_flow(s, log->flow);
}

/* True: it had been shown. */
static bool shown_ends(struct stage *s, const struct log_event *log)
{
    char *place = shown_place(s, log->id);

    if (place)
        place[0] = 0;
    return place;
}

static void take_forget(struct stage *s, const struct log_event *log)
{
    struct buf text;

    if (!shown_ends(s, log))
        FAIL("a flow is to be forgotten that was not shown");
    buf_init(&text, FLOW_BYTES);
    buf_put_text(&text, "forget");
    take_line(s, &text, "");
    buf_release(&text);
}

void stage_take_log(struct stage *s, const struct log_event *log)
{
    switch (log->kind) {
    case LOG_BEGIN:
        take_begin(s, log);
        return;
    case LOG_DATA:
        take_data(s, log);
        return;
    case LOG_FORGET:
        take_forget(s, log);
        return;
    case LOG_END:
        shown_ends(s, log);
        take_flow(s, log->flow);
        return;
    case LOG_MESSAGE:
        FAIL("no engine tells messages yet");
        return;
    }
}
