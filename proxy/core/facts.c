#include "proxy/core/facts.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/core/engine_impl.h"
#include "proxy/core/upstream.h"

struct fact {
    struct fact *next_in_bucket, *older, *newer;
    int64_t until_us;
    bool pending; /* a dial was started for it */
    bool known_names;
    bool failed;
    struct failure failure;
    struct cert_names names;
    struct facts_waiter *waiters;
    size_t key_len;
    uint8_t key[];
};

void facts_init(struct facts *f, struct engine *e)
{
    *f = (struct facts){.engine = e};
}

static struct fact **facts_bucket(struct facts *f, struct bytes key)
{
    return &f->buckets[bytes_hash(key, 0) % FACTS_BUCKETS];
}

static struct bytes fact_key(const struct fact *fact)
{
    return bytes_make(fact->key, fact->key_len);
}

static void fact_free(struct fact *fact)
{
    if (fact->known_names)
        cert_names_release(&fact->names);
    free(fact);
}

void facts_release(struct facts *f)
{
    struct fact *fact = f->oldest;

    while (fact) {
        struct fact *newer = fact->newer;

        fact_free(fact);
        fact = newer;
    }
    *f = (struct facts){0};
}

static void facts_unlink(struct facts *f, struct fact *fact)
{
    struct fact **at = facts_bucket(f, fact_key(fact));

    while (*at != fact)
        at = &(*at)->next_in_bucket;
    *at = fact->next_in_bucket;
    if (fact->older)
        fact->older->newer = fact->newer;
    else
        f->oldest = fact->newer;
    if (fact->newer)
        fact->newer->older = fact->older;
    else
        f->newest = fact->older;
    f->count--;
}

static struct fact *facts_find(struct facts *f, struct bytes key)
{
    struct fact *fact = *facts_bucket(f, key);

    while (fact && !bytes_equal(fact_key(fact), key))
        fact = fact->next_in_bucket;
    return fact;
}

static void facts_make_room(struct facts *f)
{
    struct fact *fact = f->oldest;

    while (fact && f->count >= FACTS) {
        struct fact *newer = fact->newer;

        if (!fact->pending) {
            facts_unlink(f, fact);
            fact_free(fact);
        }
        fact = newer;
    }
}

static struct fact *facts_find_or_add(struct facts *f, struct bytes key)
{
    struct fact *fact = facts_find(f, key);
    struct fact **bucket;

    if (fact)
        return fact;
    facts_make_room(f);
    if (f->count >= FACTS)
        return NULL;
    fact = calloc(1, sizeof(*fact) + key.len);
    if (!fact)
        return NULL;
    fact->key_len = key.len;
    memcpy(fact->key, key.ptr, key.len);
    bucket = facts_bucket(f, key);
    fact->next_in_bucket = *bucket;
    *bucket = fact;
    fact->older = f->newest;
    if (f->newest)
        f->newest->newer = fact;
    else
        f->oldest = fact;
    f->newest = fact;
    f->count++;
    return fact;
}

enum status facts_ask(struct facts *f, const struct route *route, struct facts_waiter *w)
{
    struct fact *fact = facts_find_or_add(f, route->key);

    if (!fact)
        return STATUS_NO_MEMORY;
    if (!fact->pending && fact->until_us > f->engine->now_us)
        return STATUS_OK;
    if (!fact->pending) {
        if (!upstream_new(f->engine, route, NULL, NULL))
            return STATUS_NO_MEMORY;
        fact->pending = true;
    }
    w->fact = fact;
    w->next = fact->waiters;
    fact->waiters = w;
    return STATUS_NEED_MORE;
}

void facts_leave(struct facts_waiter *w)
{
    struct facts_waiter **at;

    if (!w->fact)
        return;
    for (at = &w->fact->waiters; *at != w;)
        at = &(*at)->next;
    *at = w->next;
    w->fact = NULL;
    w->next = NULL;
}

const struct cert_names *facts_names(struct facts *f, const struct route *route)
{
    struct fact *fact = facts_find(f, route->key);

    return fact && fact->known_names ? &fact->names : NULL;
}

const struct failure *facts_failure(struct facts *f, const struct route *route)
{
    struct fact *fact = facts_find(f, route->key);

    return fact && fact->failed && fact->until_us > f->engine->now_us ? &fact->failure : NULL;
}

/* It counts as pending until all are told, so that it is not forgotten meanwhile. */
static void fact_tell(struct fact *fact)
{
    fact->pending = true;
    while (fact->waiters) {
        struct facts_waiter *w = fact->waiters;

        facts_leave(w);
        w->on_facts(w->self);
    }
    fact->pending = false;
}

void facts_learn(struct facts *f, const struct route *route, const struct tlsio *tls)
{
    struct fact *fact = facts_find_or_add(f, route->key);

    if (!fact)
        return;
    if (!fact->known_names || fact->until_us <= f->engine->now_us) {
        if (fact->known_names)
            cert_names_release(&fact->names);
        /* An origin nobody verified has no say in what weir vouches for. */
        fact->known_names =
            tlsio_facts(tls).verified && tlsio_peer_names(tls, &fact->names) == STATUS_OK;
    }
    fact->failed = false;
    fact->until_us = f->engine->now_us + FACTS_TTL_US;
    fact_tell(fact);
}

void facts_fail(struct facts *f, const struct route *route, const struct failure *failure)
{
    struct fact *fact = facts_find_or_add(f, route->key);

    if (!fact)
        return;
    fact->failed = true;
    fact->failure = *failure;
    fact->until_us = f->engine->now_us + FACTS_FAILURE_TTL_US;
    fact_tell(fact);
}
