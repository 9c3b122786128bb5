/* rule_names: what rules are told apart by: names, each given once, and hashes of
 * the texts of those without a name. */
#ifndef WEIR_RULES_RULE_NAMES_H
#define WEIR_RULES_RULE_NAMES_H

#include "config/node.h"

struct rule_names; /* heap */

MUST_USE enum status rule_names_new(struct rule_names **ret_names);
void rule_names_free(struct rule_names *n); /* NULL is fine */
/* A name, which must live as long as the table, at its node. When it stands there
 * already: a diagnostic that says where, and STATUS_BAD_CONFIG. */
MUST_USE enum status rule_names_add(struct rule_names *n, struct diags *diags, struct bytes name,
                                    const struct node *at);
/* How often that hash was counted before; counts it. */
uint64_t rule_names_count(struct rule_names *n, uint64_t hash);

/* Of everything the rule says, but not of spaces, comments or places. */
uint64_t rule_text_hash(const struct node *rule);
/* May a variable or capture be called so? */
bool rule_name_valid(struct bytes name);

#endif
