/* json_template: JSON written as YAML, below `json:` and its like: JSON's grammar types
 * its plain scalars, quoted ones are text; texts may hold what a template may. */
#ifndef WEIR_RULES_JSON_TEMPLATE_H
#define WEIR_RULES_JSON_TEMPLATE_H

#include "rules/template.h"

MUST_USE enum status json_template_parse(struct rule_compiler *c, const struct node *n,
                                         const struct template **ret_template);
/* Its two steps: the tree with its variables replaced, and that as a template; `at` is
 * where what is wrong is shown. */
MUST_USE enum status json_tree_copy(struct rule_compiler *c, const struct node *root,
                                    struct node **ret_tree);
MUST_USE enum status json_template_make(struct rule_compiler *c, const struct node *at,
                                        const struct node *tree,
                                        const struct template **ret_template);

#endif
