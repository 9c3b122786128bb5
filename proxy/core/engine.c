#include "proxy/core/engine.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/core/duplicate.h"
#include "proxy/core/engine_impl.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/gather.h"
#include "proxy/core/mint.h"
#include "proxy/core/rule_job.h"
#include "proxy/core/session.h"
#include "proxy/core/upstream.h"

/* One place that is not reserved. */
static enum status queue_room(struct command_queue *q)
{
    struct command *items;
    uint32_t cap;

    if (q->count + q->reserved < q->cap)
        return STATUS_OK;
    cap = q->cap ? q->cap * 2 : 64;
    items = malloc(cap * sizeof(*items));
    if (!items)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < q->count; i++) {
        uint32_t at = q->first + i;

        items[i] = q->items[at < q->cap ? at : at - q->cap];
    }
    free(q->items);
    q->items = items;
    q->first = 0;
    q->cap = cap;
    return STATUS_OK;
}

static void queue_put(struct command_queue *q, struct command c)
{
    q->items[(q->first + q->count++) % q->cap] = c;
}

enum status engine_command(struct engine *e, struct command c)
{
    enum status st = queue_room(&e->commands);

    if (!st)
        queue_put(&e->commands, c);
    return st;
}

enum status engine_reserve(struct engine *e)
{
    enum status st = queue_room(&e->commands);

    if (!st)
        e->commands.reserved++;
    return st;
}

void engine_unreserve(struct engine *e)
{
    e->commands.reserved--;
}

void engine_command_reserved(struct engine *e, struct command c)
{
    e->commands.reserved--;
    queue_put(&e->commands, c);
}

static void grave_dig(struct grave_list *list, struct grave *g, void (*bury)(void *self),
                      void *self)
{
    if (g->dug)
        return;
    *g = (struct grave){.bury = bury, .self = self, .dug = true};
    if (list->last)
        list->last->next = g;
    else
        list->first = g;
    list->last = g;
}

static void graves_bury(struct grave_list *list)
{
    struct grave *g = list->first;

    *list = (struct grave_list){0};
    while (g) {
        struct grave *next = g->next;

        g->bury(g->self);
        g = next;
    }
}

void engine_bury(struct engine *e, struct grave *g, void (*bury)(void *self), void *self)
{
    grave_dig(&e->graves, g, bury, self);
}

void engine_retire(struct engine *e, struct grave *g, void (*bury)(void *self), void *self)
{
    grave_dig(&e->retired, g, bury, self);
}

/* splitmix64: for ids and jitter, nothing that must be secret. */
uint64_t engine_random(struct engine *e)
{
    uint64_t z = e->random += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void engine_ulid(struct engine *e, char ret_text[FLOW_ID_TEXT])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t ms = (uint64_t)(e->wall_us / 1000);
    uint64_t bits[2] = {engine_random(e), engine_random(e)};

    for (int i = 9; i >= 0; i--, ms >>= 5)
        ret_text[i] = digits[ms & 31];
    for (int i = 0; i < 16; i++)
        ret_text[10 + i] = digits[(bits[i / 8] >> (5 * (i % 8))) & 31];
    ret_text[26] = 0;
}

void engine_arena_take(struct engine *e, struct arena *ret_arena)
{
    if (e->spare_count)
        *ret_arena = e->spare_arenas[--e->spare_count];
    else
        arena_init(ret_arena, EXCHANGE_BYTES);
}

void engine_arena_give(struct engine *e, struct arena *a)
{
    if (e->spare_count < SPARE_ARENAS) {
        arena_reset(a);
        e->spare_arenas[e->spare_count++] = *a;
    } else {
        arena_release(a);
    }
}

void engine_timer(struct engine *e, struct timer *t, int64_t us)
{
    if (us <= 0)
        timer_clear(&e->timers, t);
    else
        timer_set(&e->timers, t, e->now_us + us);
}

/* ---- the log ------------------------------------------------------------ */

static void engine_flow_back(struct engine *e, struct flow *f)
{
    struct arena a = f->arena;

    flow_drop_content(e, f);
    engine_arena_give(e, &a);
}

static void engine_logged(struct engine *e, struct log_event *ev)
{
    if (ev->kind == LOG_END)
        engine_flow_back(e, ev->flow);
    else
        live_logged(e, ev);
}

enum status engine_log_event(struct engine *e, struct log_event *ev)
{
    enum status st = engine_command(e, (struct command){.kind = COMMAND_LOG, .log = ev});

    if (!st)
        e->log_outside++;
    return st;
}

void engine_log(struct engine *e, struct flow *f)
{
    struct log_event *ev;

    if (!e->settings->capture || f->keep == FLOW_KEEP_NOTHING) {
        if (f->live)
            live_forget(e, f->id);
        engine_flow_back(e, f);
        return;
    }
    f->live = false;
    ev = arena_alloc(&f->arena, sizeof(*ev));
    if (!ev) {
        engine_flow_back(e, f);
        return;
    }
    ev->kind = LOG_END;
    ev->flow = f;
    memcpy(ev->id, f->id, sizeof(ev->id));
    if (engine_log_event(e, ev))
        engine_flow_back(e, f);
}

/* ---- its life ----------------------------------------------------------- */

static void on_engine_gather(void *self)
{
    gather_look(self);
}

enum status engine_new(const struct engine_env *env, struct ruleset *rules,
                       struct engine **ret_engine)
{
    struct engine *e = calloc(1, sizeof(*e));
    enum status st;

    if (!e)
        return STATUS_NO_MEMORY;
    e->env = *env;
    e->settings = env->settings;
    e->random = env->seed;
    e->timer_asked_us = INT64_MAX;
    timers_init(&e->timers);
    timer_init(&e->gather_timer, on_engine_gather, e);
    live_list_init(e);
    facts_init(&e->facts, e);
    pool_init(&e->pool, e);
    st = dns_init(&e->dns, e);
    if (!st)
        st = h1_scratch_new(e->settings->limits.fields, &e->scratch);
    if (!st)
        st = engine_reserve(e); /* for the TIMER */
    if (st) {
        h1_scratch_free(e->scratch);
        dns_release(&e->dns);
        free(e);
        return st;
    }
    if (rules)
        ruleset_ref(rules);
    e->rules = rules;
    *ret_engine = e;
    return STATUS_OK;
}

static void engine_drop_commands(struct engine *e)
{
    struct command c;

    while (engine_next(e, &c)) {
        if (c.kind == COMMAND_LOG)
            engine_logged(e, c.log);
    }
    free(e->commands.items);
}

void engine_free(struct engine *e)
{
    if (!e)
        return;
    while (e->sessions)
        session_end(e->sessions, true);
    duplicates_end(e);
    for (struct upstream *up = e->upstreams; up; up = up->next_all)
        upstream_close(up, true);
    rule_job_free_all(e);
    graves_bury(&e->retired);
    graves_bury(&e->graves);
    for (uint32_t i = 1; i <= e->wires.count; i++)
        wire_free(e->wires.items[i]); /* numbers given out for which no connection came */
    engine_drop_commands(e);
    mint_free_all(e);
    ruleset_unref(e->rules);
    h1_scratch_free(e->scratch);
    dns_release(&e->dns);
    facts_release(&e->facts);
    while (e->spare_count)
        arena_release(&e->spare_arenas[--e->spare_count]);
    free(e->wires.items);
    free(e->wires.free_numbers);
    free(e);
}

bool engine_is_own_end(const struct engine *e, const struct sockaddr_storage *a)
{
    if (!e->own_ends[address_port(a) % OWN_END_BUCKETS])
        return false;
    for (uint32_t i = 1; i <= e->wires.count; i++) {
        if (e->wires.items[i] && wire_is_from(e->wires.items[i], a))
            return true;
    }
    return false;
}

uint32_t engine_wire_new(struct engine *e)
{
    struct wire *w = wire_new(e);

    return w ? w->number : 0;
}

static struct wire *engine_wire(struct engine *e, uint32_t number)
{
    return number && number <= e->wires.count ? e->wires.items[number] : NULL;
}

/* ---- events ------------------------------------------------------------- */

static void engine_accepted(struct engine *e, const struct event *ev)
{
    struct wire *w = engine_wire(e, ev->wire);

    if (!w)
        return;
    w->open = true;
    w->peer = *ev->address;
    if (session_accept(e, w, ev->address))
        wire_drop(w);
}

static void engine_set_rules(struct engine *e, struct ruleset *rules)
{
    struct ruleset *old = e->rules;

    if (rules)
        ruleset_ref(rules);
    e->rules = rules;
    ruleset_unref(old);
}

static void engine_drain(struct engine *e)
{
    struct session *s = e->sessions;

    while (e->draining && e->sessions) /* the second time: now */
        session_end(e->sessions, true);
    if (e->draining) {
        duplicates_end(e);
        return;
    }
    e->draining = true;
    pool_clear(&e->pool);
    while (s) {
        struct session *next = s->next;

        session_drain(s);
        s = next;
    }
}

static void engine_log_room(struct engine *e, bool full)
{
    e->log_full = full;
    for (struct session *s = e->sessions; s; s = s->next) {
        if (s->wire)
            wire_wake(s->wire);
    }
}

static void engine_dispatch(struct engine *e, const struct event *ev)
{
    struct wire *w;

    switch (ev->kind) {
    case EVENT_ACCEPTED:
        engine_accepted(e, ev);
        break;
    case EVENT_BYTES:
    case EVENT_EOF:
    case EVENT_RESET:
    case EVENT_SENT:
    case EVENT_CONNECTED:
    case EVENT_DIAL_FAILED:
        w = engine_wire(e, ev->wire);
        if (w)
            wire_handle(w, ev);
        break;
    case EVENT_RESOLVED:
        dns_resolved(&e->dns, ev->job, ev->addresses, ev->count, ev->error);
        break;
    case EVENT_TIMER:
        e->timer_asked_us = INT64_MAX;
        break;
    case EVENT_JOB_DONE:
        if (!rule_job_done(e, ev->job))
            mint_done(e, ev->job);
        break;
    case EVENT_RULES:
        engine_set_rules(e, ev->rules);
        break;
    case EVENT_LOGGED:
        e->log_outside--;
        engine_logged(e, ev->log);
        break;
    case EVENT_LOG_FULL:
        engine_log_room(e, true);
        break;
    case EVENT_LOG_ROOM:
        engine_log_room(e, false);
        break;
    case EVENT_RUNG:
        gather_look(e);
        break;
    case EVENT_DRAIN:
        engine_drain(e);
        break;
    }
}

static void engine_ask_timer(struct engine *e)
{
    int64_t next = timers_next(&e->timers);

    if (next >= e->timer_asked_us)
        return;
    e->timer_asked_us = next;
    if (e->timer_queued)
        return;
    e->timer_queued = true;
    engine_command_reserved(e, (struct command){.kind = COMMAND_TIMER});
}

void engine_handle(struct engine *e, const struct event *ev)
{
    e->now_us = ev->now_us;
    e->wall_us = ev->wall_us;
    e->zone_s = ev->zone_s;
    graves_bury(&e->graves);
    engine_dispatch(e, ev);
    do {
        while (e->listed) {
            struct wire *w = e->listed;

            e->listed = w->next_listed;
            w->listed = false;
            wire_turn(w);
        }
        timers_fire(&e->timers, e->now_us);
    } while (e->listed);
    graves_bury(&e->retired);
    engine_ask_timer(e);
}

bool engine_next(struct engine *e, struct command *ret_command)
{
    struct command_queue *q = &e->commands;

    if (!q->count)
        return false;
    *ret_command = q->items[q->first];
    q->first = (q->first + 1) % q->cap;
    q->count--;
    if (ret_command->kind == COMMAND_TIMER) {
        ret_command->at_us = e->timer_asked_us;
        e->timer_queued = false;
        q->reserved++; /* the place that has just become free */
    }
    return true;
}

bool engine_drained(const struct engine *e)
{
    return e->draining && !e->sessions && !e->duplicates && !e->log_outside && !e->commands.count;
}

uint32_t engine_upstreams(const struct engine *e)
{
    return e->upstream_count;
}

void engine_stats(const struct engine *e, struct engine_stats *ret_stats)
{
    *ret_stats = e->stats;
    ret_stats->clients = e->session_count;
    ret_stats->exchanges_open = e->exchange_count;
    ret_stats->upstreams = engine_upstreams(e);
    ret_stats->upstreams_idle = e->pool.count;
    ret_stats->in_flight_bytes = e->in_flight;
}
