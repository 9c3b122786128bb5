#include "proxy/core/tunnel.h"

#include <stdlib.h>

#include "proxy/core/engine_impl.h"
#include "proxy/core/session.h"

/* One direction: what `from` receives goes out on `to`. */
struct tunnel_way {
    struct tunnel *tunnel;
    struct wire *from, *to;
    uint64_t bytes;
    bool ended; /* FIN came and was handed on */
};

struct tunnel {
    struct session *session;
    struct tunnel_way up, down;
    enum close_reason reason;
    bool over;
};

void tunnel_close(struct tunnel *t)
{
    t->over = true;
    wire_drop(t->up.to);
}

static void tunnel_end(struct tunnel *t, enum close_reason reason)
{
    bool reset = reason != CLOSE_TUNNEL_ENDED;

    if (t->over)
        return;
    t->reason = reason;
    if (reset && t->up.to->open)
        wire_reset(t->up.to);
    session_end(t->session, reset);
}

/* Over when each side has sent its FIN and has been sent the other's. */
static void tunnel_check(struct tunnel *t)
{
    if (t->up.ended && t->down.ended && t->up.to->shutdown_done && t->down.to->shutdown_done)
        tunnel_end(t, CLOSE_TUNNEL_ENDED);
}

static void way_bytes(struct tunnel_way *way, struct slice in, size_t *ret_used)
{
    struct slice kept;

    *ret_used = in.len;
    if (slice_retain(way->from->engine->env.pool, in, &kept) ||
        slice_queue_push(way->to->out, kept)) {
        tunnel_end(way->tunnel, CLOSE_NO_MEMORY);
        return;
    }
    way->bytes += in.len;
    wire_hold(way->from, in.len);
    wire_flush(way->to);
}

static void way_eof(struct tunnel_way *way)
{
    way->ended = true;
    wire_shutdown(way->to);
    tunnel_check(way->tunnel);
}

static void on_client_bytes(void *self, struct slice in, size_t *ret_used)
{
    way_bytes(&((struct tunnel *)self)->up, in, ret_used);
}

static void on_origin_bytes(void *self, struct slice in, size_t *ret_used)
{
    way_bytes(&((struct tunnel *)self)->down, in, ret_used);
}

static void on_client_eof(void *self, bool clean)
{
    (void)clean;
    way_eof(&((struct tunnel *)self)->up);
}

static void on_origin_eof(void *self, bool clean)
{
    (void)clean;
    way_eof(&((struct tunnel *)self)->down);
}

static void on_client_reset(void *self)
{
    tunnel_end(self, CLOSE_CLIENT_RESET);
}

static void on_origin_reset(void *self)
{
    tunnel_end(self, CLOSE_ORIGIN_RESET);
}

/* What one wire's far kernel took is credited to the other. */
static void on_client_sent(void *self, size_t bytes)
{
    wire_credit(((struct tunnel *)self)->down.from, bytes);
}

static void on_origin_sent(void *self, size_t bytes)
{
    wire_credit(((struct tunnel *)self)->up.from, bytes);
}

static void on_tunnel_finished(void *self)
{
    tunnel_check(self);
}

static const struct wire_user client_user = {
    .on_bytes = on_client_bytes,
    .on_eof = on_client_eof,
    .on_reset = on_client_reset,
    .on_sent = on_client_sent,
    .on_finished = on_tunnel_finished,
};

static const struct wire_user origin_user = {
    .on_bytes = on_origin_bytes,
    .on_eof = on_origin_eof,
    .on_reset = on_origin_reset,
    .on_sent = on_origin_sent,
    .on_finished = on_tunnel_finished,
};

struct tunnel *tunnel_new(struct session *s, struct wire *client, struct wire *origin)
{
    struct tunnel *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->session = s;
    t->reason = CLOSE_TUNNEL_ENDED;
    t->up = (struct tunnel_way){.tunnel = t, .from = client, .to = origin};
    t->down = (struct tunnel_way){.tunnel = t, .from = origin, .to = client};
    wire_use(client, &client_user, t);
    wire_use(origin, &origin_user, t);
    wire_read(client, true);
    wire_read(origin, true);
    if (s->client_done)
        way_eof(&t->up);
    return t;
}

enum status tunnel_client_bytes(struct tunnel *t, struct bytes in)
{
    t->up.bytes += in.len;
    wire_flush(t->up.to);
    return slice_queue_put(t->up.to->out, t->session->engine->env.pool, in);
}

enum close_reason tunnel_reason(const struct tunnel *t)
{
    return t->reason;
}

uint64_t tunnel_up_bytes(const struct tunnel *t)
{
    return t->up.bytes;
}

uint64_t tunnel_down_bytes(const struct tunnel *t)
{
    return t->down.bytes;
}

void tunnel_free(struct tunnel *t)
{
    free(t);
}
