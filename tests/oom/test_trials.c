/* Rules tried without memory: all of it, or a status that says so. */
#include <string.h>

#include "scarce_memory.h"
#include "stage.h"

#include "cli/trial_input.h"
#include "rules/explain.h"
#include "rules/fault_journal.h"
#include "rules/when.h"

enum { MEMORY_BYTES = 16 * 1024 * 1024 };

static const char rules_text[] =
    "version: 1\n"
    "rules:\n"
    "  - { match: a.test, when: first 9 per client, then: [delay: 1s, set: { request.body: new }] "
    "}\n"
    "  - { match: a.test, then: [set: { request.header.x-a: b }, forward: http://b.test] }\n"
    "  - match: { url: a.test, response: { status: 2xx, body: ~old } }\n"
    "    then: [set: { response.header.x-a: b }, replace: { response.body: { find: old, with: new "
    "} }]\n"
    "  - { match: { url: POST c.test/x, header: { x-a: ~b } }, then: 404 }\n";

/* Compiled with all the memory there is. */
static struct world {
    struct arena memory;
    struct diags diags;
    struct source source;
    struct rule_state *state;
    struct ruleset *rules;
    enum status line_status;
} world;

static bool on_decision(void *self, const struct when_decision *d)
{
    struct world *w = self;
    struct buf line;

    buf_init(&line, FAULT_LINE_BYTES);
    w->line_status = fault_journal_put(d, d->fires, &line);
    buf_release(&line);
    return d->fires;
}

static const struct when_tap tap = {on_decision, &world};

static void begin(void)
{
    struct config_reader r = {.arena = &world.memory, .diags = &world.diags};
    struct node *root;

    arena_init(&world.memory, MEMORY_BYTES);
    diags_init(&world.diags);
    world.source = (struct source){.name = "proxy.yaml", .text = bytes_of(rules_text)};
    assert_int_equal(rule_state_new(&world.state), STATUS_OK);
    assert_int_equal(node_parse(&world.memory, &world.source, &world.diags, &root), STATUS_OK);
    assert_int_equal(ruleset_compile(&r, root, NULL, world.state, &world.rules), STATUS_OK);
    rule_state_tap(world.state, &tap);
    world.line_status = STATUS_OK;
}

static void end(void)
{
    ruleset_unref(world.rules);
    rule_state_free(world.state);
    diags_release(&world.diags);
    arena_release(&world.memory);
}

static enum status make_input(struct trial_input *in, const char *url)
{
    enum status st = trial_input_url(in, BYTES("POST"), bytes_of(url));

    if (!st)
        st = trial_input_field(in, &in->request, BYTES("X-B"), BYTES("1"));
    in->request_body.content = BYTES("body");
    trial_input_status(in, 200);
    in->response_body.content = BYTES("an old one");
    return st ? st : trial_input_finish(in);
}

static void a_trial(void)
{
    struct arena memory;
    struct trial_input in;
    struct trial_case one;
    struct trial t;
    enum status st;

    begin();
    arena_init(&memory, MEMORY_BYTES);
    scarce_arm(true);
    trial_input_init(&in, &memory);
    st = make_input(&in, "a.test/x?y");
    one = trial_input_case(&in, world.rules);
    if (!st)
        st = trial_run(&one, &memory, &t);
    scarce_arm(false);
    if (!scarce_failed())
        assert_int_equal(st, STATUS_OK);
    assert_true(scarce_failed() || world.line_status == STATUS_OK);
    if (!st)
        assert_true(bytes_equal(t.response.content, BYTES("an new one")));
    arena_release(&memory);
    end();
}

static void an_explanation(void)
{
    struct arena memory;
    struct trial_input in;
    struct explanation e = {0};
    enum status st;

    begin();
    arena_init(&memory, MEMORY_BYTES);
    scarce_arm(true);
    trial_input_init(&in, &memory);
    st = make_input(&in, "c.test/x");
    for (size_t i = 0; !st && i < ruleset_count(world.rules); i++)
        st = ruleset_explain(world.rules, i, &in.view, &memory, &e);
    scarce_arm(false);
    assert_int_equal(st != STATUS_OK, scarce_failed());
    if (!st)
        assert_string_equal(e.sentence, "header x-a is absent, wanted ~b");
    arena_release(&memory);
    end();
}

static void a_repetition(void)
{
    struct fault_replay *replay = NULL;
    struct fault_record record = {.rule = BYTES("none"), .n = 1, .fired = true};
    struct when_decision d = {.rule = BYTES("none"), .when = &(struct when){0}, .n = 1};
    enum status st;

    begin();
    scarce_arm(true);
    st = fault_replay_new(world.rules, &replay);
    if (!st && fault_replay_add(replay, &record) != STATUS_NOT_FOUND)
        st = STATUS_BAD_INPUT;
    scarce_arm(false);
    assert_int_equal(st != STATUS_OK, scarce_failed());
    if (!st)
        assert_false(fault_replay_fires(replay, &d));
    fault_replay_free(replay);
    end();
}

static void tries_a_request_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_trial);
}

static void explains_a_rule_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(an_explanation);
}

static void repeats_decisions_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(a_repetition);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tries_a_request_or_says_that_it_cannot),
        cmocka_unit_test(explains_a_rule_or_says_that_it_cannot),
        cmocka_unit_test(repeats_decisions_or_says_that_it_cannot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
