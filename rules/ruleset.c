#include "rules/ruleset.h"

#include <stdlib.h>

#include "rules/rule.h"

void ruleset_ref(struct ruleset *rs)
{
    atomic_fetch_add_explicit(&rs->refs, 1, memory_order_relaxed);
}

void ruleset_unref(struct ruleset *rs)
{
    if (!rs || atomic_fetch_sub_explicit(&rs->refs, 1, memory_order_acq_rel) > 1)
        return;
    for (uint32_t i = 0; i < rs->count; i++)
        rule_slot_unref(rs->rules[i].slot);
    pattern_set_free(rs->patterns);
    arena_release(&rs->arena);
    free(rs);
}

size_t ruleset_count(const struct ruleset *rs)
{
    return rs->count;
}

void ruleset_info(const struct ruleset *rs, size_t i, struct rule_info *ret_info)
{
    const struct rule *rule = &rs->rules[i];

    *ret_info = (struct rule_info){
        .name = rule->name,
        .label = rule->label,
        .place = rule->place,
        .group = rule->group,
        .enabled = rule->enabled,
        .on = rule_is_on(rule),
    };
    rule_slot_totals(rule->slot, &ret_info->matched, &ret_info->fired);
}

bool ruleset_touches_host(const struct ruleset *rs, struct bytes host)
{
    struct index_walk walk;

    index_walk_init(&walk, rs->hosts, host, bytes_make(NULL, 0));
    for (uint32_t i = index_walk_next(&walk, 0); i != UINT32_MAX;
         i = index_walk_next(&walk, i + 1)) {
        if (rule_is_on(&rs->rules[i]) && match_host_may_hold(&rs->rules[i].match, host))
            return true;
    }
    return false;
}

/* Does the path's glob take every path? */
static bool takes_all_paths(const struct match_test *t)
{
    const struct glob *g = t->choices[0].glob;

    return t->count == 1 && t->choices[0].kind == CHOICE_GLOB && g->count == 2 &&
           g->pieces[1].kind == GLOB_ACROSS && bytes_equal(glob_prefix(g), BYTES("/"));
}

/* Does the match hold for every usual request of the host and port in `run`? */
static bool takes_all_requests(const struct match *m, struct match_run *run)
{
    if (!m->plain || (m->gate.methods & METHOD_USUAL) != METHOD_USUAL)
        return false;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct match_test *t = &m->tests[i];
        bool all = t->holds == test_path && takes_all_paths(t);
        bool known = t->holds == test_host || t->holds == test_port;

        if (!all && !(known && t->cost < COST_PATTERN && t->holds(t, run)))
            return false;
    }
    return true;
}

static bool gate_may_pass(const struct match_gate *g, const struct match_run *run)
{
    return (g->schemes & run->schemes) && (!g->port || g->port == run->view->port);
}

bool ruleset_answers_host(const struct ruleset *rs, struct bytes scheme, struct bytes host,
                          uint16_t port)
{
    const struct rule_view view = {.scheme = scheme, .host = host, .port = port};
    struct match_run run = {.view = &view};
    struct index_walk walk;

    run.schemes = bytes_equal(scheme, BYTES("https")) ? SCHEME_HTTPS : SCHEME_HTTP;
    index_walk_init(&walk, rs->hosts, host, bytes_make(NULL, 0));
    for (uint32_t i = index_walk_next(&walk, 0); i != UINT32_MAX;
         i = index_walk_next(&walk, i + 1)) {
        const struct rule *rule = &rs->rules[i];

        if (!gate_may_pass(&rule->match.gate, &run) || !rule_is_on(rule) ||
            !match_host_may_hold(&rule->match, host))
            continue;
        if (rule->then.traits & VERB_PASSES)
            return false;
        if ((rule->then.traits & VERB_ANSWERS) && rule->when.count == 0 &&
            takes_all_requests(&rule->match, &run))
            return true;
    }
    return false;
}
