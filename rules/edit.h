/* edit: what set, append and remove have in common: targets, and the effects that
 * change a head. */
#ifndef WEIR_RULES_EDIT_H
#define WEIR_RULES_EDIT_H

#include "rules/template.h"

struct edit {
    enum http_side side;
    enum edit_op op;
    enum edit_part part;
    struct bytes name;            /* HEADER */
    const struct template *value; /* HEADER, REASON; NULL for REMOVE */
    uint16_t status;              /* STATUS */
};

struct edits {
    uint32_t count;
    struct edit *items;
};

/* { TARGET: VALUE, raw: true } for EDIT_SET and EDIT_APPEND. */
MUST_USE enum status edits_parse_map(struct rule_compiler *c, const struct node *n, enum edit_op op,
                                     struct edits *ret);
/* A target or a list of them, for EDIT_REMOVE. */
MUST_USE enum status edits_parse_list(struct rule_compiler *c, const struct node *n,
                                      struct edits *ret);
/* As verb.apply. */
MUST_USE enum status edits_apply(const struct edits *e, struct firing *f);

#endif
