#include "logs/histogram.h"

enum { STEP_BITS = 6 };

/* Page 0 holds 0–63 by themselves; page n the numbers from 2^(n+5) to 2^(n+6) - 1. */
static unsigned page_of(uint64_t value)
{
    unsigned bits = value ? 64 - (unsigned)__builtin_clzll(value) : 0;

    return bits > STEP_BITS ? bits - STEP_BITS : 0;
}

static unsigned step_of(uint64_t value, unsigned page)
{
    return (unsigned)(value >> (page ? page - 1 : 0)) % HISTOGRAM_STEPS;
}

/* In the middle of a bucket. */
static int64_t bucket_value(unsigned page, unsigned step)
{
    uint64_t width;

    if (page == 0)
        return step;
    width = UINT64_C(1) << (page - 1);
    return (int64_t)((HISTOGRAM_STEPS + step) * width + width / 2);
}

enum status histogram_add(struct histogram *h, struct arena *arena, int64_t value)
{
    unsigned page = page_of((uint64_t)value);
    uint32_t *count;

    if (!h->pages[page])
        h->pages[page] = arena_alloc(arena, HISTOGRAM_STEPS * sizeof(uint32_t));
    if (!h->pages[page])
        return STATUS_NO_MEMORY;
    count = &h->pages[page][step_of((uint64_t)value, page)];
    if (*count < UINT32_MAX)
        ++*count;
    if (h->count == 0 || value < h->min)
        h->min = value;
    if (h->count == 0 || value > h->max)
        h->max = value;
    h->count++;
    return STATUS_OK;
}

int64_t histogram_quantile(const struct histogram *h, unsigned permille)
{
    uint64_t wanted = h->count / 1000 * permille + (h->count % 1000 * permille + 999) / 1000;
    uint64_t seen = 0;

    for (unsigned i = 0; i < HISTOGRAM_PAGES * HISTOGRAM_STEPS && h->count; i++) {
        const uint32_t *page = h->pages[i / HISTOGRAM_STEPS];
        int64_t value;

        if (!page)
            continue;
        seen += page[i % HISTOGRAM_STEPS];
        if (seen < wanted || seen == 0)
            continue;
        value = bucket_value(i / HISTOGRAM_STEPS, i % HISTOGRAM_STEPS);
        value = value < h->min ? h->min : value;
        return value > h->max ? h->max : value;
    }
    return h->count ? h->max : -1;
}
