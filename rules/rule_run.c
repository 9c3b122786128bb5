#include "rules/rule.h"

struct rule_run {
    struct arena *arena;
    const struct ruleset *rules;
    uint64_t ids; /* what $(uuid) is drawn from */
    enum rule_pass pass;
    uint32_t next;  /* the first rule not asked yet */
    bool asked_all; /* in this pass, or a terminal verb has ended it */
    struct draft draft;
    const struct rule *whole; /* the first that may change the response's content */
    bool cors_settled;
    int64_t replace_left_us;
};

/* One call of rules_step(). */
struct step {
    struct rule_run *run;
    const struct rule_view *view;
    struct effects *effects;
    bool told;      /* of a pattern that gave up: once is enough */
    unsigned needs; /* what it cannot go on without, of NEEDS_* */
    struct match_run match;
};

struct rule_run *rule_run_new(struct arena *arena, const struct ruleset *rs, uint64_t seed)
{
    struct rule_run *run = arena_alloc(arena, sizeof(*run));

    if (!run)
        return NULL;
    *run = (struct rule_run){.arena = arena,
                             .rules = rs,
                             .ids = seed,
                             .pass = PASS_REQUEST,
                             .replace_left_us = RULE_LOOP_REPLACE_US};
    draft_init(&run->draft);
    return run;
}

void rule_run_release(struct rule_run *run)
{
    if (run)
        draft_release(&run->draft);
}

void rule_run_move(struct rule_run *run, struct arena *arena)
{
    run->arena = arena;
}

void rule_run_time(struct rule_run *run, int64_t us)
{
    run->replace_left_us = us > 0 ? us : RULE_PATTERN_US;
}

bool rule_run_body(const struct rule_run *run, struct bytes *ret_content)
{
    if (!run->draft.body.changed)
        return false;
    *ret_content = buf_bytes(&run->draft.body.now);
    return true;
}

static enum status note_add(struct step *s, const struct rule *rule, const char *note)
{
    struct effect *e = effects_add(s->run->arena, s->effects, EFFECT_NOTE, rule->label);

    if (!e)
        return s->effects->count >= EFFECTS ? STATUS_OK : STATUS_NO_MEMORY;
    e->note = note;
    return STATUS_OK;
}

/* Why a content cannot be looked at. */
static enum status fault_note(struct step *s, const struct rule *rule, const char *fault)
{
    const char *note = arena_printf(s->run->arena, "rule_skipped: %s", fault);

    return note ? note_add(s, rule, note) : STATUS_NO_MEMORY;
}

static enum status rule_fire(struct step *s, const struct rule *rule, struct rule_key key,
                             uint64_t n)
{
    const struct ruleset *rs = s->run->rules;
    struct firing f = {
        .arena = s->run->arena,
        .effects = s->effects,
        .view = s->view,
        .draft = &s->run->draft,
        .patterns = rs->patterns,
        .replace_left_us = &s->run->replace_left_us,
        .captures = s->match.captures,
        .rule = rule->label,
        .mark_name = rs->mark_name,
        .mark = rule->mark,
        .cors = rs->cors && !s->run->cors_settled,
        .cors_settled = &s->run->cors_settled,
        .dice = {.seed = when_dice(rs->seed, rule->dice_name, key.text, n)},
        .rendezvous = rule_slot_rendezvous(rule->slot),
        .ids = &s->run->ids,
    };
    enum status st;

    if (s->effects->count + rule->effects + 1 >= EFFECTS) /* one more for a note */
        return note_add(s, rule, "rule_skipped: too many effects on one exchange");
    st = draft_make(&s->run->draft, s->run->arena, s->view);
    if (!st)
        st = rule_slot_fire(rule->slot, key, &f.place);
    if (rule->changes_body && !s->run->whole)
        s->run->whole = rule;
    if (!st)
        st = actions_run(&rule->then, &f);
    return st == STATUS_REFUSED ? STATUS_OK : st;
}

/* A status that depends on the request (304) must be right for it, else the rule
 * does not match and is not counted. */
static enum status rule_applies(struct step *s, const struct rule *rule, struct rule_key key,
                                bool *ret_applies)
{
    uint64_t place = 0;
    enum status st = STATUS_OK;

    *ret_applies = true;
    if (!rule->then.conditional)
        return STATUS_OK;
    st = rule_slot_fired(rule->slot, key, &place);
    if (!st)
        *ret_applies = actions_apply_to(&rule->then, s->view, place);
    return st;
}

/* Its match did not hold, or could not be judged. */
static enum status rule_missed(struct step *s, const struct rule *rule)
{
    if (s->match.status)
        return s->match.status;
    if (s->match.needs) {
        s->needs = s->match.needs;
        return STATUS_NEED_MORE;
    }
    if (s->match.fault)
        return fault_note(s, rule, s->match.fault);
    if (!s->match.gave_up || s->told)
        return STATUS_OK;
    s->told = true;
    return note_add(s, rule, "rule_skipped: its pattern took too long on this request");
}

/* Too slow for a loop, by what it does with contents? */
static bool rule_is_slow(const struct rule *rule, const struct rule_view *view)
{
    if (!view->on_loop)
        return false;
    return rule->needs & NEEDS_TIME ||
           (rule->needs & NEEDS_REQUEST_BODY &&
            view->request_body->content.len > RULE_LOOP_BYTES) ||
           (rule->needs & NEEDS_RESPONSE_BODY &&
            view->response_body->content.len > RULE_LOOP_BYTES);
}

/* Are the contents there that its verbs look at? NEED_MORE; REFUSED after a note. */
static enum status rule_has_contents(struct step *s, const struct rule *rule)
{
    const struct rule_view *view = s->view;
    const struct rule_body *body = NULL;

    if (rule->needs & NEEDS_REQUEST_BODY && !view->request_body)
        s->needs |= NEEDS_REQUEST_BODY;
    if (rule->needs & NEEDS_RESPONSE_BODY && !view->response_body)
        s->needs |= NEEDS_RESPONSE_BODY;
    if (!s->needs && rule_is_slow(rule, view))
        s->needs = NEEDS_TIME;
    if (s->needs)
        return STATUS_NEED_MORE;
    if (rule->needs & NEEDS_REQUEST_BODY && view->request_body->fault)
        body = view->request_body;
    if (rule->needs & NEEDS_RESPONSE_BODY && view->response_body->fault)
        body = view->response_body;
    if (!body)
        return STATUS_OK;
    return fault_note(s, rule, body->fault) ? STATUS_NO_MEMORY : STATUS_REFUSED;
}

/* STATUS_END: a terminal effect was appended; NEED_MORE: it waits for s->needs. */
static enum status rule_ask(struct step *s, const struct rule *rule)
{
    struct when_ask ask = {rule->slot, rule->dice_name, s->view, s->run->arena};
    struct rule_key key;
    bool applies, fires;
    uint64_t n;
    enum status st;

    if (!match_holds(&rule->match, &s->match))
        return rule_missed(s, rule);
    st = rule_has_contents(s, rule);
    if (st)
        return st == STATUS_REFUSED ? STATUS_OK : st;
    st = when_key(&rule->when.per, s->view, s->run->arena, &key);
    if (!st)
        st = rule_applies(s, rule, key, &applies);
    if (st || !applies)
        return st;
    st = when_count(&rule->when, &ask, &fires, &n);
    if (!st)
        fires = rule_decide(rule, s->view, key, n, fires);
    return st || !fires ? st : rule_fire(s, rule, key, n);
}

/* STATUS_END: a terminal effect was appended; NEED_MORE; OK: all were asked. */
static enum status pass_run(struct step *s)
{
    const struct ruleset *rs = s->run->rules;
    struct index_walk walk;
    enum status st = STATUS_OK;

    index_walk_init(&walk, rs->passes[s->run->pass], s->view->host, s->match.path);
    while (!st) {
        uint32_t i = index_walk_next(&walk, s->run->next);

        if (i == UINT32_MAX)
            break;
        s->run->next = i + 1;
        if (match_gate_passes(&rs->gates[i], &s->match) && rule_is_on(&rs->rules[i]))
            st = rule_ask(s, &rs->rules[i]);
        if (st == STATUS_NEED_MORE)
            s->run->next = i;
    }
    return st;
}

/* May any rule of the response pass match, by what is known of the request? What it
 * wants of the request must be kept now: NEED_MORE. */
static enum status response_look(struct step *s, bool *ret_matters)
{
    const struct ruleset *rs = s->run->rules;
    struct index_walk walk;
    uint32_t i = 0;

    *ret_matters = false;
    index_walk_init(&walk, rs->passes[PASS_RESPONSE], s->view->host, s->match.path);
    while (!s->match.status && (i = index_walk_next(&walk, i)) != UINT32_MAX) {
        const struct rule *rule = &rs->rules[i++];

        if (!match_gate_passes(&rule->match.gate, &s->match) || !rule_is_on(rule))
            continue;
        if (!match_holds(&rule->match, &s->match) && !s->match.needs && !s->match.gave_up)
            continue;
        if (rule->needs & NEEDS_REQUEST_BODY && !s->view->request_body) {
            s->needs = NEEDS_REQUEST_BODY;
            return STATUS_NEED_MORE;
        }
        *ret_matters = true;
        if (rule->changes_body && !s->run->whole)
            s->run->whole = rule;
    }
    return s->match.status;
}

static bool was_answered(const struct effects *effects)
{
    enum effect_kind last;

    if (effects->count == 0)
        return false;
    last = effects->items[effects->count - 1].kind;
    return last == EFFECT_ANSWER || last == EFFECT_ABORT;
}

/* The request pass is over: what is asked of the response? */
static enum status request_end(struct step *s, enum rule_need *ret_need)
{
    bool matters;
    enum status st = response_look(s, &matters);

    if (st)
        return st;
    *ret_need = matters ? RULES_NEED_RESPONSE : RULES_DONE;
    if (!s->run->whole || s->effects->count >= EFFECTS)
        return STATUS_OK;
    return effects_add(s->run->arena, s->effects, EFFECT_WHOLE, s->run->whole->label)
               ? STATUS_OK
               : STATUS_NO_MEMORY;
}

static enum rule_need need_of(unsigned needs)
{
    if (needs & NEEDS_TIME)
        return RULES_NEED_TIME;
    if (needs & NEEDS_REQUEST_BODY)
        return RULES_NEED_REQUEST_BODY;
    return needs & NEEDS_RESPONSE ? RULES_NEED_RESPONSE : RULES_NEED_RESPONSE_BODY;
}

enum status rules_step(struct rule_run *run, const struct rule_view *view, struct effects *effects,
                       enum rule_need *ret_need)
{
    enum rule_pass pass = view->response ? PASS_RESPONSE : PASS_REQUEST;
    enum rule_need need = RULES_DONE;
    struct step s = {.run = run, .view = view, .effects = effects};
    enum status st;

    if (pass != run->pass) {
        run->next = 0;
        run->asked_all = false;
    }
    run->pass = pass;
    if (!view->on_loop)
        run->replace_left_us = rule_pattern_us(view);
    match_run_init(&s.match, view, run->arena, run->rules->patterns);
    st = run->asked_all ? STATUS_OK : pass_run(&s);
    if (st != STATUS_NEED_MORE)
        run->asked_all = true;
    if (pass == PASS_REQUEST && (!st || (st == STATUS_END && !was_answered(effects))))
        st = request_end(&s, &need);
    if (st == STATUS_NEED_MORE)
        need = need_of(s.needs);
    match_run_release(&s.match);
    if (st < 0)
        return st;
    *ret_need = need;
    return STATUS_OK;
}
