/* event_hold: keeps the events of one message, in order, until they may go on. What
 * is held is not credited, so the sender stops by itself. */
#ifndef WEIR_PROXY_CORE_EVENT_HOLD_H
#define WEIR_PROXY_CORE_EVENT_HOLD_H

#include "proxy/core/filter.h"

struct event_hold {
    const struct head *head; /* lives in the exchange's arena */
    struct slice_queue content;
    const struct fields *trailers; /* likewise */
    bool ended;
};

void event_hold_init(struct event_hold *h);
void event_hold_release(struct event_hold *h);
MUST_USE enum status event_hold_add(struct event_hold *h, struct chunk_pool *pool,
                                    const struct message_event *ev);
/* Emits what is held, and forgets it. */
void event_hold_emit(struct event_hold *h, struct filter *f, enum http_side way);
/* Drops the content that is held; answers how much it was. */
size_t event_hold_drop_content(struct event_hold *h);

#endif
