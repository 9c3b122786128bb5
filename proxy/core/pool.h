/* pool: idle upstream connections, by route, the newest first. At most
 * POOL_TOTAL; the oldest is closed first. */
#ifndef WEIR_PROXY_CORE_POOL_H
#define WEIR_PROXY_CORE_POOL_H

#include <stdint.h>

struct route;
struct upstream;

enum { POOL_BUCKETS = 256 };

struct pool {
    struct upstream *buckets[POOL_BUCKETS];
    struct upstream *oldest, *newest;
    uint32_t count;
};

/* Takes an idle connection out, or NULL. */
struct upstream *pool_take(struct pool *p, const struct route *route);
/* Puts one in; closes what is too many. */
void pool_put(struct pool *p, struct upstream *up);
void pool_remove(struct pool *p, struct upstream *up);
/* Closes the oldest, if there is one. */
void pool_give_way(struct pool *p);
/* Closes all. */
void pool_clear(struct pool *p);

#endif
