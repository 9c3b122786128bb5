/* upstream: one connection to an origin (or to an upstream proxy for it): dialled,
 * with its CONNECT and its TLS, then idle in the pool, in use by one exchange, or
 * relayed raw. */
#ifndef WEIR_PROXY_CORE_UPSTREAM_H
#define WEIR_PROXY_CORE_UPSTREAM_H

#include "http/codec.h"
#include "proxy/core/address.h"
#include "proxy/core/dialer.h"
#include "proxy/core/route.h"

enum { FAILURE_TEXT = 320 };

/* Why no connection could be had: product data. */
struct failure {
    enum close_reason reason;
    char sentence[FAILURE_TEXT]; /* for people, with particulars */
};

struct upstream;

/* Who waits for it or uses it. After on_failure() and on_gone() the upstream is no
 * longer the user's. */
struct upstream_user {
    void (*on_ready)(void *self, struct upstream *up);
    void (*on_failure)(void *self, struct upstream *up, const struct failure *failure);
    /* In use by an exchange. */
    void (*on_event)(void *self, const struct message_event *ev);
    void (*on_credit)(void *self, size_t content_bytes);
    /* It broke or ended under the exchange; `failure` is product data. */
    void (*on_gone)(void *self, const struct failure *failure, bool reset);
};

enum upstream_state {
    UPSTREAM_WAIT_WIRE,      /* for the dialer */
    UPSTREAM_WAIT_TUNNEL,    /* for the upstream proxy's answer to CONNECT */
    UPSTREAM_WAIT_HANDSHAKE, /* for TLS */
    UPSTREAM_IDLE,           /* in the pool */
    UPSTREAM_BUSY,           /* ready and somebody's */
    UPSTREAM_WAIT_FLUSH,     /* nobody's; what is queued and our FIN have yet to leave */
    UPSTREAM_ENDED,
};

struct upstream {
    struct engine *engine;
    enum upstream_state state;
    const struct upstream_user *user;
    void *self;
    struct arena arena; /* of the route */
    struct route route;
    struct dialer dialer;
    struct wire *wire;          /* owned; NULL before it stands */
    char address[ADDRESS_TEXT]; /* of its far end */
    struct codec *codec;
    uint32_t stream;
    uint64_t number;
    uint32_t exchanges;                 /* carried so far */
    bool got_bytes;                     /* of the answer to the present exchange */
    bool tunnelled;                     /* the upstream proxy's answer to CONNECT was 200 */
    struct timer timer;                 /* of what it waits for, or of its idleness */
    int64_t dns_us, connect_us, tls_us; /* how long each took; -1: not done */
    int64_t tls_started_us;
    int64_t idle_since_us;
    struct failure failure;
    struct upstream *older, *newer; /* in the pool, by idle time */
    struct upstream *next_of_key;   /* in the pool */
    struct upstream **link_of_key;  /* what points to it there */
    struct upstream *prev_all, *next_all;
    struct grave grave;
};

/* Starts to dial. One of on_ready() and on_failure() comes later, never from
 * within this call. NULL when out of memory. */
struct upstream *upstream_new(struct engine *e, const struct route *route,
                              const struct upstream_user *user, void *self);
void upstream_use(struct upstream *up, const struct upstream_user *user, void *self);
/* Nobody wants it any more: a connection that is ready and sound goes to the pool,
 * one that is on its way goes on and then to the pool, any other is closed; where
 * wire_shutdown() was called, after what was queued before. */
void upstream_leave(struct upstream *up);
/* Closes it, by RST when `reset`. */
void upstream_close(struct upstream *up, bool reset);
/* Begins an exchange on an idle one. */
MUST_USE enum status upstream_begin(struct upstream *up);
MUST_USE enum status upstream_send(struct upstream *up, const struct message_event *ev);
/* So many bytes of content were handed on. */
void upstream_credit(struct upstream *up, size_t content_bytes);
/* Gives the wire away for a raw relay; the upstream ends. */
struct wire *upstream_take_wire(struct upstream *up);
/* At once, without commands, when the engine ends. */
void upstream_free(struct upstream *up);

/* Fills in a failure's sentence: the reason's own, the host, and the detail. */
void failure_set(struct failure *f, enum close_reason reason, struct bytes host, uint16_t port,
                 const char *detail);

#endif
