/* set, append and remove. */
#include "rules_world.h"

static void load_then(struct world *w, const char *then)
{
    char yaml[1024];

    snprintf(yaml, sizeof(yaml), "rules:\n  - name: r\n    match: a.test/<id>\n    then: %s\n",
             then);
    world_load(w, yaml);
}

static void edits_request_headers(void **state)
{
    struct world *w = *state;

    load_then(w, "[set: { request.header.X-A: $(id) }, append: { request.header.x-b: '2' },\n"
                 "           remove: [request.header.cookie, request.header.x-c]]");
    expect(w, "GET http://a.test/7",
           "set request.header.X-A: 7\n"
           "append request.header.x-b: 2\n"
           "remove request.header.cookie\n"
           "remove request.header.x-c\n");
}

static void edits_the_response_and_marks_it_once(void **state)
{
    struct world *w = *state;

    load_then(w, "{ set: { response.status: 418, response.reason: Short, response.header.x: y } }");
    expect(w, "GET http://a.test/7",
           "append response.header.x-weir-rule: r\n"
           "set response.status: 418\n"
           "set response.reason: Short\n"
           "set response.header.x: y\n");
}

static void marks_an_answer_once_though_it_is_edited_too(void **state)
{
    struct world *w = *state;
    const char *all;

    load_then(w, "[set: { response.header.x: y }, 404]");
    all = ask(w, "GET http://a.test/7");
    all = strstr(all, "x-weir-rule");
    assert_non_null(all);
    assert_null(strstr(all + 1, "x-weir-rule"));
}

static void removes_a_single_target_without_a_list(void **state)
{
    struct world *w = *state;

    load_then(w, "{ remove: request.header.cookie }");
    expect(w, "GET http://a.test/7", "remove request.header.cookie\n");
}

static void sets_empty_values(void **state)
{
    struct world *w = *state;

    load_then(w, "{ set: { request.header.x: '' } }");
    expect(w, "GET http://a.test/7", "set request.header.x: \n");
}

static void sets_the_host_field_only_when_raw(void **state)
{
    struct world *w = *state;

    load_then(w, "{ set: { request.header.host: b.test, raw: true } }");
    expect(w, "GET http://a.test/7", "set request.header.host: b.test\n");
    assert_int_equal(world_try(w, "rules: [{ match: a.test, then: { set: { "
                                  "request.header.host: b.test } } }]"),
                     STATUS_BAD_CONFIG);
}

static void ends_the_rule_when_a_value_would_break_its_line(void **state)
{
    struct world *w = *state;

    load_then(w, "[set: { request.header.x: $(request.query.q) }, 404]");
    expect(w, "GET http://a.test/7?q=%0a",
           "note rule_skipped: a header value to be set held a line feed or another control\n");
    expect_part(w, "GET http://a.test/7?q=ok", "set request.header.x: ok\nanswer 404");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(edits_request_headers),
        TEST(edits_the_response_and_marks_it_once),
        TEST(marks_an_answer_once_though_it_is_edited_too),
        TEST(removes_a_single_target_without_a_list),
        TEST(sets_empty_values),
        TEST(sets_the_host_field_only_when_raw),
        TEST(ends_the_rule_when_a_value_would_break_its_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
