/* The exchange's side towards the origin: the gate where the request waits for a
 * connection, the connection itself, and what comes back on it. */
#include <string.h>

#include "proxy/core/dial_fault.h"
#include "proxy/core/exchange.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/gather.h"
#include "proxy/core/session.h"

static const struct upstream_user exchange_upstream_user;

void exchange_let_origin_go(struct exchange *ex)
{
    struct upstream *up = ex->upstream;

    ex->upstream = NULL;
    ex->origin = ORIGIN_DONE;
    dial_fault_stop(ex->dial_fault);
    ex->dial_fault = NULL;
    timer_clear(&ex->engine->timers, &ex->timer);
    if (up)
        upstream_leave(up);
}

void exchange_arm_body_idle(struct exchange *ex)
{
    int64_t us = ex->engine->settings->timeouts.body_idle;
    bool sending = ex->origin == ORIGIN_OPEN && !ex->gate_ended;

    if (us > 0 && !ex->held && (ex->response_head_us || sending) && !ex->tunnel && !ex->over)
        engine_timer(ex->engine, &ex->timer, us);
}

/* ---- sending ------------------------------------------------------------ */

static void origin_lost_memory(struct exchange *ex)
{
    exchange_fail(ex, CLOSE_NO_MEMORY, NULL);
}

static void origin_send(struct exchange *ex, const struct message_event *ev)
{
    if (!ex->upstream || ex->over)
        return;
    if (ev->kind == MESSAGE_DATA || ev->kind == MESSAGE_TRAILERS)
        ex->sent_content = true;
    if (upstream_send(ex->upstream, ev)) {
        origin_lost_memory(ex);
        return;
    }
    if (ev->kind != MESSAGE_END) {
        exchange_arm_body_idle(ex);
        return;
    }
    if (ex->tunnel) {
        wire_shutdown(ex->upstream->wire);
        exchange_tunnel_ended(ex, true);
        return;
    }
    if (!ex->response_head_us)
        engine_timer(ex->engine, &ex->timer, ex->engine->settings->timeouts.response_head);
}

/* The connection stands: what waited at the gate goes through. */
static void origin_open_gate(struct exchange *ex)
{
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = &ex->request_out};

    ex->origin = ORIGIN_OPEN;
    ex->upstream_ready_us = ex->engine->now_us;
    ex->injected_before_us = ex->injected_us;
    ex->flow->request.sent = &ex->request_out;
    flow_note_upstream(ex->flow, ex->upstream);
    origin_send(ex, &ev);
    if (ex->gather)
        gather_wait_leave(ex->gather);
    while (!ex->over && ex->gate.bytes) {
        struct slice s = slice_queue_first(&ex->gate);

        ev = (struct message_event){.kind = MESSAGE_DATA, .data = s};
        origin_send(ex, &ev);
        if (!ex->over)
            slice_queue_consume(&ex->gate, s.len);
    }
    if (!ex->over && ex->gate_trailers) {
        ev = (struct message_event){.kind = MESSAGE_TRAILERS, .trailers = ex->gate_trailers};
        origin_send(ex, &ev);
    }
    if (!ex->over && ex->gate_ended) {
        ev = (struct message_event){.kind = MESSAGE_END};
        origin_send(ex, &ev);
    }
}

static void origin_hold(struct exchange *ex, const struct message_event *ev)
{
    struct slice kept;

    if (ev->kind == MESSAGE_DATA) {
        if (slice_retain(ex->engine->env.pool, ev->data, &kept) ||
            slice_queue_push(&ex->gate, kept))
            origin_lost_memory(ex);
    } else if (ev->kind == MESSAGE_TRAILERS) {
        ex->gate_trailers = (struct fields *)(uintptr_t)ev->trailers;
    }
}

/* ---- taking a connection ------------------------------------------------ */

static void origin_use(struct exchange *ex, struct upstream *up)
{
    ex->upstream = up;
    upstream_use(up, &exchange_upstream_user, ex);
    if (upstream_begin(up)) {
        ex->upstream = NULL;
        upstream_close(up, false);
        exchange_fail(ex, CLOSE_ORIGIN_CLOSED, NULL);
        return;
    }
    origin_open_gate(ex);
}

void exchange_dial(struct exchange *ex)
{
    ex->upstream = upstream_new(ex->engine, &ex->route, &exchange_upstream_user, ex);
    if (!ex->upstream)
        origin_lost_memory(ex);
}

static void origin_connect(struct exchange *ex)
{
    struct engine *e = ex->engine;
    const struct session *s = ex->session;
    const struct failure *failure = NULL;
    struct upstream *up;

    ex->origin = ORIGIN_WAIT_CONNECTION;
    ex->upstream_asked_us = e->now_us;
    if (!ex->retried && exchange_is_held(ex))
        return;
    up = ex->retried ? NULL : pool_take(&e->pool, &ex->route);
    if (up) {
        origin_use(ex, up);
        return;
    }
    /* What failed for the client's handshake a moment ago is not tried again. */
    if (s->connected && s->exchanges <= 1 && ex->route.kind == ROUTE_HTTPS)
        failure = facts_failure(&e->facts, &ex->route);
    if (failure) {
        exchange_fail(ex, failure->reason, failure->sentence);
        return;
    }
    exchange_dial(ex);
}

enum status exchange_redirect(struct exchange *ex, const struct rule_target *to)
{
    struct bytes host = arena_copy(exchange_arena(ex), to->host);

    if (!host.ptr)
        return STATUS_NO_MEMORY;
    ex->redirected = true;
    ex->target.host = host;
    ex->target.port = to->port;
    ex->secure = bytes_equal(to->scheme, BYTES("https"));
    return STATUS_OK;
}

/* The name that the client sent is for the host that it meant. */
static void origin_begin(struct exchange *ex)
{
    struct session *s = ex->session;
    bool as_meant = s->connected && bytes_equal(ex->target.host, s->target.host);
    struct bytes sni = as_meant ? s->sni : (struct bytes){0};

    if (route_make(ex->engine, exchange_arena(ex), ex->secure ? ROUTE_HTTPS : ROUTE_HTTP,
                   &ex->target, sni, &ex->route) ||
        exchange_route_request(ex)) {
        origin_lost_memory(ex);
        return;
    }
    origin_connect(ex);
}

void exchange_to_origin(struct exchange *ex, const struct message_event *ev)
{
    if (ev->kind == MESSAGE_END)
        ex->gate_ended = true;
    switch (ex->origin) {
    case ORIGIN_WAIT_HEAD:
        if (ev->kind == MESSAGE_HEAD)
            origin_begin(ex);
        break;
    case ORIGIN_WAIT_CONNECTION:
        origin_hold(ex, ev);
        break;
    case ORIGIN_OPEN:
        origin_send(ex, ev);
        break;
    case ORIGIN_DONE:
        /* Nobody wants it: taken, so that the client is not held up. */
        if (ev->kind == MESSAGE_DATA)
            exchange_credit(ex, HTTP_REQUEST, ev->data.len);
        break;
    }
}

static void on_origin_ready(void *self, struct upstream *up)
{
    origin_use(self, up);
}

static void on_origin_failure(void *self, struct upstream *up, const struct failure *failure)
{
    struct exchange *ex = self;

    (void)up;
    ex->upstream = NULL;
    exchange_fail(ex, failure->reason, failure->sentence);
}

/* ---- what comes back ---------------------------------------------------- */

static void origin_pass(struct exchange *ex, const struct message_event *ev)
{
    if (ex->last)
        ex->last->ops->on_event(ex->last, HTTP_RESPONSE, ev);
    else
        exchange_to_client(ex, ev);
}

static void origin_head(struct exchange *ex, const struct head *head)
{
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = &ex->response_out};

    ex->response_head_us = ex->engine->now_us;
    timer_clear(&ex->engine->timers, &ex->timer);
    if (head_copy(exchange_arena(ex), head, &ex->response) || exchange_prepare_response(ex)) {
        origin_lost_memory(ex);
        return;
    }
    ex->flow->response.received = &ex->response;
    ex->flow->anomalies |= head->anomalies;
    ex->tunnel = head->status == 101;
    exchange_arm_body_idle(ex);
    origin_pass(ex, &ev);
}

/* A head like any other: what is hop by hop stays here (RFC 9110 §7.6.1, §15.2). */
static void origin_interim(struct exchange *ex, const struct head *head)
{
    struct arena *a = exchange_arena(ex);
    struct head out;
    struct message_event ev = {.kind = MESSAGE_INTERIM, .head = &out};

    flow_note_interim(ex->flow, head, false);
    ex->flow->anomalies |= head->anomalies;
    if (ex->request.version < HTTP_1_1)
        return;
    if (head_fork(a, head, &out) || fields_strip_hop(a, &out.fields, false))
        origin_lost_memory(ex);
    else
        origin_pass(ex, &ev);
}

/* The response is complete; the connection may serve the next one. */
static void origin_end(struct exchange *ex)
{
    struct message_event ev = {.kind = MESSAGE_END};
    struct upstream *up = ex->upstream;

    if (!ex->tunnel) {
        if (up)
            ex->flow->anomalies |= codec_anomalies(up->codec);
        exchange_let_origin_go(ex);
    }
    origin_pass(ex, &ev);
}

static void on_origin_event(void *self, const struct message_event *ev)
{
    struct exchange *ex = self;
    struct message_event copy = *ev;

    if (ex->over)
        return;
    switch (ev->kind) {
    case MESSAGE_HEAD:
        origin_head(ex, ev->head);
        break;
    case MESSAGE_INTERIM:
        origin_interim(ex, ev->head);
        break;
    case MESSAGE_DATA:
        exchange_note_content(ex, HTTP_RESPONSE, ev->data);
        origin_pass(ex, ev);
        break;
    case MESSAGE_TRAILERS:
        copy.trailers = exchange_copy_trailers(ex, ev->trailers);
        ex->flow->response.trailers = copy.trailers;
        if (copy.trailers)
            origin_pass(ex, &copy);
        break;
    case MESSAGE_END:
        origin_end(ex);
        break;
    case MESSAGE_TUNNEL:
    case MESSAGE_MESSAGE:
        origin_pass(ex, ev);
        break;
    case MESSAGE_ABORT:
        break; /* on_gone says why */
    }
}

static void on_origin_credit(void *self, size_t content_bytes)
{
    struct exchange *ex = self;

    if (ex->over)
        return;
    if (ex->last && ex->last->ops->on_credit)
        ex->last->ops->on_credit(ex->last, HTTP_REQUEST, content_bytes);
    else
        exchange_credit(ex, HTTP_REQUEST, content_bytes);
}

/* A connection of the pool that the origin had given up at the same moment: once
 * more on a new one, if that does no harm (RFC 9110 §9.2.2). */
static bool origin_may_retry(const struct exchange *ex, bool was_reused, bool got_bytes)
{
    const struct http_method *m = http_method_find(ex->request_out.method);

    return was_reused && !got_bytes && !ex->retried && !ex->sent_content && m && m->idempotent &&
           !ex->response_head_us;
}

static void on_origin_gone(void *self, const struct failure *failure, bool reset)
{
    struct exchange *ex = self;
    struct upstream *up = ex->upstream;
    bool retry = up && origin_may_retry(ex, up->exchanges > 1, up->got_bytes);

    ex->upstream = NULL;
    if (ex->over)
        return;
    if (retry) {
        ex->retried = true;
        origin_connect(ex);
        return;
    }
    ex->origin = ORIGIN_DONE;
    if (!ex->response_started)
        exchange_fail(ex, failure->reason, failure->sentence);
    else
        exchange_over(ex, failure->reason, failure->sentence,
                      reset ? EXCHANGE_RESET : exchange_cut(ex));
}

static const struct upstream_user exchange_upstream_user = {
    .on_ready = on_origin_ready,
    .on_failure = on_origin_failure,
    .on_event = on_origin_event,
    .on_credit = on_origin_credit,
    .on_gone = on_origin_gone,
};
