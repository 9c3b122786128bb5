/* delay_range: what a time is drawn from. The same dice draw the same times on every
 * machine. */
#ifndef WEIR_RULES_DELAY_RANGE_H
#define WEIR_RULES_DELAY_RANGE_H

#include "rules/dice.h"

#define DELAY_MAX_US (INT64_C(24) * 60 * 60 * 1000 * 1000)

enum delay_law { DELAY_UNIFORM, DELAY_NORMAL, DELAY_LOGNORMAL };

/* UNIFORM: from low to high, fixed when both are equal, 0 is none. NORMAL: low is the
 * mean, high the standard deviation. LOGNORMAL: low is the median, `sigma` the standard
 * deviation of the logarithm. */
struct delay_range {
    enum delay_law law;
    int64_t low_us, high_us;
    double sigma;
};

/* From 0 to DELAY_MAX_US. */
int64_t delay_range_draw(const struct delay_range *range, struct dice *dice);

#endif
