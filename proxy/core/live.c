#include "proxy/core/live.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/core/engine_impl.h"

static void live_unlink(struct live_list *list, struct live *l)
{
    if (l->prev)
        l->prev->next = l->next;
    else
        list->first = l->next;
    if (l->next)
        l->next->prev = l->prev;
    else
        list->last = l->prev;
    l->prev = l->next = NULL;
}

/* A peer that sends its content byte by byte must not fill the log with it. */
static bool live_has_room(const struct engine *e)
{
    return e->live.outside < LIVE_OUTSIDE && !(e->env.log && log_port_full(e->env.log));
}

static bool live_send(struct engine *e, struct log_event *ev)
{
    if (engine_log_event(e, ev))
        return false;
    e->live.outside++;
    return true;
}

static void live_flow_back(struct engine *e, struct flow *f)
{
    struct arena a = f->arena; /* the record lies in it */

    engine_arena_give(e, &a);
}

/* ---- beginning ---------------------------------------------------------- */

static void live_show(struct engine *e, struct live *l)
{
    struct flow *f = l->on_show(l->self);
    struct log_event *ev;

    l->state = LIVE_OFF;
    if (!f)
        return;
    f->live = true;
    ev = arena_alloc(&f->arena, sizeof(*ev));
    if (ev) {
        ev->kind = LOG_BEGIN;
        ev->flow = f;
        ev->owner = l;
        memcpy(ev->id, f->id, sizeof(ev->id));
    }
    if (!ev || !live_send(e, ev)) {
        live_flow_back(e, f);
        return;
    }
    l->begin = ev;
    l->state = LIVE_SHOWN;
    if (l->on_shown)
        l->on_shown(l->self);
}

static void on_live_timer(void *self)
{
    struct engine *e = self;
    struct live_list *list = &e->live;
    int64_t again_us;

    while (list->first && list->first->due_us <= e->now_us && live_has_room(e)) {
        struct live *l = list->first;

        live_unlink(list, l);
        live_show(e, l);
    }
    if (!list->first)
        return;
    again_us = list->first->due_us;
    if (again_us <= e->now_us) /* there was no room for it */
        again_us = e->now_us + LIVE_US;
    timer_set(&e->timers, &list->timer, again_us);
}

void live_list_init(struct engine *e)
{
    timer_init(&e->live.timer, on_live_timer, e);
}

/* The timer is not stopped when the list becomes empty: the next one that starts finds
 * it running, so that short flows do not set one each. */
void live_start(struct engine *e, struct live *l)
{
    struct live_list *list = &e->live;

    if (!e->settings->live)
        return;
    l->state = LIVE_WAIT;
    l->due_us = e->now_us + LIVE_US;
    l->prev = list->last;
    l->next = NULL;
    if (list->last)
        list->last->next = l;
    else
        list->first = l;
    list->last = l;
    if (list->timer.at_us == INT64_MAX)
        timer_set(&e->timers, &list->timer, l->due_us);
}

/* ---- going on ----------------------------------------------------------- */

/* What a piece counts against the log's budget: its copy, or its chunk. */
static size_t piece_cost(const struct log_event *ev)
{
    return ev->data.chunk ? ev->data.chunk->cap : ev->data.len;
}

static struct log_event *piece_new(struct slice kept)
{
    size_t copied = kept.chunk ? 0 : kept.len;
    struct log_event *ev = malloc(sizeof(*ev) + copied);

    if (!ev)
        return NULL;
    *ev = (struct log_event){.kind = LOG_DATA, .data = slice_keep(kept)};
    if (copied) {
        ev->data.ptr = (const uint8_t *)(ev + 1);
        memcpy(ev + 1, kept.ptr, copied);
    }
    return ev;
}

static void piece_free(struct log_event *ev)
{
    slice_drop(ev->data);
    free(ev);
}

void live_content(struct engine *e, const char id[FLOW_ID_TEXT], enum http_side side,
                  struct slice kept)
{
    struct log_event *ev = live_has_room(e) ? piece_new(kept) : NULL;

    if (!ev)
        return;
    ev->side = side;
    memcpy(ev->id, id, sizeof(ev->id));
    if (e->env.log && !log_port_capture(e->env.log, piece_cost(ev))) {
        piece_free(ev);
        return;
    }
    if (live_send(e, ev))
        return;
    if (e->env.log)
        log_port_uncapture(e->env.log, piece_cost(ev));
    piece_free(ev);
}

void live_forget(struct engine *e, const char id[FLOW_ID_TEXT])
{
    struct log_event *ev = calloc(1, sizeof(*ev));

    if (!ev)
        return;
    ev->kind = LOG_FORGET;
    memcpy(ev->id, id, sizeof(ev->id));
    if (!live_send(e, ev))
        free(ev);
}

/* ---- ending ------------------------------------------------------------- */

void live_end(struct engine *e, struct live *l)
{
    if (l->state == LIVE_WAIT)
        live_unlink(&e->live, l);
    if (l->begin)
        l->begin->owner = NULL;
    l->begin = NULL;
    l->state = LIVE_OFF;
}

void live_logged(struct engine *e, struct log_event *ev)
{
    struct live *l = ev->owner;

    e->live.outside--;
    if (ev->kind == LOG_BEGIN) {
        if (l) {
            l->begin = NULL;
            l->state = ev->refused ? LIVE_OFF : l->state;
        }
        live_flow_back(e, ev->flow);
        return;
    }
    if (ev->kind == LOG_DATA && e->env.log)
        log_port_uncapture(e->env.log, piece_cost(ev));
    piece_free(ev);
}
