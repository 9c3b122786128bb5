#include "rules/when_logic.h"

/* The first number that it fires for, when it is one that has a first. */
static uint64_t first_number(const struct schedule *s)
{
    if (s->fires == after_fires)
        return s->count + 1;
    return s->fires == every_fires ? s->skip + s->count : 1;
}

/* `first N` is over before the other one begins. */
static bool ends_too_early(const struct when *w)
{
    for (uint32_t i = 0; i < w->count; i++) {
        const struct schedule *first = &w->items[i];

        for (uint32_t j = 0; first->fires == first_fires && j < w->count; j++) {
            if (w->items[j].per.id == first->per.id && first_number(&w->items[j]) > first->count)
                return true;
        }
    }
    return false;
}

static bool fires_at_minute(const struct when *w, unsigned minute)
{
    const struct when_turn turn = {.minute = minute};

    for (uint32_t i = 0; i < w->count; i++) {
        if (w->items[i].fires == between_fires && !between_fires(&w->items[i], &turn))
            return false;
    }
    return true;
}

const char *when_contradiction(const struct when *w)
{
    unsigned minute = 0;

    if (ends_too_early(w))
        return "the first matches are over before the other schedule begins";
    while (minute < MINUTES_OF_DAY && !fires_at_minute(w, minute))
        minute++;
    return minute == MINUTES_OF_DAY ? "no time of day is in all of its hours" : NULL;
}
