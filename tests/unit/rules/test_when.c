/* `when`: how often a rule fires. */
#include "rules/when.h"

#include "rules_world.h"

#define REQUEST "GET http://a.test/"

static void load_when(struct world *w, const char *when)
{
    char yaml[512];

    snprintf(yaml, sizeof(yaml),
             "rules:\n  - name: dice\n    match: a.test\n    when: %s\n    then: pass\n", when);
    world_load(w, yaml);
}

static void fires_always_without_when(void **state)
{
    struct world *w = *state;

    world_rule(w, "{ match: a.test, then: pass }");
    assert_string_equal(pattern_of(w, REQUEST, 4), "FFFF");
}

static void fires_once(void **state)
{
    struct world *w = *state;

    load_when(w, "once");
    assert_string_equal(pattern_of(w, REQUEST, 4), "F...");
}

static void fires_for_the_first_n(void **state)
{
    struct world *w = *state;

    load_when(w, "first 2");
    assert_string_equal(pattern_of(w, REQUEST, 4), "FF..");
    load_when(w, "{ first: 3 }");
    assert_string_equal(pattern_of(w, REQUEST, 4), "FFF.");
    load_when(w, "{ once: true }");
    assert_string_equal(pattern_of(w, REQUEST, 3), "F..");
}

static void fires_after_n(void **state)
{
    struct world *w = *state;

    load_when(w, "after 2");
    assert_string_equal(pattern_of(w, REQUEST, 5), "..FFF");
    load_when(w, "{ after: 1 }");
    assert_string_equal(pattern_of(w, REQUEST, 3), ".FF");
}

static void fires_every_kth(void **state)
{
    struct world *w = *state;

    load_when(w, "every 3rd");
    assert_string_equal(pattern_of(w, REQUEST, 7), "..F..F.");
    load_when(w, "every 3rd after 5");
    assert_string_equal(pattern_of(w, REQUEST, 14), ".......F..F..F");
    load_when(w, "{ every: 2nd, after: 1 }");
    assert_string_equal(pattern_of(w, REQUEST, 5), "..F.F");
    load_when(w, "every 1st");
    assert_string_equal(pattern_of(w, REQUEST, 3), "FFF");
}

/* The dice are the same on every machine and at every start. */
static void draws_the_same_percentage_from_the_same_seed(void **state)
{
    struct world *w = *state;

    load_when(w, "30% seed 7");
    assert_string_equal(pattern_of(w, REQUEST, 40), ".F.....FFF.FF.F.....F..FF....FFF...F....");
    load_when(w, "{ percent: 30, seed: 7 }");
    assert_string_equal(pattern_of(w, REQUEST, 40), ".F.....FFF.FF.F.....F..FF....FFF...F....");
    load_when(w, "30% seed 8");
    assert_string_not_equal(pattern_of(w, REQUEST, 40), ".F.....FFF.FF.F.....F..FF....FFF...F....");
}

static void draws_about_the_percentage(void **state)
{
    struct world *w = *state;
    int fired = 0;

    load_when(w, "12.5%");
    for (int i = 0; i < 8000; i++)
        fired += fires(w, REQUEST);
    assert_in_range(fired, 900, 1100);
    load_when(w, "0%");
    assert_string_equal(pattern_of(w, REQUEST, 5), ".....");
    load_when(w, "100%");
    assert_string_equal(pattern_of(w, REQUEST, 5), "FFFFF");
}

static void takes_the_default_seed(void **state)
{
    struct world *w = *state;
    char with_default[256];

    world_load(w, "defaults: { seed: 5 }\n"
                  "rules: [{ name: dice, match: a.test, when: 50%, then: pass }]\n");
    snprintf(with_default, sizeof(with_default), "%s", pattern_of(w, REQUEST, 40));
    load_when(w, "50% seed 5");
    assert_string_equal(pattern_of(w, REQUEST, 40), with_default);
}

static void counts_per_client(void **state)
{
    struct world *w = *state;

    load_when(w, "first 2 per client");
    assert_string_equal(pattern_of(w, REQUEST, 3), "FF.");
    w->client = "192.0.2.9";
    assert_string_equal(pattern_of(w, REQUEST, 3), "FF.");
    w->client = NULL;
    assert_string_equal(pattern_of(w, REQUEST, 1), ".");
    load_when(w, "{ every: 2, per: client }");
    assert_string_equal(pattern_of(w, REQUEST, 4), ".F.F");
}

static void counts_per_connection_host_and_url(void **state)
{
    struct world *w = *state;

    load_when(w, "once per connection");
    assert_string_equal(pattern_of(w, REQUEST, 2), "F.");
    w->connection = 7;
    assert_string_equal(pattern_of(w, REQUEST, 2), "F.");
    world_rule(w, "{ match: /x, when: once per host, then: pass }");
    assert_string_equal(pattern_of(w, "GET http://a.test/x", 2), "F.");
    assert_string_equal(pattern_of(w, "GET http://b.test/x", 2), "F.");
    world_rule(w, "{ match: .test, when: { once: true, per: url }, then: pass }");
    assert_string_equal(pattern_of(w, "GET http://a.test/x?a", 2), "F.");
    assert_string_equal(pattern_of(w, "GET http://a.test/x?b", 1), ".");
    assert_string_equal(pattern_of(w, "GET http://a.test/y", 2), "F.");
    assert_string_equal(pattern_of(w, "POST http://a.test/x", 2), "F.");
    assert_string_equal(pattern_of(w, "GET http://a.test:81/x", 2), "F.");
    assert_string_equal(pattern_of(w, "GET https://a.test/x", 2), "F.");
}

static void counts_per_header_and_cookie(void **state)
{
    struct world *w = *state;

    load_when(w, "once per header X-Run");
    assert_string_equal(pattern_of(w, REQUEST "\nx-run: 1", 2), "F.");
    assert_string_equal(pattern_of(w, REQUEST "\nx-run: 2", 2), "F.");
    assert_string_equal(pattern_of(w, REQUEST, 2), "F.");
    load_when(w, "first 2 per cookie id");
    assert_string_equal(pattern_of(w, REQUEST "\nCookie: a=b; id=1", 3), "FF.");
    assert_string_equal(pattern_of(w, REQUEST "\nCookie: id=2; a=b", 3), "FF.");
    load_when(w, "[first 2 per header a, { first: 3, per: header b }]");
    assert_string_equal(pattern_of(w, REQUEST "\na: 1\nb: 1", 3), "FF.");
    assert_string_equal(pattern_of(w, REQUEST "\na: 2\nb: 1", 1), ".");
    assert_string_equal(pattern_of(w, REQUEST "\na: 2\nb: 2", 2), "F.");
}

/* What a key draws does not hang on what other keys drew. */
static void draws_for_each_key_alone(void **state)
{
    struct world *w = *state;
    char alone[256], between[256];

    load_when(w, "50% seed 7 per header x-run");
    snprintf(alone, sizeof(alone), "%s", pattern_of(w, REQUEST "\nx-run: a", 40));
    world_load(w, "rules: []\n"); /* forgets the counts */
    load_when(w, "50% seed 7 per header x-run");
    for (int i = 0; i < 40; i++) {
        between[i] = fires(w, REQUEST "\nx-run: a") ? 'F' : '.';
        between[i + 1] = '\0';
        fires(w, REQUEST "\nx-run: b");
    }
    assert_string_equal(alone, between);
    assert_non_null(strchr(alone, 'F'));
    assert_non_null(strchr(alone, '.'));
}

static bool fires_at(struct world *w, unsigned hour, unsigned minute)
{
    w->minute = hour * 60 + minute;
    return fires(w, REQUEST);
}

static void fires_between_two_times_of_day(void **state)
{
    struct world *w = *state;

    load_when(w, "between 9:30 and 11:00");
    assert_false(fires_at(w, 9, 29));
    assert_true(fires_at(w, 9, 30));
    assert_true(fires_at(w, 10, 59));
    assert_false(fires_at(w, 11, 0));
    load_when(w, "{ between: 22:00 and 06:00 }");
    assert_true(fires_at(w, 22, 0));
    assert_true(fires_at(w, 0, 0));
    assert_true(fires_at(w, 5, 59));
    assert_false(fires_at(w, 6, 0));
    assert_false(fires_at(w, 21, 59));
    load_when(w, "between 20:00 and 24:00");
    assert_true(fires_at(w, 23, 59));
    assert_false(fires_at(w, 0, 0));
    load_when(w, "between 00:00 and 24:00");
    assert_true(fires_at(w, 12, 0));
}

static void counts_at_all_times_of_day(void **state)
{
    struct world *w = *state;

    load_when(w, "[between 10:00 and 11:00 per client, first 2]");
    assert_false(fires_at(w, 9, 0));
    assert_true(fires_at(w, 10, 0));
    assert_false(fires_at(w, 10, 0));
}

static void wants_all_of_a_list(void **state)
{
    struct world *w = *state;

    load_when(w, "[after 2, every 2nd]");
    assert_string_equal(pattern_of(w, REQUEST, 8), "...F.F.F");
    load_when(w, "{ after: 1, first: 3 }");
    assert_string_equal(pattern_of(w, REQUEST, 5), ".FF..");
    load_when(w, "[first 3, { first: 2, per: client }]");
    assert_string_equal(pattern_of(w, REQUEST, 4), "FF..");
    w->client = "192.0.2.9";
    assert_string_equal(pattern_of(w, REQUEST, 2), "..");
}

static void counts_what_reached_the_rule_fired_or_not(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: a.test/x, when: first 1, then: 404 }\n"
                  "  - { match: a.test, when: after 2, then: pass }\n");
    assert_true(fires(w, "GET http://a.test/x"));  /* by the first: the second is not asked */
    assert_false(fires(w, "GET http://a.test/x")); /* n = 1 */
    assert_false(fires(w, "GET http://b.test/"));
    assert_false(fires(w, "GET http://a.test/")); /* n = 2 */
    assert_true(fires(w, "GET http://a.test/"));
}

/* when_dice() is part of the language: it may not change. */
static void throws_known_dice(void **state)
{
    (void)state;
    assert_int_equal(when_dice(42, BYTES("flaky"), bytes_make(NULL, 0), 1),
                     UINT64_C(0x66e892e01f952fcc));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(fires_always_without_when),
        TEST(fires_once),
        TEST(fires_for_the_first_n),
        TEST(fires_after_n),
        TEST(fires_every_kth),
        TEST(draws_the_same_percentage_from_the_same_seed),
        TEST(draws_about_the_percentage),
        TEST(takes_the_default_seed),
        TEST(counts_per_client),
        TEST(counts_per_connection_host_and_url),
        TEST(counts_per_header_and_cookie),
        TEST(draws_for_each_key_alone),
        TEST(fires_between_two_times_of_day),
        TEST(counts_at_all_times_of_day),
        TEST(wants_all_of_a_list),
        TEST(counts_what_reached_the_rule_fired_or_not),
        TEST(throws_known_dice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
