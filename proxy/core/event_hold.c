#include "proxy/core/event_hold.h"

#include "proxy/core/exchange.h"

void event_hold_init(struct event_hold *h)
{
    *h = (struct event_hold){0};
    slice_queue_init(&h->content);
}

void event_hold_release(struct event_hold *h)
{
    slice_queue_release(&h->content);
    slice_queue_init(&h->content);
}

enum status event_hold_add(struct event_hold *h, struct chunk_pool *pool,
                           const struct message_event *ev)
{
    struct slice kept;
    enum status st;

    switch (ev->kind) {
    case MESSAGE_HEAD:
        h->head = ev->head;
        return STATUS_OK;
    case MESSAGE_DATA:
        st = slice_retain(pool, ev->data, &kept);
        return st ? st : slice_queue_push(&h->content, kept);
    case MESSAGE_TRAILERS:
        h->trailers = ev->trailers;
        return STATUS_OK;
    case MESSAGE_END:
        h->ended = true;
        return STATUS_OK;
    case MESSAGE_INTERIM:
    case MESSAGE_MESSAGE:
    case MESSAGE_ABORT:
    case MESSAGE_TUNNEL:
        return STATUS_OK;
    }
    return STATUS_OK;
}

void event_hold_emit(struct event_hold *h, struct filter *f, enum http_side way)
{
    struct message_event ev;
    const struct exchange *ex = f->exchange;

    if (h->head) {
        ev = (struct message_event){.kind = MESSAGE_HEAD, .head = h->head};
        h->head = NULL;
        filter_emit(f, way, &ev);
    }
    while (h->content.bytes && !ex->over) {
        struct slice s = slice_keep(slice_queue_first(&h->content));

        slice_queue_consume(&h->content, s.len);
        ev = (struct message_event){.kind = MESSAGE_DATA, .data = s};
        filter_emit(f, way, &ev);
        slice_drop(s);
    }
    if (h->trailers) {
        ev = (struct message_event){.kind = MESSAGE_TRAILERS, .trailers = h->trailers};
        h->trailers = NULL;
        filter_emit(f, way, &ev);
    }
    if (h->ended) {
        ev = (struct message_event){.kind = MESSAGE_END};
        h->ended = false;
        filter_emit(f, way, &ev);
    }
}

size_t event_hold_drop_content(struct event_hold *h)
{
    size_t bytes = h->content.bytes;

    slice_queue_consume(&h->content, bytes);
    return bytes;
}
