#include "proxy/core/upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/core/engine_impl.h"

enum { ROUTE_ARENA_BYTES = 16 * 1024, VIA_PROXY_STATUS_TEXT = 96 };

/* ---- failing ------------------------------------------------------------ */

void failure_set(struct failure *f, enum close_reason reason, struct bytes host, uint16_t port,
                 const char *detail)
{
    const char *sentence = close_reason_row(reason)->sentence;
    int len = (int)strlen(sentence) - 1; /* without its full stop */
    bool six = bytes_find(host, ':') >= 0;
    bool more = detail && *detail;

    f->reason = reason;
    (void)snprintf(f->sentence, sizeof(f->sentence), "%.*s: %s%.*s%s:%u%s%s%s.", len, sentence,
                   six ? "[" : "", (int)host.len, (const char *)host.ptr, six ? "]" : "",
                   (unsigned)port, more ? " (" : "", more ? detail : "", more ? ")" : "");
}

static void bury_upstream(void *self)
{
    upstream_free(self);
}

void upstream_free(struct upstream *up)
{
    struct engine *e = up->engine;

    if (up->prev_all)
        up->prev_all->next_all = up->next_all;
    else
        e->upstreams = up->next_all;
    if (up->next_all)
        up->next_all->prev_all = up->prev_all;
    codec_free(up->codec);
    arena_release(&up->arena);
    free(up);
}

static void upstream_end(struct upstream *up)
{
    if (up->state == UPSTREAM_IDLE)
        pool_remove(&up->engine->pool, up);
    if (up->state == UPSTREAM_WAIT_WIRE)
        dialer_stop(&up->dialer);
    timer_clear(&up->engine->timers, &up->timer);
    up->state = UPSTREAM_ENDED;
    up->engine->upstream_count--;
    up->user = NULL;
    wire_drop(up->wire);
    up->wire = NULL;
    engine_bury(up->engine, &up->grave, bury_upstream, up);
}

void upstream_close(struct upstream *up, bool reset)
{
    if (up->state == UPSTREAM_ENDED)
        return;
    if (reset && up->wire)
        wire_reset(up->wire);
    upstream_end(up);
}

static void upstream_flush(struct upstream *up)
{
    up->state = UPSTREAM_WAIT_FLUSH;
    engine_timer(up->engine, &up->timer, up->engine->settings->timeouts.client_idle);
}

/* It never became ready. The origin is told by our alert if it is its TLS that was
 * not taken. */
static void upstream_fail(struct upstream *up, enum close_reason reason, const char *detail)
{
    const struct upstream_user *user = up->user;
    void *self = up->self;

    up->user = NULL;
    failure_set(&up->failure, reason, up->route.host, up->route.port, detail);
    if (up->route.kind == ROUTE_HTTPS)
        facts_fail(&up->engine->facts, &up->route, &up->failure);
    if (up->wire && up->wire->tls_failed && up->wire->open) {
        wire_read(up->wire, false);
        wire_shutdown(up->wire);
        upstream_flush(up);
    } else {
        upstream_end(up);
    }
    if (user)
        user->on_failure(self, up, &up->failure);
}

/* It broke under an exchange. */
static void upstream_gone(struct upstream *up, enum close_reason reason, const char *detail,
                          bool reset)
{
    const struct upstream_user *user = up->user;
    void *self = up->self;

    failure_set(&up->failure, reason, up->route.host, up->route.port, detail);
    upstream_end(up);
    if (user)
        user->on_gone(self, &up->failure, reset);
}

/* ---- becoming ready ----------------------------------------------------- */

static const struct codec_user upstream_codec_user;

static enum status upstream_make_codec(struct upstream *up)
{
    struct codec_limits limits = up->engine->settings->limits;
    enum status st;

    limits.lenient = host_list_has(&up->engine->settings->lenient, up->route.host);
    st = h1_codec_new(HTTP_RESPONSE, &limits, up->engine->scratch, up->engine->env.pool,
                      &upstream_codec_user, up, &up->codec);
    if (!st)
        up->wire->out = codec_out(up->codec);
    return st;
}

static void upstream_ready(struct upstream *up)
{
    if (up->route.kind != ROUTE_RAW && upstream_make_codec(up)) {
        upstream_fail(up, CLOSE_NO_MEMORY, NULL);
        return;
    }
    timer_clear(&up->engine->timers, &up->timer);
    up->state = UPSTREAM_BUSY; /* handed over: not in the pool */
    if (up->route.kind == ROUTE_HTTPS)
        facts_learn(&up->engine->facts, &up->route, up->wire->tls);
    if (up->user)
        up->user->on_ready(up->self, up);
    else
        upstream_leave(up);
}

static void upstream_start_tls(struct upstream *up)
{
    const struct route *r = &up->route;
    struct tls_target target = {.host = r->host,
                                .port = r->port,
                                .sni = r->sni,
                                .alpn = r->alpn,
                                .verify = r->verify,
                                .identity = r->identity};
    struct tlsio *tls;

    if (r->sni.len)
        target.host = r->sni;
    if (tlsio_connect(up->engine->env.tls, up->engine->env.pool, &target, &tls)) {
        upstream_fail(up, CLOSE_TLS_FAILED, "TLS could not be started");
        return;
    }
    up->state = UPSTREAM_WAIT_HANDSHAKE;
    up->connect_us = up->connect_us < 0 ? 0 : up->connect_us;
    up->tls_started_us = up->engine->now_us;
    wire_start_tls(up->wire, tls);
    wire_read(up->wire, true);
    engine_timer(up->engine, &up->timer, up->engine->settings->timeouts.tls);
}

static void on_upstream_handshake(void *self, enum status st)
{
    struct upstream *up = self;
    struct tlsio *tls = up->wire->tls;

    if (st) {
        upstream_fail(up, tlsio_refused_peer(tls) ? CLOSE_CERTIFICATE_REFUSED : CLOSE_TLS_FAILED,
                      tlsio_error(tls));
        return;
    }
    up->tls_us = up->engine->now_us - up->tls_started_us;
    upstream_ready(up);
}

static void upstream_proceed(struct upstream *up)
{
    if (up->route.kind == ROUTE_HTTPS)
        upstream_start_tls(up);
    else
        upstream_ready(up);
}

/* ---- through an upstream proxy ------------------------------------------ */

static void on_via_event(void *self, uint32_t stream, const struct message_event *ev)
{
    struct upstream *up = self;
    char detail[VIA_PROXY_STATUS_TEXT];

    (void)stream;
    if (ev->kind == MESSAGE_HEAD && ev->head->status / 100 != 2) {
        (void)snprintf(detail, sizeof(detail), "it answered with status %u",
                       (unsigned)ev->head->status);
        upstream_fail(up, CLOSE_VIA_FAILED, detail);
    } else if (ev->kind == MESSAGE_TUNNEL) {
        up->tunnelled = true;
    }
}

static void on_via_credit(void *self, uint32_t stream, size_t content_bytes)
{
    (void)self;
    (void)stream;
    (void)content_bytes;
}

static const struct codec_user via_codec_user = {on_via_event, on_via_credit, NULL};

static enum status upstream_send_connect(struct upstream *up)
{
    struct head head = {.side = HTTP_REQUEST,
                        .version = HTTP_1_1,
                        .form = TARGET_AUTHORITY,
                        .method = BYTES("CONNECT"),
                        .length = -1};
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = &head};
    struct arena a;
    char *authority;
    enum status st = STATUS_NO_MEMORY;

    arena_init(&a, ROUTE_ARENA_BYTES);
    authority = arena_printf(&a, bytes_find(up->route.host, ':') < 0 ? "%.*s:%u" : "[%.*s]:%u",
                             (int)up->route.host.len, (const char *)up->route.host.ptr,
                             (unsigned)up->route.port);
    if (authority) {
        head.target = head.authority = bytes_of(authority);
        st = fields_append(&a, &head.fields, BYTES("Host"), head.target);
    }
    if (!st && up->route.via->credentials.len)
        st = fields_append(&a, &head.fields, BYTES("Proxy-Authorization"),
                           up->route.via->credentials);
    if (!st)
        st = codec_send(up->codec, codec_open(up->codec), &ev);
    ev.kind = MESSAGE_END;
    if (!st)
        st = codec_send(up->codec, 1, &ev);
    arena_release(&a);
    return st;
}

static void upstream_start_via(struct upstream *up)
{
    struct engine *e = up->engine;

    up->state = UPSTREAM_WAIT_TUNNEL;
    if (h1_codec_new(HTTP_RESPONSE, &e->settings->limits, e->scratch, e->env.pool, &via_codec_user,
                     up, &up->codec)) {
        upstream_fail(up, CLOSE_NO_MEMORY, NULL);
        return;
    }
    up->wire->out = codec_out(up->codec);
    if (upstream_send_connect(up)) {
        upstream_fail(up, CLOSE_NO_MEMORY, NULL);
        return;
    }
    wire_flush(up->wire);
    wire_read(up->wire, true);
    engine_timer(e, &up->timer, e->settings->timeouts.connect);
}

/* The proxy said 200: what follows belongs to the origin. */
static void upstream_finish_via(struct upstream *up)
{
    struct codec *via = up->codec;

    if (slice_queue_move(&up->wire->own_out, codec_out(via))) {
        upstream_fail(up, CLOSE_NO_MEMORY, NULL);
        return;
    }
    up->wire->out = &up->wire->own_out;
    up->codec = NULL;
    codec_free(via);
    wire_read(up->wire, false);
    upstream_proceed(up);
}

static void upstream_feed_via(struct upstream *up, struct slice s, size_t *ret_used)
{
    size_t used = 0;

    *ret_used = s.len;
    if (codec_feed(up->codec, s, &used) < 0 && up->state == UPSTREAM_WAIT_TUNNEL)
        upstream_fail(up, CLOSE_VIA_FAILED, "its answer breaks HTTP's rules");
    if (up->state != UPSTREAM_WAIT_TUNNEL || !up->tunnelled)
        return;
    *ret_used = used;
    /* In TLS we speak first: such bytes are the proxy's, and would be taken for the
     * origin's. */
    if (up->route.kind == ROUTE_HTTPS && used < s.len)
        upstream_fail(up, CLOSE_VIA_FAILED, "it sent more than its answer");
    else
        upstream_finish_via(up);
}

/* ---- the wire ----------------------------------------------------------- */

static void on_upstream_bytes(void *self, struct slice s, size_t *ret_used)
{
    struct upstream *up = self;
    enum status st;
    const struct codec_fault *fault;

    *ret_used = s.len;
    if (up->state == UPSTREAM_WAIT_TUNNEL) {
        upstream_feed_via(up, s, ret_used);
        return;
    }
    if (!up->codec)
        return;
    up->got_bytes = true;
    st = codec_feed(up->codec, s, ret_used);
    if (*ret_used && *ret_used < s.len && up->state == UPSTREAM_BUSY)
        wire_wake(up->wire); /* behind a switch of protocols the rest is raw */
    if (st >= 0)
        return;
    *ret_used = s.len;
    if (up->state == UPSTREAM_IDLE) {
        upstream_close(up, false);
    } else if (up->state == UPSTREAM_BUSY) {
        fault = codec_fault(up->codec);
        upstream_gone(up, st == STATUS_NO_MEMORY ? CLOSE_NO_MEMORY : CLOSE_BAD_RESPONSE,
                      fault ? fault->sentence : NULL, false);
    }
}

static void on_upstream_eof(void *self, bool clean)
{
    struct upstream *up = self;
    enum status st;

    if (up->state == UPSTREAM_WAIT_TUNNEL) {
        upstream_fail(up, CLOSE_VIA_FAILED, "it closed the connection");
        return;
    }
    if (up->state != UPSTREAM_BUSY || !up->codec) {
        upstream_close(up, false);
        return;
    }
    st = codec_eof(up->codec, clean);
    if (up->state != UPSTREAM_BUSY || st == STATUS_OK)
        return;
    upstream_gone(up, up->got_bytes ? CLOSE_ORIGIN_TRUNCATED : CLOSE_ORIGIN_CLOSED,
                  clean ? NULL : "without TLS close_notify", false);
}

static void on_upstream_reset(void *self)
{
    struct upstream *up = self;

    if (up->state == UPSTREAM_WAIT_TUNNEL)
        upstream_fail(up, CLOSE_VIA_FAILED, "it reset the connection");
    else if (up->state == UPSTREAM_WAIT_HANDSHAKE)
        upstream_fail(up, CLOSE_TLS_FAILED, "it reset the connection");
    else if (up->state == UPSTREAM_BUSY)
        upstream_gone(up, CLOSE_ORIGIN_RESET, NULL, true);
    else
        upstream_close(up, false);
}

static void on_upstream_sent(void *self, size_t plain_bytes)
{
    struct upstream *up = self;

    if (up->codec)
        codec_sent(up->codec, plain_bytes);
    if (up->state == UPSTREAM_WAIT_FLUSH)
        engine_timer(up->engine, &up->timer, up->engine->settings->timeouts.client_idle);
}

static void on_upstream_finished(void *self)
{
    struct upstream *up = self;

    if (up->state == UPSTREAM_WAIT_FLUSH)
        upstream_close(up, false);
}

static const struct wire_user upstream_wire_user = {
    .on_bytes = on_upstream_bytes,
    .on_eof = on_upstream_eof,
    .on_reset = on_upstream_reset,
    .on_sent = on_upstream_sent,
    .on_finished = on_upstream_finished,
    .on_handshake = on_upstream_handshake,
};

/* ---- the codec ---------------------------------------------------------- */

static void on_codec_event(void *self, uint32_t stream, const struct message_event *ev)
{
    struct upstream *up = self;

    (void)stream;
    if (up->state != UPSTREAM_BUSY || !up->user)
        return;
    if (ev->kind == MESSAGE_DATA)
        wire_hold(up->wire, ev->data.len);
    up->user->on_event(up->self, ev);
}

static void on_codec_credit(void *self, uint32_t stream, size_t content_bytes)
{
    struct upstream *up = self;

    (void)stream;
    if (up->state == UPSTREAM_BUSY && up->user)
        up->user->on_credit(up->self, content_bytes);
}

static const struct codec_user upstream_codec_user = {on_codec_event, on_codec_credit, NULL};

/* ---- dialling ----------------------------------------------------------- */

static void on_dialler_wire(void *self, struct wire *w)
{
    struct upstream *up = self;
    const struct dialer *d = &up->dialer;

    up->wire = w;
    address_text(&w->peer, up->address);
    wire_use(w, &upstream_wire_user, up);
    if (up->route.via)
        wire_lead_to_proxy(w);
    up->dns_us = d->resolved_us - d->started_us;
    up->connect_us = d->connected_us - d->resolved_us;
    if (up->route.via && up->route.kind != ROUTE_HTTP)
        upstream_start_via(up);
    else
        upstream_proceed(up);
}

static void on_dialler_failure(void *self, enum close_reason reason, const char *detail)
{
    upstream_fail(self, reason, detail);
}

static const struct dialer_user upstream_dialer_user = {on_dialler_wire, on_dialler_failure};

static void on_upstream_timer(void *self)
{
    struct upstream *up = self;

    switch (up->state) {
    case UPSTREAM_WAIT_WIRE:
        dialer_start(&up->dialer, up->route.dial_host, up->route.dial_port);
        break;
    case UPSTREAM_WAIT_TUNNEL:
        upstream_fail(up, CLOSE_CONNECT_TIMEOUT, "the upstream proxy did not answer");
        break;
    case UPSTREAM_WAIT_HANDSHAKE:
        upstream_fail(up, CLOSE_TLS_TIMEOUT, NULL);
        break;
    case UPSTREAM_IDLE:
    case UPSTREAM_WAIT_FLUSH:
        upstream_close(up, false);
        break;
    case UPSTREAM_BUSY:
    case UPSTREAM_ENDED:
        break;
    }
}

struct upstream *upstream_new(struct engine *e, const struct route *route,
                              const struct upstream_user *user, void *self)
{
    struct upstream *up = calloc(1, sizeof(*up));

    if (!up)
        return NULL;
    if (e->env.upstreams && e->upstream_count >= e->env.upstreams)
        pool_give_way(&e->pool);
    up->engine = e;
    arena_init(&up->arena, ROUTE_ARENA_BYTES);
    timer_init(&up->timer, on_upstream_timer, up);
    if (route_copy(&up->arena, route, &up->route)) {
        arena_release(&up->arena);
        free(up);
        return NULL;
    }
    /* The dial starts by a timer that is due at once: no callback before return. */
    timer_set(&e->timers, &up->timer, e->now_us);
    dialer_init(&up->dialer, e, &upstream_dialer_user, up);
    up->state = UPSTREAM_WAIT_WIRE;
    up->user = user;
    up->self = self;
    up->number = ++e->connections;
    up->dns_us = up->connect_us = up->tls_us = -1;
    up->next_all = e->upstreams;
    if (e->upstreams)
        e->upstreams->prev_all = up;
    e->upstreams = up;
    e->upstream_count++;
    return up;
}

void upstream_use(struct upstream *up, const struct upstream_user *user, void *self)
{
    up->user = user;
    up->self = self;
}

static void upstream_to_pool(struct upstream *up)
{
    struct engine *e = up->engine;

    up->state = UPSTREAM_IDLE;
    up->user = NULL;
    up->idle_since_us = e->now_us;
    wire_credit(up->wire, up->wire->held); /* the response's end may still be on its way */
    engine_timer(e, &up->timer, e->settings->timeouts.pool_idle);
    wire_read(up->wire, true);
    pool_put(&e->pool, up);
}

void upstream_leave(struct upstream *up)
{
    up->user = NULL;
    if (up->state != UPSTREAM_BUSY)
        return; /* on its way, or ended */
    if (up->wire->shutdown_asked && !up->wire->shutdown_done)
        upstream_flush(up);
    else if (up->codec && codec_idle(up->codec) && codec_reusable(up->codec) &&
             !up->engine->draining)
        upstream_to_pool(up);
    else
        upstream_close(up, false);
}

enum status upstream_begin(struct upstream *up)
{
    up->state = UPSTREAM_BUSY;
    up->got_bytes = false;
    timer_clear(&up->engine->timers, &up->timer);
    up->stream = codec_open(up->codec);
    if (!up->stream)
        return STATUS_CLOSED;
    up->exchanges++;
    wire_read(up->wire, true);
    return STATUS_OK;
}

enum status upstream_send(struct upstream *up, const struct message_event *ev)
{
    enum status st = codec_send(up->codec, up->stream, ev);

    wire_flush(up->wire);
    return st;
}

void upstream_credit(struct upstream *up, size_t content_bytes)
{
    if (up->wire)
        wire_credit(up->wire, content_bytes);
    if (up->codec)
        codec_consume(up->codec, up->stream, content_bytes);
}

struct wire *upstream_take_wire(struct upstream *up)
{
    struct wire *w = up->wire;

    w->out = &w->own_out;
    up->wire = NULL;
    upstream_end(up);
    return w;
}
