#include "rules_world.h"

#define AT_A "GET https://a.test"

static void asks_each_rule_at_its_own_moment(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: a.test, then: { tls: expired } }\n"
                  "  - { match: a.test, then: { dns: fail } }\n"
                  "  - { match: a.test, then: 404 }\n");
    assert_string_equal(ask_connection(w, RULES_AT_HELLO, AT_A), "tls expired\n");
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, AT_A), "dns fail\n");
    expect(w, "GET https://b.test/", "");
    expect_part(w, AT_A "/", "answer 404");
    expect_no_part(w, AT_A "/", "tls");
}

static void asks_all_rules_that_match_in_file_order(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: .test, then: { connect: delay 1s } }\n"
                  "  - { match: a.test, then: { dns: delay 2s } }\n"
                  "  - { match: b.test, then: { connect: hang } }\n"
                  "  - { match: 'a.test:443', then: { connect: refuse } }\n");
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, AT_A),
                        "connect delay 1000000 us\ndns delay 2000000 us\nconnect refuse\n");
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, "GET http://a.test"),
                        "connect delay 1000000 us\ndns delay 2000000 us\n");
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, "GET http://c.example"), "");
}

static void looks_at_host_port_scheme_client_and_tls(void **state)
{
    static const struct rule_tls tls = {
        .sni = BYTES_INIT("a.test"), .alpn = BYTES_INIT("\x08http/1.1"), .ja4 = BYTES_INIT("t13d")};
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - match: { url: 'https://*.test', port: 400 to 500, client: 192.0.2.0/24,\n"
                  "             tls: { sni: .test, alpn: http/1.1, ja4: ~^t13 }, not: b.test }\n"
                  "    then: { tls: close }\n");
    assert_string_equal(ask_connection(w, RULES_AT_HELLO, AT_A), "");
    w->tls = &tls;
    assert_string_equal(ask_connection(w, RULES_AT_HELLO, AT_A), "tls close\n");
    assert_string_equal(ask_connection(w, RULES_AT_HELLO, AT_A ":8443"), "");
    assert_string_equal(ask_connection(w, RULES_AT_HELLO, "GET https://b.test"), "");
    assert_string_equal(ask_connection(w, RULES_AT_HELLO, "GET http://a.test:443"), "");
    w->client = "198.51.100.1";
    assert_string_equal(ask_connection(w, RULES_AT_HELLO, AT_A), "");
}

static void counts_connections_and_not_glances(void **state)
{
    struct world *w = *state;
    struct rule_info info;

    world_load(w, "rules: [{ name: r, match: a.test, when: first 2 per client, "
                  "          then: { connect: refuse } }]");
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, AT_A), "connect refuse\n");
    assert_true(ruleset_may_act(w->rules, RULES_AT_DIAL, &w->request.view, &w->exchange));
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, AT_A), "connect refuse\n");
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, AT_A), "");
    assert_true(ruleset_may_act(w->rules, RULES_AT_DIAL, &w->request.view, &w->exchange));
    w->client = "192.0.2.7";
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, AT_A), "connect refuse\n");
    ruleset_info(w->rules, 0, &info);
    assert_int_equal(info.matched, 4);
    assert_int_equal(info.fired, 3);
}

static void takes_the_same_turns_for_the_same_seed(void **state)
{
    struct world *w = *state;
    char first[64], again[64];

    for (int run = 0; run < 2; run++) {
        char *turns = run ? again : first;

        world_load(w, "rules: []\n");
        world_load(w,
                   "rules: [{ name: r, match: a.test, when: 50% seed 7, then: { tls: close } }]");
        for (int i = 0; i < 32; i++)
            turns[i] = ask_connection(w, RULES_AT_HELLO, AT_A)[0] ? 'F' : '.';
        turns[32] = '\0';
    }
    assert_string_equal(first, again);
    assert_non_null(strchr(first, 'F'));
    assert_non_null(strchr(first, '.'));
}

static void knows_at_a_glance_that_there_is_nothing_to_ask(void **state)
{
    struct world *w = *state;

    assert_false(ruleset_acts(NULL, RULES_AT_DIAL));
    world_load(w, "groups: { g: { enabled: false } }\n"
                  "rules:\n"
                  "  - { match: a.test, then: { tls: close } }\n"
                  "  - { match: a.test, enabled: false, then: { dns: fail } }\n"
                  "  - { match: a.test, group: g, then: { connect: hang } }\n");
    assert_true(ruleset_acts(w->rules, RULES_AT_HELLO));
    assert_true(ruleset_acts(w->rules, RULES_AT_DIAL)); /* they may be switched on */
    assert_string_equal(ask_connection(w, RULES_AT_DIAL, AT_A), "");
    assert_false(ruleset_may_act(w->rules, RULES_AT_DIAL, &w->request.view, &w->exchange));
    world_load(w, "rules: []\n");
    assert_false(ruleset_acts(w->rules, RULES_AT_HELLO));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(asks_each_rule_at_its_own_moment, world_begin, world_end),
        cmocka_unit_test_setup_teardown(asks_all_rules_that_match_in_file_order, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(looks_at_host_port_scheme_client_and_tls, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(counts_connections_and_not_glances, world_begin, world_end),
        cmocka_unit_test_setup_teardown(takes_the_same_turns_for_the_same_seed, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(knows_at_a_glance_that_there_is_nothing_to_ask, world_begin,
                                        world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
