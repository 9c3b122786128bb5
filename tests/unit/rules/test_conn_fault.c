/* The values of tls, dns and connect; what is wrong with others broken/conn-faults tells. */
#include "rules_world.h"

static const char *fault_of(struct world *w, enum rules_moment at, const char *then)
{
    char rule[256];

    snprintf(rule, sizeof(rule), "{ name: r, match: a.test, then: %s }", then);
    world_rule(w, rule);
    return ask_connection(w, at, "GET https://a.test");
}

static void breaks_the_tls_of_a_client(void **state)
{
    static const char *const plain[] = {"close",      "stall",       "expired",   "not_yet",
                                        "wrong_host", "self_signed", "untrusted", "no_alpn"};
    struct world *w = *state;
    char then[64], effect[64];

    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        snprintf(then, sizeof(then), "{ tls: %s }", plain[i]);
        snprintf(effect, sizeof(effect), "tls %s\n", plain[i]);
        assert_string_equal(fault_of(w, RULES_AT_HELLO, then), effect);
    }
    assert_string_equal(fault_of(w, RULES_AT_HELLO, "{ tls: alert 1 }"), "tls alert 1\n");
    assert_string_equal(fault_of(w, RULES_AT_HELLO, "{ tls: alert 255 }"), "tls alert 255\n");
    assert_string_equal(fault_of(w, RULES_AT_HELLO, "{ tls: { alert: 40 } }"), "tls alert 40\n");
    assert_string_equal(fault_of(w, RULES_AT_HELLO, "{ tls: max 1.2 }"), "tls max\n");
    assert_string_equal(fault_of(w, RULES_AT_HELLO, "{ tls: { max: TLSv1.2 } }"), "tls max\n");
    assert_string_equal(fault_of(w, RULES_AT_HELLO, "[tls: max 1.2, tls: no_alpn]"),
                        "tls max\ntls no_alpn\n");
}

static void breaks_the_look_up_of_an_origin(void **state)
{
    struct world *w = *state;

    assert_string_equal(fault_of(w, RULES_AT_DIAL, "{ dns: fail }"), "dns fail\n");
    assert_string_equal(fault_of(w, RULES_AT_DIAL, "{ dns: delay 200ms }"),
                        "dns delay 200000 us\n");
    assert_string_equal(fault_of(w, RULES_AT_DIAL, "{ dns: { delay: 2s } }"),
                        "dns delay 2000000 us\n");
}

static void breaks_the_connection_to_an_origin(void **state)
{
    struct world *w = *state;

    assert_string_equal(fault_of(w, RULES_AT_DIAL, "{ connect: refuse }"), "connect refuse\n");
    assert_string_equal(fault_of(w, RULES_AT_DIAL, "{ connect: hang }"), "connect hang\n");
    assert_string_equal(fault_of(w, RULES_AT_DIAL, "{ connect: delay 1s }"),
                        "connect delay 1000000 us\n");
    assert_string_equal(fault_of(w, RULES_AT_DIAL, "[dns: delay 1s, connect: refuse]"),
                        "dns delay 1000000 us\nconnect refuse\n");
}

static void draws_the_same_times_on_every_run(void **state)
{
    static const char then[] = "{ dns: delay 1ms to 9s }";
    struct world *w = *state;
    char first[64];

    snprintf(first, sizeof(first), "%s", fault_of(w, RULES_AT_DIAL, then));
    assert_string_not_equal(ask_connection(w, RULES_AT_DIAL, "GET https://a.test"), first);
    world_load(w, "rules: []\n"); /* forgets the counts */
    assert_string_equal(fault_of(w, RULES_AT_DIAL, then), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(breaks_the_tls_of_a_client, world_begin, world_end),
        cmocka_unit_test_setup_teardown(breaks_the_look_up_of_an_origin, world_begin, world_end),
        cmocka_unit_test_setup_teardown(breaks_the_connection_to_an_origin, world_begin, world_end),
        cmocka_unit_test_setup_teardown(draws_the_same_times_on_every_run, world_begin, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
