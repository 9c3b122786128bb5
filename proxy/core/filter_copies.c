#include "proxy/core/filter_copies.h"

#include <stdio.h>

#include "proxy/core/duplicate.h"
#include "proxy/core/exchange.h"
#include "proxy/core/flow_tap.h"

enum { COPIES_NOTE_BYTES = 64 };

struct filter_copies {
    struct filter filter;
    uint32_t count;
    const char *rule;  /* the first that asked */
    const char *fault; /* why there will be none; or NULL */
    struct slice_queue body;
};

static struct filter_copies *copies_of(struct filter *f)
{
    return (struct filter_copies *)(void *)f;
}

static void copies_give_up(struct filter_copies *c, const char *fault)
{
    c->fault = fault;
    slice_queue_release(&c->body);
}

static void copies_keep(struct filter_copies *c, struct slice data)
{
    struct slice kept;

    if (c->fault)
        return;
    if (c->body.bytes + data.len > COPIES_BYTES)
        copies_give_up(c, "rule_skipped: the body is larger than 1 MiB");
    else if (slice_retain(c->filter.exchange->engine->env.pool, data, &kept) ||
             slice_queue_push(&c->body, kept))
        copies_give_up(c, "rule_skipped: out of memory");
}

static void copies_send(struct filter_copies *c)
{
    struct exchange *ex = c->filter.exchange;
    char note[COPIES_NOTE_BYTES];
    uint32_t sent = 0;

    if (ex->request_out.upgrade)
        copies_give_up(c, "rule_skipped: the request asks for another protocol");
    while (!c->fault && sent < c->count && duplicate_send(ex, &c->body, c->rule) == STATUS_OK)
        sent++;
    if (!c->fault)
        (void)snprintf(note, sizeof(note), "sent %u more times, of %u", (unsigned)sent,
                       (unsigned)c->count);
    flow_note_rule(ex->flow, c->rule, c->fault ? c->fault : note);
}

static void copies_on_event(struct filter *f, enum http_side way, const struct message_event *ev)
{
    struct filter_copies *c = copies_of(f);

    if (way == HTTP_REQUEST && ev->kind == MESSAGE_DATA)
        copies_keep(c, ev->data);
    else if (way == HTTP_REQUEST && ev->kind == MESSAGE_END && !f->exchange->tunnel)
        copies_send(c);
    filter_emit(f, way, ev);
}

static void copies_release(struct filter *f)
{
    slice_queue_release(&copies_of(f)->body);
}

static const struct filter_ops filter_copies_ops = {
    .name = "copies",
    .on_event = copies_on_event,
    .release = copies_release,
};

static struct filter_copies *copies_get(struct exchange *ex, const char *rule)
{
    struct filter_copies *c;

    if (ex->copies)
        return ex->copies;
    c = arena_alloc(exchange_arena(ex), sizeof(*c));
    if (!c)
        return NULL;
    c->filter.ops = &filter_copies_ops;
    c->rule = rule;
    slice_queue_init(&c->body);
    exchange_add_filter(ex, &c->filter, HTTP_REQUEST);
    ex->copies = c;
    return c;
}

void filter_copies_take(struct exchange *ex, const struct effect *effect)
{
    struct filter_copies *c = copies_get(ex, effect->rule);

    if (!c) {
        flow_note_rule(ex->flow, effect->rule, "skipped: out of memory");
        return;
    }
    c->count += effect->copies;
    if (c->count > COPIES_MAX)
        c->count = COPIES_MAX;
}
