/* histogram: how numbers are spread, in little memory whatever their count: a bucket for each
 * 1/64 of each power of two, so that a quantile is wrong by at most 1/128 (0.8 %) of
 * itself. Numbers below 64 are kept exactly. */
#ifndef WEIR_LOGS_HISTOGRAM_H
#define WEIR_LOGS_HISTOGRAM_H

#include "base/arena.h"

enum {
    HISTOGRAM_STEPS = 64, /* of a power of two */
    HISTOGRAM_PAGES = 58, /* 0–63, then a page for each power from 2^6 to 2^62 */
};

/* Zeroed: empty. Pages come from an arena, where they stay, when a number needs them. */
struct histogram {
    uint32_t *pages[HISTOGRAM_PAGES]; /* HISTOGRAM_STEPS counts each */
    uint64_t count;
    int64_t min, max;
};

/* `value` is 0 or more. NO_MEMORY, also when the arena is full: it was not counted. */
MUST_USE enum status histogram_add(struct histogram *h, struct arena *arena, int64_t value);
/* The smallest number that at least `permille` of a thousand do not pass; -1 when empty. */
int64_t histogram_quantile(const struct histogram *h, unsigned permille);

#endif
