/* ruleset_review: warnings about rules that are right by themselves, but can never act:
 * a match or a `when` that contradicts itself, and a rule that an earlier one leaves
 * nothing to. It warns only where that is certain. */
#ifndef WEIR_RULES_RULESET_REVIEW_H
#define WEIR_RULES_RULESET_REVIEW_H

#include "config/node.h"
#include "rules/rule.h"

enum {
    REVIEW_BYTES = 256 * 1024 * 1024, /* of what it needs meanwhile */
    REVIEW_LOOKS = 100,               /* earlier rules that one rule is compared with */
};

/* `list` is the map's `rules`: its items are the rules, in their order. NO_MEMORY. */
MUST_USE enum status ruleset_review(const struct ruleset *rs, const struct node *list,
                                    struct diags *diags);

#endif
