#include "rules/delay_range.h"

enum { NORMAL_DRAWS = 12, EXP_HALVINGS = 10, EXP_TERMS = 8 };

/* About normal, mean 0 and deviation 1: twelve even draws added up (Irwin and Hall).
 * Whole numbers and IEEE 754 additions alone, so that every machine draws the same. */
static double normal_draw(struct dice *dice)
{
    int64_t sum = 0;

    for (int i = 0; i < NORMAL_DRAWS; i++)
        sum += dice_draw(dice, 0, UINT32_MAX);
    return (double)sum / ((double)UINT32_MAX + 1.0) - NORMAL_DRAWS / 2.0;
}

/* e to the power of x, for x under 20 either way: its series for a small part of x,
 * squared as often as x was halved. Ours, since libraries differ in the last bit. */
static double exponential(double x)
{
    double part = x / (1 << EXP_HALVINGS), term = 1.0, sum = 1.0;

    for (int i = 1; i <= EXP_TERMS; i++) {
        term = term * part / i;
        sum = sum + term;
    }
    for (int i = 0; i < EXP_HALVINGS; i++)
        sum = sum * sum;
    return sum;
}

int64_t delay_range_draw(const struct delay_range *range, struct dice *dice)
{
    double us = (double)range->low_us, spread;

    switch (range->law) {
    case DELAY_UNIFORM:
        return range->low_us == range->high_us ? range->low_us
                                               : dice_draw(dice, range->low_us, range->high_us);
    case DELAY_NORMAL:
        spread =
            normal_draw(dice) * (double)range->high_us; /* apart, lest it be fused with the sum */
        us = us + spread;
        break;
    case DELAY_LOGNORMAL:
        us = us * exponential(normal_draw(dice) * range->sigma);
        break;
    }
    if (us < 0)
        return 0;
    return us > (double)DELAY_MAX_US ? DELAY_MAX_US : (int64_t)us;
}
