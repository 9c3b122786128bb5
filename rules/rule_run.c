#include "rules/rule.h"

struct rule_run {
    struct arena *arena;
    const struct ruleset *rules;
    uint64_t ids; /* what $(uuid) is drawn from */
    enum rule_pass pass;
    uint32_t next; /* the first rule not asked yet */
    struct draft draft;
    bool cors_settled;
    int64_t replace_left_us;
};

/* One call of rules_step(). */
struct step {
    struct rule_run *run;
    const struct rule_view *view;
    struct effects *effects;
    bool told; /* of a pattern that gave up: once is enough */
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
                             .replace_left_us = RULE_PATTERN_US};
    return run;
}

static enum status note_add(struct step *s, const struct rule *rule, const char *note)
{
    struct effect *e = effects_add(s->run->arena, s->effects, EFFECT_NOTE, rule->label);

    if (!e)
        return s->effects->count >= EFFECTS ? STATUS_OK : STATUS_NO_MEMORY;
    e->note = note;
    return STATUS_OK;
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
        .dice = when_dice(rs->seed, rule->dice_name, key.text, n),
        .ids = &s->run->ids,
    };
    enum status st;

    if (s->effects->count + rule->effects + 1 >= EFFECTS) /* one more for a note */
        return note_add(s, rule, "rule_skipped: too many effects on one exchange");
    st = draft_make(&s->run->draft, s->run->arena, s->view);
    if (!st)
        st = rule_slot_fire(rule->slot, key, &f.place);
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

/* STATUS_END: a terminal effect was appended. */
static enum status rule_ask(struct step *s, const struct rule *rule)
{
    struct when_ask ask = {rule->slot, rule->dice_name, s->view, s->run->arena};
    struct rule_key key;
    bool applies, fires;
    uint64_t n;
    enum status st;

    s->match.gave_up = false;
    if (!match_holds(&rule->match, &s->match)) {
        if (s->match.gave_up && !s->told) {
            s->told = true;
            return note_add(s, rule, "rule_skipped: its pattern took too long on this request");
        }
        return s->match.status;
    }
    st = when_key(&rule->when.per, s->view, s->run->arena, &key);
    if (!st)
        st = rule_applies(s, rule, key, &applies);
    if (st || !applies)
        return st;
    st = when_count(&rule->when, &ask, &fires, &n);
    return st || !fires ? st : rule_fire(s, rule, key, n);
}

/* STATUS_END: a terminal effect was appended; STATUS_OK: all were asked. */
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
        if (match_gate_passes(&rs->gates[i], &s->match))
            st = rule_ask(s, &rs->rules[i]);
    }
    return st;
}

/* Does the origin's response matter to any rule? */
static bool has_response_rules(const struct step *s)
{
    struct index_walk walk;

    index_walk_init(&walk, s->run->rules->passes[PASS_RESPONSE], s->view->host, s->match.path);
    return walk.count > 0;
}

static bool was_answered(const struct effects *effects)
{
    enum effect_kind last;

    if (effects->count == 0)
        return false;
    last = effects->items[effects->count - 1].kind;
    return last == EFFECT_ANSWER || last == EFFECT_ABORT;
}

enum status rules_step(struct rule_run *run, const struct rule_view *view, struct effects *effects,
                       enum rule_need *ret_need)
{
    enum rule_pass pass = view->response ? PASS_RESPONSE : PASS_REQUEST;
    enum rule_need need = RULES_DONE;
    struct step s;
    enum status st;

    if (pass != run->pass)
        run->next = 0;
    run->pass = pass;
    s.run = run;
    s.view = view;
    s.effects = effects;
    s.told = false;
    match_run_init(&s.match, view, run->arena, run->rules->patterns);
    st = pass_run(&s);
    if (pass == PASS_REQUEST && !(st == STATUS_END && was_answered(effects)) &&
        has_response_rules(&s))
        need = RULES_NEED_RESPONSE;
    match_run_release(&s.match);
    if (st && st != STATUS_END)
        return st;
    *ret_need = need;
    return STATUS_OK;
}
