/* Rules switched on and off while they run. */
#include "rules_world.h"

static const char shop[] = "groups: { outage: { enabled: false } }\n"
                           "rules:\n"
                           "  - { name: stub, match: GET a.test/x, when: first 2, then: 404 }\n"
                           "  - { name: down, group: outage, match: .shop.test, then: 503 }\n"
                           "  - { group: outage, match: b.test/x, then: 500 }\n"
                           "  - { name: never, enabled: false, match: c.test, then: 404 }\n";

static struct rule_info info_of(struct world *w, size_t i)
{
    struct rule_info info;

    ruleset_info(w->rules, i, &info);
    return info;
}

static void is_asked_no_more_when_it_is_off_and_again_when_it_is_on(void **state)
{
    struct world *w = *state;

    world_load(w, shop);
    assert_true(fires(w, "GET http://a.test/x"));
    assert_true(ruleset_switch(w->rules, 0, false));
    assert_false(info_of(w, 0).on);
    assert_true(info_of(w, 0).enabled);
    assert_false(fires(w, "GET http://a.test/x"));
    assert_true(ruleset_switch(w->rules, 0, true));
    assert_true(info_of(w, 0).on);
    assert_true(fires(w, "GET http://a.test/x"));
    assert_false(fires(w, "GET http://a.test/x")); /* the third: it counts on where it was */
    assert_int_equal(info_of(w, 0).matched, 3);
}

static void says_whether_a_switch_changed_anything(void **state)
{
    struct world *w = *state;

    world_load(w, shop);
    assert_false(ruleset_switch(w->rules, 0, true));
    assert_true(ruleset_switch(w->rules, 0, false));
    assert_false(ruleset_switch(w->rules, 0, false));
    assert_false(ruleset_switch(w->rules, 1, false));
}

static void asks_rules_that_the_file_has_off(void **state)
{
    struct world *w = *state;

    world_load(w, shop);
    assert_false(fires(w, "GET http://www.shop.test/"));
    assert_false(fires(w, "GET http://c.test/"));
    assert_false(ruleset_touches_host(w->rules, BYTES("c.test")));
    assert_true(ruleset_switch(w->rules, 1, true));
    assert_true(ruleset_switch(w->rules, 3, true));
    assert_true(fires(w, "GET http://www.shop.test/"));
    assert_true(fires(w, "GET http://c.test/"));
    assert_true(ruleset_touches_host(w->rules, BYTES("c.test")));
    assert_true(ruleset_answers_host(w->rules, BYTES("http"), BYTES("c.test"), 80));
    assert_true(ruleset_switch(w->rules, 3, false));
    assert_false(ruleset_answers_host(w->rules, BYTES("http"), BYTES("c.test"), 80));
}

static void holds_across_a_reload_that_leaves_the_text_alone(void **state)
{
    struct world *w = *state;

    world_load(w, shop);
    assert_true(ruleset_switch(w->rules, 0, false));
    assert_true(ruleset_switch(w->rules, 1, true));
    world_load(w, shop);
    assert_false(info_of(w, 0).on);
    assert_true(info_of(w, 1).on);
    assert_false(info_of(w, 1).enabled);
    assert_false(info_of(w, 2).on);
}

static void follows_the_file_again_when_the_rule_is_written_anew(void **state)
{
    struct world *w = *state;

    world_load(w, shop);
    assert_true(ruleset_switch(w->rules, 0, false));
    world_load(w, "rules: [{ name: stub, match: GET a.test/x, then: 410 }]");
    assert_true(info_of(w, 0).on);
}

static void forgets_a_switch_that_was_taken_back(void **state)
{
    struct world *w = *state;

    world_load(w, shop);
    assert_true(ruleset_switch(w->rules, 1, true));
    assert_true(ruleset_switch(w->rules, 1, false));
    world_load(w, "groups: { outage: { enabled: true } }\n"
                  "rules: [{ name: down, group: outage, match: .shop.test, then: 503 }]");
    assert_true(info_of(w, 0).on);
}

static void is_meant_by_name_group_or_place(void **state)
{
    struct world *w = *state;

    world_load(w, shop);
    assert_true(ruleset_means(w->rules, 0, BYTES("stub")));
    assert_true(ruleset_means(w->rules, 0, BYTES("proxy.yaml:3")));
    assert_true(ruleset_means(w->rules, 1, BYTES("outage")));
    assert_true(ruleset_means(w->rules, 2, BYTES("outage")));
    assert_false(ruleset_means(w->rules, 0, BYTES("outage")));
    assert_false(ruleset_means(w->rules, 0, BYTES("proxy.yaml:33")));
    assert_false(ruleset_means(w->rules, 0, BYTES("yaml:3")));
    assert_false(ruleset_means(w->rules, 0, BYTES("")));
    assert_false(ruleset_means(w->rules, 2, BYTES(""))); /* which has no name */
}

static void knows_the_nearest_name(void **state)
{
    struct world *w = *state;

    world_load(w, shop);
    assert_string_equal(ruleset_nearest(w->rules, BYTES("stob")), "stub");
    assert_string_equal(ruleset_nearest(w->rules, BYTES("outrage")), "outage");
    assert_null(ruleset_nearest(w->rules, BYTES("something else")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(is_asked_no_more_when_it_is_off_and_again_when_it_is_on),
        TEST(says_whether_a_switch_changed_anything),
        TEST(asks_rules_that_the_file_has_off),
        TEST(holds_across_a_reload_that_leaves_the_text_alone),
        TEST(follows_the_file_again_when_the_rule_is_written_anew),
        TEST(forgets_a_switch_that_was_taken_back),
        TEST(is_meant_by_name_group_or_place),
        TEST(knows_the_nearest_name),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
