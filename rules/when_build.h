/* when_build: a rule's `when` while it is compiled. */
#ifndef WEIR_RULES_WHEN_BUILD_H
#define WEIR_RULES_WHEN_BUILD_H

#include "rules/when.h"

struct when_builder {
    struct rule_compiler *c;
    bool in_list;
    uint32_t count;
    struct schedule items[SCHEDULES];
    struct per per;
};

/* At `text`'s node when there are too many. */
MUST_USE enum status schedule_add(struct when_builder *b, const struct rule_text *text,
                                  struct schedule s);
/* A whole number, `min` or more; `word` is a slice of text->all, here and below. */
MUST_USE enum status count_parse(struct rule_compiler *c, const struct rule_text *text,
                                 struct bytes word, uint64_t min, uint64_t *ret_value);
/* "3", "3rd" */
MUST_USE enum status ordinal_parse(struct rule_compiler *c, const struct rule_text *text,
                                   struct bytes word, uint64_t *ret_value);
/* "10%", "0.5%", "10"; in units of 1 / PERCENT_ONE. */
MUST_USE enum status percent_parse(struct rule_compiler *c, const struct rule_text *text,
                                   struct bytes word, uint64_t *ret_value);
/* "client", "header x-team" */
MUST_USE enum status per_parse(struct when_builder *b, const struct rule_text *text,
                               struct bytes in, struct per *ret_per);
/* "10:00 and 11:00" */
MUST_USE enum status hours_parse(struct rule_compiler *c, const struct rule_text *text,
                                 struct bytes in, struct schedule *s);

/* when_form.c: the map form. */
MUST_USE enum status when_map_parse(struct when_builder *b, const struct node *map);

#endif
