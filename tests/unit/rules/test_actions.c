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

static void tags_and_says_what_is_logged(void **state)
{
    struct world *w = *state;

    world_rule(w, "{ match: 'a.test/<id>', then: [tag: [checkout, $(id)], log: heads, tag: x] }");
    expect(w, "GET http://a.test/7", "tag checkout\ntag 7\nlog heads\ntag x\n");
    world_rule(w, "{ match: a.test, then: { log: off } }");
    expect(w, "GET http://a.test/7", "log off\n");
}

static void lets_pages_read_the_response(void **state)
{
    struct world *w = *state;

    world_rule(w, "{ name: r, match: a.test, then: { cors: reflect } }");
    expect(w, "GET http://a.test/", "");
    expect(w, "GET http://a.test/\nOrigin: https://b.test",
           "append response.header.x-weir-rule: r\n"
           "set response.header.Access-Control-Allow-Origin: https://b.test\n"
           "set response.header.Access-Control-Allow-Credentials: true\n"
           "append response.header.Vary: Origin\n");
    world_rule(w, "{ name: r, match: a.test, then: { cors: 'https://c.test' } }");
    expect_part(w, "GET http://a.test/\nOrigin: https://b.test",
                "set response.header.Access-Control-Allow-Origin: https://c.test\n");
}

static void answers_preflights_that_its_match_takes(void **state)
{
    static const char preflight[] = "OPTIONS http://a.test/\nOrigin: https://b.test\n"
                                    "Access-Control-Request-Method: PUT\n"
                                    "Access-Control-Request-Headers: x-a";
    struct world *w = *state;

    world_rule(w, "{ name: r, match: GET|OPTIONS a.test, then: [cors: reflect, pass] }");
    expect_part(w, preflight,
                "set response.header.Access-Control-Allow-Methods: PUT\n"
                "set response.header.Access-Control-Allow-Headers: x-a\nanswer 204");
    expect_no_part(w, "GET http://a.test/\nOrigin: https://b.test", "answer");
    world_rule(w, "{ name: r, match: a.test, then: [cors: reflect, pass] }");
    assert_false(fires(w, preflight));
}

static void reflects_an_origin_only_once(void **state)
{
    struct world *w = *state;
    const char *all;

    world_load(w, "rules:\n"
                  "  - { match: a.test/off, then: { cors: off } }\n"
                  "  - { match: a.test/on, then: { cors: reflect } }\n"
                  "  - { match: a.test, then: 404 }\n");
    expect_part(w, "GET http://a.test/\nOrigin: https://b.test",
                "Access-Control-Allow-Origin: https://b.test");
    expect_no_part(w, "GET http://a.test/off\nOrigin: https://b.test", "Access-Control");
    all = ask(w, "GET http://a.test/on\nOrigin: https://b.test");
    all = strstr(all, "Access-Control-Allow-Origin");
    assert_non_null(all);
    assert_null(strstr(all + 1, "Access-Control-Allow-Origin"));
}

static void breaks_what_it_began(void **state)
{
    struct world *w = *state;
    char first[4096];

    world_rule(w, "{ name: r, match: a.test, then: { abort: empty } }");
    expect_part(w, REQUEST, "abort empty\nanswer 200 OK\n");
    expect_part(w, REQUEST, "x-weir-rule: r\n");
    expect_part(w, REQUEST, "Content-Length: 1024\n");
    world_rule(w, "{ match: a.test, then: { abort: { how: bad_chunk } } }");
    expect_part(w, REQUEST, "abort bad_chunk\nanswer 200 OK\n");
    expect_no_part(w, REQUEST, "Content-Length");
    expect_part(w, REQUEST, "then 5\r\nhello\r\nno size\r\n");
    world_rule(w, "{ name: noise, match: a.test, then: { abort: garbage } }");
    snprintf(first, sizeof(first), "%s", ask(w, REQUEST));
    assert_int_equal(w->out.len, strlen("abort garbage\nthen \n") + 512);
    assert_string_not_equal(ask(w, REQUEST), first);
    world_load(w, "rules: []\n"); /* forgets the counts */
    world_rule(w, "{ name: noise, match: a.test, then: { abort: garbage } }");
    assert_string_equal(ask(w, REQUEST), first);
}

static int64_t delay_of(struct world *w)
{
    static const char front[] = "delay request ";
    const char *text = ask(w, REQUEST);

    if (!*text)
        return 0;
    assert_memory_equal(text, front, strlen(front));
    return strtoll(text + strlen(front), NULL, 10);
}

enum { DRAWS = 2000 };

static int int64_compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* The times drawn, sorted. */
static void delays_of(struct world *w, const char *delay, int64_t times[DRAWS])
{
    char rule[256];

    snprintf(rule, sizeof(rule), "{ name: d, match: a.test, then: { delay: %s } }", delay);
    world_rule(w, rule);
    for (int i = 0; i < DRAWS; i++)
        times[i] = delay_of(w);
    qsort(times, DRAWS, sizeof(times[0]), int64_compare);
}

static void draws_normal_delays(void **state)
{
    struct world *w = *state;
    int64_t times[DRAWS];

    delays_of(w, "normal 300ms sd 50ms", times);
    assert_in_range(times[DRAWS / 2], 290 * 1000, 310 * 1000);
    assert_in_range(times[DRAWS * 16 / 100], 240 * 1000, 260 * 1000); /* one deviation */
    assert_in_range(times[DRAWS * 84 / 100], 340 * 1000, 360 * 1000);
    delays_of(w, "{ request: { normal: 10ms, sd: 50ms } }", times);
    assert_int_equal(times[0], 0); /* never less */
}

static void draws_lognormal_delays(void **state)
{
    struct world *w = *state;
    int64_t times[DRAWS];

    delays_of(w, "lognormal 100ms sigma 0.5", times);
    assert_in_range(times[DRAWS / 2], 95 * 1000, 105 * 1000);
    assert_in_range(times[DRAWS * 16 / 100], 55 * 1000, 66 * 1000);   /* / e^0.5 */
    assert_in_range(times[DRAWS * 84 / 100], 155 * 1000, 175 * 1000); /* * e^0.5 */
    delays_of(w, "{ lognormal: 100ms, sigma: 0 }", times);
    assert_int_equal(times[0], 100 * 1000);
    assert_int_equal(times[DRAWS - 1], 100 * 1000);
}

/* Part of the language: other machines draw these too. */
static void draws_known_delays(void **state)
{
    struct world *w = *state;

    world_rule(w, "{ name: d, match: a.test, then: { delay: lognormal 100ms sigma 0.5 } }");
    assert_int_equal(delay_of(w), 203307);
    world_rule(w, "{ name: d, match: a.test, then: { delay: normal 100ms sd 50ms } }");
    assert_int_equal(delay_of(w), 170954);
}

static void limits_the_pace_of_bodies(void **state)
{
    struct world *w = *state;

    load_then(w, "{ throttle: 64KiB/s }");
    expect(w, REQUEST, "throttle response 65536\n");
    load_then(w, "{ throttle: { request: 100kB/s } }");
    expect(w, REQUEST, "throttle request 100000\n");
    load_then(w, "{ throttle: { request: 8Mbit/s, response: 1B/s } }");
    expect(w, REQUEST, "throttle request 1000000\nthrottle response 1\n");
}

static void dribbles(void **state)
{
    static const char *const forms[] = {"dribble", "{ dribble: 1 B every 100ms }",
                                        "{ dribble: { head: false } }",
                                        "{ dribble: { bytes: 1, every: 100ms } }"};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        load_then(w, forms[i]);
        expect(w, REQUEST, "dribble 1 every 100000 us\n");
    }
    load_then(w, "{ dribble: 4 KiB every 1s }");
    expect(w, REQUEST, "dribble 4096 every 1000000 us\n");
    load_then(w, "{ dribble: 10 every 20ms }");
    expect(w, REQUEST, "dribble 10 every 20000 us\n");
    load_then(w, "{ dribble: { bytes: 2KiB, head: true } }");
    expect(w, REQUEST, "dribble head 2048 every 100000 us\n");
}

static void stalls_and_truncates(void **state)
{
    struct world *w = *state;

    load_then(w, "stall");
    expect(w, REQUEST, "stall 0 for 0 us\n");
    load_then(w, "{ stall: 10KiB }");
    expect(w, REQUEST, "stall 10240 for 0 us\n");
    load_then(w, "{ stall: { after: 5, for: 5s } }");
    expect(w, REQUEST, "stall 5 for 5000000 us\n");
    load_then(w, "{ stall: { head: true } }");
    expect(w, REQUEST, "stall -1 for 0 us\n");
    load_then(w, "{ truncate: 0 }");
    expect(w, REQUEST, "cut 0\n");
    load_then(w, "[truncate: { after: 1kB }, respond: 404]");
    expect_part(w, REQUEST, "cut 1000\nanswer 404");
}

static int64_t chunk_time(struct world *w)
{
    static const char front[] = "delay chunks ";
    const char *text = ask(w, REQUEST);

    assert_memory_equal(text, front, strlen(front));
    return strtoll(text + strlen(front), NULL, 10);
}

static void delays_each_chunk_by_dice_of_its_own(void **state)
{
    struct world *w = *state;
    int64_t times[3];

    load_then(w, "{ delay: { chunks: 50ms } }");
    expect(w, REQUEST, "delay chunks 50000 us\n");
    load_then(w, "{ delay: { chunks: 0, response: 1ms } }");
    expect(w, REQUEST, "delay response 1000 us\n");
    load_then(w, "{ delay: { chunks: { normal: 1s, sd: 100ms } } }");
    assert_in_range(chunk_time(w), 1, 2 * 1000 * 1000);
    for (int i = 0; i < 3; i++) { /* each firing another one, the same on every run */
        if (i != 1)
            world_load(w, "rules: []\n");
        if (i != 1)
            load_then(w, "{ delay: { chunks: 1s to 60s } }");
        times[i] = chunk_time(w);
        assert_in_range(times[i], 1000 * 1000, 60 * 1000 * 1000);
    }
    assert_int_equal(times[0], times[2]);
    assert_int_not_equal(times[0], times[1]);
}

static void sends_an_interim_response(void **state)
{
    struct world *w = *state;

    load_then(w, "{ info: 103 }");
    expect(w, REQUEST, "info 103 Early Hints\nx-weir-rule: r\n");
    load_then(w, "{ info: 100 }");
    expect(w, REQUEST, "info 100 Continue\nx-weir-rule: r\n");
    load_then(w, "[info: { headers: { link: [</a.css>, </b.css>], x-p: $(request.path) } }, pass]");
    expect(w, REQUEST,
           "info 103 Early Hints\nlink: </a.css>\nlink: </b.css>\nx-p: /\nx-weir-rule: r\n"
           "forward\n");
}

static void duplicates_and_gathers(void **state)
{
    struct world *w = *state;

    load_then(w, "duplicate");
    expect(w, REQUEST, "duplicate 1\n");
    load_then(w, "{ duplicate: true }");
    expect(w, REQUEST, "duplicate 1\n");
    load_then(w, "{ duplicate: { count: 16 } }");
    expect(w, REQUEST, "duplicate 16\n");
    load_then(w, "{ gather: 2 }");
    expect(w, REQUEST, "gather 2 for 5000000 us\n");
    load_then(w, "{ gather: { count: 1000, order: reverse, timeout: 1s } }");
    expect(w, REQUEST, "gather 1000 reverse for 1000000 us\n");
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
        TEST(tags_and_says_what_is_logged),
        TEST(lets_pages_read_the_response),
        TEST(answers_preflights_that_its_match_takes),
        TEST(reflects_an_origin_only_once),
        TEST(breaks_what_it_began),
        TEST(draws_normal_delays),
        TEST(draws_lognormal_delays),
        TEST(draws_known_delays),
        TEST(limits_the_pace_of_bodies),
        TEST(dribbles),
        TEST(stalls_and_truncates),
        TEST(delays_each_chunk_by_dice_of_its_own),
        TEST(sends_an_interim_response),
        TEST(duplicates_and_gathers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
