/* delay_parse: a time as rules write it, fixed or drawn: "200ms", "200ms to 800ms",
 * "normal 300ms sd 50ms", "lognormal 300ms sigma 0.4". At most a day. */
#ifndef WEIR_RULES_DELAY_PARSE_H
#define WEIR_RULES_DELAY_PARSE_H

#include "rules/compiler.h"
#include "rules/delay_range.h"

/* `in` is a slice of text->all, here and below. BAD_CONFIG with a diagnostic. */
MUST_USE enum status delay_range_parse(struct rule_compiler *c, const struct rule_text *text,
                                       struct bytes in, struct delay_range *range);
/* Its parts: "200ms"; "0.4", without the C library's locale and with at most three
 * decimals; and that the shorter time comes first, else an error at `n`. */
MUST_USE enum status delay_time_parse(struct rule_compiler *c, const struct rule_text *text,
                                      struct bytes in, int64_t *ret_us);
MUST_USE enum status delay_sigma_parse(struct rule_compiler *c, const struct rule_text *text,
                                       struct bytes in, double *ret_sigma);
MUST_USE enum status delay_order_check(struct rule_compiler *c, const struct node *n,
                                       const struct delay_range *range);

#endif
