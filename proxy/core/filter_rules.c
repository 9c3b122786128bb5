#include "proxy/core/filter_rules.h"

#include <stdio.h>
#include <string.h>

#include "proxy/core/event_hold.h"
#include "proxy/core/exchange.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/session.h"
#include "rules/head_edit.h"

enum {
    RULE_NOTE_BYTES = 320,
    RESPONSE_EDITS = 64,
    MINUTES_OF_DAY = 24 * 60,
    LOOP_SHIFT = 48, /* connections are numbered for each loop */
};

enum rules_state {
    RULES_WAIT_REQUEST,        /* for the request's head */
    RULES_WAIT_REQUEST_DELAY,  /* the request is held */
    RULES_WAIT_REQUEST_BODY,   /* it is read, to be answered then */
    RULES_WAIT_ANSWER_DELAY,   /* the answer is held */
    RULES_WAIT_RESPONSE,       /* the request has gone on */
    RULES_WAIT_RESPONSE_DELAY, /* the response is held */
    RULES_DONE_WITH,           /* nothing more to do but pass, or drop content */
};

struct filter_rules {
    struct filter filter;
    enum rules_state state;
    struct rule_run *run;
    enum rule_need need;
    struct timer timer;
    int64_t request_delay_us, response_delay_us;
    const struct answer *answer;
    const struct abort *abort;
    const struct effect *edits[RESPONSE_EDITS]; /* for the response, whoever makes it */
    uint32_t edit_count;
    size_t read_bytes; /* of the request's body, thrown away */
    struct event_hold request, response;
};

static struct filter_rules *rules_of(struct filter *f)
{
    return (struct filter_rules *)(void *)f;
}

/* ---- what the rules ask for --------------------------------------------- */

static void rules_edit(struct filter_rules *r, const struct effect *effect, struct head *head)
{
    struct exchange *ex = r->filter.exchange;
    struct buf note;

    buf_init(&note, EDIT_NOTE_BYTES);
    if (head_edit_apply(exchange_arena(ex), &effect->edit, head, &note) == STATUS_OK)
        flow_note_rule(ex->flow, effect->rule, buf_text(&note));
    else
        flow_note_rule(ex->flow, effect->rule, "skipped: out of memory");
    buf_release(&note);
}

static void rules_take_delay(struct filter_rules *r, const struct effect *effect)
{
    char note[RULE_NOTE_BYTES];
    bool request = effect->delay.side == HTTP_REQUEST;

    if (request)
        r->request_delay_us += effect->delay.us;
    else
        r->response_delay_us += effect->delay.us;
    (void)snprintf(note, sizeof(note), "%s held %.1f ms", request ? "request" : "response",
                   (double)effect->delay.us / 1000.0);
    flow_note_rule(r->filter.exchange->flow, effect->rule, note);
}

static void rules_take_target(struct filter_rules *r, const struct effect *effect)
{
    struct exchange *ex = r->filter.exchange;
    const struct rule_target *t = &effect->target;
    char note[RULE_NOTE_BYTES];

    if (exchange_redirect(ex, t)) {
        flow_note_rule(ex->flow, effect->rule, "skipped: out of memory");
        return;
    }
    (void)snprintf(note, sizeof(note), "sent to %.*s://%.*s:%u", (int)t->scheme.len,
                   (const char *)t->scheme.ptr, (int)t->host.len, (const char *)t->host.ptr,
                   (unsigned)t->port);
    flow_note_rule(ex->flow, effect->rule, note);
}

static void rules_take_answer(struct filter_rules *r, const struct effect *effect)
{
    char note[RULE_NOTE_BYTES];

    r->answer = effect->answer;
    (void)snprintf(note, sizeof(note), "answered %u", (unsigned)effect->answer->head.status);
    flow_note_rule(r->filter.exchange->flow, effect->rule, note);
}

static void rules_take_abort(struct filter_rules *r, const struct effect *effect)
{
    static const char *const notes[] = {
        "connection closed",      "connection reset", "left hanging",
        "closed behind its head", "sent a bad chunk", "sent garbage",
    };

    r->abort = &effect->abort;
    flow_note_rule(r->filter.exchange->flow, effect->rule, notes[effect->abort.kind]);
}

static void rules_take_log(struct flow *f, const struct effect *effect)
{
    static const enum flow_keep keeps[] = {FLOW_KEEP_ALL, FLOW_KEEP_HEADS, FLOW_KEEP_NOTHING};

    f->keep = keeps[effect->keep];
}

static void rules_take(struct filter_rules *r, const struct effect *effect)
{
    struct exchange *ex = r->filter.exchange;

    switch (effect->kind) {
    case EFFECT_ANSWER:
        rules_take_answer(r, effect);
        break;
    case EFFECT_FORWARD:
        flow_note_rule(ex->flow, effect->rule, "passed");
        break;
    case EFFECT_TARGET:
        rules_take_target(r, effect);
        break;
    case EFFECT_ABORT:
        rules_take_abort(r, effect);
        break;
    case EFFECT_EDIT_HEAD:
        if (effect->edit.side == HTTP_REQUEST)
            rules_edit(r, effect, &ex->request_out);
        else if (r->edit_count < RESPONSE_EDITS)
            r->edits[r->edit_count++] = effect;
        else
            flow_note_rule(ex->flow, effect->rule, "skipped: too many edits");
        break;
    case EFFECT_DELAY:
        rules_take_delay(r, effect);
        break;
    case EFFECT_TAG:
        flow_note_tag(ex->flow, effect->tag);
        break;
    case EFFECT_LOG:
        rules_take_log(ex->flow, effect);
        break;
    case EFFECT_NOTE:
        flow_note_rule(ex->flow, effect->rule, effect->note);
        break;
    }
}

static struct rule_tls rules_tls(const struct session *s)
{
    return (struct rule_tls){
        .version = bytes_of(tlsio_facts(s->wire->tls).version_text),
        .sni = s->sni,
        .alpn = s->alpn,
        .ja4 = bytes_of(s->hello.ja4),
    };
}

/* Of the local day. */
static unsigned rules_minute(const struct engine *e)
{
    int64_t local_s = e->wall_us / 1000000 + e->zone_s;

    return (unsigned)(local_s / 60 % MINUTES_OF_DAY);
}

/* Asks the rules, as far as is known. */
static enum status rules_ask(struct filter_rules *r, const struct head *response)
{
    struct exchange *ex = r->filter.exchange;
    const struct session *s = ex->session;
    struct rule_tls tls = s->wire->tls ? rules_tls(s) : (struct rule_tls){0};
    struct rule_view view = {.request = &ex->request,
                             .scheme = ex->flow->scheme,
                             .host = ex->flow->host,
                             .port = ex->flow->port,
                             .client = s->user.len ? s->user : bytes_of(s->client_host),
                             .address = bytes_of(s->client_host),
                             .tls = s->wire->tls ? &tls : NULL,
                             .connection = (uint64_t)ex->engine->env.loop << LOOP_SHIFT | s->number,
                             .response = response,
                             .now_us = ex->engine->wall_us,
                             .minute = rules_minute(ex->engine),
                             .tick_us = ex->engine->env.tick_us};
    struct effects effects = {0};
    enum status st = rules_step(r->run, &view, &effects, &r->need);

    if (st)
        return st;
    for (uint32_t i = 0; i < effects.count; i++)
        rules_take(r, &effects.items[i]);
    return STATUS_OK;
}

/* ---- answering and ending ----------------------------------------------- */

static void rules_wait(struct filter_rules *r, enum rules_state state, int64_t us)
{
    r->state = state;
    r->filter.exchange->injected_us += us;
    engine_timer(r->filter.exchange->engine, &r->timer, us);
}

static void rules_edit_response(struct filter_rules *r, struct head *head)
{
    struct exchange *ex = r->filter.exchange;
    uint16_t before = head->status;

    for (uint32_t i = 0; i < r->edit_count; i++) {
        if (before == 101 && r->edits[i]->edit.part == EDIT_STATUS)
            flow_note_rule(ex->flow, r->edits[i]->rule, "skipped: the protocol is switched");
        else
            rules_edit(r, r->edits[i], head);
    }
    r->edit_count = 0;
    /* The rules set no status without content; one that had none gets none. */
    if (head->status != before && head->framing == HTTP_NO_BODY &&
        !http_method_is(&ex->request, "HEAD")) {
        head->framing = HTTP_LENGTH;
        head->length = 0;
    }
}

/* A deep copy, edited: the flow outlives the ruleset that the answer points into. */
static struct head *rules_head(struct filter_rules *r, const struct answer *answer)
{
    struct exchange *ex = r->filter.exchange;
    struct head *head = arena_alloc(exchange_arena(ex), sizeof(*head));

    if (!head || head_copy(exchange_arena(ex), &answer->head, head)) {
        exchange_fail(ex, CLOSE_NO_MEMORY, NULL);
        return NULL;
    }
    rules_edit_response(r, head);
    return head;
}

/* What a rule breaks on purpose the codec would not send. */
static void rules_send_raw(struct filter_rules *r, struct bytes bytes)
{
    struct exchange *ex = r->filter.exchange;
    struct session *s = ex->session;

    if (slice_queue_put(codec_out(s->codec), ex->engine->env.pool, bytes))
        return; /* so much less of it is sent */
    wire_flush(s->wire);
}

static void rules_end_exchange(struct filter_rules *r)
{
    static const enum exchange_ending endings[] = {EXCHANGE_FINISH, EXCHANGE_RESET,
                                                   EXCHANGE_HANG,   EXCHANGE_FINISH,
                                                   EXCHANGE_FINISH, EXCHANGE_FINISH};
    struct exchange *ex = r->filter.exchange;
    struct message_event ev = {.kind = MESSAGE_HEAD};

    r->state = RULES_DONE_WITH;
    if (r->abort->answer) {
        ev.head = rules_head(r, r->abort->answer);
        if (ev.head)
            filter_emit(&r->filter, HTTP_RESPONSE, &ev);
    }
    if (ex->over)
        return;
    if (r->abort->bytes.len)
        rules_send_raw(r, r->abort->bytes);
    ex->flow->injected = true;
    exchange_over(ex, CLOSE_ABORTED_BY_RULE, NULL, endings[r->abort->kind]);
}

static void rules_reply(struct filter_rules *r)
{
    struct head *head = rules_head(r, r->answer);

    r->state = RULES_DONE_WITH;
    if (head)
        filter_reply(&r->filter, head, r->answer->body);
}

static void rules_answer(struct filter_rules *r)
{
    if (r->response_delay_us)
        rules_wait(r, RULES_WAIT_ANSWER_DELAY, r->response_delay_us);
    else
        rules_reply(r);
}

/* The request's body is read and recorded before the answer, so that clients that
 * do not look before they have sent it get to see it. */
static void rules_read_body(struct filter_rules *r)
{
    struct exchange *ex = r->filter.exchange;
    size_t held = event_hold_drop_content(&r->request);

    filter_credit(&r->filter, HTTP_REQUEST, held);
    if (r->request.ended || ex->request_ended || ex->request.framing == HTTP_NO_BODY ||
        r->answer->early || ex->request.expect_continue) {
        rules_answer(r);
        return;
    }
    r->read_bytes = held;
    r->state = RULES_WAIT_REQUEST_BODY;
    engine_timer(ex->engine, &r->timer, ANSWER_READ_US);
}

/* The request was held long enough, if at all. */
static void rules_act(struct filter_rules *r)
{
    if (r->abort) {
        rules_end_exchange(r);
    } else if (r->answer) {
        rules_read_body(r);
    } else {
        r->state = r->need == RULES_NEED_RESPONSE || r->edit_count || r->response_delay_us
                       ? RULES_WAIT_RESPONSE
                       : RULES_DONE_WITH;
        event_hold_emit(&r->request, &r->filter, HTTP_REQUEST);
    }
}

/* ---- events ------------------------------------------------------------- */

static void rules_hold(struct filter_rules *r, struct event_hold *h, const struct message_event *ev)
{
    struct exchange *ex = r->filter.exchange;

    if (event_hold_add(h, ex->engine->env.pool, ev))
        exchange_fail(ex, CLOSE_NO_MEMORY, NULL);
}

static void rules_request_head(struct filter_rules *r, const struct message_event *ev)
{
    if (rules_ask(r, NULL)) {
        exchange_fail(r->filter.exchange, CLOSE_NO_MEMORY, NULL);
        return;
    }
    r->request.head = ev->head;
    if (r->request_delay_us)
        rules_wait(r, RULES_WAIT_REQUEST_DELAY, r->request_delay_us);
    else
        rules_act(r);
}

static void rules_throw_away(struct filter_rules *r, const struct message_event *ev)
{
    if (ev->kind == MESSAGE_DATA) {
        filter_credit(&r->filter, HTTP_REQUEST, ev->data.len);
        r->read_bytes += ev->data.len;
    }
    if (r->state == RULES_WAIT_REQUEST_BODY &&
        (ev->kind == MESSAGE_END || r->read_bytes > ANSWER_READ_BYTES)) {
        timer_clear(&r->filter.exchange->engine->timers, &r->timer);
        rules_answer(r);
    }
}

static void rules_on_request(struct filter_rules *r, const struct message_event *ev)
{
    switch (r->state) {
    case RULES_WAIT_REQUEST:
        rules_request_head(r, ev);
        break;
    case RULES_WAIT_REQUEST_DELAY:
        rules_hold(r, &r->request, ev);
        break;
    case RULES_WAIT_REQUEST_BODY:
    case RULES_WAIT_ANSWER_DELAY:
        rules_throw_away(r, ev);
        break;
    case RULES_WAIT_RESPONSE:
    case RULES_WAIT_RESPONSE_DELAY:
    case RULES_DONE_WITH:
        if (r->answer)
            rules_throw_away(r, ev);
        else
            filter_emit(&r->filter, HTTP_REQUEST, ev);
        break;
    }
}

static void rules_response_head(struct filter_rules *r, const struct message_event *ev)
{
    struct exchange *ex = r->filter.exchange;

    if (r->need == RULES_NEED_RESPONSE && rules_ask(r, &ex->response)) {
        exchange_fail(ex, CLOSE_NO_MEMORY, NULL);
        return;
    }
    r->need = RULES_DONE;
    if (r->abort) {
        rules_end_exchange(r);
        return;
    }
    if (r->answer) {
        exchange_let_origin_go(ex);
        rules_answer(r);
        return;
    }
    rules_edit_response(r, &ex->response_out);
    if (r->response_delay_us) {
        rules_hold(r, &r->response, ev);
        timer_clear(&ex->engine->timers, &ex->timer); /* it is we who keep it waiting */
        rules_wait(r, RULES_WAIT_RESPONSE_DELAY, r->response_delay_us);
        return;
    }
    r->state = RULES_DONE_WITH;
    filter_emit(&r->filter, HTTP_RESPONSE, ev);
}

static void rules_on_response(struct filter_rules *r, const struct message_event *ev)
{
    if (r->state == RULES_WAIT_RESPONSE && ev->kind == MESSAGE_HEAD) {
        rules_response_head(r, ev);
    } else if (r->state == RULES_WAIT_RESPONSE_DELAY && ev->kind != MESSAGE_INTERIM) {
        rules_hold(r, &r->response, ev);
    } else {
        filter_emit(&r->filter, HTTP_RESPONSE, ev);
    }
}

static void rules_on_event(struct filter *f, enum http_side way, const struct message_event *ev)
{
    if (way == HTTP_REQUEST)
        rules_on_request(rules_of(f), ev);
    else
        rules_on_response(rules_of(f), ev);
}

static void on_rules_timer(void *self)
{
    struct filter_rules *r = self;

    switch (r->state) {
    case RULES_WAIT_REQUEST_DELAY:
        rules_act(r);
        break;
    case RULES_WAIT_REQUEST_BODY:
        rules_answer(r);
        break;
    case RULES_WAIT_ANSWER_DELAY:
        rules_reply(r);
        break;
    case RULES_WAIT_RESPONSE_DELAY:
        r->state = RULES_DONE_WITH;
        exchange_arm_body_idle(r->filter.exchange);
        event_hold_emit(&r->response, &r->filter, HTTP_RESPONSE);
        break;
    case RULES_WAIT_REQUEST:
    case RULES_WAIT_RESPONSE:
    case RULES_DONE_WITH:
        break;
    }
}

static void rules_release(struct filter *f)
{
    struct filter_rules *r = rules_of(f);

    timer_clear(&f->exchange->engine->timers, &r->timer);
    event_hold_release(&r->request);
    event_hold_release(&r->response);
}

static const struct filter_ops filter_rules_ops = {
    .name = "rules",
    .on_event = rules_on_event,
    .release = rules_release,
};

struct filter *filter_rules_new(struct exchange *ex)
{
    struct arena *a = exchange_arena(ex);
    struct filter_rules *r = arena_alloc(a, sizeof(*r));

    if (!r)
        return NULL;
    r->run = rule_run_new(a, ex->rules, engine_random(ex->engine));
    if (!r->run)
        return NULL;
    r->filter.ops = &filter_rules_ops;
    timer_init(&r->timer, on_rules_timer, r);
    event_hold_init(&r->request);
    event_hold_init(&r->response);
    return &r->filter;
}
