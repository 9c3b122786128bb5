/* event_list: log events from one thread to another without a bound and without
 * a lock: one side adds, the other takes all there is. It is linked by
 * log_event.next, so it needs no memory and is never full. */
#ifndef WEIR_LOGS_EVENT_LIST_H
#define WEIR_LOGS_EVENT_LIST_H

#include <stdatomic.h>

#include "logs/logs.h"

struct event_list {
    _Atomic(struct log_event *) last; /* the newest; linked to the one before it */
};

void event_list_init(struct event_list *l);
/* Adds a chain that is linked newest first and ends in `oldest`. */
void event_list_add(struct event_list *l, struct log_event *newest, struct log_event *oldest);
/* All events, the newest first, or NULL. */
struct log_event *event_list_take(struct event_list *l);
/* In one order with what the other side does before it adds. */
bool event_list_empty(const struct event_list *l);
/* The same chain, the oldest first. */
struct log_event *event_chain_reverse(struct log_event *newest);

#endif
