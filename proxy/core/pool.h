/* pool: idle upstream connections, by route, the newest first. Of more than
 * POOL_TOTAL the oldest are closed, but only when they have been idle for
 * POOL_BURST_US: busy clients in large numbers leave as many connections idle between
 * their requests, and new ones cost a handshake each. env.upstreams bounds them all. */
#ifndef WEIR_PROXY_CORE_POOL_H
#define WEIR_PROXY_CORE_POOL_H

#include "proxy/core/timers.h"

struct engine;
struct route;
struct upstream;

enum { POOL_BUCKETS = 256 };

struct pool {
    struct upstream *buckets[POOL_BUCKETS];
    struct upstream *oldest, *newest;
    uint32_t count;
    struct engine *engine;
    struct timer trim;
};

void pool_init(struct pool *p, struct engine *e);

/* Takes an idle connection out, or NULL. */
struct upstream *pool_take(struct pool *p, const struct route *route);
/* Puts one in. */
void pool_put(struct pool *p, struct upstream *up);
void pool_remove(struct pool *p, struct upstream *up);
/* Closes the oldest, if there is one. */
void pool_give_way(struct pool *p);
/* Closes all. */
void pool_clear(struct pool *p);

#endif
