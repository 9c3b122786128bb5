/* The value of a `match` on the first line, a request on the others. The index gives
 * no other answer than looking at every rule; a ~pattern finds the same whether or not
 * a text is known that every match holds. */
#include <stdlib.h>
#include <string.h>

#include "rules/rule.h"
#include "rules_text.h"

#include "fuzz.h"

enum { ARENA_BYTES = 64 * 1024 * 1024 };

static void require(bool ok)
{
    if (!ok)
        abort();
}

/* The tree of { rules: [{ match: …, then: pass }] }. */
struct tree {
    struct node root, rules, rule, match, then;
};

static void tree_make(struct tree *t, struct bytes match)
{
    *t = (struct tree){
        .root = {.kind = NODE_MAP, .first = &t->rules, .count = 1},
        .rules = {.kind = NODE_LIST, .key = BYTES("rules"), .first = &t->rule, .count = 1},
        .rule = {.kind = NODE_MAP, .first = &t->match, .count = 2},
        .match = {.kind = NODE_SCALAR, .key = BYTES("match"), .text = match, .next = &t->then},
        .then = {.kind = NODE_SCALAR, .key = BYTES("then"), .text = BYTES("pass")},
    };
}

static struct ruleset *compile(struct arena *arena, struct rule_state *counters, struct bytes match)
{
    struct ruleset *rules = NULL;
    struct diags diags;
    struct config_reader r = {.arena = arena, .diags = &diags};
    struct tree tree;
    enum status st;

    tree_make(&tree, match);
    diags_init(&diags);
    st = ruleset_compile(&r, &tree.root, "/nowhere", counters, &rules);
    require(st == STATUS_OK || (st == STATUS_BAD_CONFIG && diags.errors > 0));
    diags_release(&diags);
    return rules;
}

static bool fires(struct arena *arena, const struct ruleset *rules, const struct rule_view *view)
{
    struct effects effects = {0};
    struct rule_run *run = rule_run_new(arena, rules, 1);
    enum rule_need need;

    require(run && rules_step(run, view, &effects, &need) == STATUS_OK);
    return effects.count > 0 && effects.items[effects.count - 1].kind == EFFECT_FORWARD;
}

/* Without the index. */
static bool holds(struct arena *arena, const struct ruleset *rules, const struct rule_view *view)
{
    const struct match *m = &rules->rules[0].match;
    struct match_run run;
    bool answer;

    match_run_init(&run, view, arena, rules->patterns);
    answer = match_gate_passes(&m->gate, &run) && match_holds(m, &run);
    require(run.status == STATUS_OK);
    for (uint32_t i = 0; answer && i < m->captures; i++)
        require(run.captures[i].len == 0 || run.captures[i].ptr != NULL);
    match_run_release(&run);
    if (answer)
        require(ruleset_touches_host(rules, view->host));
    return answer;
}

/* ~X and ~(?:X) say the same; of the second no text is known that matches hold. */
static void compare_grouped(struct arena *arena, struct rule_state *counters,
                            const struct ruleset *rules, struct bytes match,
                            const struct rule_view *view, bool answer)
{
    char *grouped =
        arena_printf(arena, "~(?:%.*s)", (int)match.len - 1, (const char *)match.ptr + 1);
    struct ruleset *other;

    require(grouped != NULL);
    if (memchr(match.ptr, 0, match.len) || bytes_starts_with(match, BYTES("~(*")))
        return;
    other = compile(arena, counters, bytes_of(grouped));
    if (!other)
        return;
    if (fires(arena, other, view) != answer)
        require(pattern_set_gave_up(rules->patterns) || pattern_set_gave_up(other->patterns));
    ruleset_unref(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes rest = bytes_make(data, len), match = rules_text_line(&rest);
    struct rule_state *counters = NULL;
    struct rules_request request;
    struct ruleset *rules;
    struct arena arena;
    bool answer;

    arena_init(&arena, ARENA_BYTES);
    require(rule_state_new(&counters) == STATUS_OK);
    rules = compile(&arena, counters, match);
    if (rules && rules_text_request(&arena, rest, &request) == STATUS_OK) {
        answer = fires(&arena, rules, &request.view);
        require(answer == holds(&arena, rules, &request.view));
        if (bytes_starts_with(match, BYTES("~")))
            compare_grouped(&arena, counters, rules, match, &request.view, answer);
    }
    ruleset_unref(rules);
    rule_state_free(counters);
    arena_release(&arena);
    return 0;
}
