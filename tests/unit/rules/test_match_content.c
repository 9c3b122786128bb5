/* Responses and contents in `match`, and what a rule asks for to see them. */
#include "rules_world.h"

static void load(struct world *w, const char *rule)
{
    char yaml[2048];

    snprintf(yaml, sizeof(yaml), "rules:\n  - { name: r, %s }\n", rule);
    world_load(w, yaml);
}

static bool takes_response(struct world *w, const char *match, const char *response)
{
    char rule[1024];

    snprintf(rule, sizeof(rule), "match: { url: a.test/*, response: %s }, then: { tag: hit }",
             match);
    load(w, rule);
    w->response = response;
    return strstr(ask(w, "GET http://a.test/x"), "tag hit") != NULL;
}

static void takes_statuses_as_number_class_range_or_list(void **state)
{
    struct world *w = *state;

    assert_true(takes_response(w, "{ status: 404 }", "404 Not Found"));
    assert_false(takes_response(w, "{ status: 404 }", "400 Bad Request"));
    assert_true(takes_response(w, "{ status: 5xx }", "599 Odd"));
    assert_false(takes_response(w, "{ status: 5xx }", "499 Odd"));
    assert_true(takes_response(w, "{ status: 500 to 503 }", "503 Busy"));
    assert_false(takes_response(w, "{ status: 500 to 503 }", "504 Slow"));
    assert_true(takes_response(w, "{ status: [404, 2xx] }", "201 Created"));
    assert_true(takes_response(w, "{ status: ~^50 }", "502 Bad Gateway"));
    assert_false(takes_response(w, "{ status: ~^50 }", "410 Gone"));
}

static void takes_media_types_whole_or_in_part(void **state)
{
    struct world *w = *state;

    assert_true(takes_response(w, "{ type: json }", "200 OK\nContent-Type: application/JSON"));
    assert_true(takes_response(w, "{ type: json }",
                               "200 OK\nContent-Type: application/problem+json; charset=utf-8"));
    assert_false(takes_response(w, "{ type: json }", "200 OK\nContent-Type: text/jsonl"));
    assert_true(takes_response(w, "{ type: image }", "200 OK\nContent-Type: image/png"));
    assert_true(takes_response(w, "{ type: text/html }", "200 OK\nContent-Type: text/html;a=b"));
    assert_false(takes_response(w, "{ type: text/html }", "200 OK\nContent-Type: text/htmlx"));
    assert_false(takes_response(w, "{ type: html }", "200 OK"));
    assert_true(takes_response(w, "{ type: absent }", "200 OK"));
    assert_true(takes_response(w, "{ type: ~^text/ }", "200 OK\nContent-Type: text/css"));
}

static void takes_fields_of_the_response(void **state)
{
    struct world *w = *state;

    assert_true(takes_response(w, "{ header: { x-a: b } }", "200 OK\nX-A: b"));
    assert_false(takes_response(w, "{ header: { x-a: b } }", "200 OK\nX-A: c"));
    assert_true(takes_response(w, "{ header: { x-a: absent } }", "200 OK"));
}

static void measures_the_time_the_origin_took(void **state)
{
    struct world *w = *state;

    w->response_us = 1000000;
    assert_false(takes_response(w, "{ duration: over 1s }", "200 OK"));
    assert_true(takes_response(w, "{ duration: 1s to 2s }", "200 OK"));
    assert_true(takes_response(w, "{ duration: 1s }", "200 OK"));
    assert_false(takes_response(w, "{ duration: under 1s }", "200 OK"));
    w->response_us = 1000001;
    assert_true(takes_response(w, "{ duration: over 1s }", "200 OK"));
}

static void measures_the_content_on_the_wire(void **state)
{
    struct world *w = *state;

    w->response_body = "0123456789";
    assert_true(takes_response(w, "{ size: 10 }", "200 OK"));
    assert_false(takes_response(w, "{ size: over 10 }", "200 OK"));
    assert_true(takes_response(w, "{ size: under 11 }", "200 OK"));
    assert_true(takes_response(w, "{ size: [1, 5 to 10] }", "200 OK"));
}

static void judges_the_size_of_what_is_too_large_where_it_is_sure(void **state)
{
    struct world *w = *state;

    w->response_body = "0123456789";
    w->response_fault = "too large";
    assert_true(takes_response(w, "{ size: over 9 }", "200 OK"));
    assert_false(takes_response(w, "{ size: under 20 }", "200 OK"));
    expect_part(w, "GET http://a.test/x", "note rule_skipped: too large");
}

static void looks_into_the_content_of_the_response(void **state)
{
    struct world *w = *state;

    w->response_body = "{\"sku\":7}";
    assert_true(takes_response(w, "{ body: ~sku }", "200 OK"));
    assert_false(takes_response(w, "{ body: sku }", "200 OK"));
    assert_true(takes_response(w, "{ body: present }", "200 OK"));
    assert_false(takes_response(w, "{ body: absent }", "200 OK"));
    w->response_body = "";
    assert_true(takes_response(w, "{ body: absent }", "200 OK"));
    assert_false(takes_response(w, "{ body: present }", "200 OK"));
    w->response_body = "abc";
    assert_true(takes_response(w, "{ body: abc }", "200 OK"));
}

static void wants_a_content_only_when_all_else_holds(void **state)
{
    struct world *w = *state;

    load(w, "match: { url: POST a.test/x, header: { x-a: b }, body: ~sku }, then: 404");
    ask(w, "POST http://a.test/x");
    assert_int_equal(w->need, RULES_DONE);
    ask(w, "POST http://a.test/y\nX-A: b");
    assert_int_equal(w->need, RULES_DONE);
    ask(w, "POST http://a.test/x\nX-A: b");
    assert_int_equal(w->need, RULES_NEED_REQUEST_BODY);
    w->request_body = "a sku";
    expect_part(w, "POST http://a.test/x\nX-A: b", "answer 404");
    w->request_body = "nothing";
    expect(w, "POST http://a.test/x\nX-A: b", "");
}

static void wants_no_response_of_a_request_that_no_rule_takes(void **state)
{
    struct world *w = *state;

    load(w, "match: { url: GET a.test/x, response: { status: 500 } }, then: { tag: hit }");
    ask(w, "GET http://a.test/y");
    assert_int_equal(w->need, RULES_DONE);
    ask(w, "POST http://a.test/x");
    assert_int_equal(w->need, RULES_DONE);
    ask(w, "GET http://a.test/x");
    assert_int_equal(w->need, RULES_NEED_RESPONSE);
}

static void does_not_judge_what_it_cannot_read(void **state)
{
    struct world *w = *state;

    load(w, "match: { url: a.test, not: { body: ~x } }, then: 404");
    w->request_fault = "the content is larger than 8 MiB";
    expect(w, "POST http://a.test/", "note rule_skipped: the content is larger than 8 MiB\n");
}

static void later_rules_wait_for_the_content_too(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: { url: a.test, body: ~x }, then: { tag: first } }\n"
                  "  - { match: a.test, then: { tag: second } }\n");
    ask(w, "POST http://a.test/");
    assert_string_equal(buf_text(&w->out), "");
    w->request_body = "xyz";
    expect(w, "POST http://a.test/", "tag first\ntag second\n");
}

static void counts_a_rule_once_that_waited_for_content(void **state)
{
    struct world *w = *state;

    load(w, "match: { url: a.test, body: ~x }, when: first 2, then: { tag: hit }");
    w->request_body = "x";
    expect(w, "POST http://a.test/", "tag hit\n");
    expect(w, "POST http://a.test/", "tag hit\n");
    expect(w, "POST http://a.test/", "");
}

static void captures_in_a_content(void **state)
{
    struct world *w = *state;

    load(w, "match: { url: a.test, body: '~id=(?<id>\\d+)' }, then: { tag: '$(id)' }");
    w->request_body = "a=b&id=42&c";
    expect(w, "POST http://a.test/", "tag 42\n");
}

static void a_terminal_verb_is_not_passed_by_waiting_for_the_request(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: a.test, then: pass }\n"
                  "  - { match: a.test, then: { tag: never } }\n"
                  "  - { match: { url: a.test, body: ~x, response: { status: 200 } },\n"
                  "      then: { tag: both } }\n");
    w->request_body = "x";
    w->response = "200 OK";
    expect(w, "POST http://a.test/", "forward\ntag both\n");
}

static void asks_for_the_whole_content_where_it_may_be_changed(void **state)
{
    struct world *w = *state;

    load(w, "match: { url: a.test, response: { status: 200 } }, "
            "then: { replace: { response.body: { find: a, with: b } } }");
    expect(w, "GET http://a.test/", "whole\n");
    w->response = "404 Not Found";
    expect(w, "GET http://a.test/", "whole\n");
    w->response = "200 OK";
    expect(w, "GET http://a.test/", "whole\nreplace response.body: a by b\n");
    load(w, "match: a.test, then: { set: { response.body: b } }");
    expect(w, "GET http://a.test/", "set response.body: b\nwhole\n");
}

static void answers_in_place_of_the_origin(void **state)
{
    struct world *w = *state;

    load(w, "match: { url: a.test, response: { status: 5xx } }, "
            "then: { respond: { status: 200, text: 'was $(response.status)' } }");
    w->response = "503 Busy";
    expect_part(w, "GET http://a.test/", "was 503");
    w->response = "200 OK";
    expect(w, "GET http://a.test/", "");
}

static bool takes_json(struct world *w, const char *json, const char *content)
{
    char rule[1024];

    snprintf(rule, sizeof(rule), "match: { url: a.test, json: %s }, then: { tag: hit }", json);
    load(w, rule);
    w->request_body = content;
    return strstr(ask(w, "POST http://a.test/"), "tag hit") != NULL;
}

static void finds_values_in_json_by_their_path(void **state)
{
    struct world *w = *state;
    const char *order = "{ \"items\": [ {\"sku\":\"a\\u0062c\", \"n\": 10} ], \"ok\": true,"
                        " \"none\": null, \"five\": \"5\" }";

    assert_true(takes_json(w, "{ items.0.sku: abc }", order));
    assert_false(takes_json(w, "{ items.1.sku: abc }", order));
    assert_true(takes_json(w, "{ items.0.sku: ~^ab }", order));
    assert_true(takes_json(w, "{ items.0.n: 1e1, ok: true, none: null }", order));
    assert_false(takes_json(w, "{ ok: 'true' }", order));
    assert_true(takes_json(w, "{ five: '5' }", order));
    assert_false(takes_json(w, "{ five: 5 }", order));
    assert_true(takes_json(w, "{ items.0.n: [1, 10] }", order));
    assert_true(takes_json(w, "{ items.0: present, items.0.x: absent }", order));
    assert_false(takes_json(w, "{ none: absent }", order));
    assert_true(takes_json(w, "{ items.0.n: ~^1 }", order));
}

static void finds_nothing_in_what_is_no_json(void **state)
{
    struct world *w = *state;

    assert_false(takes_json(w, "{ a: present }", "{ \"a\": 1"));
    assert_true(takes_json(w, "{ a: absent }", "{ \"a\": 1"));
}

static void finds_values_in_the_json_of_a_response(void **state)
{
    struct world *w = *state;

    w->response_body = "{\"error\":{\"code\":7}}";
    assert_true(takes_response(w, "{ json: { error.code: 7 } }", "200 OK"));
    assert_false(takes_response(w, "{ json: { error.code: 8 } }", "200 OK"));
}

static void patches_the_json_of_a_request(void **state)
{
    struct world *w = *state;

    load(w,
         "match: a.test/<id>, then: { patch: { request.body: { merge: { id: '$(id)', b: null } } "
         "} }");
    w->request_body = "{ \"a\" : 1, \"b\" : 2 }";
    expect(w, "POST http://a.test/x", "request body 20 → 23 bytes: b\" : 2 → id\" : \"x\"\n");
    w->request_body = "no json";
    expect(w, "POST http://a.test/x", "request rule_skipped: the content is not valid JSON\n");
    load(w, "match: a.test/<id>, then: [{ patch: { request.body: { ops: [{ op: test, path: /a, "
            "value: 1 }, { op: remove, path: /a }] } } }, { tag: '$(request.body)' }]");
    w->request_body = "{\"a\":1,\"b\":[ ]}";
    expect_part(w, "POST http://a.test/x", "tag {\"b\":[ ]}\n");
    w->request_body = "{\"a\":2}";
    expect_part(w, "POST http://a.test/x", "request rule_skipped: operation 1: ");
}

static void patches_the_json_of_a_response(void **state)
{
    struct world *w = *state;

    load(w, "match: a.test, then: { patch: { response.body: { merge: { a: 1 } } } }");
    expect(w, "GET http://a.test/", "merge response.body: {\"a\":1}\nwhole\n");
}

static void edits_the_content_of_the_request_one_edit_after_the_other(void **state)
{
    struct world *w = *state;

    world_load(
        w,
        "rules:\n"
        "  - { match: a.test/1, then: { replace: { request.body: { find: a, with: bb } } } }\n"
        "  - { match: a.test/1, then: [append: { request.body: '!' }, tag: '$(request.body)'] }\n"
        "  - { match: a.test/2, then: { set: { request.body: { a: 1 } } } }\n");
    w->request_body = "a-a";
    expect(w, "POST http://a.test/1",
           "request body 3 → 5 bytes: a-a → bb-bb\n"
           "request body 5 → 6 bytes:  → !\n"
           "tag bb-bb!\n");
    expect(w, "POST http://a.test/2", "request body 3 → 7 bytes: a-a → {\"a\":1}\n");
}

static void delays_the_response_by_default_when_it_matches_one(void **state)
{
    struct world *w = *state;

    load(w, "match: { url: a.test, response: { status: 200 } }, then: { delay: 1s }");
    w->response = "200 OK";
    expect(w, "GET http://a.test/", "delay response 1000000 us\n");
}

static int64_t clock_that_runs(void)
{
    static int64_t now_us;

    return now_us += 10 * 1000;
}

static void leaves_the_loop_for_what_takes_long(void **state)
{
    static char request[70000], content[70000];
    struct world *w = *state;

    w->on_loop = true;
    w->tick_us = clock_that_runs;
    memcpy(request, "GET http://a.test/\nX: ", 23);
    memset(request + 22, 'a', 45000);
    load(w, "match: { url: a.test, header: { x: '~a{0,200}a{0,200}[bc]' } }, then: 404");
    ask(w, request);
    assert_int_equal(w->off_loop, 1);
    assert_string_equal(buf_text(&w->out),
                        "note rule_skipped: its pattern took too long on this request\n");
    expect_part(w, "GET http://a.test/\nX: ab", "answer 404");
    assert_int_equal(w->off_loop, 0);
    memset(content, 'x', sizeof(content) - 1);
    w->request_body = content;
    load(w, "match: { url: a.test, body: ~xy }, then: 404");
    expect(w, "POST http://a.test/", "");
    assert_int_equal(w->off_loop, 1);
    w->request_body = "xy";
    expect_part(w, "POST http://a.test/", "answer 404");
    assert_int_equal(w->off_loop, 0);
}

static void answers_with_trailers(void **state)
{
    struct world *w = *state;

    load(w, "match: a.test/<id>, then: { respond: { text: x, trailers: { x-sum: $(id) } } }");
    expect_part(w, "GET http://a.test/7", "\nx\nx-sum: 7\n");
    expect_no_part(w, "GET http://a.test/7", "Content-Length");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define RULE_TEST(f) cmocka_unit_test_setup_teardown(f, world_begin, world_end)
        RULE_TEST(takes_statuses_as_number_class_range_or_list),
        RULE_TEST(takes_media_types_whole_or_in_part),
        RULE_TEST(takes_fields_of_the_response),
        RULE_TEST(measures_the_time_the_origin_took),
        RULE_TEST(measures_the_content_on_the_wire),
        RULE_TEST(judges_the_size_of_what_is_too_large_where_it_is_sure),
        RULE_TEST(looks_into_the_content_of_the_response),
        RULE_TEST(wants_a_content_only_when_all_else_holds),
        RULE_TEST(wants_no_response_of_a_request_that_no_rule_takes),
        RULE_TEST(does_not_judge_what_it_cannot_read),
        RULE_TEST(later_rules_wait_for_the_content_too),
        RULE_TEST(counts_a_rule_once_that_waited_for_content),
        RULE_TEST(captures_in_a_content),
        RULE_TEST(a_terminal_verb_is_not_passed_by_waiting_for_the_request),
        RULE_TEST(asks_for_the_whole_content_where_it_may_be_changed),
        RULE_TEST(answers_in_place_of_the_origin),
        RULE_TEST(finds_values_in_json_by_their_path),
        RULE_TEST(finds_nothing_in_what_is_no_json),
        RULE_TEST(finds_values_in_the_json_of_a_response),
        RULE_TEST(patches_the_json_of_a_request),
        RULE_TEST(patches_the_json_of_a_response),
        RULE_TEST(edits_the_content_of_the_request_one_edit_after_the_other),
        RULE_TEST(delays_the_response_by_default_when_it_matches_one),
        RULE_TEST(leaves_the_loop_for_what_takes_long),
        RULE_TEST(answers_with_trailers),
#undef RULE_TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
