#include "proxy/core/gather.h"

/* Somebody's turn may have come, here or on another loop. Here by a timer that is due at
 * once: exchanges do not start each other from within their own events. */
static void gather_ring(struct engine *e)
{
    timer_set(&e->timers, &e->gather_timer, e->now_us);
    if (engine_command(e, (struct command){.kind = COMMAND_RING}))
        return; /* without memory the others go when their time is over */
}

static void on_gather_timer(void *self)
{
    struct gather_wait *w = self;

    rendezvous_call(&w->guest);
    gather_ring(w->engine);
}

void gather_wait_init(struct gather_wait *w, struct engine *e, void (*on_go)(void *self),
                      void *self)
{
    *w = (struct gather_wait){.engine = e, .on_go = on_go, .self = self};
    timer_init(&w->timer, on_gather_timer, w);
}

static void gather_unlink(struct gather_wait *w)
{
    struct engine *e = w->engine;

    timer_clear(&e->timers, &w->timer);
    if (w->prev)
        w->prev->next = w->next;
    else
        e->gathers = w->next;
    if (w->next)
        w->next->prev = w->prev;
    else
        e->last_gather = w->prev;
    w->prev = w->next = NULL;
}

void gather_wait_start(struct gather_wait *w, const struct gather *g)
{
    struct engine *e = w->engine;

    w->since_us = e->now_us;
    w->prev = e->last_gather;
    if (w->prev)
        w->prev->next = w;
    else
        e->gathers = w;
    e->last_gather = w;
    engine_timer(e, &w->timer, g->timeout_us);
    if (rendezvous_join(g->rendezvous, &w->guest, g->count, g->reverse))
        gather_ring(e);
}

void gather_wait_leave(struct gather_wait *w)
{
    if (!w->guest.at)
        return;
    if (rendezvous_leave(&w->guest))
        gather_ring(w->engine);
    gather_unlink(w);
}

void gather_look(struct engine *e)
{
    struct gather_wait *w = e->gathers;

    while (w) {
        if (w->going || !rendezvous_may_go(&w->guest)) {
            w = w->next;
            continue;
        }
        w->going = true;
        timer_clear(&e->timers, &w->timer);
        if (!w->guest.reverse)
            gather_wait_leave(w);
        w->on_go(w->self);
        w = e->gathers; /* who knows who has left meanwhile */
    }
}
