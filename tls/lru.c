#include "tls/lru.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct lru_entry {
    struct lru_entry *newer, *older; /* by use, in the shard */
    struct lru_entry *next;          /* in the bucket */
    uint64_t hash;
    void *value;
    size_t key_len;
    uint8_t key[];
};

struct lru_shard {
    pthread_mutex_t mutex;
    struct lru_entry **buckets;
    struct lru_entry *newest, *oldest;
    uint32_t count;
};

struct lru {
    struct lru_values values;
    uint64_t seed;
    uint32_t max;          /* entries in a shard */
    uint32_t bucket_count; /* in a shard; a power of two */
    struct lru_shard shards[LRU_SHARDS];
};

enum status lru_new(uint32_t max, uint64_t seed, struct lru_values values, struct lru **ret_lru)
{
    struct lru *l = calloc(1, sizeof(*l));

    if (!l)
        return STATUS_NO_MEMORY;
    l->values = values;
    l->seed = seed;
    l->max = (max + LRU_SHARDS - 1) / LRU_SHARDS;
    l->bucket_count = 1;
    while (l->bucket_count < l->max)
        l->bucket_count *= 2;
    for (int i = 0; i < LRU_SHARDS; i++)
        pthread_mutex_init(&l->shards[i].mutex, NULL);
    for (int i = 0; i < LRU_SHARDS; i++) {
        l->shards[i].buckets = calloc(l->bucket_count, sizeof(struct lru_entry *));
        if (!l->shards[i].buckets) {
            lru_free(l);
            return STATUS_NO_MEMORY;
        }
    }
    *ret_lru = l;
    return STATUS_OK;
}

static void entry_free(const struct lru *l, struct lru_entry *e)
{
    if (!e)
        return;
    l->values.drop(e->value);
    free(e);
}

void lru_free(struct lru *l)
{
    if (!l)
        return;
    for (int i = 0; i < LRU_SHARDS; i++) {
        struct lru_entry *e = l->shards[i].newest;

        while (e) {
            struct lru_entry *older = e->older;

            entry_free(l, e);
            e = older;
        }
        free(l->shards[i].buckets);
        pthread_mutex_destroy(&l->shards[i].mutex);
    }
    free(l);
}

static uint64_t key_hash(const struct lru *l, struct bytes key)
{
    uint64_t hash = bytes_hash(key, l->seed);

    return hash ^ hash >> 32; /* FNV-1a mixes its high bits best */
}

static struct lru_shard *shard_of(struct lru *l, uint64_t hash)
{
    return &l->shards[hash % LRU_SHARDS];
}

static struct lru_entry **bucket_of(const struct lru *l, struct lru_shard *s, uint64_t hash)
{
    return &s->buckets[(hash / LRU_SHARDS) & (l->bucket_count - 1)];
}

static struct lru_entry *shard_find(const struct lru *l, struct lru_shard *s, uint64_t hash,
                                    struct bytes key)
{
    struct lru_entry *e = *bucket_of(l, s, hash);

    while (e && (e->hash != hash || !bytes_equal(bytes_make(e->key, e->key_len), key)))
        e = e->next;
    return e;
}

static void shard_unlink(const struct lru *l, struct lru_shard *s, struct lru_entry *e)
{
    struct lru_entry **at = bucket_of(l, s, e->hash);

    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    *(e->newer ? &e->newer->older : &s->newest) = e->older;
    *(e->older ? &e->older->newer : &s->oldest) = e->newer;
    s->count--;
}

static void shard_link(const struct lru *l, struct lru_shard *s, struct lru_entry *e)
{
    struct lru_entry **bucket = bucket_of(l, s, e->hash);

    e->next = *bucket;
    *bucket = e;
    e->newer = NULL;
    e->older = s->newest;
    *(s->newest ? &s->newest->newer : &s->oldest) = e;
    s->newest = e;
    s->count++;
}

void *lru_get(struct lru *l, struct bytes key)
{
    uint64_t hash = key_hash(l, key);
    struct lru_shard *s = shard_of(l, hash);
    struct lru_entry *e;
    void *value = NULL;

    pthread_mutex_lock(&s->mutex);
    e = shard_find(l, s, hash, key);
    if (e) {
        shard_unlink(l, s, e);
        shard_link(l, s, e);
        value = e->value;
        l->values.keep(value);
    }
    pthread_mutex_unlock(&s->mutex);
    return value;
}

void *lru_take(struct lru *l, struct bytes key)
{
    uint64_t hash = key_hash(l, key);
    struct lru_shard *s = shard_of(l, hash);
    struct lru_entry *e;
    void *value;

    pthread_mutex_lock(&s->mutex);
    e = shard_find(l, s, hash, key);
    if (e)
        shard_unlink(l, s, e);
    pthread_mutex_unlock(&s->mutex);
    if (!e)
        return NULL;
    value = e->value;
    free(e);
    return value;
}

static struct lru_entry *entry_new(struct bytes key, uint64_t hash, void *value)
{
    struct lru_entry *e = key.len <= LRU_KEY_BYTES ? malloc(sizeof(*e) + key.len) : NULL;

    if (!e)
        return NULL;
    e->hash = hash;
    e->value = value;
    e->key_len = key.len;
    memcpy(e->key, key.ptr, key.len);
    return e;
}

enum status lru_put(struct lru *l, struct bytes key, void *value)
{
    uint64_t hash = key_hash(l, key);
    struct lru_shard *s = shard_of(l, hash);
    struct lru_entry *e = entry_new(key, hash, value);
    struct lru_entry *old;

    if (!e) {
        l->values.drop(value);
        return STATUS_NO_MEMORY;
    }
    pthread_mutex_lock(&s->mutex);
    old = shard_find(l, s, hash, key);
    if (!old && s->count >= l->max)
        old = s->oldest;
    if (old)
        shard_unlink(l, s, old);
    shard_link(l, s, e);
    pthread_mutex_unlock(&s->mutex);
    entry_free(l, old); /* outside the lock: freeing may take a while */
    return STATUS_OK;
}
