/* key_table: counters by key, at most RULE_KEYS; the one not used for longest
 * makes room. Keys are kept as 128 bits of hash. Not thread safe. */
#ifndef WEIR_RULES_KEY_TABLE_H
#define WEIR_RULES_KEY_TABLE_H

#include "base/bytes.h"

struct key_entry {
    uint64_t hash[2];
    uint64_t matched, fired;
    uint32_t chain;        /* the next one of its bucket */
    uint32_t newer, older; /* by last use */
};

struct key_table; /* heap */

struct key_table *key_table_new(uint32_t max_keys); /* NULL when out of memory */
void key_table_free(struct key_table *t);           /* NULL is fine */
/* The entry of that key, made when absent, and now the newest. Valid until the next
 * call; NULL when out of memory. */
struct key_entry *key_table_use(struct key_table *t, const uint64_t hash[2]);

#endif
