/* `then`: its forms, and the verbs that answer or hold. */
#include "rules/actions.h"
#include "rules_world.h"

#define REQUEST "GET http://a.test/"

static void load_then(struct world *w, const char *then)
{
    char yaml[1024];

    snprintf(yaml, sizeof(yaml), "rules:\n  - name: r\n    match: a.test\n    then: %s\n", then);
    world_load(w, yaml);
}

static void takes_a_status_a_word_a_map_and_a_list(void **state)
{
    struct world *w = *state;

    load_then(w, "pass");
    expect(w, REQUEST, "forward\n");
    load_then(w, "404");
    expect_part(w, REQUEST, "answer 404");
    load_then(w, "{ delay: 1ms, respond: 404 }");
    expect_part(w, REQUEST, "delay request 1000 us\nanswer 404");
    load_then(w, "[delay: 1ms, { delay: 2ms }, block]");
    expect_part(w, REQUEST, "delay request 1000 us\ndelay request 2000 us\nanswer 403");
}

static void aborts_in_three_ways(void **state)
{
    struct world *w = *state;

    load_then(w, "{ abort: close }");
    expect(w, REQUEST, "abort close\n");
    load_then(w, "{ abort: { how: reset } }");
    expect(w, REQUEST, "abort reset\n");
    load_then(w, "[delay: 1s, abort: hang]");
    expect(w, REQUEST, "delay request 1000000 us\nabort hang\n");
}

static void delays_request_and_response(void **state)
{
    struct world *w = *state;

    load_then(w, "{ delay: 1.5s }");
    expect(w, REQUEST, "delay request 1500000 us\n");
    load_then(w, "{ delay: { request: 1ms, response: 2ms } }");
    expect(w, REQUEST, "delay request 1000 us\ndelay response 2000 us\n");
    load_then(w, "{ delay: 0 }");
    expect(w, REQUEST, "");
}

static void draws_delays_from_a_range_that_repeat(void **state)
{
    static const char *const forms[] = {"{ delay: 200ms to 800ms }",
                                        "{ delay: { from: 200ms, to: 800ms } }",
                                        "{ delay: { request: 200ms to 800ms } }"};
    struct world *w = *state;
    long drawn[3][4];

    for (size_t form = 0; form < 3; form++) {
        load_then(w, forms[form]);
        for (size_t i = 0; i < 4; i++) {
            drawn[form][i] = strtol(ask(w, REQUEST) + strlen("delay request "), NULL, 10);
            assert_in_range(drawn[form][i], 200000, 800000);
        }
    }
    assert_memory_equal(drawn[0], drawn[1], sizeof(drawn[0]));
    assert_memory_equal(drawn[0], drawn[2], sizeof(drawn[0]));
    assert_int_not_equal(drawn[0][0], drawn[0][1]);
}

static void repeats_the_last_step_of_a_sequence(void **state)
{
    struct world *w = *state;

    load_then(w, "{ sequence: [500, { delay: 1ms }, [delay: 2ms, abort: reset]] }");
    expect_part(w, REQUEST, "answer 500");
    expect(w, REQUEST, "delay request 1000 us\n");
    expect(w, REQUEST, "delay request 2000 us\nabort reset\n");
    expect(w, REQUEST, "delay request 2000 us\nabort reset\n");
}

static void starts_a_sequence_again_when_it_loops(void **state)
{
    struct world *w = *state;

    load_then(w, "{ sequence: { steps: [pass, 404], loop: true } }");
    expect(w, REQUEST, "forward\n");
    expect_part(w, REQUEST, "answer 404");
    expect(w, REQUEST, "forward\n");
    expect_part(w, REQUEST, "answer 404");
}

static void advances_a_sequence_by_each_firing_of_its_key(void **state)
{
    struct world *w = *state;

    world_load(w, "rules: [{ match: a.test, when: every 2nd per client,\n"
                  "          then: { sequence: [404, pass] } }]");
    assert_string_equal(ask(w, REQUEST), "");
    expect_part(w, REQUEST, "answer 404");
    w->client = "192.0.2.7";
    assert_string_equal(ask(w, REQUEST), "");
    expect_part(w, REQUEST, "answer 404");
    assert_string_equal(ask(w, REQUEST), "");
    expect(w, REQUEST, "forward\n");
    w->client = NULL;
    world_load(w, "rules: [{ match: a.test, when: per client, then: { sequence: [404, pass] } }]");
    expect_part(w, REQUEST, "answer 404");
    w->client = "192.0.2.7";
    expect_part(w, REQUEST, "answer 404");
}

static void waits_with_a_304_step_for_a_conditional_request(void **state)
{
    struct world *w = *state;

    load_then(w, "{ sequence: [304, 404] }");
    expect(w, REQUEST, "");
    expect_part(w, REQUEST "\nIf-None-Match: \"a\"", "answer 304");
    expect_part(w, REQUEST, "answer 404");
}

/* What a row of verbs.def promises. */
static void describes_every_verb(void **state)
{
    static const struct verb *const verbs[] = {
#define VERB(name) &verb_##name,
#define VERB_LATER(name)
#include "rules/verbs.def"
#undef VERB
#undef VERB_LATER
    };

    (void)state;
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        assert_non_null(verbs[i]->name);
        assert_true(verbs[i]->help && verbs[i]->help[0]);
        assert_true(verbs[i]->example || (verbs[i]->traits & VERB_BARE));
        assert_non_null(verbs[i]->parse);
        assert_non_null(verbs[i]->apply);
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(verbs[i]->name, verbs[j]->name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(takes_a_status_a_word_a_map_and_a_list),
        TEST(aborts_in_three_ways),
        TEST(delays_request_and_response),
        TEST(draws_delays_from_a_range_that_repeat),
        TEST(repeats_the_last_step_of_a_sequence),
        TEST(starts_a_sequence_again_when_it_loops),
        TEST(advances_a_sequence_by_each_firing_of_its_key),
        TEST(waits_with_a_304_step_for_a_conditional_request),
        TEST(describes_every_verb),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
