#include "proxy/core/exchange.h"

#include <string.h>

#include "proxy/core/filter_rules.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/page.h"
#include "proxy/core/session.h"

static void on_exchange_timer(void *self);

struct arena *exchange_arena(struct exchange *ex)
{
    return &ex->flow->arena;
}

/* ---- beginning ---------------------------------------------------------- */

void exchange_note_request(struct exchange *ex)
{
    struct flow *f = ex->flow;

    flow_note_session(f, ex->session);
    f->scheme = ex->secure ? BYTES("https") : BYTES("http");
    f->host = ex->target.host;
    f->port = ex->target.port;
    f->anomalies = ex->request.anomalies;
    f->request.received = &ex->request;
    f->request.sent = NULL;
}

struct exchange *exchange_new(struct session *s, uint32_t stream, const struct head *request)
{
    struct engine *e = s->engine;
    struct flow *f = flow_new(e, FLOW_HTTP);
    struct exchange *ex;

    if (!f)
        return NULL;
    ex = arena_alloc(&f->arena, sizeof(*ex));
    if (ex) /* first of all: every flow names its client */
        f->client = arena_copy(&f->arena, bytes_of(s->client));
    if (!ex || !f->client.len || head_copy(&f->arena, request, &ex->request)) {
        struct arena a = f->arena;

        engine_arena_give(e, &a);
        return NULL;
    }
    ex->engine = e;
    ex->session = s;
    ex->stream = stream;
    ex->flow = f;
    ex->started_us = e->now_us;
    ex->rules = e->rules;
    if (ex->rules)
        ruleset_ref(ex->rules);
    slice_queue_init(&ex->gate);
    timer_init(&ex->timer, on_exchange_timer, ex);
    exchange_live_start(ex);
    e->exchange_count++;
    e->stats.exchanges++;
    s->exchange = ex;
    return ex;
}

void exchange_add_filter(struct exchange *ex, struct filter *f, enum http_side towards)
{
    bool client = towards == HTTP_RESPONSE;

    f->exchange = ex;
    f->to_origin = client ? ex->first : NULL;
    f->to_client = client ? NULL : ex->last;
    if (f->to_origin)
        f->to_origin->to_client = f;
    else
        ex->last = f;
    if (f->to_client)
        f->to_client->to_origin = f;
    else
        ex->first = f;
}

static void exchange_pass_request(struct exchange *ex, const struct message_event *ev)
{
    if (ex->first)
        ex->first->ops->on_event(ex->first, HTTP_REQUEST, ev);
    else
        exchange_to_origin(ex, ev);
}

void exchange_start(struct exchange *ex)
{
    struct message_event ev = {.kind = MESSAGE_HEAD};
    struct filter *rules;

    exchange_note_request(ex);
    if (exchange_prepare_request(ex)) {
        exchange_fail(ex, CLOSE_NO_MEMORY, NULL);
        return;
    }
    if (ex->rules && ruleset_count(ex->rules)) {
        rules = filter_rules_new(ex);
        if (!rules) {
            exchange_fail(ex, CLOSE_NO_MEMORY, NULL);
            return;
        }
        exchange_add_filter(ex, rules, HTTP_REQUEST);
    }
    ev.head = &ex->request_out;
    exchange_pass_request(ex, &ev);
}

/* ---- from the client ---------------------------------------------------- */

/* The answer is out before the request has all come: what still comes is thrown
 * away, up to a limit. */
static void exchange_drain_content(struct exchange *ex, const struct message_event *ev)
{
    if (ev->kind == MESSAGE_END) {
        exchange_over(ex, ex->reason, ex->flow->sentence, EXCHANGE_KEEP);
        return;
    }
    if (ev->kind != MESSAGE_DATA)
        return;
    exchange_credit(ex, HTTP_REQUEST, ev->data.len);
    ex->drained += ev->data.len;
    if (ex->drained > ANSWER_READ_BYTES)
        exchange_over(ex, ex->reason, ex->flow->sentence, EXCHANGE_FINISH);
}

struct fields *exchange_copy_trailers(struct exchange *ex, const struct fields *trailers)
{
    struct arena *a = exchange_arena(ex);
    struct fields *copy = arena_alloc(a, sizeof(*copy));

    for (uint32_t i = 0; copy && i < trailers->count; i++) {
        const struct field *f = &trailers->items[i];
        struct bytes name = arena_copy(a, f->name);
        struct bytes value = arena_copy(a, f->value);

        if (!name.ptr || (f->value.len && !value.ptr) || fields_append(a, copy, name, value))
            return NULL;
    }
    return copy;
}

void exchange_from_client(struct exchange *ex, const struct message_event *ev)
{
    struct flow *f = ex->flow;
    struct message_event copy = *ev;

    if (ex->over)
        return;
    if (ev->kind == MESSAGE_DATA) {
        exchange_note_content(ex, HTTP_REQUEST, ev->data);
    } else if (ev->kind == MESSAGE_TRAILERS) {
        copy.trailers = exchange_copy_trailers(ex, ev->trailers);
        f->request.trailers = copy.trailers;
        if (!copy.trailers)
            return;
    } else if (ev->kind == MESSAGE_END && !ex->tunnel) {
        ex->request_ended = true;
        ex->request_end_us = ex->engine->now_us;
        f->anomalies |= codec_anomalies(ex->session->codec);
    } else if (ev->kind == MESSAGE_ABORT) {
        return; /* the session says why */
    }
    if (ex->draining)
        exchange_drain_content(ex, &copy);
    else
        exchange_pass_request(ex, &copy);
}

void exchange_client_took(struct exchange *ex, size_t content_bytes)
{
    if (ex->over)
        return;
    if (ex->first && ex->first->ops->on_credit)
        ex->first->ops->on_credit(ex->first, HTTP_RESPONSE, content_bytes);
    else
        exchange_credit(ex, HTTP_RESPONSE, content_bytes);
}

void exchange_client_gone(struct exchange *ex, enum close_reason reason, const char *detail)
{
    /* The end of the answer before this one may still be on its way. */
    bool flush = !ex->response_started && wire_unsent(ex->session->wire) > 0;

    if (ex->upstream && reason == CLOSE_CLIENT_RESET) {
        upstream_close(ex->upstream, true);
        ex->upstream = NULL;
    }
    exchange_over(ex, reason, detail, flush ? EXCHANGE_FINISH : EXCHANGE_RESET);
}

/* ---- to the client ------------------------------------------------------ */

static void exchange_note_sent_head(struct exchange *ex, const struct head *head)
{
    struct flow *f = ex->flow;

    ex->response_started = true;
    f->status = head->status;
    f->response.sent = head;
    f->injected |= ex->answered;
    if (!ex->sent_us)
        ex->sent_us = ex->engine->now_us;
}

static void exchange_response_ended(struct exchange *ex)
{
    ex->response_ended = true;
    if (ex->answered && ex->reason == CLOSE_COMPLETE)
        ex->reason = CLOSE_ANSWERED_BY_RULE;
    if (ex->request_ended) {
        exchange_over(ex, ex->reason, ex->flow->sentence, EXCHANGE_KEEP);
        return;
    }
    exchange_let_origin_go(ex);
    slice_queue_consume(&ex->gate, ex->gate.bytes);
    wire_credit(ex->session->wire, ex->session->wire->held);
    ex->draining = true;
    engine_timer(ex->engine, &ex->timer, ANSWER_READ_US);
    wire_wake(ex->session->wire);
}

/* A client of HTTP/1.0 knows the end of such a body by our FIN only. */
enum exchange_ending exchange_cut(const struct exchange *ex)
{
    const struct head *sent = ex->flow->response.sent;
    bool until_close = sent && ex->request.version < HTTP_1_1 &&
                       (sent->framing == HTTP_CHUNKED || sent->framing == HTTP_UNTIL_CLOSE);

    return until_close ? EXCHANGE_RESET : EXCHANGE_FINISH;
}

void exchange_tunnel_ended(struct exchange *ex, bool client_side)
{
    if (client_side)
        ex->client_half = true;
    else
        ex->origin_half = true;
    if (ex->client_half && ex->origin_half)
        exchange_over(ex, CLOSE_UPGRADED, NULL, EXCHANGE_FINISH);
}

/* Writes an event out, and down in the record; the last one ends the exchange. */
static enum status exchange_put(struct exchange *ex, const struct message_event *ev)
{
    struct session *s = ex->session;
    struct flow *f = ex->flow;
    enum status st = codec_send(s->codec, ex->stream, ev);

    if (st)
        return st;
    if (ev->kind == MESSAGE_HEAD)
        exchange_note_sent_head(ex, ev->head);
    else if (ev->kind == MESSAGE_DATA && !f->response.received)
        exchange_note_content(ex, HTTP_RESPONSE, ev->data);
    wire_flush(s->wire);
    if (ev->kind != MESSAGE_END)
        return STATUS_OK;
    if (ex->tunnel) {
        wire_shutdown(s->wire);
        exchange_tunnel_ended(ex, false);
    } else {
        exchange_response_ended(ex);
    }
    return STATUS_OK;
}

static enum status exchange_put_page(struct exchange *ex, const struct head *head,
                                     struct bytes body)
{
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = head};
    enum status st = exchange_put(ex, &ev);

    ev = (struct message_event){.kind = MESSAGE_DATA, .data = slice_of(body)};
    if (!st && body.len)
        st = exchange_put(ex, &ev);
    ev = (struct message_event){.kind = MESSAGE_END};
    return st ? st : exchange_put(ex, &ev);
}

void exchange_answer(struct exchange *ex, enum close_reason reason, const char *sentence,
                     const struct page *page)
{
    struct head *head;
    struct bytes body;

    if (ex->over)
        return;
    exchange_let_origin_go(ex);
    if (ex->response_started || page_make(exchange_arena(ex), page, &ex->request, &head, &body)) {
        exchange_over(ex, reason, sentence, exchange_cut(ex));
        return;
    }
    ex->reason = reason;
    flow_note_end(ex->flow, reason, sentence);
    if (exchange_put_page(ex, head, body))
        exchange_over(ex, reason, sentence, EXCHANGE_RESET);
}

void exchange_fail(struct exchange *ex, enum close_reason reason, const char *sentence)
{
    const struct close_reason_row *row = close_reason_row(reason);
    struct page page = {.status = row->status ? row->status : 502,
                        .sentence = sentence ? sentence : row->sentence,
                        .reason = reason};

    exchange_answer(ex, reason, sentence, &page);
}

/* The codec would not have it; of a head nothing was written. */
static void exchange_cannot_send(struct exchange *ex, enum status st)
{
    if (st == STATUS_NO_MEMORY)
        exchange_over(ex, CLOSE_NO_MEMORY, NULL, EXCHANGE_RESET);
    else
        exchange_fail(ex, CLOSE_BAD_RESPONSE,
                      st == STATUS_UNSUPPORTED
                          ? "The response has a transfer coding that HTTP/1.0 does not know."
                          : "The response could not be written as HTTP/1.1.");
}

void exchange_to_client(struct exchange *ex, const struct message_event *ev)
{
    enum status st;

    if (ex->over || ev->kind == MESSAGE_TUNNEL) /* the codec knows by the head */
        return;
    st = exchange_put(ex, ev);
    if (st)
        exchange_cannot_send(ex, st);
}

void exchange_put_raw(struct exchange *ex, const struct head *head, struct bytes bytes)
{
    struct session *s = ex->session;

    if (head)
        exchange_note_sent_head(ex, head);
    if (slice_queue_put(codec_out(s->codec), ex->engine->env.pool, bytes))
        return; /* so much less of it is sent */
    wire_flush(s->wire);
}

/* ---- credit ------------------------------------------------------------- */

void exchange_credit(struct exchange *ex, enum http_side way, size_t content_bytes)
{
    if (way == HTTP_REQUEST) {
        wire_credit(ex->session->wire, content_bytes);
        if (ex->session->codec)
            codec_consume(ex->session->codec, ex->stream, content_bytes);
        if (ex->upstream)
            exchange_arm_body_idle(ex);
    } else if (ex->upstream) {
        upstream_credit(ex->upstream, content_bytes);
        exchange_arm_body_idle(ex);
    }
}

/* ---- ending ------------------------------------------------------------- */

static void exchange_release(struct exchange *ex)
{
    for (struct filter *f = ex->first; f; f = f->to_origin)
        f->ops->release(f);
    timer_clear(&ex->engine->timers, &ex->timer);
    slice_queue_release(&ex->gate);
    ruleset_unref(ex->rules);
    ex->rules = NULL;
    ex->engine->exchange_count--;
}

static int64_t span(int64_t from_us, int64_t to_us)
{
    return from_us > 0 && to_us >= from_us ? to_us - from_us : -1;
}

void exchange_note_times(struct exchange *ex)
{
    struct flow_timings *t = &ex->flow->timings;
    int64_t now = ex->engine->now_us;

    t->total = now - ex->started_us;
    t->injected = ex->injected_us;
    if (!ex->upstream_ready_us)
        return;
    t->blocked = ex->upstream_ready_us - ex->started_us - ex->injected_before_us;
    t->blocked -=
        (t->dns > 0 ? t->dns : 0) + (t->connect > 0 ? t->connect : 0) + (t->tls > 0 ? t->tls : 0);
    if (t->blocked < 0)
        t->blocked = 0;
    t->send =
        ex->request_end_us > ex->upstream_ready_us ? ex->request_end_us - ex->upstream_ready_us : 0;
    t->wait = span(ex->upstream_ready_us + t->send, ex->response_head_us);
    t->receive = span(ex->response_head_us, now);
}

static void exchange_count(struct exchange *ex)
{
    struct engine_stats *stats = &ex->engine->stats;
    const struct flow *f = ex->flow;

    if (f->injected)
        stats->injected++;
    if (f->error)
        stats->errors++;
    stats->bytes_up += (uint64_t)f->request.body.wire_bytes;
    stats->bytes_down += (uint64_t)f->response.body.wire_bytes;
}

static void bury_exchange(void *self)
{
    struct exchange *ex = self;

    engine_log(ex->engine, ex->flow);
}

void exchange_release_late(struct exchange *ex)
{
    if (ex->jobs)
        return;
    exchange_release(ex);
    engine_retire(ex->engine, &ex->grave, bury_exchange, ex);
}

void exchange_over(struct exchange *ex, enum close_reason reason, const char *sentence,
                   enum exchange_ending ending)
{
    struct session *s = ex->session;

    if (ex->over)
        return;
    ex->over = true;
    exchange_let_origin_go(ex);
    flow_note_end(ex->flow, reason, sentence);
    timer_clear(&ex->engine->timers, &ex->timer);
    live_end(ex->engine, &ex->live);
    if (!ex->jobs)
        exchange_release(ex);
    exchange_note_times(ex);
    exchange_count(ex);
    s->exchange = NULL;
    s->flow_left = true;
    if (!ex->jobs)
        engine_retire(ex->engine, &ex->grave, bury_exchange, ex);
    session_exchange_over(s, (int)ending);
}

/* The request has not ended: what we hold of it the origin does not take. */
static enum close_reason exchange_slow_request(const struct exchange *ex)
{
    return ex->session->wire->held ? CLOSE_BODY_IDLE : CLOSE_CLIENT_SLOW;
}

static void on_exchange_timer(void *self)
{
    struct exchange *ex = self;

    if (ex->draining)
        exchange_over(ex, ex->reason, ex->flow->sentence, EXCHANGE_FINISH);
    else if (ex->response_head_us)
        exchange_over(ex, CLOSE_BODY_IDLE, NULL, EXCHANGE_RESET);
    else
        exchange_fail(ex, ex->gate_ended ? CLOSE_ORIGIN_SLOW : exchange_slow_request(ex), NULL);
}
