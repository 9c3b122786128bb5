#include "rules/host_index.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_PER_RULE = 64 }; /* hosts times paths; a rule of more is asked of every host */

/* One row of the first table: a host or suffix, and at which depths of the path
 * there are lists for it. */
struct host_slot {
    uint64_t key; /* 0: free */
    uint32_t depths;
};

struct list_slot {
    uint64_t key; /* 0: free */
    uint32_t first, count;
};

struct host_index {
    struct host_slot *hosts;
    struct list_slot *lists;
    uint64_t hosts_mask, lists_mask;
    const uint32_t *rules;
    const uint32_t *all;
    uint32_t all_count;
};

enum host_key_kind { KEY_ANY = 1, KEY_EXACT, KEY_BELOW };

#define FNV_START UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

/* Finalises a hash together with a number; never 0, which marks a free slot. */
static uint64_t mix(uint64_t hash, uint64_t with)
{
    uint64_t x = hash + with * UINT64_C(0x9e3779b97f4a7c15);

    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    x ^= x >> 31;
    return x ? x : 1;
}

/* From right to left, so that a host's suffixes come out one after the other. */
static uint64_t reversed_hash(struct bytes in)
{
    uint64_t hash = FNV_START;

    for (size_t i = in.len; i-- > 0;)
        hash = (hash ^ in.ptr[i]) * FNV_PRIME;
    return hash;
}

static uint64_t list_key(uint64_t host_key, uint32_t depth, uint64_t path_hash)
{
    return depth ? mix(host_key ^ path_hash, depth) : host_key;
}

/* ---- building ------------------------------------------------------------- */

struct path_key {
    uint32_t depth;
    uint64_t hash;
};

struct pair {
    uint64_t host_key, key;
    uint32_t rule, depth;
};

struct index_builder {
    struct pair *pairs; /* heap */
    size_t count, cap;
    bool by_path;
};

static uint64_t host_choice_key(const struct choice *choice)
{
    struct bytes suffix;
    ptrdiff_t dot;

    switch (choice->kind) {
    case CHOICE_TEXT:
        return mix(reversed_hash(choice->text), KEY_EXACT);
    case CHOICE_BELOW:
        return mix(reversed_hash(choice->text), KEY_BELOW);
    case CHOICE_GLOB:
        suffix = glob_suffix(choice->glob);
        dot = bytes_find(suffix, '.');
        if (dot >= 0)
            return mix(reversed_hash(bytes_from(suffix, (size_t)dot + 1)), KEY_BELOW);
        break;
    case CHOICE_RANGE:
    case CHOICE_NETWORK:
    case CHOICE_SPAN:
    case CHOICE_JSON:
    case CHOICE_PATTERN:
    case CHOICE_PRESENT:
    case CHOICE_ABSENT:
        break;
    }
    return mix(0, KEY_ANY);
}

/* The whole segments that every match of the glob starts with. */
static struct path_key path_choice_key(const struct choice *choice)
{
    struct path_key key = {0, 0};
    struct bytes prefix;
    uint64_t hash = FNV_START;

    if (choice->kind != CHOICE_GLOB)
        return key;
    prefix = glob_prefix(choice->glob);
    for (size_t i = 0; i < prefix.len && key.depth < INDEX_DEPTH; i++) {
        if (i > 0 && prefix.ptr[i] == '/')
            key = (struct path_key){key.depth + 1, hash};
        hash = (hash ^ prefix.ptr[i]) * FNV_PRIME;
    }
    if (glob_literal(choice->glob) && key.depth < INDEX_DEPTH)
        key = (struct path_key){key.depth + 1, hash};
    return key;
}

static bool pair_add(struct index_builder *b, uint32_t rule, uint64_t host_key,
                     struct path_key path)
{
    if (b->count == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 256;
        struct pair *pairs = realloc(b->pairs, cap * sizeof(*pairs));

        if (!pairs)
            return false;
        b->pairs = pairs;
        b->cap = cap;
    }
    b->pairs[b->count++] = (struct pair){
        .host_key = host_key,
        .key = list_key(host_key, path.depth, path.hash),
        .rule = rule,
        .depth = path.depth,
    };
    return true;
}

static bool paths_add(struct index_builder *b, const struct index_source *s, uint64_t host_key)
{
    const struct match_test *path = b->by_path ? s->match->path : NULL;
    const struct path_key none = {0, 0};

    for (uint32_t i = 0; path && i < path->count; i++) {
        if (!pair_add(b, s->rule, host_key, path_choice_key(&path->choices[i])))
            return false;
    }
    return path || pair_add(b, s->rule, host_key, none);
}

static bool source_add(struct index_builder *b, const struct index_source *s)
{
    const struct match_test *host = s->match->host;
    uint32_t hosts = host ? host->count : 1;
    uint32_t paths = b->by_path && s->match->path ? s->match->path->count : 1;
    const struct path_key none = {0, 0};

    if (hosts * paths > KEYS_PER_RULE)
        return pair_add(b, s->rule, mix(0, KEY_ANY), none);
    for (uint32_t i = 0; host && i < host->count; i++) {
        if (!paths_add(b, s, host_choice_key(&host->choices[i])))
            return false;
    }
    return host || paths_add(b, s, mix(0, KEY_ANY));
}

static int pair_compare(const void *left, const void *right)
{
    const struct pair *a = left, *b = right;

    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    return (a->rule > b->rule) - (a->rule < b->rule);
}

static uint64_t table_size(size_t count)
{
    uint64_t size = 8;

    while (size < 2 * count)
        size *= 2;
    return size;
}

static void host_slot_add(struct host_index *index, const struct pair *pair)
{
    uint64_t at = pair->host_key & index->hosts_mask;

    while (index->hosts[at].key && index->hosts[at].key != pair->host_key)
        at = (at + 1) & index->hosts_mask;
    index->hosts[at].key = pair->host_key;
    index->hosts[at].depths |= UINT32_C(1) << pair->depth;
}

static struct list_slot *list_slot_at(const struct host_index *index, uint64_t key)
{
    uint64_t at = key & index->lists_mask;

    while (index->lists[at].key && index->lists[at].key != key)
        at = (at + 1) & index->lists_mask;
    return &index->lists[at];
}

/* The pairs are sorted: a list's rules stand together, in file order. One that
 * stands there twice does no harm: the walk steps over it. */
static void tables_fill(struct host_index *index, const struct index_builder *b, uint32_t *rules)
{
    uint32_t count = 0;

    for (size_t i = 0; i < b->count; i++) {
        const struct pair *pair = &b->pairs[i];
        struct list_slot *slot = list_slot_at(index, pair->key);

        host_slot_add(index, pair);
        if (!slot->key)
            *slot = (struct list_slot){.key = pair->key, .first = count};
        rules[count++] = pair->rule;
        slot->count++;
    }
    index->rules = rules;
}

static enum status index_make(struct arena *arena, struct index_builder *b,
                              const struct index_source *sources, uint32_t count,
                              const struct host_index **ret_index)
{
    uint64_t size = table_size(b->count);
    struct host_index *index = arena_alloc(arena, sizeof(*index));
    uint32_t *rules = arena_alloc(arena, (b->count + 1) * sizeof(*rules));
    uint32_t *all = arena_alloc(arena, (count + (size_t)1) * sizeof(*all));

    if (!index || !rules || !all)
        return STATUS_NO_MEMORY;
    index->hosts = arena_alloc(arena, size * sizeof(*index->hosts));
    index->lists = arena_alloc(arena, size * sizeof(*index->lists));
    if (!index->hosts || !index->lists)
        return STATUS_NO_MEMORY;
    index->hosts_mask = index->lists_mask = size - 1;
    for (uint32_t i = 0; i < count; i++)
        all[i] = sources[i].rule;
    index->all = all;
    index->all_count = count;
    if (b->count)
        qsort(b->pairs, b->count, sizeof(*b->pairs), pair_compare);
    tables_fill(index, b, rules);
    *ret_index = index;
    return STATUS_OK;
}

enum status host_index_new(struct arena *arena, const struct index_source *sources, uint32_t count,
                           bool by_path, const struct host_index **ret_index)
{
    struct index_builder b = {.by_path = by_path};
    enum status st = STATUS_OK;

    for (uint32_t i = 0; i < count && !st; i++)
        st = source_add(&b, &sources[i]) ? STATUS_OK : STATUS_NO_MEMORY;
    if (!st)
        st = index_make(arena, &b, sources, count, ret_index);
    free(b.pairs);
    return st;
}

/* ---- looking up ------------------------------------------------------------ */

/* A path's hashes at the ends of its segments, made when first needed. */
struct path_hashes {
    struct bytes path;
    bool known;
    uint32_t depth;
    uint64_t hash[INDEX_DEPTH + 1]; /* by depth, from 1 */
};

static void path_hashes_make(struct path_hashes *p)
{
    uint64_t hash = FNV_START;
    size_t at = 0;

    p->known = true;
    while (at < p->path.len && p->depth < INDEX_DEPTH) {
        struct url_unit unit = url_unit_read(p->path, at);

        if (at > 0 && p->path.ptr[at] == '/')
            p->hash[++p->depth] = hash;
        for (unsigned i = 0; i < unit.len; i++)
            hash = (hash ^ unit.bytes[i]) * FNV_PRIME;
        at += unit.raw;
    }
    if (at == p->path.len && at > 0 && p->depth < INDEX_DEPTH)
        p->hash[++p->depth] = hash;
}

static void list_add(struct index_walk *w, const struct host_index *index, uint64_t key)
{
    const struct list_slot *slot = list_slot_at(index, key);
    const uint32_t *first = index->rules + slot->first;

    if (!slot->key)
        return;
    if (w->count < INDEX_LISTS)
        w->lists[w->count] = (struct index_list){first, first + slot->count};
    w->count++;
}

static void host_key_add(struct index_walk *w, const struct host_index *index, uint64_t key,
                         struct path_hashes *p)
{
    uint64_t at = key & index->hosts_mask;
    uint32_t depths;

    while (index->hosts[at].key && index->hosts[at].key != key)
        at = (at + 1) & index->hosts_mask;
    if (!index->hosts[at].key)
        return;
    depths = index->hosts[at].depths;
    if (depths & 1)
        list_add(w, index, key);
    if (depths <= 1)
        return;
    if (!p->known)
        path_hashes_make(p);
    for (uint32_t depth = 1; depth <= p->depth; depth++) {
        if (depths & UINT32_C(1) << depth)
            list_add(w, index, list_key(key, depth, p->hash[depth]));
    }
}

void index_walk_init(struct index_walk *w, const struct host_index *index, struct bytes host,
                     struct bytes path)
{
    struct path_hashes p;
    uint64_t hash = FNV_START;

    p.path = path;
    p.known = false;
    p.depth = 0;
    w->count = 0;
    if (index->all_count == 0)
        return;
    host_key_add(w, index, mix(0, KEY_ANY), &p);
    for (size_t i = host.len; i-- > 0;) {
        hash = (hash ^ host.ptr[i]) * FNV_PRIME;
        if (i == 0 || host.ptr[i - 1] == '.')
            host_key_add(w, index, mix(hash, KEY_BELOW), &p);
    }
    host_key_add(w, index, mix(hash, KEY_EXACT), &p);
    if (w->count > INDEX_LISTS) {
        w->count = 1;
        w->lists[0] = (struct index_list){index->all, index->all + index->all_count};
    }
}

uint32_t index_walk_next(struct index_walk *w, uint32_t from)
{
    uint32_t least = UINT32_MAX;

    for (uint32_t i = 0; i < w->count; i++) {
        struct index_list *list = &w->lists[i];

        while (list->at < list->end && *list->at < from)
            list->at++;
        if (list->at < list->end && *list->at < least)
            least = *list->at;
    }
    return least;
}
