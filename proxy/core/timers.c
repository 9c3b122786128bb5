#include "proxy/core/timers.h"

#include <stddef.h>

void timers_init(struct timers *t)
{
    t->root = NULL;
}

void timer_init(struct timer *timer, void (*fire)(void *self), void *self)
{
    *timer = (struct timer){.at_us = INT64_MAX, .fire = fire, .self = self};
}

/* ---- the heap ----------------------------------------------------------- */

/* Of two heaps one: the later becomes the first child of the earlier. Neither has
 * brothers. */
static struct timer *heap_meld(struct timer *a, struct timer *b)
{
    struct timer *late = b;

    if (!a || !b)
        return a ? a : b;
    if (b->heap_us < a->heap_us) {
        late = a;
        a = b;
    }
    late->next = a->child;
    if (a->child)
        a->child->prev = late;
    late->prev = a;
    a->child = late;
    return a;
}

/* Of a row of brothers one heap: they are melded two by two from the first on, and
 * the pairs from the last on. */
static struct timer *heap_of_brothers(struct timer *first)
{
    struct timer *pairs = NULL, *heap = NULL;

    while (first) {
        struct timer *a = first, *b = first->next;

        first = b ? b->next : NULL;
        a->next = a->prev = NULL;
        if (b)
            b->next = b->prev = NULL;
        a = heap_meld(a, b);
        a->next = pairs;
        pairs = a;
    }
    while (pairs) {
        struct timer *rest = pairs->next;

        pairs->next = NULL;
        heap = heap_meld(heap, pairs);
        pairs = rest;
    }
    return heap;
}

/* Takes it from among its brothers, with what hangs below it. */
static void heap_cut(struct timer *timer)
{
    if (timer->prev->child == timer)
        timer->prev->child = timer->next;
    else
        timer->prev->next = timer->next;
    if (timer->next)
        timer->next->prev = timer->prev;
    timer->next = timer->prev = NULL;
}

static void heap_remove(struct timers *t, struct timer *timer)
{
    struct timer *below = heap_of_brothers(timer->child);

    timer->child = NULL;
    timer->placed = false;
    if (timer == t->root) {
        t->root = below;
        return;
    }
    heap_cut(timer);
    t->root = heap_meld(t->root, below);
}

static void heap_insert(struct timers *t, struct timer *timer, int64_t heap_us)
{
    timer->heap_us = heap_us;
    timer->placed = true;
    t->root = heap_meld(t->root, timer);
}

/* ---- timers ------------------------------------------------------------- */

void timer_set(struct timers *t, struct timer *timer, int64_t at_us)
{
    timer->at_us = at_us;
    if (timer->placed && at_us >= timer->heap_us)
        return;
    if (timer->placed)
        heap_remove(t, timer);
    heap_insert(t, timer, at_us);
}

void timer_clear(struct timers *t, struct timer *timer)
{
    timer->at_us = INT64_MAX;
    if (timer->placed)
        heap_remove(t, timer);
}

void timers_fire(struct timers *t, int64_t now_us)
{
    while (t->root && t->root->heap_us <= now_us) {
        struct timer *timer = t->root;

        heap_remove(t, timer);
        if (timer->at_us > now_us) {
            heap_insert(t, timer, timer->at_us);
            continue;
        }
        timer->at_us = INT64_MAX;
        timer->fire(timer->self);
    }
}

int64_t timers_next(const struct timers *t)
{
    return t->root ? t->root->heap_us : INT64_MAX;
}
