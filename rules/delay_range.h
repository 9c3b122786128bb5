/* delay_range: a time as rules write it, fixed or drawn: "200ms", "200ms to 800ms",
 * "normal 300ms sd 50ms", "lognormal 300ms sigma 0.4". At most a day. */
#ifndef WEIR_RULES_DELAY_RANGE_H
#define WEIR_RULES_DELAY_RANGE_H

#include "rules/compiler.h"
#include "rules/firing.h"

/* What a time is drawn from. */
enum delay_law { DELAY_UNIFORM, DELAY_NORMAL, DELAY_LOGNORMAL };

/* UNIFORM: from low to high, fixed when both are equal, 0 is none. NORMAL: low is the
 * mean, high the standard deviation. LOGNORMAL: low is the median, `sigma` the standard
 * deviation of the logarithm. */
struct delay_range {
    enum delay_law law;
    int64_t low_us, high_us;
    double sigma;
};

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
/* In µs; never less than nothing, nor more than a day. */
int64_t delay_range_draw(const struct delay_range *range, struct firing *f);

#endif
