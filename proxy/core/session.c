#include "proxy/core/session.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/core/exchange.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/mint.h"
#include "proxy/core/page.h"

enum { REFUSAL_BYTES = 32 * 1024 };

/* ---- ending ------------------------------------------------------------- */

static void session_free(struct session *s)
{
    codec_free(s->codec);
    tunnel_free(s->tunnel);
    buf_release(&s->peek);
    buf_release(&s->hello_scratch);
    arena_release(&s->arena);
    free(s);
}

static void bury_session(void *self)
{
    session_free(self);
}

static void session_unlink(struct session *s)
{
    if (s->prev)
        s->prev->next = s->next;
    else
        s->engine->sessions = s->next;
    if (s->next)
        s->next->prev = s->prev;
    s->engine->session_count--;
}

/* Nobody is to call back. */
static void session_stop_waiting(struct session *s)
{
    facts_leave(&s->facts_waiter);
    mint_leave(s->mint);
    s->mint = NULL;
    session_drop_raw(s);
}

void session_end(struct session *s, bool reset)
{
    struct exchange *ex = s->exchange;

    if (s->state == SESSION_ENDED)
        return;
    if (s->tunnel) {
        session_tunnel_ended(s);
        tunnel_close(s->tunnel);
    }
    live_end(s->engine, &s->live);
    if (!s->flow_left && !ex && !session_fault_took(s, false))
        session_note_refusal(s, CLOSE_CLIENT_CLOSED, NULL);
    s->state = SESSION_ENDED;
    if (ex)
        exchange_over(ex, s->engine->draining ? CLOSE_SHUT_DOWN : CLOSE_CLIENT_RESET, NULL,
                      EXCHANGE_RESET);
    session_stop_waiting(s);
    timer_clear(&s->engine->timers, &s->timer);
    if (reset)
        wire_reset(s->wire);
    wire_drop(s->wire);
    session_unlink(s);
    engine_bury(s->engine, &s->grave, bury_session, s);
}

void session_finish(struct session *s)
{
    if (s->state == SESSION_ENDED || s->state == SESSION_WAIT_FLUSH)
        return;
    if (!s->wire->open || (s->client_done && s->wire->shutdown_done)) {
        session_end(s, false);
        return;
    }
    session_stop_waiting(s);
    session_wait(s, SESSION_WAIT_FLUSH,
                 wire_unsent(s->wire) ? s->engine->settings->timeouts.client_idle
                                      : SESSION_LINGER_US);
    wire_shutdown(s->wire);
    wire_read(s->wire, true);
}

static void session_hang(struct session *s)
{
    session_wait(s, SESSION_HANG, SESSION_HANG_US);
}

void session_exchange_over(struct session *s, int ending)
{
    struct engine *e = s->engine;

    if (s->state == SESSION_ENDED)
        return;
    wire_credit(s->wire, s->wire->held);
    switch ((enum exchange_ending)ending) {
    case EXCHANGE_KEEP:
        if (!s->codec || !codec_reusable(s->codec) || s->client_done || e->draining) {
            session_finish(s);
            return;
        }
        engine_timer(e, &s->timer, e->settings->timeouts.client_idle);
        wire_wake(s->wire);
        break;
    case EXCHANGE_FINISH:
        session_finish(s);
        break;
    case EXCHANGE_RESET:
        session_end(s, true);
        break;
    case EXCHANGE_HANG:
        session_hang(s);
        break;
    }
}

void session_drain(struct session *s)
{
    if (s->exchange && s->exchange->stalled) {
        session_end(s, true);
    } else if (s->exchange && s->codec) {
        codec_drain(s->codec);
    } else if (s->state == SESSION_HANG) {
        session_end(s, true);
    } else if (s->state != SESSION_TUNNEL) {
        if (!s->flow_left)
            session_note_refusal(s, CLOSE_SHUT_DOWN, NULL);
        session_finish(s);
    }
}

/* ---- refusing ----------------------------------------------------------- */

/* `status`: of the page that goes with it; 0: none. */
static void session_leave_flow(struct session *s, enum close_reason reason, const char *sentence,
                               uint16_t status, uint32_t anomalies)
{
    struct flow *f = flow_new(s->engine, FLOW_REFUSED);

    s->flow_left = true;
    s->engine->stats.refused++;
    if (!f)
        return;
    flow_note_session(f, s);
    f->started_us = s->started_wall_us;
    f->timings.total = s->engine->now_us - s->started_us;
    f->anomalies = anomalies;
    f->scheme = BYTES("https");
    f->host = arena_copy(&f->arena, s->sni.len ? s->sni : s->target.host);
    f->port = s->target.port;
    f->status = status;
    f->injected = s->faulted && !s->exchanges;
    flow_note_end(f, reason, sentence);
    engine_log(s->engine, f);
}

void session_note_refusal(struct session *s, enum close_reason reason, const char *sentence)
{
    session_leave_flow(s, reason, sentence, 0, 0);
}

enum status session_leave_codec(struct session *s)
{
    enum status st = STATUS_OK;

    if (!s->codec)
        return STATUS_OK;
    st = slice_queue_move(&s->wire->own_out, codec_out(s->codec));
    if (st)
        return st;
    s->wire->out = &s->wire->own_out;
    codec_free(s->codec);
    s->codec = NULL;
    return STATUS_OK;
}

/* The codec has no stream for a request that it could not read, so the page is
 * written out here. */
static enum status put_page(struct session *s, const struct page *page)
{
    struct slice_queue *out = s->wire->out;
    struct chunk_pool *pool = s->engine->env.pool;
    struct arena a;
    struct head *head;
    struct bytes body;
    struct buf text;
    enum status st;

    arena_init(&a, REFUSAL_BYTES);
    buf_init(&text, REFUSAL_BYTES);
    st = page_make(&a, page, NULL, &head, &body);
    if (!st) {
        buf_putf(&text, "HTTP/1.1 %u ", (unsigned)page->status);
        buf_put(&text, head->reason);
        buf_put_text(&text, "\r\n");
        for (uint32_t i = 0; i < head->fields.count; i++) {
            buf_put(&text, head->fields.items[i].name);
            buf_put_text(&text, ": ");
            buf_put(&text, head->fields.items[i].value);
            buf_put_text(&text, "\r\n");
        }
        buf_putf(&text, "Content-Length: %zu\r\nConnection: close\r\n\r\n", body.len);
        buf_put(&text, body);
        st = buf_status(&text);
    }
    if (!st)
        st = slice_queue_put(out, pool, buf_bytes(&text));
    buf_release(&text);
    arena_release(&a);
    return st;
}

void session_refuse(struct session *s, enum close_reason reason, uint16_t status,
                    const char *sentence, uint32_t anomalies)
{
    const struct close_reason_row *row = close_reason_row(reason);
    struct page page = {.status = status ? status : row->status,
                        .reason = reason,
                        .sentence = sentence ? sentence : row->sentence};

    session_leave_flow(s, reason, sentence, page.status, anomalies);
    if (session_leave_codec(s) || put_page(s, &page))
        session_end(s, false);
    else
        session_finish(s);
}

/* ---- waiting ------------------------------------------------------------ */

void session_wait(struct session *s, enum session_state state, int64_t us)
{
    s->state = state;
    engine_timer(s->engine, &s->timer, us);
}

/* For how long the client's content still may not come: for as long as it was not
 * read, nobody can blame the client. */
static int64_t session_patience_us(const struct session *s)
{
    int64_t idle_us = s->engine->settings->timeouts.client_idle;

    return s->wire->reading ? s->wire->reading_since_us + idle_us - s->engine->now_us : idle_us;
}

static void session_request_timeout(struct session *s)
{
    struct exchange *ex = s->exchange;
    int64_t patience_us = session_patience_us(s);

    if (ex && !ex->request_ended && patience_us > 0) {
        engine_timer(s->engine, &s->timer, patience_us);
    } else if (ex && !ex->request_ended) {
        ex->request_ended = true;
        exchange_fail(ex, CLOSE_CLIENT_SLOW, NULL);
    } else if (!ex && !codec_idle(s->codec)) {
        session_refuse(s, CLOSE_CLIENT_SLOW, 0, NULL, 0);
    } else if (!ex) {
        if (!s->flow_left)
            session_note_refusal(s, CLOSE_CLIENT_IDLE, NULL);
        session_finish(s);
    }
}

static void on_session_timer(void *self)
{
    struct session *s = self;

    switch (s->state) {
    case SESSION_WAIT_REQUEST:
        session_request_timeout(s);
        break;
    case SESSION_WAIT_PEEK:
        session_peek_timeout(s);
        break;
    case SESSION_WAIT_FACTS:
        facts_leave(&s->facts_waiter);
        session_accept_tls(s);
        break;
    case SESSION_WAIT_LEAF:
    case SESSION_WAIT_HANDSHAKE:
        session_handshake_broke(s, "it took too long");
        break;
    case SESSION_WAIT_ORIGIN:
    case SESSION_WAIT_INNER:
        if (!s->flow_left)
            session_note_refusal(s, CLOSE_CLIENT_IDLE, NULL);
        session_finish(s);
        break;
    case SESSION_HANG:
    case SESSION_WAIT_FLUSH:
        session_end(s, false);
        break;
    case SESSION_TUNNEL:
    case SESSION_ENDED:
        break;
    }
}

/* ---- HTTP --------------------------------------------------------------- */

static void on_session_event(void *self, uint32_t stream, const struct message_event *ev)
{
    struct session *s = self;

    if (s->state != SESSION_WAIT_REQUEST)
        return;
    if (ev->kind == MESSAGE_HEAD) {
        timer_clear(&s->engine->timers, &s->timer);
        s->head_timed = false;
        s->exchanges++;
        session_request(s, stream, ev->head);
        return;
    }
    if (!s->exchange) {
        if (ev->kind == MESSAGE_DATA)
            codec_consume(s->codec, stream, ev->data.len);
        return;
    }
    if (ev->kind == MESSAGE_DATA)
        wire_hold(s->wire, ev->data.len);
    exchange_from_client(s->exchange, ev);
}

static void on_session_credit(void *self, uint32_t stream, size_t content_bytes)
{
    struct session *s = self;

    (void)stream;
    if (s->exchange)
        exchange_client_took(s->exchange, content_bytes);
}

static const struct codec_user session_codec_user = {on_session_event, on_session_credit, NULL};

enum status session_use_codec(struct session *s)
{
    struct engine *e = s->engine;
    struct codec_limits limits = e->settings->limits;
    struct codec *codec;
    enum status st;

    /* Without a CONNECT the host is not known before the head: session_request() judges. */
    limits.lenient = s->connected ? host_list_has(&e->settings->lenient, s->target.host)
                                  : e->settings->lenient.count > 0;
    st = h1_codec_new(HTTP_REQUEST, &limits, e->scratch, e->env.pool, &session_codec_user, s,
                      &codec);
    if (st)
        return st;
    /* The answer to CONNECT may still be on its way. */
    st = slice_queue_move(codec_out(codec), &s->wire->own_out);
    if (st) {
        codec_free(codec);
        return st;
    }
    if (e->draining)
        codec_drain(codec);
    s->codec = codec;
    s->wire->out = codec_out(codec);
    s->head_timed = false;
    session_wait(s, SESSION_WAIT_REQUEST, e->settings->timeouts.client_idle);
    return STATUS_OK;
}

static void session_codec_failed(struct session *s, enum status st)
{
    const struct codec_fault *fault = codec_fault(s->codec);
    enum close_reason reason = st == STATUS_NO_MEMORY ? CLOSE_NO_MEMORY
                               : st == STATUS_LIMIT   ? CLOSE_HEAD_TOO_LARGE
                                                      : CLOSE_BAD_REQUEST;
    const char *sentence = fault ? fault->sentence : NULL;
    struct exchange *ex = s->exchange;

    if (!ex) {
        session_refuse(s, reason, fault ? fault->status : 0, sentence, fault ? fault->anomaly : 0);
        return;
    }
    ex->request_ended = true; /* nothing more can be read of it */
    ex->flow->anomalies |= fault ? fault->anomaly : 0;
    if (ex->response_started) /* one that is whole is to arrive */
        exchange_over(ex, reason, sentence, ex->response_ended ? EXCHANGE_FINISH : EXCHANGE_RESET);
    else
        exchange_fail(ex, reason, sentence);
    session_finish(s);
}

/* A request that is coming may take `head` for its head, and `client_idle` between
 * two pieces of its content. */
static void session_arm_request(struct session *s)
{
    const struct settings *settings = s->engine->settings;

    if (s->exchange) {
        if (!s->exchange->request_ended)
            engine_timer(s->engine, &s->timer, settings->timeouts.client_idle);
    } else if (!codec_idle(s->codec) && !s->head_timed) {
        s->head_timed = true;
        engine_timer(s->engine, &s->timer, settings->timeouts.head);
    }
}

static void session_feed(struct session *s, struct slice in, size_t *ret_used)
{
    struct engine *e = s->engine;
    enum status st;

    *ret_used = 0;
    if (e->log_full || wire_unsent(s->wire) >= WIRE_HIGH_BYTES) {
        s->held_back = true;
        return;
    }
    st = codec_feed(s->codec, in, ret_used);
    if (s->state != SESSION_WAIT_REQUEST)
        return;
    s->held_back = *ret_used < in.len;
    if (st < 0) {
        *ret_used = in.len;
        session_codec_failed(s, st);
    } else if (s->connect_head) {
        session_connect(s);
    } else {
        session_arm_request(s);
    }
}

/* ---- the wire ----------------------------------------------------------- */

static void on_session_bytes(void *self, struct slice in, size_t *ret_used)
{
    struct session *s = self;

    *ret_used = in.len;
    switch (s->state) {
    case SESSION_WAIT_REQUEST:
        session_feed(s, in, ret_used);
        break;
    case SESSION_WAIT_PEEK:
    case SESSION_WAIT_ORIGIN:
    case SESSION_WAIT_FACTS:
    case SESSION_WAIT_LEAF:
    case SESSION_WAIT_INNER:
        session_peek_bytes(s, in, ret_used);
        break;
    case SESSION_TUNNEL: /* its origin is still being dialled */
        *ret_used = 0;
        break;
    case SESSION_WAIT_HANDSHAKE: /* came in one read with the ClientHello */
        if (wire_unread(s->wire, slice_bytes(in)))
            session_end(s, false);
        break;
    case SESSION_HANG:
    case SESSION_WAIT_FLUSH:
    case SESSION_ENDED:
        break;
    }
}

static void session_request_eof(struct session *s, bool clean)
{
    struct exchange *ex = s->exchange;
    enum status st;

    s->client_done = true;
    st = codec_eof(s->codec, clean);
    if (s->state != SESSION_WAIT_REQUEST)
        return;
    if (ex && s->exchange == ex) {
        if (!ex->tunnel && !ex->request_ended)
            exchange_client_gone(ex, CLOSE_CLIENT_TRUNCATED, NULL);
        else if (ex->stalled)
            exchange_over(ex, CLOSE_ABORTED_BY_RULE, NULL, EXCHANGE_FINISH);
        return;
    }
    if (st == STATUS_TRUNCATED)
        session_note_refusal(s, CLOSE_CLIENT_TRUNCATED, NULL);
    session_finish(s);
}

static void on_session_eof(void *self, bool clean)
{
    struct session *s = self;

    switch (s->state) {
    case SESSION_WAIT_REQUEST:
        session_request_eof(s, clean);
        break;
    case SESSION_TUNNEL:
        s->client_done = true;
        break;
    case SESSION_WAIT_HANDSHAKE:
        session_handshake_broke(s, "it closed the connection");
        break;
    case SESSION_WAIT_FLUSH: /* it may have said all, and still listen */
        s->client_done = true;
        if (s->wire->shutdown_done)
            session_end(s, false);
        break;
    case SESSION_WAIT_PEEK:
    case SESSION_WAIT_ORIGIN:
    case SESSION_WAIT_FACTS:
    case SESSION_WAIT_LEAF:
    case SESSION_WAIT_INNER:
    case SESSION_HANG:
        session_end(s, false);
        break;
    case SESSION_ENDED:
        break;
    }
}

static void on_session_reset(void *self)
{
    struct session *s = self;

    if (s->exchange) {
        exchange_client_gone(s->exchange, CLOSE_CLIENT_RESET, NULL);
    } else if (s->state == SESSION_WAIT_HANDSHAKE ||
               (s->state == SESSION_WAIT_INNER && s->wire->tls &&
                tlsio_refused_by_peer(s->wire->tls))) {
        session_handshake_broke(s, "it reset the connection");
    } else if (!s->flow_left && !session_fault_took(s, false)) {
        session_note_refusal(s, CLOSE_CLIENT_RESET, NULL);
    }
    session_end(s, false);
}

static void on_session_sent(void *self, size_t plain_bytes)
{
    struct session *s = self;

    if (s->codec)
        codec_sent(s->codec, plain_bytes);
    if (s->state == SESSION_WAIT_FLUSH)
        engine_timer(s->engine, &s->timer,
                     wire_unsent(s->wire) ? s->engine->settings->timeouts.client_idle
                                          : SESSION_LINGER_US);
    if (s->held_back && wire_unsent(s->wire) < WIRE_LOW_BYTES) {
        s->held_back = false;
        wire_wake(s->wire);
    }
}

/* Our FIN has left; there is nothing to wait for if the client's came before. */
static void on_session_finished(void *self)
{
    struct session *s = self;

    if (s->state == SESSION_WAIT_FLUSH && s->client_done)
        session_end(s, false);
}

static void on_session_handshake(void *self, enum status st)
{
    struct session *s = self;

    if (s->state == SESSION_WAIT_HANDSHAKE)
        session_handshake_ended(s, st);
}

const struct wire_user session_wire_user = {
    .on_bytes = on_session_bytes,
    .on_eof = on_session_eof,
    .on_reset = on_session_reset,
    .on_sent = on_session_sent,
    .on_finished = on_session_finished,
    .on_handshake = on_session_handshake,
};

/* ---- beginning ---------------------------------------------------------- */

static void on_session_facts(void *self)
{
    session_accept_tls(self);
}

static void session_name_client(struct session *s, const struct sockaddr_storage *client)
{
    char *colon;

    address_text(client, s->client);
    memcpy(s->client_host, s->client, sizeof(s->client_host));
    colon = strrchr(s->client_host, ':');
    if (colon)
        *colon = 0;
}

enum status session_accept(struct engine *e, struct wire *w, const struct sockaddr_storage *client)
{
    struct session *s = calloc(1, sizeof(*s));
    enum status st;

    if (!s)
        return STATUS_NO_MEMORY;
    s->engine = e;
    s->wire = w;
    s->number = ++e->connections;
    s->started_us = e->now_us;
    s->started_wall_us = e->wall_us;
    arena_init(&s->arena, SESSION_ARENA_BYTES);
    buf_init(&s->peek, CLIENT_HELLO_BYTES);
    buf_init(&s->hello_scratch, CLIENT_HELLO_BYTES);
    timer_init(&s->timer, on_session_timer, s);
    s->facts_waiter = (struct facts_waiter){.on_facts = on_session_facts, .self = s};
    session_name_client(s, client);
    st = session_use_codec(s);
    if (st) {
        session_free(s);
        return st;
    }
    s->next = e->sessions;
    if (e->sessions)
        e->sessions->prev = s;
    e->sessions = s;
    e->session_count++;
    e->stats.connections++;
    wire_use(w, &session_wire_user, s);
    wire_read(w, true);
    return STATUS_OK;
}
