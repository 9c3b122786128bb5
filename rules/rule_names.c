#include "rules/rule_names.h"

#include <stdlib.h>

#include "base/sip_hash.h"

struct seen {
    uint64_t hash;
    struct bytes name;     /* ptr NULL: a text's hash alone */
    const struct node *at; /* of the name */
    uint64_t count;        /* 0: free */
};

struct rule_names {
    struct seen *items; /* open addressing */
    size_t count, cap;  /* cap is a power of two */
};

enum { FIRST_CAP = 64 };

enum status rule_names_new(struct rule_names **ret_names)
{
    struct rule_names *n = calloc(1, sizeof(*n));

    if (n)
        n->items = calloc(FIRST_CAP, sizeof(*n->items));
    if (!n || !n->items) {
        free(n);
        return STATUS_NO_MEMORY;
    }
    n->cap = FIRST_CAP;
    *ret_names = n;
    return STATUS_OK;
}

void rule_names_free(struct rule_names *n)
{
    if (!n)
        return;
    free(n->items);
    free(n);
}

/* Where it stands, or the free place where it would. */
static struct seen *place_of(struct seen *items, size_t cap, uint64_t hash, struct bytes name)
{
    size_t at = hash & (cap - 1);

    while (items[at].count && (items[at].hash != hash || !items[at].name.ptr != !name.ptr ||
                               !bytes_equal(items[at].name, name)))
        at = (at + 1) & (cap - 1);
    return &items[at];
}

static bool names_grow(struct rule_names *n)
{
    size_t cap = n->cap * 2;
    struct seen *items;

    if (n->count < n->cap / 2)
        return true;
    items = calloc(cap, sizeof(*items));
    if (!items)
        return false;
    for (size_t i = 0; i < n->cap; i++) {
        struct seen *s = &n->items[i];

        if (s->count)
            *place_of(items, cap, s->hash, s->name) = *s;
    }
    free(n->items);
    n->items = items;
    n->cap = cap;
    return true;
}

enum status rule_names_add(struct rule_names *n, struct diags *diags, struct bytes name,
                           const struct node *at)
{
    uint64_t hash = sip_hash(0, name);
    struct seen *s;

    if (!names_grow(n))
        return STATUS_NO_MEMORY;
    s = place_of(n->items, n->cap, hash, name);
    if (s->count) {
        node_error(diags, at, "the name '%s' is taken: another rule has it at %s:%u",
                   excerpt(name).text, s->at->source ? s->at->source->name : "rules",
                   (unsigned)s->at->at.line);
        return STATUS_BAD_CONFIG;
    }
    *s = (struct seen){hash, name, at, 1};
    n->count++;
    return STATUS_OK;
}

uint64_t rule_names_count(struct rule_names *n, uint64_t hash)
{
    const struct bytes none = {NULL, 0};
    struct seen *s;

    if (!names_grow(n) && n->count + 1 >= n->cap)
        return 0; /* out of memory: rules of one text then share their counters */
    s = place_of(n->items, n->cap, hash, none);
    if (s->count == 0)
        n->count++;
    s->hash = hash;
    return s->count++;
}

static uint64_t node_hash(uint64_t hash, const struct node *n)
{
    hash = sip_hash(hash, n->key);
    hash = sip_hash_u64(hash, (uint64_t)n->kind * 2 + n->plain);
    return n->kind == NODE_SCALAR ? sip_hash(hash, n->text) : sip_hash_u64(hash, n->count);
}

/* Without recursion: the loader lets no tree be deeper than CONFIG_DEPTH. */
uint64_t rule_text_hash(const struct node *rule)
{
    const struct node *left[CONFIG_DEPTH + 1]; /* the next child, at each depth */
    unsigned depth = 0;
    uint64_t hash = node_hash(0, rule);

    left[0] = rule->first;
    for (;;) {
        const struct node *n = left[depth];

        if (!n) {
            if (depth == 0)
                return hash;
            depth--;
            continue;
        }
        hash = node_hash(hash, n);
        left[depth] = n->next;
        if (n->first && depth < CONFIG_DEPTH)
            left[++depth] = n->first;
    }
}

static bool is_reserved(struct bytes name)
{
    static const char *const words[] = {"uuid",    "now",      "random", "json",
                                        "request", "response", "env"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (bytes_equal(name, bytes_of(words[i])))
            return true;
    }
    return false;
}

bool rule_name_valid(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = byte_lower(name.ptr[i]);
        bool letter = (c >= 'a' && c <= 'z') || c == '_';

        if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '-')))
            return false;
    }
    return name.len > 0 && !is_reserved(name);
}
