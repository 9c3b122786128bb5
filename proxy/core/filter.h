/* filter: what stands in a row between the client's codec and the origin's, and
 * may change, hold, answer or kill an exchange. Requests run first to last,
 * responses last to first. Passing an event on is emitting it at once, holding is
 * emitting it later; there is no other verdict. */
#ifndef WEIR_PROXY_CORE_FILTER_H
#define WEIR_PROXY_CORE_FILTER_H

#include "http/message.h"
#include "proxy/core/close_reason.h"

struct exchange;
struct filter;

struct filter_ops {
    const char *name;
    /* `way`: HTTP_REQUEST towards the origin, HTTP_RESPONSE towards the client. */
    void (*on_event)(struct filter *f, enum http_side way, const struct message_event *ev);
    /* Content that went `way` was taken beyond this filter; NULL: passed back. */
    void (*on_credit)(struct filter *f, enum http_side way, size_t content_bytes);
    /* Timers are cleared and slices dropped; the memory is the exchange's. */
    void (*release)(struct filter *f);
};

struct filter {
    const struct filter_ops *ops;
    struct exchange *exchange;
    struct filter *to_origin, *to_client; /* NULL: the end of the row */
};

void filter_emit(struct filter *f, enum http_side way, const struct message_event *ev);
/* Content that came `way` was taken: by the far side, or dropped by this filter. */
void filter_credit(struct filter *f, enum http_side way, size_t content_bytes);
/* What this filter emits towards the client from here on is an answer of its own; the
 * origin is not asked, or let go. Heads and trailers must live in the exchange's arena. */
void filter_answers(struct filter *f);
/* Ends the exchange. */
void filter_kill(struct filter *f, enum close_reason reason);

#endif
