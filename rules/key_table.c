#include "rules/key_table.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ENTRIES = 16 };
#define NONE UINT32_MAX

struct key_table {
    struct key_entry *entries;
    uint32_t *buckets; /* `cap` of them, a power of two */
    uint32_t count, cap, max;
    uint32_t newest, oldest;
};

struct key_table *key_table_new(uint32_t max_keys)
{
    struct key_table *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    t->max = max_keys;
    t->newest = t->oldest = NONE;
    return t;
}

void key_table_free(struct key_table *t)
{
    if (!t)
        return;
    free(t->entries);
    free(t->buckets);
    free(t);
}

static uint32_t *bucket_of(const struct key_table *t, const uint64_t hash[2])
{
    return &t->buckets[hash[0] & (t->cap - 1)];
}

static bool table_grow(struct key_table *t)
{
    uint32_t cap = t->cap ? t->cap * 2 : FIRST_ENTRIES;
    struct key_entry *entries = realloc(t->entries, cap * sizeof(*entries));
    uint32_t *buckets;

    if (!entries)
        return false;
    t->entries = entries;
    buckets = realloc(t->buckets, cap * sizeof(*buckets));
    if (!buckets)
        return false;
    t->buckets = buckets;
    t->cap = cap;
    memset(buckets, 0xff, cap * sizeof(*buckets)); /* NONE */
    for (uint32_t i = 0; i < t->count; i++) {
        uint32_t *bucket = bucket_of(t, entries[i].hash);

        entries[i].chain = *bucket;
        *bucket = i;
    }
    return true;
}

static void use_unlink(struct key_table *t, uint32_t at)
{
    struct key_entry *e = &t->entries[at];

    if (e->newer == NONE)
        t->newest = e->older;
    else
        t->entries[e->newer].older = e->older;
    if (e->older == NONE)
        t->oldest = e->newer;
    else
        t->entries[e->older].newer = e->newer;
}

static void use_link(struct key_table *t, uint32_t at)
{
    struct key_entry *e = &t->entries[at];

    e->newer = NONE;
    e->older = t->newest;
    if (t->newest == NONE)
        t->oldest = at;
    else
        t->entries[t->newest].newer = at;
    t->newest = at;
}

static void bucket_unlink(struct key_table *t, uint32_t at)
{
    uint32_t *link = bucket_of(t, t->entries[at].hash);

    while (*link != at)
        link = &t->entries[*link].chain;
    *link = t->entries[at].chain;
}

/* A place for a new key: a fresh one, or the oldest's. NONE when out of memory. */
static uint32_t place_take(struct key_table *t)
{
    uint32_t at;

    if (t->count < t->max) {
        if (t->count == t->cap && !table_grow(t))
            return NONE;
        return t->count++;
    }
    at = t->oldest;
    use_unlink(t, at);
    bucket_unlink(t, at);
    return at;
}

struct key_entry *key_table_use(struct key_table *t, const uint64_t hash[2])
{
    uint32_t at = t->cap ? *bucket_of(t, hash) : NONE;

    while (at != NONE && (t->entries[at].hash[0] != hash[0] || t->entries[at].hash[1] != hash[1]))
        at = t->entries[at].chain;
    if (at != NONE) {
        use_unlink(t, at);
        use_link(t, at);
        return &t->entries[at];
    }
    at = place_take(t);
    if (at == NONE)
        return NULL;
    t->entries[at] = (struct key_entry){
        .hash = {hash[0], hash[1]},
        .chain = *bucket_of(t, hash),
    };
    *bucket_of(t, hash) = at;
    use_link(t, at);
    return &t->entries[at];
}
