/* actions: what stands under `then`: verbs with their arguments, in order. */
#ifndef WEIR_RULES_ACTIONS_H
#define WEIR_RULES_ACTIONS_H

#include "rules/verb.h"

enum { ACTIONS = 64 }; /* of one rule */

struct action {
    const struct verb *verb;
    const void *args;
};

struct actions {
    const struct action *items;
    uint32_t count;
    unsigned traits;  /* of the terminal verb, if there is one */
    bool conditional; /* some verb has applies() */
};

/* `n` is a status, a word, a map of verbs, or a list of these. */
MUST_USE enum status actions_parse(struct rule_compiler *c, const struct node *n,
                                   struct actions *ret);
/* Is a rule with this `then` of the connection pass? VERB_AT_HELLO or VERB_AT_DIAL, by its
 * first such verb, or 0. `then` need not have been judged. */
unsigned actions_moment(const struct node *then);
bool actions_apply_to(const struct actions *a, const struct rule_view *view, uint64_t place);
/* As verb.apply. */
MUST_USE enum status actions_run(const struct actions *a, struct firing *f);

#endif
