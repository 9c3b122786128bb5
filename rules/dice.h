/* dice: numbers that are the same for the same seed, on every machine. */
#ifndef WEIR_RULES_DICE_H
#define WEIR_RULES_DICE_H

#include <stdint.h>

struct dice {
    uint64_t seed;
    uint32_t draws; /* so far */
};

/* The next number, from low to high. */
int64_t dice_draw(struct dice *d, int64_t low, int64_t high);

#endif
