#include "proxy/core/timers.h"

#include <stdlib.h>

void timers_init(struct timers *t)
{
    *t = (struct timers){0};
}

void timers_release(struct timers *t)
{
    free(t->heap);
    *t = (struct timers){0};
}

void timer_init(struct timer *timer, void (*fire)(void *self), void *self)
{
    *timer = (struct timer){.at_us = INT64_MAX, .fire = fire, .self = self};
}

static void heap_put(struct timers *t, uint32_t place, struct timer *timer)
{
    t->heap[place] = timer;
    timer->place = place;
}

static void heap_up(struct timers *t, struct timer *timer)
{
    uint32_t at = timer->place;

    while (at > 1 && t->heap[at / 2]->heap_us > timer->heap_us) {
        heap_put(t, at, t->heap[at / 2]);
        at /= 2;
    }
    heap_put(t, at, timer);
}

static void heap_down(struct timers *t, struct timer *timer)
{
    uint32_t at = timer->place;

    for (;;) {
        uint32_t child = at * 2;

        if (child > t->count)
            break;
        if (child < t->count && t->heap[child + 1]->heap_us < t->heap[child]->heap_us)
            child++;
        if (t->heap[child]->heap_us >= timer->heap_us)
            break;
        heap_put(t, at, t->heap[child]);
        at = child;
    }
    heap_put(t, at, timer);
}

static enum status heap_room(struct timers *t)
{
    struct timer **heap;
    uint32_t cap;

    if (t->count + 1 < t->cap)
        return STATUS_OK;
    cap = t->cap ? t->cap * 2 : 64;
    heap = realloc(t->heap, cap * sizeof(struct timer *));
    if (!heap)
        return STATUS_NO_MEMORY;
    t->heap = heap;
    t->cap = cap;
    return STATUS_OK;
}

enum status timer_set(struct timers *t, struct timer *timer, int64_t at_us)
{
    enum status st;

    if (timer->place) {
        timer->at_us = at_us;
        if (at_us < timer->heap_us) {
            timer->heap_us = at_us;
            heap_up(t, timer);
        }
        return STATUS_OK;
    }
    st = heap_room(t);
    if (st)
        return st;
    timer->at_us = timer->heap_us = at_us;
    timer->place = ++t->count;
    t->heap[timer->place] = timer;
    heap_up(t, timer);
    return STATUS_OK;
}

static void heap_remove(struct timers *t, struct timer *timer)
{
    struct timer *last = t->heap[t->count--];
    uint32_t place = timer->place;

    timer->place = 0;
    if (last == timer)
        return;
    heap_put(t, place, last);
    heap_up(t, last);
    heap_down(t, last);
}

void timer_clear(struct timers *t, struct timer *timer)
{
    timer->at_us = INT64_MAX;
    if (timer->place)
        heap_remove(t, timer);
}

void timers_fire(struct timers *t, int64_t now_us)
{
    while (t->count && t->heap[1]->heap_us <= now_us) {
        struct timer *timer = t->heap[1];

        if (timer->at_us > now_us) {
            timer->heap_us = timer->at_us;
            heap_down(t, timer);
            continue;
        }
        heap_remove(t, timer);
        timer->at_us = INT64_MAX;
        timer->fire(timer->self);
    }
}

int64_t timers_next(const struct timers *t)
{
    return t->count ? t->heap[1]->heap_us : INT64_MAX;
}
