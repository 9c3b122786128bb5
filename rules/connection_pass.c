#include "rules/connection_pass.h"

#include "rules/rule.h"

/* One call of rules_connect() or ruleset_may_act(). */
struct connect_step {
    const struct ruleset *rules;
    unsigned moment;
    struct rule_view view; /* with a request that says nothing */
    struct arena *arena;
    struct effects *effects;
    struct match_run match;
    struct index_walk walk;
};

static unsigned moment_bit(enum rules_moment at)
{
    return at == RULES_AT_HELLO ? VERB_AT_HELLO : VERB_AT_DIAL;
}

bool ruleset_acts(const struct ruleset *rs, enum rules_moment at)
{
    return rs && rs->moments & moment_bit(at);
}

static void step_init(struct connect_step *s, const struct ruleset *rs, enum rules_moment at,
                      const struct rule_view *view, struct arena *arena)
{
    static const struct head nothing = {.side = HTTP_REQUEST};

    s->rules = rs;
    s->moment = moment_bit(at);
    s->view = *view;
    s->view.request = &nothing;
    s->view.response = NULL;
    s->arena = arena;
    match_run_init(&s->match, &s->view, arena, rs->patterns);
    index_walk_init(&s->walk, rs->passes[PASS_CONNECTION], view->host, s->match.path);
}

/* The next rule from *at on that matches, or NULL. */
static const struct rule *step_next(struct connect_step *s, uint32_t *at)
{
    uint32_t i;

    while (!s->match.status && (i = index_walk_next(&s->walk, *at)) != UINT32_MAX) {
        const struct rule *rule = &s->rules->rules[i];

        *at = i + 1;
        if (rule->moment == s->moment && rule_is_on(rule) &&
            match_gate_passes(&s->rules->gates[i], &s->match) &&
            match_holds(&rule->match, &s->match))
            return rule;
    }
    return NULL;
}

static enum status rule_act(struct connect_step *s, const struct rule *rule, struct rule_key key,
                            uint64_t n)
{
    struct firing f = {
        .arena = s->arena,
        .effects = s->effects,
        .view = &s->view,
        .patterns = s->rules->patterns,
        .captures = s->match.captures,
        .rule = rule->label,
        .mark = rule->mark,
        .dice = {.seed = when_dice(s->rules->seed, rule->dice_name, key.text, n)},
    };
    enum status st;

    if (s->effects->count + rule->effects >= EFFECTS)
        return STATUS_OK;
    st = rule_slot_fire(rule->slot, key, &f.place);
    return st ? st : actions_run(&rule->then, &f);
}

static enum status rule_count(struct connect_step *s, const struct rule *rule)
{
    struct when_ask ask = {rule->slot, rule->dice_name, &s->view, s->arena};
    struct rule_key key;
    bool fires;
    uint64_t n;
    enum status st = when_key(&rule->when.per, &s->view, s->arena, &key);

    if (!st)
        st = when_count(&rule->when, &ask, &fires, &n);
    if (!st)
        fires = rule_decide(rule, &s->view, key, n, fires);
    return st || !fires ? st : rule_act(s, rule, key, n);
}

enum status rules_connect(const struct ruleset *rs, enum rules_moment at,
                          const struct rule_view *view, struct arena *arena,
                          struct effects *effects)
{
    const struct rule *rule;
    struct connect_step s;
    uint32_t next = 0;
    enum status st = STATUS_OK;

    step_init(&s, rs, at, view, arena);
    s.effects = effects;
    while (!st && (rule = step_next(&s, &next)))
        st = rule_count(&s, rule);
    if (!st)
        st = s.match.status;
    match_run_release(&s.match);
    return st;
}

bool ruleset_may_act(const struct ruleset *rs, enum rules_moment at, const struct rule_view *view,
                     struct arena *arena)
{
    struct connect_step s;
    uint32_t next = 0;
    bool may;

    step_init(&s, rs, at, view, arena);
    may = step_next(&s, &next);
    match_run_release(&s.match);
    return may;
}
