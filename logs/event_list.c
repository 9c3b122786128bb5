#include "logs/event_list.h"

void event_list_init(struct event_list *l)
{
    atomic_init(&l->last, NULL);
}

void event_list_add(struct event_list *l, struct log_event *newest, struct log_event *oldest)
{
    struct log_event *before = atomic_load_explicit(&l->last, memory_order_relaxed);

    do {
        oldest->next = before;
    } while (!atomic_compare_exchange_weak(&l->last, &before, newest));
}

struct log_event *event_list_take(struct event_list *l)
{
    return atomic_exchange_explicit(&l->last, NULL, memory_order_acq_rel);
}

bool event_list_empty(const struct event_list *l)
{
    return !atomic_load(&l->last);
}

struct log_event *event_chain_reverse(struct log_event *newest)
{
    struct log_event *oldest = NULL;

    while (newest) {
        struct log_event *before = newest->next;

        newest->next = oldest;
        oldest = newest;
        newest = before;
    }
    return oldest;
}
