#include "proxy/core/filter.h"

#include "proxy/core/exchange.h"

void filter_emit(struct filter *f, enum http_side way, const struct message_event *ev)
{
    struct exchange *ex = f->exchange;
    struct filter *next = way == HTTP_REQUEST ? f->to_origin : f->to_client;

    if (ex->over)
        return;
    if (next)
        next->ops->on_event(next, way, ev);
    else if (way == HTTP_REQUEST)
        exchange_to_origin(ex, ev);
    else
        exchange_to_client(ex, ev);
}

void filter_credit(struct filter *f, enum http_side way, size_t content_bytes)
{
    struct filter *next = way == HTTP_REQUEST ? f->to_client : f->to_origin;

    for (; next; next = way == HTTP_REQUEST ? next->to_client : next->to_origin) {
        if (next->ops->on_credit) {
            next->ops->on_credit(next, way, content_bytes);
            return;
        }
    }
    exchange_credit(f->exchange, way, content_bytes);
}

void filter_answers(struct filter *f)
{
    struct exchange *ex = f->exchange;

    exchange_let_origin_go(ex);
    ex->answered = true;
    ex->flow->response.received = NULL; /* what an origin may have sent is replaced */
}

void filter_kill(struct filter *f, enum close_reason reason)
{
    exchange_over(f->exchange, reason, NULL, EXCHANGE_FINISH);
}
