#include "proxy/core/filter_pace.h"

#include "proxy/core/event_hold.h"
#include "proxy/core/exchange.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/session.h"
#include "proxy/core/tempo.h"
#include "rules/effect_words.h"

enum stall_state { STALL_NONE, STALL_TO_COME, STALL_HOLDS, STALL_PAST };

struct filter_pace {
    struct filter filter;
    enum http_side way;
    struct timer timer;
    struct event_hold held;
    int64_t sent_bytes;
    int64_t hold_since_us; /* while `holds` */
    bool holds;

    struct tempo tempo;
    struct slice_queue head; /* its bytes that have not gone yet */

    enum stall_state stall_state;
    struct stall stall;
    int64_t stall_until_us;
    const char *stall_rule;

    int64_t cut_bytes; /* -1: none */
    const char *cut_rule;
    int64_t promised_bytes; /* by the head; -1: it does not say */
};

static struct filter_pace *pace_of(struct filter *f)
{
    return (struct filter_pace *)(void *)f;
}

static int64_t pace_now(const struct filter_pace *p)
{
    return p->filter.exchange->engine->now_us;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* How much content may go now; with 0 of it *ret_due_us is when to ask again. */
static size_t pace_room(struct filter_pace *p, int64_t *ret_due_us)
{
    size_t room = tempo_room(&p->tempo, pace_now(p), ret_due_us);

    if (p->cut_bytes >= 0)
        room = least(room, (size_t)(p->cut_bytes - p->sent_bytes));
    if (p->stall_state == STALL_TO_COME)
        room = least(room, (size_t)(p->stall.after_bytes - p->sent_bytes));
    return room;
}

/* ---- cutting and stalling ------------------------------------------------ */

/* More was promised than goes out: the client cannot take it for the whole. */
static void pace_cut(struct filter_pace *p)
{
    struct exchange *ex = p->filter.exchange;

    ex->flow->injected = true;
    exchange_over(ex, CLOSE_ABORTED_BY_RULE, NULL, exchange_cut(ex));
}

static bool pace_is_cut(const struct filter_pace *p)
{
    return p->cut_bytes >= 0 && p->sent_bytes >= p->cut_bytes &&
           (p->held.content.bytes || p->promised_bytes > p->sent_bytes);
}

static void stall_begin(struct filter_pace *p)
{
    struct exchange *ex = p->filter.exchange;

    p->stall_state = STALL_HOLDS;
    p->stall_until_us = p->stall.us ? pace_now(p) + p->stall.us : INT64_MAX;
    if (p->stall.us)
        return;
    ex->stalled = true;
    ex->flow->injected = true;
    if (ex->session->client_done || ex->engine->draining) /* nobody could tell when to end */
        exchange_over(ex, CLOSE_ABORTED_BY_RULE, NULL, EXCHANGE_FINISH);
}

/* Is the message to stand still here? */
static bool pace_stalls(struct filter_pace *p, int64_t *ret_due_us)
{
    if (p->stall_state == STALL_TO_COME && p->sent_bytes >= p->stall.after_bytes)
        stall_begin(p);
    if (p->stall_state != STALL_HOLDS)
        return false;
    if (pace_now(p) < p->stall_until_us) {
        *ret_due_us = p->stall_until_us;
        return true;
    }
    p->stall_state = STALL_PAST;
    tempo_begin(&p->tempo, pace_now(p));
    return false;
}

static void pace_note_short(struct filter_pace *p)
{
    static const char note[] = "skipped: the body was too short";
    struct flow *f = p->filter.exchange->flow;

    if (p->cut_bytes >= 0)
        flow_note_rule(f, p->cut_rule, note);
    if (p->stall_state == STALL_TO_COME)
        flow_note_rule(f, p->stall_rule, note);
}

/* ---- letting go ---------------------------------------------------------- */

/* Takes the head's bytes back from what is to be written, to let them go one by one. */
static enum status head_take_back(struct filter_pace *p, size_t before)
{
    struct session *s = p->filter.exchange->session;

    return slice_queue_cut(codec_out(s->codec), before, &p->head);
}

/* True: something was done, ask again. This and the steps below: false with *ret_due_us
 * 0: there is nothing to be done now. */
static bool pace_step_head(struct filter_pace *p, int64_t *ret_due_us)
{
    struct exchange *ex = p->filter.exchange;
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = p->held.head};
    size_t before;

    if (p->stall_state != STALL_NONE && p->stall.after_bytes == STALL_HEAD &&
        pace_stalls(p, ret_due_us))
        return false;
    p->held.head = NULL;
    if (p->way == HTTP_REQUEST) {
        filter_emit(&p->filter, p->way, &ev);
        return true;
    }
    before = codec_out(ex->session->codec)->bytes;
    filter_emit(&p->filter, p->way, &ev);
    if (!ex->over && p->tempo.dribble.head && head_take_back(p, before))
        exchange_over(ex, CLOSE_NO_MEMORY, NULL, EXCHANGE_RESET);
    return true;
}

static bool pace_step_head_bytes(struct filter_pace *p, int64_t *ret_due_us)
{
    struct exchange *ex = p->filter.exchange;
    struct slice first = slice_queue_first(&p->head);
    size_t room = least(first.len, tempo_head_room(&p->tempo, pace_now(p), ret_due_us));

    if (!room)
        return false;
    if (slice_queue_push(codec_out(ex->session->codec), slice_keep(slice_part(first, 0, room)))) {
        exchange_over(ex, CLOSE_NO_MEMORY, NULL, EXCHANGE_RESET);
        return true;
    }
    slice_queue_consume(&p->head, room);
    tempo_head_spend(&p->tempo, pace_now(p), room);
    wire_flush(ex->session->wire);
    return true;
}

static bool pace_step_content(struct filter_pace *p, int64_t *ret_due_us)
{
    struct slice first = slice_queue_first(&p->held.content), part;
    struct message_event ev = {.kind = MESSAGE_DATA};
    size_t room;

    if (pace_stalls(p, ret_due_us))
        return false;
    room = least(first.len, pace_room(p, ret_due_us));
    if (!room)
        return false;
    part = slice_keep(slice_part(first, 0, room));
    slice_queue_consume(&p->held.content, room);
    p->sent_bytes += (int64_t)room;
    tempo_spend(&p->tempo, pace_now(p), room);
    ev.data = part;
    filter_emit(&p->filter, p->way, &ev);
    slice_drop(part);
    return true;
}

static bool pace_step_end(struct filter_pace *p, int64_t *ret_due_us)
{
    if (p->promised_bytes < 0 && pace_stalls(p, ret_due_us))
        return false;
    pace_note_short(p);
    event_hold_emit(&p->held, &p->filter, p->way);
    return true;
}

/* What went on now would leave all at once when the connection stands. */
static void pace_await_connection(struct filter_pace *p)
{
    int64_t again_us = pace_now(p) + TEMPO_TICK_US;

    tempo_begin(&p->tempo, again_us);
    timer_set(&p->filter.exchange->engine->timers, &p->timer, again_us);
}

static bool pace_step(struct filter_pace *p, int64_t *ret_due_us)
{
    const struct exchange *ex = p->filter.exchange;

    *ret_due_us = 0;
    if (p->held.head)
        return pace_step_head(p, ret_due_us);
    if (p->head.bytes)
        return pace_step_head_bytes(p, ret_due_us);
    if (ex->origin == ORIGIN_WAIT_CONNECTION && p->held.content.bytes) {
        pace_await_connection(p);
        return false;
    }
    if (pace_is_cut(p)) {
        pace_cut(p);
        return false;
    }
    if (p->held.content.bytes)
        return pace_step_content(p, ret_due_us);
    return p->held.ended && pace_step_end(p, ret_due_us);
}

static void pace_hold(struct filter_pace *p, int64_t due_us)
{
    struct exchange *ex = p->filter.exchange;

    if (!p->holds) {
        p->hold_since_us = pace_now(p);
        ex->held++;
    }
    p->holds = true;
    timer_clear(&ex->engine->timers, &ex->timer); /* it is we who keep it waiting */
    if (due_us < INT64_MAX)
        timer_set(&ex->engine->timers, &p->timer, due_us);
}

static void pace_hold_no_more(struct filter_pace *p)
{
    struct exchange *ex = p->filter.exchange;

    if (!p->holds)
        return;
    p->holds = false;
    ex->held--;
    ex->injected_us += pace_now(p) - p->hold_since_us;
    timer_clear(&ex->engine->timers, &p->timer);
}

static void pace_pump(struct filter_pace *p)
{
    struct exchange *ex = p->filter.exchange;
    int64_t due_us = 0;

    while (!ex->over && pace_step(p, &due_us))
        ;
    if (ex->over)
        return;
    if (due_us) {
        pace_hold(p, due_us);
    } else if (p->holds) {
        pace_hold_no_more(p);
        if (!ex->draining)
            exchange_arm_body_idle(ex);
    }
}

/* ---- events -------------------------------------------------------------- */

static void on_pace_timer(void *self)
{
    struct filter_pace *p = self;

    if (p->filter.exchange->draining) { /* answered: nobody wants the rest, it is credited */
        pace_hold_no_more(p);
        event_hold_release(&p->held);
    } else {
        pace_pump(p);
    }
}

static int64_t promised_by(const struct head *head)
{
    if (head->framing == HTTP_LENGTH)
        return head->length;
    return head->framing == HTTP_NO_BODY ? 0 : -1;
}

/* The protocol was switched: what passes is no message any more. */
static bool pace_is_over(const struct filter_pace *p)
{
    return p->filter.exchange->tunnel && !p->held.content.bytes && !p->held.ended;
}

/* The content of an answer lives as long as the exchange: it is not copied. */
static enum status pace_add(struct filter_pace *p, const struct message_event *ev)
{
    struct exchange *ex = p->filter.exchange;

    if (ev->kind == MESSAGE_DATA) {
        if (!p->held.content.bytes)
            tempo_begin(&p->tempo, pace_now(p));
        tempo_add(&p->tempo, pace_now(p), ev->data.len);
        if (p->way == HTTP_RESPONSE && ex->answered && !ev->data.chunk)
            return slice_queue_push(&p->held.content, ev->data);
    }
    return event_hold_add(&p->held, ex->engine->env.pool, ev);
}

static void pace_on_event(struct filter *f, enum http_side way, const struct message_event *ev)
{
    struct filter_pace *p = pace_of(f);

    if (way != p->way || ev->kind == MESSAGE_INTERIM || pace_is_over(p)) {
        filter_emit(f, way, ev);
        return;
    }
    if (ev->kind == MESSAGE_HEAD)
        p->promised_bytes = promised_by(ev->head);
    if (pace_add(p, ev))
        exchange_over(f->exchange, CLOSE_NO_MEMORY, NULL, EXCHANGE_RESET);
    else
        pace_pump(p);
}

static void pace_release(struct filter *f)
{
    struct filter_pace *p = pace_of(f);

    pace_hold_no_more(p);
    timer_clear(&f->exchange->engine->timers, &p->timer);
    event_hold_release(&p->held);
    slice_queue_release(&p->head);
    slice_queue_init(&p->head);
}

static const struct filter_ops filter_pace_ops = {
    .name = "pace",
    .on_event = pace_on_event,
    .release = pace_release,
};

/* ---- what rules ask for -------------------------------------------------- */

static struct filter_pace *pace_get(struct exchange *ex, enum http_side way)
{
    struct filter_pace *p = ex->pace[way];

    if (p)
        return p;
    p = arena_alloc(exchange_arena(ex), sizeof(*p));
    if (!p)
        return NULL;
    p->filter.ops = &filter_pace_ops;
    p->way = way;
    p->cut_bytes = p->promised_bytes = -1;
    timer_init(&p->timer, on_pace_timer, p);
    event_hold_init(&p->held);
    slice_queue_init(&p->head);
    exchange_add_filter(ex, &p->filter, way);
    ex->pace[way] = p;
    return p;
}

/* Of two at the same place the longer one counts; 0 is the longest. */
static void pace_take_stall(struct filter_pace *p, const struct effect *effect)
{
    const struct stall *s = &effect->stall;
    bool longer = p->stall.us && (!s->us || s->us > p->stall.us);

    if (p->stall_state != STALL_NONE && (s->after_bytes > p->stall.after_bytes ||
                                         (s->after_bytes == p->stall.after_bytes && !longer)))
        return;
    p->stall_state = STALL_TO_COME;
    p->stall = *s;
    p->stall_rule = effect->rule;
}

static void pace_take_cut(struct filter_pace *p, const struct effect *effect)
{
    if (p->cut_bytes >= 0 && effect->cut_bytes >= p->cut_bytes)
        return;
    p->cut_bytes = effect->cut_bytes;
    p->cut_rule = effect->rule;
}

/* What the flow tells of it. */
static void pace_note(struct exchange *ex, const struct effect *e)
{
    char note[EFFECT_WORDS_BYTES];

    effect_words(e, note);
    flow_note_rule(ex->flow, e->rule, note);
}

void filter_pace_take(struct exchange *ex, const struct effect *effect)
{
    enum http_side way = effect->kind == EFFECT_THROTTLE ? effect->throttle.side : HTTP_RESPONSE;
    struct filter_pace *p = pace_get(ex, way);
    bool taken = p != NULL;

    if (p && effect->kind == EFFECT_THROTTLE)
        tempo_throttle(&p->tempo, &effect->throttle);
    else if (p && effect->kind == EFFECT_DRIBBLE)
        tempo_dribble(&p->tempo, &effect->dribble);
    else if (p && effect->kind == EFFECT_STALL)
        pace_take_stall(p, effect);
    else if (p && effect->kind == EFFECT_CUT)
        pace_take_cut(p, effect);
    else if (p)
        taken = !tempo_delay_pieces(&p->tempo, exchange_arena(ex), &effect->chunks);
    if (taken)
        pace_note(ex, effect);
    else
        flow_note_rule(ex->flow, effect->rule, "skipped: out of memory");
}
