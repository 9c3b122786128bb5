/* What the rules ask for: noted down, or done at once; and the edits of the response. */
#include <stdio.h>
#include <string.h>

#include "proxy/core/filter_copies.h"
#include "proxy/core/filter_pace.h"
#include "proxy/core/filter_rules_impl.h"
#include "rules/effect_words.h"
#include "rules/whole.h"

enum { RULE_NOTE_BYTES = 320, WHOLE_NOTE_BYTES = 512 };

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

/* Tells on the flow what an effect does. */
static void note_effect(struct filter_rules *r, const struct effect *effect)
{
    char note[EFFECT_WORDS_BYTES];

    effect_words(effect, note);
    flow_note_rule(r->filter.exchange->flow, effect->rule, note);
}

static void take_delay(struct filter_rules *r, const struct effect *effect)
{
    if (effect->delay.side == HTTP_REQUEST)
        r->request_delay_us += effect->delay.us;
    else
        r->response_delay_us += effect->delay.us;
    note_effect(r, effect);
}

static void take_target(struct filter_rules *r, const struct effect *effect)
{
    struct exchange *ex = r->filter.exchange;

    if (exchange_redirect(ex, &effect->target))
        flow_note_rule(ex->flow, effect->rule, "skipped: out of memory");
    else
        note_effect(r, effect);
}

static void take_answer(struct filter_rules *r, const struct effect *effect)
{
    r->answer = effect->answer;
    note_effect(r, effect);
}

static void take_abort(struct filter_rules *r, const struct effect *effect)
{
    r->abort = &effect->abort;
    note_effect(r, effect);
}

static void take_info(struct filter_rules *r, const struct effect *effect)
{
    struct exchange *ex = r->filter.exchange;
    struct message_event ev = {.kind = MESSAGE_INTERIM, .head = effect->info};

    if (ex->request.version < HTTP_1_1) {
        flow_note_rule(ex->flow, effect->rule, "skipped: HTTP/1.0 knows no interim responses");
        return;
    }
    note_effect(r, effect);
    flow_note_interim(ex->flow, effect->info, true);
    filter_emit(&r->filter, HTTP_RESPONSE, &ev);
}

static void take_gather(struct filter_rules *r, const struct effect *effect)
{
    if (r->gather) {
        flow_note_rule(r->filter.exchange->flow, effect->rule,
                       "skipped: it is gathered by another rule");
        return;
    }
    r->gather = effect;
    note_effect(r, effect);
}

static void take_log(struct flow *f, const struct effect *effect)
{
    static const enum flow_keep keeps[] = {FLOW_KEEP_ALL, FLOW_KEEP_HEADS, FLOW_KEEP_NOTHING};

    f->keep = keeps[effect->keep];
}

static void take_response_edit(struct filter_rules *r, const struct effect *effect)
{
    if (r->edit_count == RESPONSE_EDITS) {
        flow_note_rule(r->filter.exchange->flow, effect->rule, "skipped: too many edits");
        return;
    }
    r->edits[r->edit_count++] = effect;
    r->body_edits += effect->kind == EFFECT_EDIT_BODY;
}

static void take_trailer_edit(struct filter_rules *r, const struct effect *effect)
{
    struct trailer_edits *edits =
        effect->edit.side == HTTP_REQUEST ? &r->request_trailers : &r->response_trailers;

    if (edits->count == TRAILER_EDITS)
        flow_note_rule(r->filter.exchange->flow, effect->rule, "skipped: too many edits");
    else
        edits->items[edits->count++] = effect;
}

static void take_head_edit(struct filter_rules *r, const struct effect *effect)
{
    if (effect->edit.part == EDIT_TRAILER)
        take_trailer_edit(r, effect);
    else if (effect->edit.side == HTTP_REQUEST)
        rules_edit(r, effect, &r->filter.exchange->request_out);
    else
        take_response_edit(r, effect);
}

static void take_whole(struct filter_rules *r, const struct effect *effect)
{
    struct exchange *ex = r->filter.exchange;
    struct buf note;

    buf_init(&note, WHOLE_NOTE_BYTES);
    if (whole_ask(exchange_arena(ex), &ex->request_out, &note))
        flow_note_rule(ex->flow, effect->rule, "skipped: out of memory");
    else if (note.len)
        flow_note_rule(ex->flow, effect->rule, buf_text(&note));
    buf_release(&note);
}

void rules_take(struct filter_rules *r, const struct effect *effect)
{
    struct exchange *ex = r->filter.exchange;

    switch (effect->kind) {
    case EFFECT_ANSWER:
        take_answer(r, effect);
        break;
    case EFFECT_FORWARD:
        note_effect(r, effect);
        break;
    case EFFECT_TARGET:
        take_target(r, effect);
        break;
    case EFFECT_ABORT:
        take_abort(r, effect);
        break;
    case EFFECT_EDIT_HEAD:
        take_head_edit(r, effect);
        break;
    case EFFECT_EDIT_BODY:
        if (effect->body.side == HTTP_RESPONSE)
            take_response_edit(r, effect);
        else
            flow_note_rule(ex->flow, effect->rule, effect->body.note);
        break;
    case EFFECT_WHOLE:
        take_whole(r, effect);
        break;
    case EFFECT_DELAY:
        take_delay(r, effect);
        break;
    case EFFECT_CHUNKS:
    case EFFECT_THROTTLE:
    case EFFECT_DRIBBLE:
    case EFFECT_STALL:
    case EFFECT_CUT:
        filter_pace_take(ex, effect);
        break;
    case EFFECT_INFO:
        take_info(r, effect);
        break;
    case EFFECT_DUPLICATE:
        filter_copies_take(ex, effect);
        break;
    case EFFECT_GATHER:
        take_gather(r, effect);
        break;
    case EFFECT_CONN_FAULT: /* of the connection pass */
        break;
    case EFFECT_TAG:
        flow_note_tag(ex->flow, effect->tag);
        break;
    case EFFECT_LOG:
        take_log(ex->flow, effect);
        break;
    case EFFECT_NOTE:
        flow_note_rule(ex->flow, effect->rule, effect->note);
        break;
    }
}

/* ---- the response's edits ------------------------------------------------- */

static void rules_note_content(struct filter_rules *r, const struct effect *effect,
                               const struct edited *edited, const char *fault)
{
    char skipped[RULE_NOTE_BYTES];

    if (!edited)
        (void)snprintf(skipped, sizeof(skipped), "rule_skipped: %s", fault);
    flow_note_rule(r->filter.exchange->flow, effect->rule, edited ? edited->note : skipped);
}

static void rules_mark(struct filter_rules *r, const struct effect *effect, struct head *head)
{
    struct exchange *ex = r->filter.exchange;
    struct buf note;

    buf_init(&note, EDIT_NOTE_BYTES);
    if (effect->body.mark.name.len &&
        head_edit_apply(exchange_arena(ex), &effect->body.mark, head, &note))
        flow_note_rule(ex->flow, effect->rule, "skipped the mark: out of memory");
    buf_release(&note);
}

void rules_edit_response(struct filter_rules *r, struct head *head, const struct edited *edited,
                         const char *fault)
{
    struct exchange *ex = r->filter.exchange;
    uint16_t before = head->status;

    for (uint32_t i = 0; i < r->edit_count; i++) {
        const struct effect *effect = r->edits[i];

        if (effect->kind == EFFECT_EDIT_BODY) {
            rules_note_content(r, effect, edited ? &edited[i] : NULL, fault);
            if (edited && edited[i].changed)
                rules_mark(r, effect, head);
        } else if (before == 101 && effect->edit.part == EDIT_STATUS) {
            flow_note_rule(ex->flow, effect->rule, "skipped: the protocol is switched");
        } else {
            rules_edit(r, effect, head);
        }
    }
    r->edit_count = 0;
    r->body_edits = 0;
    /* The rules set no status without content; one that had none gets none. */
    if (head->status != before && head->framing == HTTP_NO_BODY &&
        !http_method_is(&ex->request, "HEAD")) {
        head->framing = HTTP_LENGTH;
        head->length = 0;
    }
}

/* ---- trailers -------------------------------------------------------------- */

static void edit_trailers(struct filter_rules *r, struct trailer_edits *edits,
                          struct fields *trailers)
{
    struct exchange *ex = r->filter.exchange;
    struct buf note;

    edits->made = true;
    for (uint32_t i = 0; i < edits->count; i++) {
        buf_init(&note, EDIT_NOTE_BYTES);
        if (trailer_edit_apply(exchange_arena(ex), &edits->items[i]->edit, trailers, &note))
            flow_note_rule(ex->flow, edits->items[i]->rule, "skipped: out of memory");
        else
            flow_note_rule(ex->flow, edits->items[i]->rule, buf_text(&note));
        buf_release(&note);
    }
}

void rules_emit(struct filter_rules *r, enum http_side way, const struct message_event *ev)
{
    struct trailer_edits *edits =
        way == HTTP_REQUEST ? &r->request_trailers : &r->response_trailers;
    bool due =
        edits->count && !edits->made && (ev->kind == MESSAGE_TRAILERS || ev->kind == MESSAGE_END);
    struct message_event trailers = {.kind = MESSAGE_TRAILERS};
    struct fields *fields;

    if (due) {
        fields = arena_alloc(exchange_arena(r->filter.exchange), sizeof(*fields));
        if (!fields) {
            exchange_fail(r->filter.exchange, CLOSE_NO_MEMORY, NULL);
            return;
        }
        if (ev->kind == MESSAGE_TRAILERS) /* the exchange's own copy of what came */
            *fields = *ev->trailers;
        edit_trailers(r, edits, fields);
        trailers.trailers = fields;
        if (fields->count)
            filter_emit(&r->filter, way, &trailers);
        if (ev->kind == MESSAGE_TRAILERS)
            return;
    }
    filter_emit(&r->filter, way, ev);
}
