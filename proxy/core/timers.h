/* timers: the waits of one engine, in a pairing heap, so that setting one needs no
 * memory and cannot fail. Putting a timer off costs nothing: it keeps its place and
 * is looked at again when that comes up. */
#ifndef WEIR_PROXY_CORE_TIMERS_H
#define WEIR_PROXY_CORE_TIMERS_H

#include <stdbool.h>
#include <stdint.h>

struct timer {
    int64_t at_us;   /* when it is due; INT64_MAX: not set */
    int64_t heap_us; /* the place it has in the heap, at or before at_us */
    bool placed;     /* it is in the heap */
    struct timer *child, *next;
    struct timer *prev; /* the one before among its parent's children; of the first, the parent */
    void (*fire)(void *self);
    void *self;
};

struct timers {
    struct timer *root; /* the earliest */
};

void timers_init(struct timers *t);
void timer_init(struct timer *timer, void (*fire)(void *self), void *self);
/* Sets or moves it. */
void timer_set(struct timers *t, struct timer *timer, int64_t at_us);
void timer_clear(struct timers *t, struct timer *timer);
/* Fires what is due, each once; a timer may set itself again. */
void timers_fire(struct timers *t, int64_t now_us);
/* When to look again; INT64_MAX: never. May be early. */
int64_t timers_next(const struct timers *t);

#endif
