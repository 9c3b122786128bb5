#include "proxy/core/content.h"

#include "http/coding.h"
#include "proxy/core/exchange.h"

static const char too_large[] = "the content is larger than 8 MiB";
static const char no_room[] = "too many contents are held for rules at this moment";

void content_init(struct content *c, struct filter *filter, enum http_side way)
{
    *c = (struct content){.filter = filter, .way = way};
    event_hold_init(&c->hold);
    buf_init(&c->wire, COLLECT_BYTES);
    buf_init(&c->decoded, COLLECT_BYTES);
}

static void prepaid_add(struct content *c, size_t bytes)
{
    c->prepaid += bytes;
    c->filter->exchange->engine->collected += bytes;
}

static void prepaid_take(struct content *c, size_t bytes)
{
    c->prepaid -= bytes;
    c->filter->exchange->engine->collected -= bytes;
}

void content_release(struct content *c)
{
    prepaid_take(c, c->prepaid);
    event_hold_release(&c->hold);
    content_forget(c);
}

enum status content_hold(struct content *c, const struct message_event *ev)
{
    return event_hold_add(&c->hold, c->filter->exchange->engine->env.pool, ev);
}

/* What is held, in one piece of its own: it is looked at when it has gone. */
static enum status content_join(struct content *c)
{
    const struct slice_queue *q = &c->hold.content;

    for (uint32_t i = 0; i < q->count; i++)
        buf_put(&c->wire, slice_bytes(q->items[(q->first + i) % q->cap]));
    return buf_status(&c->wire);
}

static const char *coding_fault(enum status st)
{
    if (st == STATUS_UNSUPPORTED)
        return "the content has a coding that weir cannot undo";
    return st == STATUS_LIMIT ? "the content is larger than 8 MiB when it is decoded"
                              : "the content is not what its coding says";
}

/* All has come. */
static enum status content_decode(struct content *c)
{
    const struct exchange *ex = c->filter->exchange;
    const struct head *head = c->way == HTTP_REQUEST ? &ex->request : &ex->response;
    struct bytes codings = fields_value(&head->fields, field_name(FIELD_CONTENT_ENCODING));
    enum status st = content_join(c);

    if (st)
        return st;
    c->ready = true;
    c->body = (struct rule_body){.content = buf_bytes(&c->wire),
                                 .wire_bytes = (int64_t)c->wire.len,
                                 .trailers = c->hold.trailers};
    if (codings.len) {
        st = coding_decode(codings, c->body.content, &c->decoded);
        if (st == STATUS_NO_MEMORY)
            return st;
        c->body.content = buf_bytes(&c->decoded);
        c->body.fault = st ? coding_fault(st) : NULL;
    }
    c->kept = c->wire.cap + c->decoded.cap;
    c->filter->exchange->engine->collected += c->kept;
    return STATUS_OK;
}

void content_forget(struct content *c)
{
    c->filter->exchange->engine->collected -= c->kept;
    c->kept = 0;
    buf_release(&c->wire);
    buf_release(&c->decoded);
    if (c->body.content.len)
        content_refuse(c, "the content was not kept");
}

void content_refuse(struct content *c, const char *fault)
{
    c->ready = true;
    c->body = (struct rule_body){.fault = fault, .wire_bytes = (int64_t)c->hold.content.bytes};
}

void content_none(struct content *c)
{
    c->ready = true;
    c->body = (struct rule_body){.content = BYTES("")};
}

/* `more` is held, and not credited yet. */
static void content_credit(struct content *c, size_t more)
{
    const struct engine *e = c->filter->exchange->engine;

    if (c->hold.content.bytes > COLLECT_BYTES)
        content_refuse(c, too_large);
    else if (e->collected + more > COLLECT_TOTAL_BYTES)
        content_refuse(c, no_room);
    if (c->ready || !more)
        return;
    prepaid_add(c, more);
    filter_credit(c->filter, c->way, more);
}

enum status content_begin(struct content *c)
{
    content_credit(c, c->hold.content.bytes - c->prepaid);
    return c->hold.ended && !c->ready ? content_decode(c) : STATUS_OK;
}

enum status content_collect(struct content *c, const struct message_event *ev)
{
    enum status st = content_hold(c, ev);

    if (st)
        return st;
    if (ev->kind == MESSAGE_END)
        return content_decode(c);
    if (ev->kind == MESSAGE_DATA)
        content_credit(c, ev->data.len);
    return STATUS_OK;
}

void content_taken(struct content *c, size_t bytes)
{
    size_t paid = bytes < c->prepaid ? bytes : c->prepaid;

    prepaid_take(c, paid);
    if (bytes > paid)
        filter_credit(c->filter, c->way, bytes - paid);
}

size_t content_drop(struct content *c)
{
    size_t bytes = event_hold_drop_content(&c->hold);

    content_taken(c, bytes);
    return bytes;
}

enum status content_replace(struct content *c, struct bytes changed)
{
    (void)content_drop(c);
    prepaid_add(c, changed.len);
    return changed.len == 0
               ? STATUS_OK
               : slice_queue_put(&c->hold.content, c->filter->exchange->engine->env.pool, changed);
}
