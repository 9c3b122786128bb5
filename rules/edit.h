/* edit: what set, append, remove and replace have in common: targets, and the effects
 * that change a head, or where the request goes. */
#ifndef WEIR_RULES_EDIT_H
#define WEIR_RULES_EDIT_H

#include "rules/edit_place.h"
#include "rules/replacement.h"

struct edit {
    enum http_side side;
    enum edit_op op;
    enum edit_place place;
    enum edit_part part;           /* of PLACE_HEAD */
    struct bytes name;             /* HEADER, COOKIE, QUERY */
    const struct template *value;  /* what is set, or put in its place; NULL for REMOVE */
    uint16_t status;               /* STATUS */
    struct bytes find;             /* REPLACE */
    const struct pattern *pattern; /* REPLACE; NULL: `find` */
};

struct edits {
    uint32_t count;
    struct edit *items;
};

/* { TARGET: VALUE, raw: true } for EDIT_SET and EDIT_APPEND; for EDIT_REPLACE each value
 * is { find: TEXT or ~PATTERN, with: VALUE }. */
MUST_USE enum status edits_parse_map(struct rule_compiler *c, const struct node *n, enum edit_op op,
                                     struct edits *ret);
/* A target or a list of them, for EDIT_REMOVE. */
MUST_USE enum status edits_parse_list(struct rule_compiler *c, const struct node *n,
                                      struct edits *ret);
/* As verb.apply. */
MUST_USE enum status edits_apply(const struct edits *e, struct firing *f);

#endif
