#include "proxy/core/pool.h"

#include "proxy/core/engine_impl.h"
#include "proxy/core/upstream.h"

static struct upstream **pool_bucket(struct pool *p, const struct route *route)
{
    return &p->buckets[route->hash % POOL_BUCKETS];
}

void pool_remove(struct pool *p, struct upstream *up)
{
    struct upstream **at = pool_bucket(p, &up->route);

    while (*at && *at != up)
        at = &(*at)->next_of_key;
    if (!*at)
        return;
    *at = up->next_of_key;
    if (up->older)
        up->older->newer = up->newer;
    else
        p->oldest = up->newer;
    if (up->newer)
        up->newer->older = up->older;
    else
        p->newest = up->older;
    up->older = up->newer = up->next_of_key = NULL;
    p->count--;
}

struct upstream *pool_take(struct pool *p, const struct route *route)
{
    struct upstream *up = *pool_bucket(p, route);

    while (up && !bytes_equal(up->route.key, route->key))
        up = up->next_of_key;
    if (up)
        pool_remove(p, up);
    return up;
}

void pool_put(struct pool *p, struct upstream *up)
{
    struct upstream **bucket = pool_bucket(p, &up->route);

    if (p->count >= POOL_TOTAL)
        pool_give_way(p);
    up->next_of_key = *bucket;
    *bucket = up;
    up->older = p->newest;
    up->newer = NULL;
    if (p->newest)
        p->newest->newer = up;
    else
        p->oldest = up;
    p->newest = up;
    p->count++;
}

void pool_give_way(struct pool *p)
{
    if (p->oldest)
        upstream_close(p->oldest, false);
}

void pool_clear(struct pool *p)
{
    while (p->oldest)
        upstream_close(p->oldest, false);
}
