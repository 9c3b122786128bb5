/* Why a rule does not take a request. */
#include "rules/explain.h"

#include "rules_world.h"

static struct explanation explain(struct world *w, const char *request)
{
    static const struct rule_body none = {.content = BYTES_INIT("")};
    static struct head response;
    static struct rule_body body;
    struct explanation e;

    arena_reset(&w->exchange);
    assert_int_equal(rules_text_request(&w->exchange, bytes_of(request), &w->request), STATUS_OK);
    w->request.view.request_body = &none;
    if (w->response) {
        world_response(w, &response);
        body = world_body(w->response_body, NULL);
        w->request.view.response = &response;
        w->request.view.response_body = &body;
    }
    assert_int_equal(ruleset_explain(w->rules, 0, &w->request.view, &w->exchange, &e), STATUS_OK);
    return e;
}

/* The only rule has this match. */
static void misses(struct world *w, const char *match, const char *request, const char *sentence)
{
    char rule[1024];
    struct explanation e;

    snprintf(rule, sizeof(rule), "match: %s\n    then: 404", match);
    world_rule(w, rule);
    e = explain(w, request);
    assert_string_equal(e.sentence, sentence);
    assert_int_equal(e.verdict, EXPLAIN_MISSES);
}

static void names_the_first_key_that_does_not_hold(void **state)
{
    struct world *w = *state;

    misses(w, "POST a.test/x", "GET http://a.test/x", "method is GET, wanted POST");
    misses(w, "POST|PUT a.test/x", "GET http://a.test/x", "method is GET, wanted POST or PUT");
    misses(w, "https://a.test/x", "GET http://a.test/x", "scheme is http, wanted https");
    misses(w, "a.test:81/x", "GET http://a.test/x", "port is 80, wanted 81");
    misses(w, "a.test/x", "GET http://b.test/x", "host is b.test, wanted a.test");
    misses(w, ".a.test/x", "GET http://b.test/x", "host is b.test, wanted .a.test");
    misses(w, "a.test/x/<id>", "GET http://a.test/y", "path is /y, wanted /x/<id>");
    misses(w, "a.test/x?a=1", "GET http://a.test/x?a=2", "parameter a is 2, wanted 1");
    misses(w, "a.test/x?a=1", "GET http://a.test/x", "parameter a is absent, wanted 1");
    misses(w, "{ url: a.test, cookie: { id: present } }", "GET http://a.test/",
           "cookie id is absent, wanted present");
    misses(w, "{ url: a.test, header: { x-a: [\"1\", ~^b] } }", "GET http://a.test/\nX-A: 2",
           "header x-a is 2, wanted 1 or ~^b");
    misses(w, "{ url: a.test, client: joe }", "GET http://a.test/",
           "client is 192.0.2.1, wanted joe");
    misses(w, "{ url: a.test, tls: yes }", "GET http://a.test/", "tls is no, wanted yes");
    misses(w, "{ url: a.test, body: ~sku }", "GET http://a.test/", "body is absent, wanted ~sku");
}

static void names_the_value_in_json_that_does_not_hold(void **state)
{
    static const struct rule_body bodies[] = {
        {.content = BYTES_INIT("{\"items\":[{\"sku\":\"b\"}]}")},
        {.content = BYTES_INIT("{\"items\":[]}")},
        {.content = BYTES_INIT("items")},
    };
    static const char *const sentences[] = {
        "json items.0.sku is \"b\", wanted a",
        "json items.0.sku is absent, wanted a",
        "json items.0.sku is in no JSON, wanted a",
    };
    struct world *w = *state;

    world_rule(w, "match: { url: a.test, json: { items.0.sku: a } }\n    then: 404");
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct explanation e;

        (void)explain(w, "POST http://a.test/");
        w->request.view.request_body = &bodies[i];
        assert_int_equal(ruleset_explain(w->rules, 0, &w->request.view, &w->exchange, &e),
                         STATUS_OK);
        assert_string_equal(e.sentence, sentences[i]);
    }
}

static void explains_what_a_rule_must_name(void **state)
{
    struct world *w = *state;

    misses(w, "a.test", "CONNECT a.test:443",
           "method is CONNECT, which only a rule that names it takes");
    misses(w, "a.test", "OPTIONS http://a.test/\nOrigin: x\nAccess-Control-Request-Method: PUT",
           "it is a CORS preflight, which only a rule that names OPTIONS takes");
}

static void explains_what_not_excludes(void **state)
{
    struct world *w = *state;

    misses(w, "{ host: a.test, not: { path: /x } }", "GET http://a.test/x",
           "path is /x, which its `not` excludes: /x");
    misses(w, "{ host: a.test, any: [{ path: /x }, { path: /y }] }", "GET http://a.test/z",
           "path is /z, wanted /y");
}

static void explains_what_a_response_is_not(void **state)
{
    struct world *w = *state;

    w->response = "404 Not Found\nContent-Type: text/html; charset=utf-8";
    w->response_body = "oops";
    misses(w, "{ url: a.test, response: { status: 5xx } }", "GET http://a.test/",
           "status is 404, wanted 500 to 599");
    misses(w, "{ url: a.test, response: { type: json } }", "GET http://a.test/",
           "type is text/html; charset=utf-8, wanted json");
    misses(w, "{ url: a.test, response: { size: over 1KiB } }", "GET http://a.test/",
           "size is 4 bytes, wanted at least 1025 bytes");
    misses(w, "{ url: a.test, response: { body: ~fine } }", "GET http://a.test/",
           "body is 4 bytes: oops, wanted ~fine");
}

static void waits_for_a_response(void **state)
{
    struct world *w = *state;

    world_rule(w, "match: { url: a.test, response: { status: 5xx } }\n    then: 404");
    assert_int_equal(explain(w, "GET http://a.test/").verdict, EXPLAIN_UNKNOWN);
    assert_int_equal(explain(w, "GET http://b.test/").verdict, EXPLAIN_MISSES);
}

static void tells_rules_that_are_off_and_statuses_that_do_not_fit(void **state)
{
    struct world *w = *state;
    struct explanation e;

    world_rule(w, "match: a.test\n    enabled: false\n    then: 404");
    assert_int_equal(explain(w, "GET http://a.test/").verdict, EXPLAIN_OFF);
    world_rule(w, "match: a.test\n    then: { respond: { status: 304 } }");
    e = explain(w, "GET http://a.test/");
    assert_int_equal(e.verdict, EXPLAIN_UNFIT);
    assert_non_null(strstr(e.sentence, "conditional"));
    e = explain(w, "GET http://a.test/\nIf-None-Match: \"x\"");
    assert_int_equal(e.verdict, EXPLAIN_TAKES);
    assert_string_equal(e.sentence, "");
}

static void tells_rules_of_connections(void **state)
{
    struct world *w = *state;
    struct explanation e;

    world_rule(w, "match: a.test\n    then: { dns: fail }");
    e = explain(w, "GET http://a.test/");
    assert_int_equal(e.verdict, EXPLAIN_UNKNOWN);
    assert_string_equal(e.sentence, "it acts on connections, and here is none");
    assert_string_equal(explain(w, "GET http://b.test/").sentence, "host is b.test, wanted a.test");
}

static void tells_how_near_a_rule_is(void **state)
{
    struct world *w = *state;

    world_rule(w, "match: POST a.test/x\n    then: 404");
    assert_int_equal(explain(w, "GET http://a.test/x").near, EXPLAIN_NEAR);
    assert_int_equal(explain(w, "GET http://a.test/y").near, EXPLAIN_HALF);
    assert_int_equal(explain(w, "GET http://b.test/x").near, EXPLAIN_HALF);
    assert_int_equal(explain(w, "GET http://b.test/y").near, EXPLAIN_FAR);
    world_rule(w, "match: a.test/*\n    then: 404");
    assert_int_equal(explain(w, "GET http://b.test/x").near, EXPLAIN_FAR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(names_the_first_key_that_does_not_hold, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(names_the_value_in_json_that_does_not_hold, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(explains_what_a_rule_must_name, world_begin, world_end),
        cmocka_unit_test_setup_teardown(explains_what_not_excludes, world_begin, world_end),
        cmocka_unit_test_setup_teardown(explains_what_a_response_is_not, world_begin, world_end),
        cmocka_unit_test_setup_teardown(waits_for_a_response, world_begin, world_end),
        cmocka_unit_test_setup_teardown(tells_rules_that_are_off_and_statuses_that_do_not_fit,
                                        world_begin, world_end),
        cmocka_unit_test_setup_teardown(tells_rules_of_connections, world_begin, world_end),
        cmocka_unit_test_setup_teardown(tells_how_near_a_rule_is, world_begin, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
