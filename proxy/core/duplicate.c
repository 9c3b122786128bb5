#include "proxy/core/duplicate.h"

#include <string.h>

#include "proxy/core/flow_tap.h"
#include "proxy/core/session.h"
#include "proxy/core/upstream.h"

/* Lives in its flow's arena. */
struct duplicate {
    struct engine *engine;
    struct flow *flow;
    struct upstream *upstream;
    struct head request, response;
    struct slice_queue body;
    struct timer timer;
    int64_t started_us, sent_us, head_us; /* 0: not yet */
    struct duplicate *prev, *next;
    struct grave grave;
};

/* ---- ending -------------------------------------------------------------- */

static void bury_duplicate(void *self)
{
    struct duplicate *d = self;

    engine_log(d->engine, d->flow);
}

static void duplicate_unlink(struct duplicate *d)
{
    if (d->prev)
        d->prev->next = d->next;
    else
        d->engine->duplicates = d->next;
    if (d->next)
        d->next->prev = d->prev;
    d->engine->duplicate_count--;
}

static void duplicate_over(struct duplicate *d, enum close_reason reason, const char *sentence)
{
    struct flow_timings *t = &d->flow->timings;
    int64_t now = d->engine->now_us;

    t->total = now - d->started_us;
    if (d->head_us) {
        t->wait = d->head_us - d->sent_us;
        t->receive = now - d->head_us;
    }
    flow_note_end(d->flow, reason, sentence);
    timer_clear(&d->engine->timers, &d->timer);
    slice_queue_release(&d->body);
    if (d->upstream)
        upstream_leave(d->upstream);
    d->upstream = NULL;
    duplicate_unlink(d);
    engine_retire(d->engine, &d->grave, bury_duplicate, d);
}

void duplicates_end(struct engine *e)
{
    while (e->duplicates)
        duplicate_over(e->duplicates, CLOSE_SHUT_DOWN, NULL);
}

static void on_duplicate_timer(void *self)
{
    duplicate_over(self, CLOSE_ORIGIN_SLOW, NULL);
}

/* ---- the connection ------------------------------------------------------- */

static enum status duplicate_send_body(struct duplicate *d)
{
    enum status st = STATUS_OK;

    while (!st && d->body.bytes) {
        struct slice s = slice_queue_first(&d->body);
        struct message_event ev = {.kind = MESSAGE_DATA, .data = s};

        st = upstream_send(d->upstream, &ev);
        flow_note_content(d->engine, d->flow, &d->flow->request, s);
        slice_queue_consume(&d->body, s.len);
    }
    return st;
}

static void on_duplicate_ready(void *self, struct upstream *up)
{
    struct duplicate *d = self;
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = &d->request};
    enum status st = upstream_begin(up);

    d->sent_us = d->engine->now_us;
    d->flow->request.sent = &d->request;
    flow_note_upstream(d->flow, up);
    if (!st)
        st = upstream_send(up, &ev);
    if (!st)
        st = duplicate_send_body(d);
    ev = (struct message_event){.kind = MESSAGE_END};
    if (!st)
        st = upstream_send(up, &ev);
    if (st)
        duplicate_over(d, CLOSE_NO_MEMORY, NULL);
}

static void on_duplicate_failure(void *self, struct upstream *up, const struct failure *failure)
{
    struct duplicate *d = self;

    (void)up;
    d->upstream = NULL;
    duplicate_over(d, failure->reason, failure->sentence);
}

static void on_duplicate_event(void *self, const struct message_event *ev)
{
    struct duplicate *d = self;

    if (ev->kind == MESSAGE_HEAD) {
        d->head_us = d->engine->now_us;
        if (head_copy(&d->flow->arena, ev->head, &d->response)) {
            duplicate_over(d, CLOSE_NO_MEMORY, NULL);
            return;
        }
        d->flow->response.received = &d->response;
        d->flow->status = ev->head->status;
        d->flow->anomalies |= ev->head->anomalies;
    } else if (ev->kind == MESSAGE_DATA) {
        flow_note_content(d->engine, d->flow, &d->flow->response, ev->data);
        upstream_credit(d->upstream, ev->data.len);
    } else if (ev->kind == MESSAGE_END) {
        duplicate_over(d, CLOSE_COMPLETE, NULL);
    }
}

static void on_duplicate_credit(void *self, size_t content_bytes)
{
    (void)self;
    (void)content_bytes;
}

static void on_duplicate_gone(void *self, const struct failure *failure, bool reset)
{
    struct duplicate *d = self;

    (void)reset;
    d->upstream = NULL;
    duplicate_over(d, failure->reason, failure->sentence);
}

static const struct upstream_user duplicate_user = {
    .on_ready = on_duplicate_ready,
    .on_failure = on_duplicate_failure,
    .on_event = on_duplicate_event,
    .on_credit = on_duplicate_credit,
    .on_gone = on_duplicate_gone,
};

/* ---- beginning ------------------------------------------------------------ */

static enum status body_share(struct slice_queue *to, const struct slice_queue *from)
{
    for (uint32_t i = 0; i < from->count; i++) {
        enum status st = slice_queue_push(to, slice_keep(slice_queue_nth(from, i)));

        if (st)
            return st;
    }
    return STATUS_OK;
}

/* As the request that it is a copy of. */
static enum status duplicate_fill(struct duplicate *d, const struct exchange *ex,
                                  const struct slice_queue *body, const char *rule)
{
    struct flow *f = d->flow;

    f->client = arena_copy(&f->arena, bytes_of(ex->session->client));
    f->host = arena_copy(&f->arena, ex->flow->host);
    if (!f->client.ptr || !f->host.ptr || head_copy(&f->arena, &ex->request_out, &d->request))
        return STATUS_NO_MEMORY;
    flow_note_session(f, ex->session);
    f->scheme = ex->flow->scheme;
    f->port = ex->flow->port;
    f->keep = ex->flow->keep;
    f->injected = true;
    f->request.received = &d->request;
    memcpy(f->duplicate_of, ex->flow->id, sizeof(f->duplicate_of));
    flow_note_rule(f, rule, "a copy");
    return body_share(&d->body, body);
}

/* Without its connection. NULL when out of memory. */
static struct duplicate *duplicate_new(struct exchange *ex, const struct slice_queue *body,
                                       const char *rule)
{
    struct engine *e = ex->engine;
    struct flow *f = flow_new(e, FLOW_HTTP);
    struct duplicate *d = f ? arena_alloc(&f->arena, sizeof(*d)) : NULL;
    struct arena a;

    if (d) {
        d->engine = e;
        d->flow = f;
        slice_queue_init(&d->body);
        if (!duplicate_fill(d, ex, body, rule))
            return d;
        slice_queue_release(&d->body);
    }
    if (f) {
        a = f->arena;
        engine_arena_give(e, &a);
    }
    return NULL;
}

enum status duplicate_send(struct exchange *ex, const struct slice_queue *body, const char *rule)
{
    struct engine *e = ex->engine;
    struct duplicate *d;

    if (e->duplicate_count >= DUPLICATES)
        return STATUS_LIMIT;
    d = duplicate_new(ex, body, rule);
    if (!d)
        return STATUS_NO_MEMORY;
    d->started_us = e->now_us;
    timer_init(&d->timer, on_duplicate_timer, d);
    d->next = e->duplicates;
    if (d->next)
        d->next->prev = d;
    e->duplicates = d;
    e->duplicate_count++;
    d->upstream = upstream_new(e, &ex->route, &duplicate_user, d);
    if (!d->upstream) {
        duplicate_over(d, CLOSE_NO_MEMORY, NULL);
        return STATUS_NO_MEMORY;
    }
    engine_timer(e, &d->timer, DUPLICATE_US);
    return STATUS_OK;
}
