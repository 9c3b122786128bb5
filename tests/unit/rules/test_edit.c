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

static void sends_requests_elsewhere(void **state)
{
    struct world *w = *state;

    load_then(w, "{ set: { request.host: B.test } }");
    expect(w, "GET https://a.test/7",
           "target https://b.test:443\nset request.header.Host: b.test\n");
    load_then(w, "{ set: { request.port: '8080' } }");
    expect(w, "GET http://a.test/7",
           "target http://a.test:8080\nset request.header.Host: a.test:8080\n");
    load_then(w, "{ set: { request.scheme: https } }");
    expect(w, "GET http://a.test/7",
           "target https://a.test:443\nset request.header.Host: a.test\n");
    expect(w, "GET http://a.test:81/7",
           "target https://a.test:81\nset request.header.Host: a.test:81\n");
    load_then(w, "{ set: { request.url: 'https://[::1]:8443/x y?z' } }");
    expect(w, "GET http://a.test/7?q",
           "target https://::1:8443\nset request.header.Host: [::1]:8443\n"
           "set request.url: /x%20y?z\n");
    load_then(w, "{ set: { request.url: /x/$(id) } }");
    expect(w, "GET http://a.test/7?q", "set request.url: /x/7\n");
}

static void changes_method_path_query_and_cookies(void **state)
{
    struct world *w = *state;

    load_then(w,
              "{ set: { request.method: PUT, request.path: '/x/$(id) y', request.query.a: b c&d,\n"
              "    request.query.e: $(id), request.cookie.f: $(id), response.cookie.g: h } }");
    expect(w, "GET http://a.test/%207?a=1",
           "set request.method: PUT\nset request.path: /x/%207%20y\n"
           "set request.query.a: b%20c%26d\nset request.query.e: %207\n"
           "set request.cookie.f: %207\nappend response.header.x-weir-rule: r\n"
           "set response.cookie.g: h\n");
    expect_part(w, "HEAD http://a.test/7", "note rule_skipped: HEAD, CONNECT and TRACE become");
    load_then(w, "{ set: { request.method: GET } }");
    expect(w, "GET http://a.test/7", "");
}

static void skips_what_cannot_stand_there(void **state)
{
    struct world *w = *state;

    load_then(w, "[set: { request.host: $(request.query.q) }, 404]");
    expect(w, "GET http://a.test/7?q=a+b", "note rule_skipped: 'a b' is not a host\n");
    load_then(w, "[set: { request.port: $(request.query.q) }, 404]");
    expect_part(w, "GET http://a.test/7?q=0", "note rule_skipped: '0' is not a port");
    load_then(w, "[set: { request.method: $(request.query.q) }, 404]");
    expect_part(w, "GET http://a.test/7?q=TRACE", "note rule_skipped: 'TRACE' is a method");
    load_then(w, "[set: { request.cookie.c: $(request.query.q) }, 404]");
    expect_part(w, "GET http://a.test/7?q=a;b", "note rule_skipped: 'a;b' holds a ';'");
    load_then(w, "[set: { request.url: $(request.query.q) }, 404]");
    expect_part(w, "GET http://a.test/7?q=//b.test/",
                "note rule_skipped: '//b.test/' is not a URL");
}

static void replaces_parts_of_what_stands_there(void **state)
{
    struct world *w = *state;

    load_then(w, "{ replace: { request.path: { find: /v1/, with: /v2/ } } }");
    expect(w, "GET http://a.test/v1", "");
    world_rule(w, "{ match: '/**', then: { replace: { request.path: { find: ~^/v1/, with: /v2/ },\n"
                  "    request.host: { find: '~^(\\w+)\\.', with: $(request.scheme). } } } }");
    expect(w, "GET http://a.test/v1/v1/x?a=/v1/",
           "set request.path: /v2/v1/x\ntarget http://http.test:80\n"
           "set request.header.Host: http.test\n");
    world_rule(w, "{ match: '/**', then: [replace: { request.header.b: { find: x, with: y } },\n"
                  "    set: { request.header.c: $(request.header.b) }] }");
    expect(w, "GET http://a.test/\nb: xax",
           "replace request.header.b: x by y\nset request.header.c: yay\n");
    world_rule(w,
               "{ match: '/**', then: [replace: { request.header.b: { find: '~x*', with: '-' } },\n"
               "    set: { request.header.c: $(request.header.b) }] }");
    expect_part(w, "GET http://a.test/\nb: äxxb", "set request.header.c: -ä--b-\n");
}

static int64_t clock_that_runs(void)
{
    static int64_t now_us;

    return now_us += RULE_PATTERN_US / 4;
}

/* Every look at the clock takes a quarter of the time that all replacements have. */
static void replaces_by_patterns_only_while_there_is_time(void **state)
{
    struct world *w = *state;

    world_rule(w, "{ match: '/**', then: [replace: { request.header.b: { find: ~x, with: y } },\n"
                  "    set: { request.header.c: $(request.header.b) },\n"
                  "    replace: { request.header.d: { find: ~x, with: y } },\n"
                  "    set: { request.header.e: $(request.header.d) }] }");
    expect_part(w, "GET http://a.test/\nb: x\nd: x", "set request.header.e: y\n");
    w->tick_us = clock_that_runs;
    expect_part(w, "GET http://a.test/\nb: x\nb: x\nb: x\nb: x\nd: x", "set request.header.c: y\n");
    expect_part(w, "GET http://a.test/\nb: x\nb: x\nb: x\nb: x\nd: x", "set request.header.e: x\n");
}

static void later_rules_see_what_earlier_ones_changed(void **state)
{
    struct world *w = *state;

    world_load(w, "rules:\n"
                  "  - { match: a.test, then: { set: { request.host: b.test, request.path: /y,\n"
                  "      request.query.q: '2', request.cookie.c: d } } }\n"
                  "  - match: a.test/x\n"
                  "    then: { set: { request.header.r: '$(request.url) $(request.query.q) "
                  "$(request.cookie.c) $(request.header.host)' } }\n"
                  "  - { match: b.test, then: 404 }\n");
    expect_part(w, "GET http://a.test/x?q=1",
                "set request.header.r: http://b.test/y?q=2 2 d b.test\n");
}

static void forwards_with_or_without_the_host_field(void **state)
{
    struct world *w = *state;

    world_load(w,
               "rules:\n"
               "  - { match: a.test/x, then: { forward: 'https://b.test:8443' } }\n"
               "  - { match: a.test/y, then: { forward: { to: http://b.test/, host: change } } }\n"
               "  - { match: '/q', then: { forward: $(request.query.to) } }\n"
               "  - { match: a.test, then: 404 }\n");
    expect(w, "GET http://a.test/x", "target https://b.test:8443\nforward\n");
    expect(w, "GET http://a.test/y",
           "target http://b.test:80\nset request.header.Host: b.test\nforward\n");
    expect(w, "GET http://a.test/q?to=https://c.test", "target https://c.test:443\nforward\n");
    expect_part(w, "GET http://a.test/q?to=/x", "note rule_skipped: what to forward to was no URL");
    assert_false(ruleset_answers_host(w->rules, BYTES("http"), BYTES("a.test"), 80));
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
        TEST(sends_requests_elsewhere),
        TEST(changes_method_path_query_and_cookies),
        TEST(skips_what_cannot_stand_there),
        TEST(replaces_parts_of_what_stands_there),
        TEST(replaces_by_patterns_only_while_there_is_time),
        TEST(later_rules_see_what_earlier_ones_changed),
        TEST(forwards_with_or_without_the_host_field),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
