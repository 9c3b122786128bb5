#include "rules/explain.h"

#include "rules/explain_words.h"
#include "rules/rule.h"

static bool host_holds(const struct match *m, struct match_run *run)
{
    return m->host && match_choices_hold(m->host, run, run->view->host, false);
}

static bool path_holds(const struct match *m, struct match_run *run)
{
    return m->path && run->path.len && match_choices_hold(m->path, run, run->path, false);
}

/* Does it name more of a path than that there is one? */
static bool path_says_much(const struct match *m)
{
    for (uint32_t i = 0; i < m->path->count; i++) {
        const struct choice *c = &m->path->choices[i];

        if (c->kind != CHOICE_GLOB || glob_prefix(c->glob).len > 1)
            return true;
    }
    return false;
}

static enum explain_nearness nearness(const struct match *m, struct match_run *run)
{
    bool host = host_holds(m, run), path = path_holds(m, run);

    if ((!m->host || host) && (!m->path || path))
        return EXPLAIN_NEAR;
    return host || (path && path_says_much(m)) ? EXPLAIN_HALF : EXPLAIN_FAR;
}

/* Did all of its match hold? Else why not. */
static enum explain_verdict match_explain(const struct match *m, struct match_run *run,
                                          struct buf *why)
{
    const struct match_test *last = NULL;

    if (!match_gate_passes(&m->gate, run)) {
        explain_put_gate(&m->gate, run, why);
        return EXPLAIN_MISSES;
    }
    if (match_holds_by(m, run, &last))
        return EXPLAIN_TAKES;
    if (run->needs) {
        buf_put_text(why, "it is asked when the origin has answered");
        return EXPLAIN_UNKNOWN;
    }
    if (run->fault)
        buf_putf(why, "its content cannot be looked at: %s", run->fault);
    else if (run->gave_up)
        buf_put_text(why, "its pattern took too long on this request");
    else if (last)
        explain_put_test(last, run, why);
    return EXPLAIN_MISSES;
}

/* A status that depends on the request, as 304 does. */
static enum status fit_explain(const struct rule *rule, const struct rule_view *view,
                               struct arena *arena, struct buf *why, enum explain_verdict *verdict)
{
    struct rule_key key;
    uint64_t place = 0;
    enum status st;

    if (!rule->then.conditional)
        return STATUS_OK;
    st = when_key(&rule->when.per, view, arena, &key);
    if (!st)
        st = rule_slot_fired(rule->slot, key, &place);
    if (st || actions_apply_to(&rule->then, view, place))
        return st;
    *verdict = EXPLAIN_UNFIT;
    buf_put_text(why, "its status does not fit this request: 304 answers only a conditional "
                      "request (RFC 9110 section 15.4.5)");
    return STATUS_OK;
}

enum status ruleset_explain(const struct ruleset *rs, size_t i, const struct rule_view *view,
                            struct arena *arena, struct explanation *ret_explanation)
{
    const struct rule *rule = &rs->rules[i];
    struct explanation e = {.verdict = EXPLAIN_OFF};
    struct match_run run;
    struct buf why;
    enum status st;

    buf_init(&why, EXPLAIN_BYTES);
    match_run_init(&run, view, arena, rs->patterns);
    if (rule_is_on(rule))
        e.verdict = match_explain(&rule->match, &run, &why);
    else
        buf_putf(&why, rule->group[0] ? "it is off, or its group %s is" : "it is off", rule->group);
    e.near = nearness(&rule->match, &run);
    st = run.status;
    if (e.verdict == EXPLAIN_TAKES && rule->pass == PASS_CONNECTION) {
        e.verdict = EXPLAIN_UNKNOWN;
        buf_put_text(&why, "it acts on connections, and here is none");
    }
    if (!st && e.verdict == EXPLAIN_TAKES)
        st = fit_explain(rule, view, arena, &why, &e.verdict);
    match_run_release(&run);
    e.sentence = arena_text(arena, buf_bytes(&why));
    if (!st && (buf_status(&why) == STATUS_NO_MEMORY || !e.sentence))
        st = STATUS_NO_MEMORY;
    buf_release(&why);
    if (!st)
        *ret_explanation = e;
    return st;
}
