#include "logs/outlet.h"

#include <stdio.h>

enum status outlet_open(struct outlet *o, const struct outlet_settings *settings, char *error)
{
    enum status st = STATUS_OK;

    *o = (struct outlet){.sink = settings->sink};
    atomic_init(&o->failures, 0);
    o->self = o->sink->open(settings->settings, error);
    if (!o->self)
        return STATUS_IO;
    if (settings->queue_bytes)
        st = sink_queue_new(o->sink, o->self, settings->queue_bytes, settings->bell, &o->queue);
    if (st) {
        snprintf(error, SINK_ERROR_BYTES, "no thread for the log sink %s", o->sink->name);
        o->sink->close(o->self);
    }
    return st;
}

static void outlet_lose(struct outlet *o, const struct sink_load *lost)
{
    o->gap.flows += lost->flows + lost->told.flows;
    o->gap.bodies += lost->told.bodies;
    atomic_fetch_add_explicit(&o->failures, lost->flows, memory_order_relaxed);
}

/* The gap stands in the text before the flows that came after it. */
static void outlet_tell_gap(struct outlet *o)
{
    if ((!o->gap.flows && !o->gap.bodies) || o->sink->gap(o->self, &o->gap))
        return;
    o->text.told.flows += o->gap.flows;
    o->text.told.bodies += o->gap.bodies;
    o->gap = (struct log_gap){0};
}

static void outlet_flow(struct outlet *o, const struct flow *f)
{
    const struct sink_load one = {.flows = 1};

    outlet_tell_gap(o);
    if (o->sink->flow(o->self, f))
        outlet_lose(o, &one);
    else
        o->text.flows++;
    if (!o->sink->text || o->sink->text(o->self)->len >= OUTLET_TEXT_BYTES)
        outlet_flush(o, false);
}

static void outlet_data(struct outlet *o, const struct log_event *ev)
{
    const struct flow_piece piece = {ev->id, ev->side, slice_bytes(ev->data)};

    o->sink->data(o->self, &piece);
}

void outlet_take(struct outlet *o, const struct log_event *ev)
{
    bool live = sink_is_live(o->sink);

    switch (ev->kind) {
    case LOG_BEGIN:
        if (live)
            o->sink->begin(o->self, ev->flow);
        return;
    case LOG_DATA:
        if (live)
            outlet_data(o, ev);
        return;
    case LOG_FORGET:
        if (live)
            o->sink->forget(o->self, ev->id);
        return;
    case LOG_MESSAGE: /* no sink shows them apart */
        return;
    case LOG_END:
        outlet_flow(o, ev->flow);
        return;
    }
}

void outlet_gap(struct outlet *o, const struct log_gap *gap)
{
    o->gap.flows += gap->flows;
    o->gap.bodies += gap->bodies;
}

static void outlet_commit(struct outlet *o, bool now)
{
    struct sink_load load = o->text;
    enum status st = o->sink->commit(o->self, now);

    if (st == STATUS_NEED_MORE)
        return;
    o->text = (struct sink_load){0};
    if (st)
        outlet_lose(o, &load);
}

static void outlet_write(struct outlet *o)
{
    struct sink_load load;
    struct buf *text;
    enum status st;

    text = o->sink->text(o->self);
    if (text->len == 0)
        return;
    load = o->text;
    o->text = (struct sink_load){0};
    if (o->queue)
        st = sink_queue_put(o->queue, buf_bytes(text), &load);
    else
        st = o->sink->write(o->self, buf_bytes(text));
    if (st)
        outlet_lose(o, &load);
    buf_clear(text);
}

void outlet_flush(struct outlet *o, bool now)
{
    struct sink_load lost;

    if (o->queue) {
        lost = sink_queue_take_lost(o->queue);
        outlet_lose(o, &lost);
    }
    outlet_tell_gap(o);
    if (o->sink->text)
        outlet_write(o);
    else
        outlet_commit(o, now);
}

bool outlet_pending(const struct outlet *o)
{
    return !o->sink->text && (o->text.flows || o->text.told.flows || o->text.told.bodies);
}

bool outlet_idle(struct outlet *o)
{
    return o->sink->idle && o->sink->idle(o->self);
}

void outlet_reopen(struct outlet *o)
{
    outlet_flush(o, true); /* what was logged before belongs to the old file */
    if (o->queue)
        sink_queue_reopen(o->queue);
    else if (o->sink->reopen)
        (void)!o->sink->reopen(o->self); /* shows in the writes that follow */
}

void outlet_finish(struct outlet *o)
{
    if (o->queue)
        sink_queue_finish(o->queue);
}

void outlet_close(struct outlet *o, const struct timespec *deadline)
{
    struct sink_load lost = {0};

    if (o->queue && !sink_queue_stop(o->queue, deadline, &lost)) {
        outlet_lose(o, &lost);
        return; /* the sink is the writer's now */
    }
    outlet_lose(o, &lost);
    if (o->queue)
        sink_queue_free(o->queue);
    o->queue = NULL;
    outlet_flush(o, true); /* a gap that the full queue had no room for */
    o->sink->close(o->self);
}
