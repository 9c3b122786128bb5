/* Rulesets as a whole: the rules of the manual's first page, order, reload, and
 * what a host may expect. */
#include "rules_world.h"

/* RULES.md's own, without the two that need what comes later. */
static const char manual[] =
    "version: 1\n"
    "vars: { wait: 120s }\n"
    "groups: { outage: { enabled: false } }\n"
    "rules:\n"
    "  - name: two rate limits, then recover\n"
    "    match: POST api.shop.test/login\n"
    "    when: first 2 per client\n"
    "    then: { respond: { status: 429, retry_after: 30s, json: { error: slow_down } } }\n"
    "  - name: flaky checkout\n"
    "    group: outage\n"
    "    match: { url: POST api.shop.test/orders/<id>, header: { x-team: payments } }\n"
    "    when: 10% seed 7\n"
    "    then: [delay: 200ms to 800ms, respond: { status: 503, retry_after: $(wait), text: order "
    "$(id) is busy }]\n"
    "  - { name: feed dies,  match: GET .shop.test/feed, when: every 3rd after 5, then: { abort: "
    "reset } }\n"
    "  - { name: recovery,   match: GET api.shop.test/status, then: { sequence: [500, 502, 504, "
    "pass] } }\n"
    "  - { name: stub,       match: GET api.shop.test/ping, then: { respond: { status: 200, json: "
    "{ ok: true } } } }\n"
    "  - { name: moved,      match: GET shop.test/old/<rest*>, then: { redirect: { status: 301, "
    "to: https://shop.test/new/$(rest) } } }\n"
    "  - { name: sso,        match: GET shop.test/me, when: once per client, then: { redirect: { "
    "status: 302, to: /login } } }\n"
    "  - { name: cached,     match: GET cdn.shop.test/app.js, then: { respond: { status: 304 } } "
    "}\n"
    "  - { name: bad,        match: POST api.shop.test/coupon, then: { respond: { status: 400, "
    "problem: { title: bad coupon } } } }\n"
    "  - { name: login,      match: api.shop.test/admin/*, then: { respond: { status: 401, "
    "challenge: Bearer realm=\"shop\" } } }\n"
    "  - { name: denied,     match: DELETE api.shop.test/*, then: 403 }\n"
    "  - { name: gone,       match: api.shop.test/v1/*, then: 404 }\n";

static void limits_the_rate_twice_for_each_client(void **state)
{
    struct world *w = *state;
    const char *request = "POST https://api.shop.test/login";

    world_load(w, manual);
    expect(w, request,
           "answer 429 Too Many Requests\n"
           "Date: Sun, 06 Nov 1994 08:49:37 GMT\n"
           "Retry-After: 30\n"
           "Content-Type: application/json\n"
           "x-weir-rule: two rate limits, then recover\n"
           "Content-Length: 21\n"
           "\n"
           "{\"error\":\"slow_down\"}\n");
    assert_string_equal(pattern_of(w, request, 3), "F..");
    w->client = "eve";
    assert_string_equal(pattern_of(w, request, 3), "FF.");
}

static void leaves_out_rules_of_a_group_that_is_off(void **state)
{
    struct world *w = *state;
    struct rule_info info;

    world_load(w, manual);
    assert_false(fires(w, "POST http://api.shop.test/orders/7\nX-Team: payments"));
    ruleset_info(w->rules, 1, &info);
    assert_false(info.enabled);
    assert_string_equal(info.group, "outage");
}

static void kills_every_third_feed_after_the_fifth(void **state)
{
    struct world *w = *state;

    world_load(w, manual);
    assert_string_equal(pattern_of(w, "GET http://www.shop.test/feed", 14), ".......F..F..F");
    pattern_of(w, "GET http://shop.test/feed", 2);
    expect(w, "GET http://shop.test/feed", "abort reset\n");
}

static void recovers_step_by_step(void **state)
{
    struct world *w = *state;
    const char *request = "GET https://api.shop.test/status";

    world_load(w, manual);
    expect_part(w, request, "answer 500 Internal Server Error\n");
    expect_part(w, request, "answer 502 Bad Gateway\n");
    expect_part(w, request, "answer 504 Gateway Timeout\n");
    expect(w, request, "forward\n");
    expect(w, request, "forward\n");
}

static void answers_a_stub(void **state)
{
    struct world *w = *state;

    world_load(w, manual);
    expect_part(w, "GET http://api.shop.test/ping",
                "Content-Type: application/json\n"
                "x-weir-rule: stub\n"
                "Content-Length: 11\n"
                "\n"
                "{\"ok\":true}\n");
}

static void redirects_with_what_was_captured(void **state)
{
    struct world *w = *state;

    world_load(w, manual);
    expect(w, "GET http://shop.test/old/a%20b/c?d",
           "answer 301 Moved Permanently\n"
           "Date: Sun, 06 Nov 1994 08:49:37 GMT\n"
           "Location: https://shop.test/new/a%20b/c\n"
           "x-weir-rule: moved\n"
           "Content-Length: 0\n"
           "\n"
           "\n");
    expect_part(w, "GET http://shop.test/me", "Location: /login\n");
    assert_false(fires(w, "GET http://shop.test/me"));
}

static void answers_304_to_conditional_requests_only(void **state)
{
    struct world *w = *state;

    world_load(w, manual);
    assert_false(fires(w, "GET http://cdn.shop.test/app.js"));
    expect(w, "GET http://cdn.shop.test/app.js\nIf-None-Match: \"v1\"",
           "answer 304 Not Modified\n"
           "Date: Sun, 06 Nov 1994 08:49:37 GMT\n"
           "ETag: \"v1\"\n"
           "x-weir-rule: cached\n"
           "\n"
           "\n");
    expect_part(w,
                "GET http://cdn.shop.test/app.js\nIf-Modified-Since: Sun, 06 Nov 1994 08:49:37 GMT",
                "answer 304 Not Modified\n");
}

static void explains_a_bad_request_as_a_problem(void **state)
{
    struct world *w = *state;

    world_load(w, manual);
    expect_part(w, "POST http://api.shop.test/coupon",
                "Content-Type: application/problem+json\n"
                "x-weir-rule: bad\n"
                "Content-Length: 35\n"
                "\n"
                "{\"status\":400,\"title\":\"bad coupon\"}\n");
}

static void challenges_denies_and_does_not_find(void **state)
{
    struct world *w = *state;

    world_load(w, manual);
    expect_part(w, "GET http://api.shop.test/admin/x", "answer 401 Unauthorized\n");
    expect_part(w, "GET http://api.shop.test/admin/x", "WWW-Authenticate: Bearer realm=\"shop\"\n");
    expect_part(w, "DELETE http://api.shop.test/x", "answer 403 Forbidden\n");
    expect_part(w, "GET http://api.shop.test/v1/x", "answer 404 Not Found\n");
    assert_false(fires(w, "GET http://api.shop.test/x"));
}

static void asks_rules_in_file_order_until_a_terminal_verb(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: .a.test, then: { set: { request.header.x: '1' } } }\n"
                  "  - { match: /x, then: { delay: 5ms } }\n"
                  "  - { match: b.a.test, then: 404 }\n"
                  "  - { match: b.a.test/x, then: { set: { request.header.x: '2' } } }\n");
    expect(w, "GET http://a.test/x", "set request.header.x: 1\ndelay request 5000 us\n");
    expect_part(w, "GET http://b.a.test/x",
                "set request.header.x: 1\ndelay request 5000 us\nanswer 404 Not Found\n");
    expect_no_part(w, "GET http://b.a.test/x", "x: 2");
}

static void ends_the_pass_by_pass(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: a.test/x, then: pass }\n"
                  "  - { match: a.test, then: 404 }\n");
    expect(w, "GET http://a.test/x", "forward\n");
    assert_int_equal(w->need, RULES_DONE);
}

static void keeps_counts_over_a_reload_that_does_not_change_the_rule(void **state)
{
    struct world *w = *state;
    const char *request = "GET http://a.test/";
    struct rule_info info;

    world_load(w, "rules: [{ name: n, match: a.test, when: first 2, then: pass }]");
    assert_string_equal(pattern_of(w, request, 1), "F");
    world_load(w, "rules: [{ match: b.test, then: 404 },\n"
                  "        { name: n, match: a.test, when: first 2, then: pass }] # moved\n");
    assert_string_equal(pattern_of(w, request, 2), "F.");
    ruleset_info(w->rules, 1, &info);
    assert_int_equal(info.matched, 3);
    assert_int_equal(info.fired, 2);
    world_load(w, "rules: [{ name: n, match: a.test, when: first 3, then: pass }]");
    assert_string_equal(pattern_of(w, request, 4), "FFF.");
    world_load(w, "rules: [{ name: n, match: a.test, when: { first: 1 }, then: pass }]");
    assert_string_equal(pattern_of(w, request, 2), "F.");
    world_load(w, "rules: [{ name: n, match: a.test, when: { after: 1 }, then: pass }]");
    assert_string_equal(pattern_of(w, request, 2), ".F");
}

static void keeps_counts_of_unnamed_rules_by_their_text(void **state)
{
    struct world *w = *state;
    const char *request = "GET http://a.test/";

    world_load(w, "rules: [{ match: a.test, when: once, then: pass },\n"
                  "        { match: a.test, when: once, then: pass }]\n");
    assert_string_equal(pattern_of(w, request, 3), "FF.");
    world_load(w, "rules: [{ match: a.test, when: once, then: pass }]\n");
    assert_string_equal(pattern_of(w, request, 1), ".");
}

static void keeps_the_old_rules_when_new_ones_are_bad(void **state)
{
    struct world *w = *state;

    world_load(w, "rules: [{ match: a.test, when: once, then: pass }]");
    assert_true(fires(w, "GET http://a.test/"));
    assert_int_equal(world_try(w, "rules: [{ match: a.test, when: twice, then: pass }]"),
                     STATUS_BAD_CONFIG);
    assert_false(fires(w, "GET http://a.test/"));
}

static void reports_every_problem_at_once(void **state)
{
    struct world *w = *state;

    assert_int_equal(world_try(w, "rules:\n"
                                  "  - { match: a.test/<x, when: twice, then: blok }\n"
                                  "  - { macth: b.test, then: 404 }\n"),
                     STATUS_BAD_CONFIG);
    assert_int_equal(w->diags.errors, 4); /* of the slip in `match`, once */
}

static void knows_which_hosts_are_always_answered(void **state)
{
    struct world *w = *state;
    struct bytes http = BYTES("http"), https = BYTES("https");

    world_load(w, "rules:\n"
                  "  - { match: a.test/x, then: pass }\n"
                  "  - { match: '.b.test:443', then: 404 }\n"
                  "  - { match: a.test, then: 404 }\n"
                  "  - { match: https://c.test/*, then: { abort: close } }\n"
                  "  - { match: GET d.test, then: 404 }\n"
                  "  - { match: e.test, when: first 9, then: 404 }\n"
                  "  - { match: f.test, then: { sequence: [500, 404] } }\n"
                  "  - { match: g.test, then: { sequence: [500, pass] } }\n"
                  "  - { match: h.test, then: { respond: 304 } }\n"
                  "  - { match: { host: i.test, header: { x: y } }, then: 404 }\n");
    assert_false(ruleset_answers_host(w->rules, http, BYTES("a.test"), 80));
    assert_true(ruleset_answers_host(w->rules, https, BYTES("x.b.test"), 443));
    assert_false(ruleset_answers_host(w->rules, http, BYTES("x.b.test"), 80));
    assert_true(ruleset_answers_host(w->rules, https, BYTES("c.test"), 443));
    assert_false(ruleset_answers_host(w->rules, http, BYTES("c.test"), 80));
    assert_false(ruleset_answers_host(w->rules, http, BYTES("d.test"), 80));
    assert_false(ruleset_answers_host(w->rules, http, BYTES("e.test"), 80));
    assert_true(ruleset_answers_host(w->rules, http, BYTES("f.test"), 80));
    assert_false(ruleset_answers_host(w->rules, http, BYTES("g.test"), 80));
    assert_false(ruleset_answers_host(w->rules, http, BYTES("h.test"), 80));
    assert_false(ruleset_answers_host(w->rules, http, BYTES("i.test"), 80));
    assert_false(ruleset_answers_host(w->rules, http, BYTES("none.test"), 80));
}

static void knows_which_hosts_have_rules(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: a.test/x, then: pass }\n"
                  "  - { match: 'api-*.b.test', then: 404 }\n"
                  "  - { match: { host: c.test }, enabled: false, then: 404 }\n");
    assert_true(ruleset_touches_host(w->rules, BYTES("a.test")));
    assert_true(ruleset_touches_host(w->rules, BYTES("api-1.b.test")));
    assert_false(ruleset_touches_host(w->rules, BYTES("web.b.test")));
    assert_false(ruleset_touches_host(w->rules, BYTES("c.test")));
    world_load(w, "rules: [{ match: /x, then: pass }]");
    assert_true(ruleset_touches_host(w->rules, BYTES("any.test")));
}

static void compiles_nothing_to_an_empty_set(void **state)
{
    struct world *w = *state;

    world_load(w, "version: 1");
    assert_int_equal(ruleset_count(w->rules), 0);
    assert_false(fires(w, "GET http://a.test/"));
    assert_false(ruleset_touches_host(w->rules, BYTES("a.test")));
    world_load(w, "");
    assert_int_equal(ruleset_count(w->rules), 0);
}

static void labels_rules_by_place_and_name(void **state)
{
    struct world *w = *state;
    struct rule_info info;

    world_load(w, "rules:\n"
                  "  - name: n\n"
                  "    match: a.test\n"
                  "    then: pass\n"
                  "  - match: b.test\n"
                  "    then: 404\n");
    ruleset_info(w->rules, 0, &info);
    assert_string_equal(info.label, "proxy.yaml:2 n");
    ruleset_info(w->rules, 1, &info);
    assert_string_equal(info.label, "proxy.yaml:5");
    assert_string_equal(info.name, "");
    expect_part(w, "GET http://b.test/", "x-weir-rule: proxy.yaml:5\n");
}

static void marks_answers_as_defaults_say(void **state)
{
    struct world *w = *state;

    world_load(w, "defaults: { mark: x-by }\nrules: [{ name: n, match: a.test, then: 404 }]");
    expect_part(w, "GET http://a.test/", "x-by: n\n");
    world_load(w, "defaults: { mark: off }\nrules: [{ name: n, match: a.test, then: 404 }]");
    expect_no_part(w, "GET http://a.test/", "x-");
}

static void skips_rules_beyond_the_limit_of_effects(void **state)
{
    struct world *w = *state;
    struct buf yaml;

    buf_init(&yaml, 1024 * 1024);
    buf_put_text(&yaml, "rules:\n");
    for (int i = 0; i < 300; i++)
        buf_put_text(&yaml, "  - { match: a.test, then: { delay: 1ms } }\n");
    world_load(w, buf_text(&yaml));
    expect_part(w, "GET http://a.test/", "note rule_skipped: too many effects on one exchange\n");
    buf_release(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(limits_the_rate_twice_for_each_client),
        TEST(leaves_out_rules_of_a_group_that_is_off),
        TEST(kills_every_third_feed_after_the_fifth),
        TEST(recovers_step_by_step),
        TEST(answers_a_stub),
        TEST(redirects_with_what_was_captured),
        TEST(answers_304_to_conditional_requests_only),
        TEST(explains_a_bad_request_as_a_problem),
        TEST(challenges_denies_and_does_not_find),
        TEST(asks_rules_in_file_order_until_a_terminal_verb),
        TEST(ends_the_pass_by_pass),
        TEST(keeps_counts_over_a_reload_that_does_not_change_the_rule),
        TEST(keeps_counts_of_unnamed_rules_by_their_text),
        TEST(keeps_the_old_rules_when_new_ones_are_bad),
        TEST(reports_every_problem_at_once),
        TEST(knows_which_hosts_are_always_answered),
        TEST(knows_which_hosts_have_rules),
        TEST(compiles_nothing_to_an_empty_set),
        TEST(labels_rules_by_place_and_name),
        TEST(marks_answers_as_defaults_say),
        TEST(skips_rules_beyond_the_limit_of_effects),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
