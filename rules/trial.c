#include "rules/trial.h"

#include "rules/body_edit.h"
#include "rules/effect_words.h"
#include "rules/head_edit.h"
#include "rules/refit.h"
#include "rules/whole.h"

/* A trial while it runs. */
struct trial_work {
    const struct trial_case *in;
    struct rule_view view; /* as far as it is known by now */
    struct rule_run *run;
    enum rule_need need;
    const struct answer *answer;
    const struct abort *abort;
    const struct effect *edits[EFFECTS]; /* of the response, in the order of the rules */
    uint32_t edit_count;
    const struct trial_note **notes_end;
    struct trial out;
};

static enum status note_put(struct trial_work *w, const char *rule, struct bytes text)
{
    struct trial_note *note = arena_alloc(w->out.arena, sizeof(*note));

    if (!note)
        return STATUS_NO_MEMORY;
    note->rule = rule;
    note->text = arena_text(w->out.arena, text);
    *w->notes_end = note;
    w->notes_end = &note->next;
    return note->text ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status note_words(struct trial_work *w, const struct effect *e)
{
    char words[EFFECT_WORDS_BYTES];

    effect_words(e, words);
    return note_put(w, e->rule, bytes_of(words));
}

/* Of a text that something else has made. */
static enum status note_made(struct trial_work *w, const char *rule, const struct buf *note)
{
    return buf_status(note) == STATUS_NO_MEMORY ? STATUS_NO_MEMORY
                                                : note_put(w, rule, buf_bytes(note));
}

/* ---- effects, as they come --------------------------------------------------- */

static enum status take_answer(struct trial_work *w, const struct effect *e)
{
    w->answer = e->answer;
    return note_words(w, e);
}

static enum status take_abort(struct trial_work *w, const struct effect *e)
{
    char words[EFFECT_WORDS_BYTES];

    effect_words(e, words);
    w->abort = &e->abort;
    w->out.abort = arena_text(w->out.arena, bytes_of(words));
    return w->out.abort ? note_words(w, e) : STATUS_NO_MEMORY;
}

static enum status take_target(struct trial_work *w, const struct effect *e)
{
    w->out.target = e->target;
    return note_words(w, e);
}

static enum status take_delay(struct trial_work *w, const struct effect *e)
{
    if (e->delay.side == HTTP_REQUEST)
        w->out.request_delay_us += e->delay.us;
    else
        w->out.response_delay_us += e->delay.us;
    return note_words(w, e);
}

static enum status edit_later(struct trial_work *w, const struct effect *e)
{
    w->edits[w->edit_count++] = e; /* there are EFFECTS at most */
    return STATUS_OK;
}

static enum status head_edit_note(struct trial_work *w, const struct effect *e,
                                  struct trial_message *m)
{
    struct arena *a = w->out.arena;
    struct buf note;
    enum status st;

    buf_init(&note, EDIT_NOTE_BYTES);
    if (e->edit.part == EDIT_TRAILER)
        st = trailer_edit_apply(a, &e->edit, &m->trailers, &note);
    else
        st = head_edit_apply(a, &e->edit, &m->head, &note);
    if (!st)
        st = note_made(w, e->rule, &note);
    buf_release(&note);
    return st;
}

static enum status take_head_edit(struct trial_work *w, const struct effect *e)
{
    if (e->edit.side == HTTP_RESPONSE)
        return edit_later(w, e);
    return head_edit_note(w, e, &w->out.request);
}

static enum status take_body_edit(struct trial_work *w, const struct effect *e)
{
    if (e->body.side == HTTP_RESPONSE)
        return edit_later(w, e);
    return note_put(w, e->rule, bytes_of(e->body.note));
}

static enum status take_whole(struct trial_work *w, const struct effect *e)
{
    struct buf note;
    enum status st;

    buf_init(&note, EDIT_NOTE_BYTES);
    st = whole_ask(w->out.arena, &w->out.request.head, &note);
    if (!st && note.len)
        st = note_made(w, e->rule, &note);
    buf_release(&note);
    return st;
}

/* What is not here changes nothing that a trial shows: it is only told. */
static enum status (*const takes[])(struct trial_work *w, const struct effect *e) = {
    [EFFECT_ANSWER] = take_answer,       [EFFECT_ABORT] = take_abort,
    [EFFECT_TARGET] = take_target,       [EFFECT_DELAY] = take_delay,
    [EFFECT_EDIT_HEAD] = take_head_edit, [EFFECT_EDIT_BODY] = take_body_edit,
    [EFFECT_WHOLE] = take_whole,
};

static enum status trial_step(struct trial_work *w)
{
    struct effects effects = {0};
    enum status st = rules_step(w->run, &w->view, &effects, &w->need);

    for (uint32_t i = 0; i < effects.count && !st; i++) {
        const struct effect *e = &effects.items[i];
        bool known = (size_t)e->kind < sizeof(takes) / sizeof(takes[0]) && takes[e->kind];

        if (w->edit_count == EFFECTS)
            break;
        st = known ? takes[e->kind](w, e) : note_words(w, e);
    }
    return st;
}

/* The fields that frame the content, as a codec writes them (RFC 9112 §6). */
static enum status message_frame(struct trial_work *w, struct trial_message *m)
{
    struct arena *a = w->out.arena;
    struct fields *fields = &m->head.fields;
    char *length = arena_printf(a, "%lld", (long long)m->head.length);

    if (!length)
        return STATUS_NO_MEMORY;
    switch (m->head.framing) {
    case HTTP_LENGTH:
        fields_remove(fields, field_name(FIELD_TRANSFER_ENCODING));
        return fields_set(a, fields, field_name(FIELD_CONTENT_LENGTH), bytes_of(length));
    case HTTP_CHUNKED:
        fields_remove(fields, field_name(FIELD_CONTENT_LENGTH));
        return fields_set(a, fields, field_name(FIELD_TRANSFER_ENCODING), BYTES("chunked"));
    case HTTP_NO_BODY:
    case HTTP_UNTIL_CLOSE:
        break;
    }
    return STATUS_OK;
}

/* ---- what the client gets ------------------------------------------------------- */

/* The response's content while edits are made to it. */
struct content_work {
    struct body_draft draft;
    struct bytes received;
    const char *fault; /* why it may not be changed; NULL: it may */
};

static enum status content_edit(struct trial_work *w, const struct effect *e,
                                struct content_work *c)
{
    struct arena *a = w->out.arena;
    struct buf note, mark;
    bool changed = false;
    enum status st;

    buf_init(&note, BODY_NOTE_BYTES);
    buf_init(&mark, EDIT_NOTE_BYTES);
    if (c->fault) {
        buf_putf(&note, "rule_skipped: %s", c->fault);
        st = STATUS_OK;
    } else {
        st = body_draft_apply(&c->draft, a, &e->body, c->received, &note, &changed);
    }
    if (!st)
        st = note_made(w, e->rule, &note);
    if (!st && changed && e->body.mark.name.len)
        st = head_edit_apply(a, &e->body.mark, &w->out.response.head, &mark);
    buf_release(&note);
    buf_release(&mark);
    return st;
}

static bool has_body_edit(const struct trial_work *w)
{
    bool any = false;

    for (uint32_t i = 0; i < w->edit_count; i++)
        any |= w->edits[i]->kind == EFFECT_EDIT_BODY;
    return any;
}

/* The edits of all rules, made to `from`; `received`: it came from the origin. */
static enum status response_make(struct trial_work *w, const struct head *from,
                                 struct content_work *c, bool received)
{
    struct trial_message *m = &w->out.response;
    struct bytes content;
    enum status st = head_fork(w->out.arena, from, &m->head);

    if (received && http_method_is(w->view.request, "HEAD") && has_body_edit(w))
        fields_remove(&m->head.fields, field_name(FIELD_CONTENT_LENGTH));
    if (!c->fault && (from->framing == HTTP_NO_BODY || http_status_bodiless(from->status) ||
                      http_method_is(w->view.request, "HEAD")))
        c->fault = received ? "the response has no content" : "the answer has no content";
    for (uint32_t i = 0; i < w->edit_count && !st; i++) {
        const struct effect *e = w->edits[i];

        st = e->kind == EFFECT_EDIT_BODY ? content_edit(w, e, c) : head_edit_note(w, e, m);
    }
    if (!st && c->draft.changed && received)
        st = refit_response(w->out.arena, &m->head, from);
    if (st)
        return st;
    w->out.has_response = true;
    content = body_draft_bytes(&c->draft, c->received);
    m->content = arena_copy(w->out.arena, content);
    if (c->draft.changed || (m->trailers.count && m->head.framing == HTTP_LENGTH))
        refit_frame(&m->head, m->content.len, m->trailers.count > 0);
    return content.len && !m->content.ptr ? STATUS_NO_MEMORY : message_frame(w, m);
}

static enum status trial_answer(struct trial_work *w, const struct answer *answer)
{
    struct content_work c = {.received = answer->body};
    enum status st;

    w->out.raw = answer->raw;
    if (answer->raw.len)
        return STATUS_OK;
    w->out.response.trailers = answer->trailers;
    body_draft_init(&c.draft);
    st = response_make(w, &answer->head, &c, false);
    body_draft_release(&c.draft);
    return st;
}

static enum status trial_come_back(struct trial_work *w)
{
    const struct rule_body *body = w->in->response_body;
    struct content_work c = {.received = body->content};
    enum status st;

    c.fault = body->fault ? body->fault : refit_fault(w->in->response);
    if (body->trailers)
        w->out.response.trailers = *body->trailers;
    body_draft_init(&c.draft);
    st = response_make(w, w->in->response, &c, true);
    body_draft_release(&c.draft);
    return st;
}

/* ---- all of it --------------------------------------------------------------------- */

/* The request with what the rules did to its content. */
static enum status request_settle(struct trial_work *w)
{
    struct trial_message *m = &w->out.request;
    struct bytes content;

    m->content = w->view.request_body->content;
    if (!rule_run_body(w->run, &content))
        return message_frame(w, m);
    refit_forget_digests(&m->head);
    refit_frame(&m->head, content.len, m->trailers.count > 0);
    m->content = arena_copy(w->out.arena, content);
    return content.len && !m->content.ptr ? STATUS_NO_MEMORY : message_frame(w, m);
}

/* The response pass, if rules want one and there is a response. */
static enum status response_pass(struct trial_work *w)
{
    struct rule_body refused = {0};
    enum status st = STATUS_OK;

    if (w->need == RULES_NEED_RESPONSE && !w->in->response)
        w->out.response_open = true;
    if (!w->in->response)
        return STATUS_OK;
    w->view.response = w->in->response;
    refused = *w->in->response_body;
    if (!refused.fault)
        refused.fault = refit_fault(w->in->response);
    w->view.response_body = &refused;
    if (w->need == RULES_NEED_RESPONSE)
        st = trial_step(w);
    w->view.response_body = NULL;
    if (!st && !w->answer && !w->abort)
        st = trial_come_back(w);
    return st;
}

static enum status trial_ask(struct trial_work *w)
{
    enum status st = trial_step(w);

    if (!st && !w->answer && !w->abort) {
        st = request_settle(w);
        if (!st)
            st = response_pass(w);
    }
    if (!st && w->abort) {
        w->out.end = TRIAL_ABORTED;
    } else if (!st && w->answer) {
        w->out.end = TRIAL_ANSWERED;
        st = trial_answer(w, w->answer);
    }
    return st;
}

enum status trial_run(const struct trial_case *in, struct arena *arena, struct trial *ret_trial)
{
    struct trial_work *w = arena_alloc(arena, sizeof(*w));
    enum status st;

    if (!w)
        return STATUS_NO_MEMORY;
    w->in = in;
    w->view = in->view;
    w->notes_end = &w->out.notes;
    w->out.arena = arena;
    w->out.target = (struct rule_target){in->view.scheme, in->view.host, in->view.port};
    if (in->view.request_body->trailers)
        w->out.request.trailers = *in->view.request_body->trailers;
    st = head_fork(arena, in->view.request, &w->out.request.head);
    if (st)
        return st;
    w->run = rule_run_new(arena, in->rules, in->seed);
    if (!w->run)
        return STATUS_NO_MEMORY;
    st = trial_ask(w);
    rule_run_release(w->run);
    if (!st)
        *ret_trial = w->out;
    return st;
}
