#include "proxy/core/pool.h"

#include "proxy/core/engine_impl.h"
#include "proxy/core/upstream.h"

static struct upstream **pool_bucket(struct pool *p, const struct route *route)
{
    return &p->buckets[route->hash % POOL_BUCKETS];
}

void pool_remove(struct pool *p, struct upstream *up)
{
    *up->link_of_key = up->next_of_key;
    if (up->next_of_key)
        up->next_of_key->link_of_key = up->link_of_key;
    if (up->older)
        up->older->newer = up->newer;
    else
        p->oldest = up->newer;
    if (up->newer)
        up->newer->older = up->older;
    else
        p->newest = up->older;
    up->older = up->newer = up->next_of_key = NULL;
    up->link_of_key = NULL;
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

    up->next_of_key = *bucket;
    if (up->next_of_key)
        up->next_of_key->link_of_key = &up->next_of_key;
    up->link_of_key = bucket;
    *bucket = up;
    up->older = p->newest;
    up->newer = NULL;
    if (p->newest)
        p->newest->newer = up;
    else
        p->oldest = up;
    p->newest = up;
    if (++p->count > POOL_TOTAL && p->trim.at_us == INT64_MAX)
        engine_timer(p->engine, &p->trim, POOL_BURST_US);
}

static void on_pool_trim(void *self)
{
    struct pool *p = self;
    int64_t since_us = p->engine->now_us - POOL_BURST_US;

    while (p->count > POOL_TOTAL && p->oldest->idle_since_us <= since_us)
        pool_give_way(p);
    if (p->count > POOL_TOTAL)
        engine_timer(p->engine, &p->trim, POOL_BURST_US);
}

void pool_init(struct pool *p, struct engine *e)
{
    *p = (struct pool){.engine = e};
    timer_init(&p->trim, on_pool_trim, p);
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
