/* timers: the waits of one engine, in a heap. Putting a timer off costs nothing:
 * it keeps its place and is looked at again when that comes up. */
#ifndef WEIR_PROXY_CORE_TIMERS_H
#define WEIR_PROXY_CORE_TIMERS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct timer {
    int64_t at_us;   /* when it is due; INT64_MAX: not set */
    int64_t heap_us; /* the place it has in the heap, at or before at_us */
    uint32_t place;  /* in the heap, from 1; 0: not there */
    void (*fire)(void *self);
    void *self;
};

struct timers {
    struct timer **heap; /* [1..count] */
    uint32_t count, cap;
};

void timers_init(struct timers *t);
void timers_release(struct timers *t);
void timer_init(struct timer *timer, void (*fire)(void *self), void *self);
/* Sets or moves it. NO_MEMORY leaves it unset. */
MUST_USE enum status timer_set(struct timers *t, struct timer *timer, int64_t at_us);
void timer_clear(struct timers *t, struct timer *timer);
/* Fires what is due, each once; a timer may set itself again. */
void timers_fire(struct timers *t, int64_t now_us);
/* When to look again; INT64_MAX: never. May be early. */
int64_t timers_next(const struct timers *t);

#endif
