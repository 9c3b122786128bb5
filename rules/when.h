/* when: how often a rule that matches fires. n counts, from 1, the matches under
 * a key; all schedules of a rule must agree. */
#ifndef WEIR_RULES_WHEN_H
#define WEIR_RULES_WHEN_H

#include "rules/compiler.h"
#include "rules/rule_state.h"

enum {
    SCHEDULES = 16,         /* of one rule */
    PERCENT_ONE = 10000000, /* 1 %: percentages are kept in units of 10⁻⁷ */
};

/* What the dice are thrown from: fires if the hash says so, the same everywhere.
 * h = sip(sip(sip(seed, the rule's name), the key), n), where sip(k, x) is
 * SipHash-2-4 under the key (k, 0); it fires if h's upper 32 bits, as a fraction
 * of 2³², are below P. An unnamed rule's name is the hash of its text. */
uint64_t when_dice(uint64_t seed, struct bytes rule, struct bytes key, uint64_t n);

enum per_kind {
#define WHEN(name, help)
#define PER(name, named) PER_##name,
#include "rules/whens.def"
#undef WHEN
#undef PER
    PER_COUNT
};

enum { MINUTES_OF_DAY = 24 * 60 };

/* What a counter is kept per. */
struct per {
    enum per_kind kind;
    unsigned id;       /* the same for the same kind and name; of the rule */
    struct bytes name; /* of a header or cookie */
};

/* The match that is judged. */
struct when_turn {
    uint64_t n;        /* under `key` */
    struct bytes key;  /* ptr NULL: the whole rule */
    struct bytes rule; /* its name for the dice */
    unsigned minute;   /* of the local day */
};

struct schedule {
    bool (*fires)(const struct schedule *s, const struct when_turn *turn);
    struct per per;
    /* N of first and after, K of every; P of percent in 10⁻⁷ %; the first minute of between */
    uint64_t count;
    uint64_t skip; /* M of every; the minute after the last one of between */
    uint64_t seed; /* of percent */
};

struct when {
    const struct schedule *items;
    uint32_t count;
    struct per per; /* of the rule's firings: the first one named, else PER_rule */
};

/* `n` is the value of `when`, or NULL: always. */
MUST_USE enum status when_parse(struct rule_compiler *c, const struct node *n, struct when *ret);
/* Appends what a rule's `when` says: "every 3rd after 5 per client", "always". when_words.c */
void when_put_words(const struct when *w, struct buf *out);
/* Appends "client", "header x-team". */
void per_put_words(const struct per *per, struct buf *out);
/* The key for this request, made in `arena` where it must be; its text has ptr NULL for
 * PER_rule. NO_MEMORY. */
MUST_USE enum status when_key(const struct per *per, const struct rule_view *view,
                              struct arena *arena, struct rule_key *ret_key);
/* A rule that matched. */
struct when_ask {
    struct rule_slot *slot;
    struct bytes rule; /* its name for the dice */
    const struct rule_view *view;
    struct arena *arena; /* for keys */
};
/* Counts one match, and tells whether the rule fires; *ret_n is its number under
 * w->per. NO_MEMORY. */
MUST_USE enum status when_count(const struct when *w, const struct when_ask *ask, bool *ret_fires,
                                uint64_t *ret_n);

/* when_parse.c needs them by name. */
#define WHEN(name, help) bool name##_fires(const struct schedule *s, const struct when_turn *turn);
#define PER(name, named)
#include "rules/whens.def"
#undef WHEN
#undef PER

#endif
