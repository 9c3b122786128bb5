/* One request put to the rules without traffic. */
#include "rules/trial.h"

#include "rules_world.h"

/* What came of it: the notes, then the end, then the heads and contents. */
static const char *try_out(struct world *w, const char *request)
{
    static const char *const ends[] = {"sent on", "answered", "aborted"};
    struct rule_body body = world_body(w->request_body, NULL);
    struct rule_body response_body = world_body(w->response_body, w->response_fault);
    struct head response;
    struct trial_case in = {.seed = 1};
    struct trial t;

    arena_reset(&w->exchange);
    assert_int_equal(rules_text_request(&w->exchange, bytes_of(request), &w->request), STATUS_OK);
    in.rules = w->rules;
    in.view = w->request.view;
    in.view.request_body = &body;
    if (w->response) {
        world_response(w, &response);
        in.response = &response;
        in.response_body = &response_body;
    }
    assert_int_equal(trial_run(&in, &w->exchange, &t), STATUS_OK);
    buf_clear(&w->out);
    for (const struct trial_note *n = t.notes; n; n = n->next)
        buf_putf(&w->out, "%s\n", n->text);
    buf_putf(&w->out, "%s%s\n", ends[t.end], t.response_open ? "?" : "");
    if (t.end == TRIAL_SENT_ON) {
        rules_text_put(&w->out, "", t.request.head.method, " ");
        rules_text_put(&w->out, "", t.target.host, "");
        rules_text_put(&w->out, "", t.request.head.path, "\n");
        rules_text_put(&w->out, "", t.request.content, "\n");
    }
    if (t.has_response) {
        buf_putf(&w->out, "%u\n", (unsigned)t.response.head.status);
        for (uint32_t i = 0; i < t.response.head.fields.count; i++) {
            rules_text_put(&w->out, "", t.response.head.fields.items[i].name, ": ");
            rules_text_put(&w->out, "", t.response.head.fields.items[i].value, "\n");
        }
        rules_text_put(&w->out, "", t.response.content, "\n");
    }
    return buf_text(&w->out);
}

static void shows_an_answer_with_the_edits_of_earlier_rules(void **state)
{
    struct world *w = *state;

    world_load(w,
               "defaults: { mark: off }\nrules:\n"
               "  - { match: a.test, then: [set: { response.header.x-a: b }, delay: 2s] }\n"
               "  - { match: a.test, then: { respond: { status: 404, headers: { Date: d }, text: "
               "gone } } }\n");
    assert_string_equal(
        try_out(w, "GET http://a.test/x"),
        "request held 2000.0 ms\nanswered 404\nx-a: (none) → b\nanswered\n404\n"
        "Date: d\nContent-Type: text/plain; charset=utf-8\nContent-Length: 4\nx-a: b\ngone\n");
}

static void shows_the_request_as_it_is_sent_on(void **state)
{
    struct world *w = *state;

    w->request_body = "one";
    world_load(w, "rules:\n  - match: a.test\n    then:\n"
                  "      - replace: { request.body: { find: one, with: two } }\n"
                  "      - set: { request.path: /y }\n"
                  "      - forward: http://b.test\n");
    assert_non_null(strstr(try_out(w, "POST http://a.test/x"), "sent on\nPOST b.test/y\ntwo\n"));
}

static void tells_an_abort(void **state)
{
    struct world *w = *state;

    world_rule(w, "match: a.test\n    then: { abort: reset }");
    assert_string_equal(try_out(w, "GET http://a.test/"), "connection reset\naborted\n");
}

static const char response_rule[] =
    "defaults: { mark: off }\nrules:\n"
    "  - match: { url: a.test, response: { status: 2xx, body: ~old } }\n"
    "    then: [replace: { response.body: { find: old, with: new } }, delay: 1s]\n";

static void says_that_rules_wait_for_a_response(void **state)
{
    struct world *w = *state;

    world_load(w, response_rule);
    assert_string_equal(try_out(w, "GET http://a.test/"), "sent on?\nGET a.test/\n\n");
    assert_string_equal(try_out(w, "GET http://b.test/"), "sent on\nGET b.test/\n\n");
}

static void changes_the_response_that_is_given(void **state)
{
    struct world *w = *state;

    world_load(w, response_rule);
    w->response = "200 OK\nETag: \"1\"";
    w->response_body = "an old one";
    assert_non_null(strstr(try_out(w, "GET http://a.test/"),
                           "200\nCache-Control: no-store\nContent-Length: 10\nan new one\n"));
    assert_non_null(strstr(buf_text(&w->out), "response held 1000.0 ms\n"));
    w->response = "404 Not Found\nETag: \"1\"";
    assert_non_null(strstr(try_out(w, "GET http://a.test/"),
                           "404\nETag: \"1\"\nTransfer-Encoding: chunked\nan old one\n"));
}

static void leaves_contents_alone_that_may_not_be_changed(void **state)
{
    struct world *w = *state;

    world_rule(w, "match: a.test\n    then: { set: { response.body: new } }");
    w->response = "206 Partial Content";
    w->response_body = "old";
    assert_non_null(strstr(try_out(w, "GET http://a.test/"),
                           "rule_skipped: the response is a part of the content (206)"));
    assert_non_null(strstr(buf_text(&w->out), "206\nTransfer-Encoding: chunked\nold\n"));
    w->response = "200 OK";
    w->response_fault = "the content is larger than 8 MiB";
    assert_non_null(
        strstr(try_out(w, "GET http://a.test/"), "rule_skipped: the content is larger than 8 MiB"));
}

static void puts_an_answer_in_the_place_of_a_response(void **state)
{
    struct world *w = *state;

    world_rule(w, "match: { url: a.test, response: { status: 5xx } }\n    then: 404");
    w->response = "500 No";
    w->response_body = "";
    assert_non_null(strstr(try_out(w, "GET http://a.test/"), "answered 404\n"));
    assert_non_null(strstr(buf_text(&w->out), "answered\n404\n"));
}

static void counts_as_traffic_does(void **state)
{
    struct world *w = *state;

    world_rule(w, "match: a.test\n    when: every 2nd\n    then: { abort: close }");
    assert_string_equal(try_out(w, "GET http://a.test/"), "sent on\nGET a.test/\n\n");
    assert_string_equal(try_out(w, "GET http://a.test/"), "connection closed\naborted\n");
    assert_string_equal(try_out(w, "GET http://a.test/"), "sent on\nGET a.test/\n\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shows_an_answer_with_the_edits_of_earlier_rules,
                                        world_begin, world_end),
        cmocka_unit_test_setup_teardown(shows_the_request_as_it_is_sent_on, world_begin, world_end),
        cmocka_unit_test_setup_teardown(tells_an_abort, world_begin, world_end),
        cmocka_unit_test_setup_teardown(says_that_rules_wait_for_a_response, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(changes_the_response_that_is_given, world_begin, world_end),
        cmocka_unit_test_setup_teardown(leaves_contents_alone_that_may_not_be_changed, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(puts_an_answer_in_the_place_of_a_response, world_begin,
                                        world_end),
        cmocka_unit_test_setup_teardown(counts_as_traffic_does, world_begin, world_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
