#include "proxy/core/filter_rules.h"

#include <string.h>

#include "proxy/core/conn_view.h"
#include "proxy/core/filter_rules_impl.h"
#include "proxy/core/session.h"
#include "rules/refit.h"

static struct filter_rules *rules_of(struct filter *f)
{
    return (struct filter_rules *)(void *)f;
}

static void rules_lost_memory(struct filter_rules *r)
{
    exchange_fail(r->filter.exchange, CLOSE_NO_MEMORY, NULL);
}

/* ---- asking ---------------------------------------------------------------- */

static struct rule_tls rules_tls(const struct session *s)
{
    return (struct rule_tls){
        .version = bytes_of(tlsio_facts(s->wire->tls).version_text),
        .sni = s->sni,
        .alpn = s->alpn,
        .ja4 = bytes_of(s->hello.ja4),
    };
}

/* How long the origin took, by our clock. */
static int64_t rules_response_us(const struct exchange *ex)
{
    int64_t sent =
        ex->request_end_us > ex->upstream_ready_us ? ex->request_end_us : ex->upstream_ready_us;

    return ex->response_head_us > sent ? ex->response_head_us - sent : 0;
}

static struct rule_view rules_view(const struct filter_rules *r, const struct rule_tls *tls)
{
    const struct exchange *ex = r->filter.exchange;
    struct rule_view view = conn_view_base(ex->session);

    view.request = &ex->request;
    view.scheme = ex->flow->scheme;
    view.host = ex->flow->host;
    view.port = ex->flow->port;
    view.tls = ex->session->wire->tls ? tls : NULL;
    if (r->state >= RULES_WAIT_RESPONSE) {
        view.response = &ex->response;
        view.response_us = rules_response_us(ex);
    }
    view.request_body = r->request.ready ? &r->request.body : NULL;
    view.response_body = r->response.ready ? &r->response.body : NULL;
    view.pattern_us = ex->engine->settings->pattern_us;
    view.on_loop = true;
    return view;
}

static void rules_take_all(struct filter_rules *r, const struct effects *effects)
{
    for (uint32_t i = 0; i < effects->count && !r->filter.exchange->over; i++)
        rules_take(r, &effects->items[i]);
}

/* Asks the rules, as far as is known. */
static enum status rules_ask(struct filter_rules *r)
{
    const struct session *s = r->filter.exchange->session;
    struct rule_tls tls = s->wire->tls ? rules_tls(s) : (struct rule_tls){0};
    struct rule_view view = rules_view(r, &tls);
    struct effects effects = {0};
    enum status st = rules_step(r->run, &view, &effects, &r->need);

    if (!st)
        rules_take_all(r, &effects);
    return st;
}

/* The same, off the loop; rules_job_done() goes on. */
static void rules_ask_elsewhere(struct filter_rules *r, enum rules_state wait)
{
    const struct session *s = r->filter.exchange->session;
    struct rule_tls tls = s->wire->tls ? rules_tls(s) : (struct rule_tls){0};
    struct rule_view view = rules_view(r, &tls);
    struct rule_job *j = rule_job_new(r);

    r->state = wait;
    if (j && rule_job_step(j, r->run, &view) == STATUS_OK)
        return;
    if (j)
        rule_job_free(j);
    rules_lost_memory(r);
}

/* ---- contents changed -------------------------------------------------------- */

static bool rules_edits_are_slow(const struct filter_rules *r, size_t content_bytes)
{
    for (uint32_t i = 0; i < r->edit_count; i++) {
        if (r->edits[i]->kind == EFFECT_EDIT_BODY &&
            body_edit_is_slow(&r->edits[i]->body, content_bytes))
            return true;
    }
    return false;
}

/* Makes the edits of the content that goes to the client; false: a job does it, and
 * rules_job_done() goes on, or the exchange has failed. */
static bool rules_edits_done(struct filter_rules *r, struct bytes content)
{
    struct rule_job *j;

    if (!r->body_edits || r->edits_made)
        return true;
    j = rule_job_new(r);
    if (!j) {
        rules_lost_memory(r);
        return false;
    }
    j->edits = r->edits;
    j->count = r->edit_count;
    j->content = content;
    j->draft = &r->draft;
    if (rules_edits_are_slow(r, content.len)) {
        r->state = RULES_WAIT_RESPONSE_JOB;
        rule_run_time(r->run, r->filter.exchange->engine->settings->pattern_us);
        if (rule_job_edits(j) == STATUS_OK)
            return false;
    } else if (rule_edits_make(j) == STATUS_OK) {
        j->next = r->done;
        r->edits_made = r->done = j;
        return true;
    }
    rule_job_free(j);
    rules_lost_memory(r);
    return false;
}

/* ---- answering and ending ----------------------------------------------- */

static void rules_wait(struct filter_rules *r, enum rules_state state, int64_t us)
{
    r->state = state;
    r->filter.exchange->injected_us += us;
    engine_timer(r->filter.exchange->engine, &r->timer, us);
}

/* A copy of the answer's head with its edits: the flow outlives what it points into. */
static struct head *rules_make_head(struct filter_rules *r, const struct answer *answer)
{
    struct arena *a = exchange_arena(r->filter.exchange);
    struct head *head = arena_alloc(a, sizeof(*head));
    bool trailers = answer->trailers.count || r->response_trailers.count;

    if (!head || head_copy(a, &answer->head, head)) {
        rules_lost_memory(r);
        return NULL;
    }
    rules_edit_response(r, head, r->edits_made ? r->edits_made->edited : NULL,
                        "the answer has no content");
    if (r->draft.changed || (r->response_trailers.count && head->framing == HTTP_LENGTH))
        refit_frame(head, body_draft_bytes(&r->draft, answer->body).len, trailers);
    return head;
}

/* What goes out before an exchange is aborted. */
static void rules_put_before_end(struct filter_rules *r)
{
    struct message_event ev = {.kind = MESSAGE_HEAD};

    if (r->abort->answer) {
        ev.head = rules_make_head(r, r->abort->answer);
        if (ev.head)
            filter_emit(&r->filter, HTTP_RESPONSE, &ev);
    }
    if (!r->filter.exchange->over && r->abort->bytes.len)
        exchange_put_raw(r->filter.exchange, NULL, r->abort->bytes);
}

static void rules_end_exchange(struct filter_rules *r)
{
    static const enum exchange_ending endings[] = {EXCHANGE_FINISH, EXCHANGE_RESET,
                                                   EXCHANGE_HANG,   EXCHANGE_FINISH,
                                                   EXCHANGE_FINISH, EXCHANGE_FINISH};
    struct exchange *ex = r->filter.exchange;

    r->state = RULES_DONE_WITH;
    rules_put_before_end(r);
    if (ex->over)
        return;
    ex->flow->injected = true;
    exchange_over(ex, CLOSE_ABORTED_BY_RULE, NULL, endings[r->abort->kind]);
}

static void rules_put_answer(struct filter_rules *r, const struct head *head)
{
    struct bytes content = body_draft_bytes(&r->draft, r->answer->body);
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = head};

    filter_answers(&r->filter);
    rules_emit(r, HTTP_RESPONSE, &ev);
    if (content.len) {
        ev = (struct message_event){.kind = MESSAGE_DATA, .data = slice_of(content)};
        rules_emit(r, HTTP_RESPONSE, &ev);
    }
    if (r->answer->trailers.count) {
        ev = (struct message_event){.kind = MESSAGE_TRAILERS, .trailers = &r->answer->trailers};
        rules_emit(r, HTTP_RESPONSE, &ev);
    }
    ev = (struct message_event){.kind = MESSAGE_END};
    rules_emit(r, HTTP_RESPONSE, &ev);
}

/* It frames itself, so nothing can follow it. */
static void rules_put_raw(struct filter_rules *r)
{
    struct exchange *ex = r->filter.exchange;
    struct head *head = arena_alloc(exchange_arena(ex), sizeof(*head));

    if (!head || head_copy(exchange_arena(ex), &r->answer->head, head)) {
        rules_lost_memory(r);
        return;
    }
    filter_answers(&r->filter);
    exchange_put_raw(ex, head, r->answer->raw);
    exchange_over(ex, CLOSE_ANSWERED_BY_RULE, NULL, EXCHANGE_FINISH);
}

static void rules_reply(struct filter_rules *r)
{
    const struct answer *answer = r->answer;
    bool content = answer->head.framing != HTTP_NO_BODY &&
                   !http_method_is(&r->filter.exchange->request, "HEAD");
    struct head *head;

    if (!answer->raw.len && content && !rules_edits_done(r, answer->body))
        return;
    r->state = RULES_DONE_WITH;
    if (answer->raw.len) {
        rules_put_raw(r);
        return;
    }
    head = rules_make_head(r, answer);
    if (head)
        rules_put_answer(r, head);
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

    r->read_bytes = content_drop(&r->request);
    if (r->request.hold.ended || ex->request_ended || ex->request.framing == HTTP_NO_BODY ||
        r->answer->early || ex->request.expect_continue) {
        rules_answer(r);
        return;
    }
    r->state = RULES_WAIT_REQUEST_BODY;
    engine_timer(ex->engine, &r->timer, ANSWER_READ_US);
}

/* ---- sending on -------------------------------------------------------------- */

/* What is held of a message goes on; what still comes follows by itself. */
static void rules_let_go(struct filter_rules *r, struct content *c)
{
    const struct fields *trailers = c->hold.trailers;
    bool ended = c->hold.ended;
    struct message_event ev = {.kind = MESSAGE_TRAILERS, .trailers = trailers};

    c->hold.trailers = NULL;
    c->hold.ended = false;
    event_hold_emit(&c->hold, &r->filter, c->way);
    if (trailers)
        rules_emit(r, c->way, &ev);
    ev = (struct message_event){.kind = MESSAGE_END};
    if (ended)
        rules_emit(r, c->way, &ev);
}

static enum status rules_change_request(struct filter_rules *r)
{
    struct head *head = &r->filter.exchange->request_out;
    bool trailers = r->request.hold.trailers || r->request_trailers.count;
    struct bytes content;

    if (r->request_trailers.count && head->framing != HTTP_CHUNKED)
        refit_frame(head, 0, true);
    if (!rule_run_body(r->run, &content))
        return STATUS_OK;
    refit_forget_digests(head);
    refit_frame(head, content.len, trailers);
    return content_replace(&r->request, content);
}

static void rules_send_on(struct filter_rules *r)
{
    if (rules_change_request(r)) {
        rules_lost_memory(r);
        return;
    }
    r->state = r->need == RULES_NEED_RESPONSE || r->edit_count || r->response_delay_us ||
                       r->response_trailers.count
                   ? RULES_WAIT_RESPONSE
                   : RULES_DONE_WITH;
    if (r->need != RULES_NEED_RESPONSE)
        content_forget(&r->request);
    rules_let_go(r, &r->request);
}

/* The request was held long enough, if at all; now it may have to wait for others. */
static void rules_act(struct filter_rules *r)
{
    if (r->gather && !r->gathered) {
        r->gathered = true;
        r->state = RULES_WAIT_GATHER;
        r->filter.exchange->gather = &r->gather_wait;
        gather_wait_start(&r->gather_wait, &r->gather->gather);
    } else if (r->abort) {
        rules_end_exchange(r);
    } else if (r->answer) {
        rules_read_body(r);
    } else {
        rules_send_on(r);
    }
}

static void on_rules_gathered(void *self)
{
    struct filter_rules *r = self;
    struct exchange *ex = r->filter.exchange;

    ex->injected_us += ex->engine->now_us - r->gather_wait.since_us;
    if (r->gather_wait.guest.early)
        flow_note_rule(ex->flow, r->gather->rule, "let go before all had come");
    rules_act(r);
    if (r->answer || r->abort)
        gather_wait_leave(&r->gather_wait); /* else when the request has been sent */
}

/* ---- the request --------------------------------------------------------------- */

/* The client waits for it, and it is we who want the content (RFC 9110 §10.1.1). */
static void rules_continue(struct filter_rules *r)
{
    static const struct head head = {.side = HTTP_RESPONSE,
                                     .version = HTTP_1_1,
                                     .status = 100,
                                     .length = -1,
                                     .reason = BYTES_INIT("Continue")};
    struct exchange *ex = r->filter.exchange;
    struct message_event ev = {.kind = MESSAGE_INTERIM, .head = &head};

    if (!ex->request.expect_continue || ex->request.version < HTTP_1_1)
        return;
    fields_remove(&ex->request_out.fields, field_name(FIELD_EXPECT));
    ex->request_out.expect_continue = false;
    filter_emit(&r->filter, HTTP_RESPONSE, &ev);
}

/* The rules have been asked as far as the request goes. */
static void rules_request_done(struct filter_rules *r)
{
    if (r->request_delay_us)
        rules_wait(r, RULES_WAIT_REQUEST_DELAY, r->request_delay_us);
    else
        rules_act(r);
}

/* Does what the rules need next of the request; true: they can be asked again. */
static bool rules_have_request(struct filter_rules *r)
{
    if (r->need == RULES_NEED_TIME) {
        rules_ask_elsewhere(r, RULES_WAIT_REQUEST_JOB);
        return false;
    }
    if (r->need != RULES_NEED_REQUEST_BODY) {
        rules_request_done(r);
        return false;
    }
    if (r->filter.exchange->request.framing == HTTP_NO_BODY) {
        content_none(&r->request);
        return true;
    }
    r->state = RULES_WAIT_REQUEST_CONTENT;
    rules_continue(r);
    if (content_begin(&r->request)) {
        rules_lost_memory(r);
        return false;
    }
    return r->request.ready;
}

static void rules_ask_request(struct filter_rules *r)
{
    do {
        if (rules_ask(r)) {
            rules_lost_memory(r);
            return;
        }
    } while (!r->filter.exchange->over && rules_have_request(r));
}

static void rules_hold(struct filter_rules *r, struct content *c, const struct message_event *ev)
{
    if (content_hold(c, ev))
        rules_lost_memory(r);
}

static void rules_collect_request(struct filter_rules *r, const struct message_event *ev)
{
    if (content_collect(&r->request, ev))
        rules_lost_memory(r);
    else if (r->request.ready && !r->filter.exchange->over)
        rules_ask_request(r);
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
        r->request.hold.head = ev->head;
        rules_ask_request(r);
        break;
    case RULES_WAIT_REQUEST_CONTENT:
        rules_collect_request(r, ev);
        break;
    case RULES_WAIT_REQUEST_JOB:
    case RULES_WAIT_REQUEST_DELAY:
    case RULES_WAIT_GATHER:
        rules_hold(r, &r->request, ev);
        break;
    case RULES_WAIT_REQUEST_BODY:
    case RULES_WAIT_ANSWER_DELAY:
        rules_throw_away(r, ev);
        break;
    case RULES_WAIT_RESPONSE:
    case RULES_WAIT_RESPONSE_CONTENT:
    case RULES_WAIT_RESPONSE_JOB:
    case RULES_WAIT_RESPONSE_DELAY:
    case RULES_DONE_WITH:
        if (r->answer)
            rules_throw_away(r, ev);
        else
            rules_emit(r, HTTP_REQUEST, ev);
        break;
    }
}

/* ---- the response ---------------------------------------------------------------- */

static bool response_is_empty(const struct exchange *ex)
{
    return ex->response.framing == HTTP_NO_BODY || http_method_is(&ex->request, "HEAD") ||
           http_status_bodiless(ex->response.status);
}

/* Its content would have been changed: what tells of it is no longer so. */
static void rules_unlength(struct filter_rules *r)
{
    struct head *head = &r->filter.exchange->response_out;

    if (!r->body_edits || !http_method_is(&r->filter.exchange->request, "HEAD"))
        return;
    fields_remove(&head->fields, field_name(FIELD_CONTENT_LENGTH));
    head->framing = HTTP_NO_BODY;
    head->length = -1;
}

static enum status rules_new_content(struct filter_rules *r, struct bytes content)
{
    struct exchange *ex = r->filter.exchange;

    if (refit_response(exchange_arena(ex), &ex->response_out, &ex->response))
        return STATUS_NO_MEMORY;
    refit_frame(&ex->response_out, content.len,
                r->response.hold.trailers || r->response_trailers.count);
    return content_replace(&r->response, content);
}

static enum status rules_change_response(struct filter_rules *r, const char *fault)
{
    struct exchange *ex = r->filter.exchange;

    rules_unlength(r);
    rules_edit_response(r, &ex->response_out, r->edits_made ? r->edits_made->edited : NULL, fault);
    if (r->draft.changed)
        return rules_new_content(r, buf_bytes(&r->draft.now));
    if (r->response_trailers.count && ex->response_out.framing == HTTP_LENGTH)
        refit_frame(&ex->response_out, 0, true);
    return STATUS_OK;
}

/* Why its content is not changed; NULL: it may be. */
static const char *rules_content_fault(const struct filter_rules *r)
{
    if (response_is_empty(r->filter.exchange))
        return "the response has no content";
    return r->response.ready ? r->response.body.fault : "the content was not kept";
}

/* Its head is held, and its content as far as it was wanted. */
static void rules_pass_response(struct filter_rules *r)
{
    struct exchange *ex = r->filter.exchange;
    const char *fault = rules_content_fault(r);

    if (!fault && !rules_edits_done(r, r->response.body.content))
        return;
    if (rules_change_response(r, fault)) {
        rules_lost_memory(r);
        return;
    }
    content_forget(&r->request);
    content_forget(&r->response);
    if (r->response_delay_us) {
        timer_clear(&ex->engine->timers, &ex->timer); /* it is we who keep it waiting */
        rules_wait(r, RULES_WAIT_RESPONSE_DELAY, r->response_delay_us);
        return;
    }
    r->state = RULES_DONE_WITH;
    rules_let_go(r, &r->response);
}

/* Makes the content ready that cannot be collected; false: it is to be collected. */
static bool rules_settle_response(struct filter_rules *r)
{
    const struct exchange *ex = r->filter.exchange;
    const char *fault = refit_fault(&ex->response);

    if (r->response.ready)
        return true;
    if (fault)
        content_refuse(&r->response, fault);
    else if (response_is_empty(ex))
        content_none(&r->response);
    return r->response.ready;
}

static void rules_respond(struct filter_rules *r)
{
    if (r->abort) {
        rules_end_exchange(r);
    } else if (r->answer) {
        exchange_let_origin_go(r->filter.exchange);
        (void)content_drop(&r->response);
        rules_answer(r);
    } else {
        rules_pass_response(r);
    }
}

/* Does what the rules need next; true: they can be asked again, or are done. */
static bool rules_have_response(struct filter_rules *r)
{
    bool wanted = r->need == RULES_NEED_RESPONSE_BODY ||
                  (r->need == RULES_DONE && r->body_edits && !r->answer && !r->abort);

    if (r->need == RULES_NEED_TIME) {
        rules_ask_elsewhere(r, RULES_WAIT_RESPONSE_JOB);
        return false;
    }
    if (r->need == RULES_NEED_REQUEST_BODY)
        content_refuse(&r->request, "the request has gone already");
    if (!wanted || rules_settle_response(r))
        return true;
    r->state = RULES_WAIT_RESPONSE_CONTENT;
    if (content_begin(&r->response)) {
        rules_lost_memory(r);
        return false;
    }
    return r->response.ready;
}

/* Asks until the rules have all they need, or must wait for it. */
static void rules_on_response_head(struct filter_rules *r)
{
    while (r->need != RULES_DONE) {
        if (rules_ask(r)) {
            rules_lost_memory(r);
            return;
        }
        if (r->filter.exchange->over || !rules_have_response(r))
            return;
    }
    if (rules_have_response(r))
        rules_respond(r);
}

/* The rules were asked elsewhere. */
static void rules_response_asked(struct filter_rules *r)
{
    if (rules_have_response(r))
        rules_on_response_head(r);
}

static void rules_collect_response(struct filter_rules *r, const struct message_event *ev)
{
    if (content_collect(&r->response, ev))
        rules_lost_memory(r);
    else if (r->response.ready && !r->filter.exchange->over)
        rules_on_response_head(r);
}

static void rules_on_response(struct filter_rules *r, const struct message_event *ev)
{
    if (ev->kind == MESSAGE_INTERIM) {
        filter_emit(&r->filter, HTTP_RESPONSE, ev);
    } else if (r->state == RULES_WAIT_RESPONSE && ev->kind == MESSAGE_HEAD) {
        r->response.hold.head = ev->head;
        rules_on_response_head(r);
    } else if (r->state == RULES_WAIT_RESPONSE_CONTENT) {
        rules_collect_response(r, ev);
    } else if (r->state == RULES_WAIT_RESPONSE_DELAY || r->state == RULES_WAIT_RESPONSE_JOB) {
        rules_hold(r, &r->response, ev);
    } else {
        rules_emit(r, HTTP_RESPONSE, ev);
    }
}

/* The rules were asked elsewhere. */
static void rules_request_elsewhere(struct filter_rules *r)
{
    if (rules_have_request(r))
        rules_ask_request(r);
}

void rules_job_done(struct filter_rules *r, struct rule_job *j)
{
    j->next = r->done;
    r->done = j;
    if (j->status) {
        rules_lost_memory(r);
    } else if (!j->run) {
        r->edits_made = j;
        if (r->answer)
            rules_reply(r);
        else
            rules_pass_response(r);
    } else {
        r->need = j->need;
        rules_take_all(r, &j->effects);
        if (r->filter.exchange->over)
            return;
        if (r->state == RULES_WAIT_REQUEST_JOB)
            rules_request_elsewhere(r);
        else
            rules_response_asked(r);
    }
}

/* ---- the filter ------------------------------------------------------------------- */

static void rules_on_event(struct filter *f, enum http_side way, const struct message_event *ev)
{
    if (way == HTTP_REQUEST)
        rules_on_request(rules_of(f), ev);
    else
        rules_on_response(rules_of(f), ev);
}

static void rules_on_credit(struct filter *f, enum http_side way, size_t content_bytes)
{
    struct filter_rules *r = rules_of(f);

    content_taken(way == HTTP_REQUEST ? &r->request : &r->response, content_bytes);
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
        rules_let_go(r, &r->response);
        break;
    case RULES_WAIT_REQUEST:
    case RULES_WAIT_REQUEST_JOB:
    case RULES_WAIT_REQUEST_CONTENT:
    case RULES_WAIT_GATHER:
    case RULES_WAIT_RESPONSE:
    case RULES_WAIT_RESPONSE_CONTENT:
    case RULES_WAIT_RESPONSE_JOB:
    case RULES_DONE_WITH:
        break;
    }
}

static void rules_release(struct filter *f)
{
    struct filter_rules *r = rules_of(f);

    timer_clear(&f->exchange->engine->timers, &r->timer);
    gather_wait_leave(&r->gather_wait);
    rule_run_release(r->run);
    body_draft_release(&r->draft);
    content_release(&r->request);
    content_release(&r->response);
    while (r->done) {
        struct rule_job *j = r->done;

        r->done = j->next;
        rule_job_retire(j);
    }
}

static const struct filter_ops filter_rules_ops = {
    .name = "rules",
    .on_event = rules_on_event,
    .on_credit = rules_on_credit,
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
    r->filter.exchange = ex;
    timer_init(&r->timer, on_rules_timer, r);
    gather_wait_init(&r->gather_wait, ex->engine, on_rules_gathered, r);
    body_draft_init(&r->draft);
    content_init(&r->request, &r->filter, HTTP_REQUEST);
    content_init(&r->response, &r->filter, HTTP_RESPONSE);
    return &r->filter;
}
