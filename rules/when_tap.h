/* when_tap: who listens to the decisions of `when`, and may make them: a journal of
 * them, a repetition of one, an explanation. One for all rules of a rule_state. */
#ifndef WEIR_RULES_WHEN_TAP_H
#define WEIR_RULES_WHEN_TAP_H

#include "rules/rule_state.h"

struct when;

/* A rule has matched, and was counted. Everything is borrowed for the call. */
struct when_decision {
    const char *label;            /* "proxy.yaml:12 name", of the ruleset */
    struct bytes rule;            /* its name for the dice: unique, or a hash of its text */
    const struct when *when;      /* count 0: it fires always */
    struct rule_key key;          /* of the first `per` that it names */
    uint64_t n;                   /* of the matches under this key, from 1 */
    const struct rule_view *view; /* the request; of a connection one that says nothing */
    bool fires;                   /* so says the rule */
};

struct when_tap {
    /* Does it fire after all? On the thread that asks the rules: any of them, so it must
     * be thread safe, and may not wait. */
    bool (*decide)(void *self, const struct when_decision *d);
    void *self;
};

/* Before any rule is asked. `tap` must outlive the rules; NULL: nobody listens. */
void rule_state_tap(struct rule_state *state, const struct when_tap *tap);
/* NULL when nobody listens. */
const struct when_tap *rule_slot_tap(const struct rule_slot *slot);

#endif
