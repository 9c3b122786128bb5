#include "logs/ring.h"

#include <stdlib.h>

enum status ring_init(struct ring *r, size_t capacity)
{
    void **items;

    if (capacity == 0 || (capacity & (capacity - 1)))
        return STATUS_BAD_INPUT;
    items = calloc(capacity, sizeof(*items));
    if (!items)
        return STATUS_NO_MEMORY;
    r->items = items;
    r->mask = capacity - 1;
    r->seen_tail = 0;
    r->seen_head = 0;
    atomic_init(&r->head, 0);
    atomic_init(&r->tail, 0);
    return STATUS_OK;
}

void ring_release(struct ring *r)
{
    free(r->items);
    r->items = NULL;
}

bool ring_push(struct ring *r, void *item)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    if (head - r->seen_tail > r->mask) {
        r->seen_tail = atomic_load_explicit(&r->tail, memory_order_acquire);
        if (head - r->seen_tail > r->mask)
            return false;
    }
    r->items[head & r->mask] = item;
    /* In one order with the look at a sleeper that follows: see ring_empty(). */
    atomic_store_explicit(&r->head, head + 1, memory_order_seq_cst);
    return true;
}

bool ring_holds_over(struct ring *r, size_t count)
{
    size_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

    if (head - r->seen_tail <= count)
        return false;
    r->seen_tail = atomic_load_explicit(&r->tail, memory_order_acquire);
    return head - r->seen_tail > count;
}

size_t ring_count(const struct ring *r)
{
    return atomic_load_explicit(&r->head, memory_order_relaxed) -
           atomic_load_explicit(&r->tail, memory_order_acquire);
}

void *ring_pop(struct ring *r)
{
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);
    void *item;

    if (tail == r->seen_head) {
        r->seen_head = atomic_load_explicit(&r->head, memory_order_acquire);
        if (tail == r->seen_head)
            return NULL;
    }
    item = r->items[tail & r->mask];
    atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
    return item;
}

bool ring_empty(struct ring *r)
{
    size_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

    r->seen_head = atomic_load_explicit(&r->head, memory_order_seq_cst);
    return tail == r->seen_head;
}
