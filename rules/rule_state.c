#include "rules/rule_state.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/sip_hash.h"
#include "rules/key_table.h"
#include "rules/rendezvous.h"
#include "rules/when_tap.h"

enum {
    SHARDS = 64,          /* locks, shared by all slots */
    SLOT_BUCKETS = 16384, /* of the table of slots */
};

struct rule_slot {
    struct rule_state *state;
    uint64_t name_hash, text_hash;
    uint32_t refs;          /* under state->lock */
    struct rule_slot *next; /* in its bucket */
    _Atomic uint64_t matched, fired;
    _Atomic int wish;       /* of enum rule_wish */
    struct key_table *keys; /* under its shard's lock; NULL until a key is counted */
    struct rendezvous rendezvous;
};

struct rule_state {
    uint64_t secret;      /* of the hashes, so that a peer cannot aim at one bucket */
    pthread_mutex_t lock; /* of the table of slots and their references */
    struct rule_slot *buckets[SLOT_BUCKETS];
    pthread_mutex_t shards[SHARDS];
    const struct when_tap *tap; /* set before any rule is asked; NULL: none */
};

enum status rule_state_new(struct rule_state **ret_state)
{
    struct rule_state *s = calloc(1, sizeof(*s));

    if (!s)
        return STATUS_NO_MEMORY;
    s->secret = sip_hash_u64((uintptr_t)s, (uintptr_t)&s); /* where the system put heap and stack */
    pthread_mutex_init(&s->lock, NULL);
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_init(&s->shards[i], NULL);
    *ret_state = s;
    return STATUS_OK;
}

void rule_state_free(struct rule_state *s)
{
    if (!s)
        return;
    pthread_mutex_destroy(&s->lock);
    for (int i = 0; i < SHARDS; i++)
        pthread_mutex_destroy(&s->shards[i]);
    free(s);
}

void rule_state_tap(struct rule_state *state, const struct when_tap *tap)
{
    state->tap = tap;
}

const struct when_tap *rule_slot_tap(const struct rule_slot *slot)
{
    return slot->state->tap;
}

static struct rule_slot **slot_bucket(struct rule_state *s, uint64_t name_hash, uint64_t text_hash)
{
    return &s->buckets[(name_hash ^ text_hash) % SLOT_BUCKETS];
}

static struct rule_slot *slot_find_or_add(struct rule_state *s, uint64_t name_hash,
                                          uint64_t text_hash)
{
    struct rule_slot **bucket = slot_bucket(s, name_hash, text_hash);
    struct rule_slot *slot = *bucket;

    while (slot && (slot->name_hash != name_hash || slot->text_hash != text_hash))
        slot = slot->next;
    if (!slot) {
        slot = calloc(1, sizeof(*slot));
        if (!slot)
            return NULL;
        slot->state = s;
        slot->name_hash = name_hash;
        slot->text_hash = text_hash;
        rendezvous_init(&slot->rendezvous);
        slot->next = *bucket;
        *bucket = slot;
    }
    slot->refs++;
    return slot;
}

enum status rule_slot_get(struct rule_state *state, struct bytes name, uint64_t text_hash,
                          struct rule_slot **ret_slot)
{
    struct rule_slot *slot;

    pthread_mutex_lock(&state->lock);
    slot = slot_find_or_add(state, sip_hash(0, name), text_hash);
    pthread_mutex_unlock(&state->lock);
    if (!slot)
        return STATUS_NO_MEMORY;
    *ret_slot = slot;
    return STATUS_OK;
}

void rule_slot_unref(struct rule_slot *slot)
{
    struct rule_state *s;
    struct rule_slot **link;
    bool last;

    if (!slot)
        return;
    s = slot->state;
    pthread_mutex_lock(&s->lock);
    last = --slot->refs == 0;
    if (last) {
        link = slot_bucket(s, slot->name_hash, slot->text_hash);
        while (*link != slot)
            link = &(*link)->next;
        *link = slot->next;
    }
    pthread_mutex_unlock(&s->lock);
    if (!last)
        return;
    key_table_free(slot->keys);
    rendezvous_release(&slot->rendezvous);
    free(slot);
}

uint64_t rule_slot_match(struct rule_slot *slot)
{
    return atomic_fetch_add_explicit(&slot->matched, 1, memory_order_relaxed) + 1;
}

static pthread_mutex_t *shard_of(struct rule_slot *slot)
{
    return &slot->state->shards[(slot->name_hash ^ slot->text_hash) / SLOT_BUCKETS % SHARDS];
}

/* The entry of `key`, under the shard's lock; NULL when out of memory. */
static struct key_entry *entry_use(struct rule_slot *slot, struct rule_key key)
{
    uint64_t hash[2];

    if (!slot->keys)
        slot->keys = key_table_new(RULE_KEYS);
    if (!slot->keys)
        return NULL;
    hash[0] = sip_hash(slot->state->secret ^ key.per, key.text);
    hash[1] = sip_hash(~slot->state->secret ^ key.per, key.text);
    return key_table_use(slot->keys, hash);
}

/* What the three below have in common: adds to an entry's counts, and reads them. */
static enum status entry_add(struct rule_slot *slot, struct rule_key key, unsigned matched,
                             unsigned fired, struct key_entry *ret_entry)
{
    struct key_entry *e;

    pthread_mutex_lock(shard_of(slot));
    e = entry_use(slot, key);
    if (e) {
        e->matched += matched;
        e->fired += fired;
        *ret_entry = *e;
    }
    pthread_mutex_unlock(shard_of(slot));
    return e ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status rule_slot_count(struct rule_slot *slot, struct rule_key key, uint64_t *ret_n)
{
    struct key_entry e;
    enum status st = entry_add(slot, key, 1, 0, &e);

    if (!st)
        *ret_n = e.matched;
    return st;
}

enum status rule_slot_fire(struct rule_slot *slot, struct rule_key key, uint64_t *ret_before)
{
    uint64_t before = atomic_fetch_add_explicit(&slot->fired, 1, memory_order_relaxed);
    struct key_entry e = {.fired = before + 1};
    enum status st = key.text.ptr ? entry_add(slot, key, 0, 1, &e) : STATUS_OK;

    if (!st)
        *ret_before = e.fired - 1;
    return st;
}

enum status rule_slot_fired(struct rule_slot *slot, struct rule_key key, uint64_t *ret_fired)
{
    struct key_entry e = {.fired = atomic_load_explicit(&slot->fired, memory_order_relaxed)};
    enum status st = key.text.ptr ? entry_add(slot, key, 0, 0, &e) : STATUS_OK;

    if (!st)
        *ret_fired = e.fired;
    return st;
}

struct rendezvous *rule_slot_rendezvous(struct rule_slot *slot)
{
    return &slot->rendezvous;
}

void rule_slot_totals(const struct rule_slot *slot, uint64_t *ret_matched, uint64_t *ret_fired)
{
    *ret_matched = atomic_load_explicit(&slot->matched, memory_order_relaxed);
    *ret_fired = atomic_load_explicit(&slot->fired, memory_order_relaxed);
}

enum rule_wish rule_slot_wish(const struct rule_slot *slot)
{
    return (enum rule_wish)atomic_load_explicit(&slot->wish, memory_order_relaxed);
}

void rule_slot_set_wish(struct rule_slot *slot, enum rule_wish wish)
{
    atomic_store_explicit(&slot->wish, (int)wish, memory_order_relaxed);
}
