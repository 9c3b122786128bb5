/* ring: pointers from one thread to another, first in first out, of a fixed
 * size. One producer, one consumer, no lock, no wait. Each side's index stands on
 * a cache line of its own, with what that side last saw of the other's. */
#ifndef WEIR_LOGS_RING_H
#define WEIR_LOGS_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

enum { CACHE_LINE_BYTES = 64 };

struct ring {
    void **items;                                   /* owned */
    size_t mask;                                    /* capacity - 1 */
    _Alignas(CACHE_LINE_BYTES) _Atomic size_t head; /* pushed so far; the producer's */
    size_t seen_tail;
    _Alignas(CACHE_LINE_BYTES) _Atomic size_t tail; /* popped so far; the consumer's */
    size_t seen_head;
};

/* `capacity` is a power of two. STATUS_NO_MEMORY, STATUS_BAD_INPUT. */
MUST_USE enum status ring_init(struct ring *r, size_t capacity);
void ring_release(struct ring *r);

/* Producer: false when it is full. */
bool ring_push(struct ring *r, void *item);
/* Producer: does it hold more than `count`? As a rule without a look at what the
 * consumer writes. */
bool ring_holds_over(struct ring *r, size_t count);
/* Producer: how many it holds. */
size_t ring_count(const struct ring *r);

/* Consumer: NULL when it is empty. */
void *ring_pop(struct ring *r);
/* Consumer: seen in one order with whatever the producer does after a push, so
 * that one who goes to sleep on an empty ring is not forgotten. */
bool ring_empty(struct ring *r);

#endif
