/* Raw relaying of a CONNECT: whatever is neither HTTP nor a TLS that is opened. */
#include <string.h>

#include "proxy/core/dial_fault.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/session.h"
#include "proxy/core/upstream.h"

static struct bytes tunnel_scheme(const struct session *s)
{
    return s->hello.max_version || s->wire->tls ? BYTES("https") : BYTES("tcp");
}

/* The record of it by now; NULL when out of memory. */
static struct flow *tunnel_flow(struct session *s)
{
    struct flow *f = flow_new(s->engine, FLOW_TUNNEL);

    if (!f)
        return NULL;
    flow_note_session(f, s);
    f->started_us = s->started_wall_us;
    f->injected = s->faulted;
    f->scheme = tunnel_scheme(s);
    f->host = arena_copy(&f->arena, s->target.host);
    f->port = s->target.port;
    f->client_tls.alpn = arena_copy(&f->arena, s->hello.alpn);
    f->upstream = arena_copy(&f->arena, bytes_of(s->origin));
    f->timings.total = s->engine->now_us - s->started_us;
    if (s->tunnel) {
        f->tunnel_up_bytes = (int64_t)tunnel_up_bytes(s->tunnel);
        f->tunnel_down_bytes = (int64_t)tunnel_down_bytes(s->tunnel);
    }
    return f;
}

static void tunnel_count(struct session *s)
{
    struct engine_stats *stats = &s->engine->stats;

    stats->tunnels++;
    if (!s->tunnel)
        return;
    stats->bytes_up += tunnel_up_bytes(s->tunnel);
    stats->bytes_down += tunnel_down_bytes(s->tunnel);
}

static struct flow *on_tunnel_show(void *self)
{
    struct session *s = self;
    struct flow *f = tunnel_flow(s);

    if (f) {
        memcpy(s->shown_id, f->id, sizeof(s->shown_id));
        s->shown_sequence = f->sequence;
    }
    return f;
}

static void tunnel_note_flow(struct session *s, enum close_reason reason, const char *sentence)
{
    struct flow *f = tunnel_flow(s);

    s->flow_left = true;
    tunnel_count(s);
    if (f && s->live.state == LIVE_SHOWN) { /* it is the one that was shown */
        memcpy(f->id, s->shown_id, sizeof(f->id));
        f->sequence = s->shown_sequence;
        f->live = true;
    }
    live_end(s->engine, &s->live);
    if (!f)
        return;
    flow_note_end(f, reason, sentence);
    engine_log(s->engine, f);
}

void session_tunnel_ended(struct session *s)
{
    enum close_reason reason = tunnel_reason(s->tunnel);

    if (s->flow_left)
        return;
    if (s->engine->draining && reason == CLOSE_TUNNEL_ENDED && s->wire->open)
        reason = CLOSE_SHUT_DOWN;
    tunnel_note_flow(s, reason, NULL);
}

void session_drop_raw(struct session *s)
{
    struct upstream *up = s->raw;
    struct wire *w = s->raw_wire;

    s->raw = NULL;
    s->raw_wire = NULL;
    dial_fault_stop(s->held);
    s->held = NULL;
    if (up)
        upstream_close(up, false);
    wire_drop(w);
}

void session_forgo_raw(struct session *s)
{
    if (s->raw || s->raw_wire || s->held)
        s->notes = NULL;
    session_drop_raw(s);
}

/* Both wires stand: relay. */
static void session_join(struct session *s)
{
    struct wire *origin = s->raw_wire;

    s->raw_wire = NULL;
    address_text(&origin->peer, s->origin);
    session_wait(s, SESSION_TUNNEL, 0);
    s->tunnel = tunnel_new(s, s->wire, origin);
    if (!s->tunnel) {
        wire_drop(origin);
        session_end(s, true);
        return;
    }
    s->live.on_show = on_tunnel_show;
    s->live.self = s;
    if (!s->flow_left)
        live_start(s->engine, &s->live);
    if (tunnel_client_bytes(s->tunnel, buf_bytes(&s->peek)))
        session_end(s, true);
    buf_release(&s->peek);
}

/* ---- who speaks first? -------------------------------------------------- */

/* The origin does: its bytes stay where they are until the tunnel takes them. */
static void on_raw_bytes(void *self, struct slice in, size_t *ret_used)
{
    (void)in;
    *ret_used = 0;
    session_join(self);
}

static void on_raw_eof(void *self, bool clean)
{
    struct session *s = self;

    (void)clean;
    session_drop_raw(s);
    tunnel_note_flow(s, CLOSE_ORIGIN_CLOSED, NULL);
    session_finish(s);
}

static void on_raw_reset(void *self)
{
    struct session *s = self;

    session_drop_raw(s);
    tunnel_note_flow(s, CLOSE_ORIGIN_RESET, NULL);
    session_end(s, true);
}

static const struct wire_user raw_wire_user = {
    .on_bytes = on_raw_bytes,
    .on_eof = on_raw_eof,
    .on_reset = on_raw_reset,
};

/* ---- the connection ----------------------------------------------------- */

static void on_raw_ready(void *self, struct upstream *up)
{
    struct session *s = self;

    s->raw = NULL;
    s->raw_wire = upstream_take_wire(up);
    if (s->state == SESSION_TUNNEL) {
        session_join(s);
        return;
    }
    wire_use(s->raw_wire, &raw_wire_user, s);
    wire_read(s->raw_wire, true);
}

static void on_raw_failure(void *self, struct upstream *up, const struct failure *failure)
{
    struct session *s = self;

    (void)up;
    s->raw = NULL;
    tunnel_note_flow(s, failure->reason, failure->sentence);
    session_finish(s);
}

static void on_raw_gone(void *self, const struct failure *failure, bool reset)
{
    (void)reset;
    on_raw_failure(self, NULL, failure);
}

static const struct upstream_user raw_user = {
    .on_ready = on_raw_ready, .on_failure = on_raw_failure, .on_gone = on_raw_gone};

static void session_dial_now(struct session *s)
{
    struct route route;
    enum route_kind kind = s->wire->tls ? ROUTE_HTTPS : ROUTE_RAW;

    if (route_make(s->engine, &s->arena, kind, &s->target, s->sni, &route)) {
        session_end(s, true);
        return;
    }
    s->raw = upstream_new(s->engine, &route, &raw_user, s);
    if (!s->raw)
        session_end(s, true);
}

static void on_raw_rule(void *self, const char *label, const char *note)
{
    session_note_rule(self, label, note);
}

static void on_raw_held(void *self, const struct failure *failure)
{
    struct session *s = self;

    s->held = NULL;
    if (!failure) {
        session_dial_now(s);
        return;
    }
    s->faulted = true;
    on_raw_failure(s, NULL, failure);
}

static void session_dial_raw(struct session *s)
{
    static const struct dial_fault_user user = {on_raw_rule, on_raw_held};
    const struct dial_ask ask = {
        .session = s,
        .rules = s->engine->rules,
        .target = &s->target,
        .scheme = tunnel_scheme(s),
        .arena = &s->arena,
        .user = &user,
        .self = s,
    };

    if (dial_fault_start(&ask, &s->held))
        session_end(s, true);
    else if (!s->held)
        session_dial_now(s);
}

void session_tunnel(struct session *s)
{
    session_wait(s, SESSION_TUNNEL, 0);
    if (s->raw_wire)
        session_join(s);
    else if (!s->raw && !s->held)
        session_dial_raw(s);
}

void session_peek_timeout(struct session *s)
{
    struct engine *e = s->engine;

    if (s->peek.len) {
        session_tunnel(s); /* neither TLS nor HTTP after all */
        return;
    }
    session_wait(s, SESSION_WAIT_ORIGIN, e->settings->timeouts.client_idle);
    /* What rules answer is neither looked up nor dialled. */
    if (!e->rules ||
        !ruleset_answers_host(e->rules, BYTES("https"), s->target.host, s->target.port))
        session_dial_raw(s);
}
