#include "proxy/loop/handoff.h"

#include <unistd.h>

void handoff_init(struct handoff *h)
{
    atomic_init(&h->taken, 0);
    atomic_init(&h->given, 0);
}

void handoff_release(struct handoff *h)
{
    struct accepted a;

    while (handoff_take(h, &a))
        close(a.fd);
}

bool handoff_has_room(const struct handoff *h)
{
    uint32_t given = atomic_load_explicit(&h->given, memory_order_relaxed);
    uint32_t taken = atomic_load_explicit(&h->taken, memory_order_acquire);

    return given - taken < HANDOFF;
}

bool handoff_give(struct handoff *h, const struct accepted *a)
{
    uint32_t given = atomic_load_explicit(&h->given, memory_order_relaxed);

    if (!handoff_has_room(h))
        return false;
    h->items[given % HANDOFF] = *a;
    atomic_store_explicit(&h->given, given + 1, memory_order_release);
    return true;
}

bool handoff_take(struct handoff *h, struct accepted *ret_accepted)
{
    uint32_t taken = atomic_load_explicit(&h->taken, memory_order_relaxed);

    if (atomic_load_explicit(&h->given, memory_order_acquire) == taken)
        return false;
    *ret_accepted = h->items[taken % HANDOFF];
    atomic_store_explicit(&h->taken, taken + 1, memory_order_release);
    return true;
}
