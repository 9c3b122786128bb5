/* lru: a table with a cap that forgets what was used least recently; for what
 * all loops share. Cut into shards with a lock each, so that loops seldom meet:
 * what is least recent is judged within a shard. Thread safe. Inner header of
 * tls/. */
#ifndef WEIR_TLS_LRU_H
#define WEIR_TLS_LRU_H

#include "base/bytes.h"

enum {
    LRU_SHARDS = 8,
    LRU_KEY_BYTES = 512, /* the longest key */
};

struct lru; /* opaque */

struct lru_values {
    void (*keep)(void *value); /* takes a reference for whom lru_get() answers */
    void (*drop)(void *value); /* gives back the table's reference */
};

/* `max`: entries in all. `seed` keeps a peer from choosing keys that collide. */
MUST_USE enum status lru_new(uint32_t max, uint64_t seed, struct lru_values values,
                             struct lru **ret_lru);
void lru_free(struct lru *l); /* NULL is fine; drops all values */
/* The value, with a reference that is the caller's, or NULL. */
void *lru_get(struct lru *l, struct bytes key);
/* The same, and it is in the table no longer: the caller has the table's reference. */
void *lru_take(struct lru *l, struct bytes key);
/* Takes over the caller's reference, on failure too: then it is dropped. What
 * stood under this key is dropped. */
MUST_USE enum status lru_put(struct lru *l, struct bytes key, void *value);

#endif
