/* connection_rule: what a rule with tls, dns or connect may not ask for, since there is
 * no request yet when it acts. All of it is allowed in other rules. Each of these leaves a
 * diagnostic at the place when it is not. */
#ifndef WEIR_RULES_CONNECTION_RULE_H
#define WEIR_RULES_CONNECTION_RULE_H

#include "rules/rule.h"

/* `n`: a key of the map form of `match`. */
bool connection_key_allowed(const struct rule_compiler *c, const struct node *n);
/* `n`: a key of `match.tls`. */
bool connection_tls_key_allowed(const struct rule_compiler *c, const struct node *n);
/* `part` of a short form, unless it is empty; `what` it is. */
bool connection_part_allowed(struct rule_compiler *c, const struct rule_text *text,
                             struct bytes part, const char *what);
/* Of a compiled rule of the connection pass: its schemes, and what `when` counts for.
 * `when` may be NULL. BAD_CONFIG. */
MUST_USE enum status connection_rule_check(struct rule_compiler *c, const struct node *match,
                                           const struct node *when, const struct rule *rule);

#endif
