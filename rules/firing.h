/* firing: one rule at work on one exchange: what its verbs may look at, and
 * where their effects go. Lives during one call of rules_step(). */
#ifndef WEIR_RULES_FIRING_H
#define WEIR_RULES_FIRING_H

#include "rules/dice.h"
#include "rules/draft.h"
#include "rules/ruleset.h"

struct firing {
    struct arena *arena; /* the exchange's */
    struct effects *effects;
    const struct rule_view *view;
    struct draft *draft; /* the request as it is by now */
    struct pattern_set *patterns;
    int64_t *replace_left_us; /* for the patterns of `replace`, of the exchange */
    const struct bytes *captures;
    const char *rule;      /* the label */
    const char *mark_name; /* the header that marks answers; NULL: off */
    struct bytes mark;
    bool marked;        /* an edit of the response has set the mark already */
    bool cors;          /* answers reflect Origin */
    bool *cors_settled; /* of the exchange: a rule has seen to it; no later answer reflects */
    uint64_t place;     /* firings of the rule's key before this one */
    struct dice dice;   /* the same for the same seed, rule, key and n */
    uint64_t *ids;      /* what $(uuid) is drawn from; another one each time */
    struct rendezvous *rendezvous; /* of the rule; of `gather` */
};

/* Appends an effect of this rule; NULL when out of memory. */
struct effect *firing_effect(struct firing *f, enum effect_kind kind);
/* Appends an edit of a head; the first one of the response brings the mark along. */
MUST_USE enum status firing_edit(struct firing *f, struct head_edit edit);
/* The same of an edit of a content. That of the request is changed at once. */
MUST_USE enum status firing_edit_body(struct firing *f, struct body_edit edit);
/* The request's content as it is by now. */
struct bytes firing_request_body(const struct firing *f);
/* Notes why the rule ends early. STATUS_REFUSED, or NO_MEMORY. */
MUST_USE enum status firing_skip(struct firing *f, const char *why);
/* The next number of this firing's dice, from low to high. */
int64_t firing_draw(struct firing *f, int64_t low, int64_t high);
/* The request goes there from here on; unless `keep_host`, Host says so. `target`'s
 * bytes live in the exchange's arena. */
MUST_USE enum status firing_redirect(struct firing *f, const struct rule_target *target,
                                     bool keep_host);

#endif
