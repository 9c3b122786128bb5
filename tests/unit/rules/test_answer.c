/* Answers: every status right by RFC 9110 without being told, and what can be told. */
#include "http/json.h"
#include "rules_world.h"

static void load_then(struct world *w, const char *then)
{
    char yaml[4096];

    snprintf(yaml, sizeof(yaml), "rules:\n  - name: r\n    match: a.test\n    then: %s\n", then);
    world_load(w, yaml);
}

static void injects_every_status_by_a_bare_number(void **state)
{
    static const struct {
        int status;
        const char *line, *field; /* the field that the status implies */
        bool content;
    } rows[] = {
        {200, "answer 200 OK\n", "Content-Length: 0\n", false},
        {201, "answer 201 Created\n", "Content-Length: 0\n", false},
        {204, "answer 204 No Content\n", NULL, false},
        {205, "answer 205 Reset Content\n", "Content-Length: 0\n", false},
        {300, "answer 300 Multiple Choices\n", "Content-Length: 0\n", false},
        {400, "answer 400 Bad Request\n", NULL, true},
        {401, "answer 401 Unauthorized\n", "WWW-Authenticate: Basic realm=\"weir\"\n", true},
        {403, "answer 403 Forbidden\n", NULL, true},
        {404, "answer 404 Not Found\n", NULL, true},
        {405, "answer 405 Method Not Allowed\n", "Allow: HEAD, POST, PUT, PATCH, DELETE, OPTIONS\n",
         true},
        {407, "answer 407 Proxy Authentication Required\n",
         "Proxy-Authenticate: Basic realm=\"weir\"\n", true},
        {416, "answer 416 Range Not Satisfiable\n", "Content-Range: bytes */0\n", true},
        {426, "answer 426 Upgrade Required\n", "Upgrade: TLS/1.2\nConnection: Upgrade\n", true},
        {429, "answer 429 Too Many Requests\n", NULL, true},
        {500, "answer 500 Internal Server Error\n", NULL, true},
        {502, "answer 502 Bad Gateway\n", NULL, true},
        {503, "answer 503 Service Unavailable\n", NULL, true},
        {504, "answer 504 Gateway Timeout\n", NULL, true},
        {599, "answer 599 \n", NULL, true},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char then[16];
        const char *all;

        snprintf(then, sizeof(then), "%d", rows[i].status);
        load_then(w, then);
        all = ask(w, "GET http://a.test/");
        assert_memory_equal(all, rows[i].line, strlen(rows[i].line));
        if (rows[i].field)
            assert_non_null(strstr(all, rows[i].field));
        assert_non_null(strstr(all, "\nDate: Sun, 06 Nov 1994 08:49:37 GMT\n"));
        assert_int_equal(strstr(all, "Content-Type: text/plain; charset=utf-8\n") != NULL,
                         rows[i].content);
        assert_int_equal(strstr(all, "Content-Length:") == NULL, rows[i].status == 204);
    }
}

static void injects_redirections_with_their_location(void **state)
{
    static const int statuses[] = {301, 302, 303, 307, 308};
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
        char then[128], line[32];

        snprintf(line, sizeof(line), "answer %d ", statuses[i]);
        snprintf(then, sizeof(then), "{ redirect: { status: %d, to: /b } }", statuses[i]);
        load_then(w, then);
        expect_part(w, "GET http://a.test/", line);
        expect_part(w, "GET http://a.test/", "Location: /b\n");
        snprintf(then, sizeof(then), "{ respond: { status: %d, location: /b } }", statuses[i]);
        load_then(w, then);
        expect_part(w, "GET http://a.test/", "Location: /b\n");
        snprintf(then, sizeof(then), "{ respond: { status: %d, to: none } }", statuses[i]);
        load_then(w, then);
        expect_no_part(w, "GET http://a.test/", "Location");
    }
    load_then(w, "{ redirect: https://b.test/ }");
    expect_part(w, "GET http://a.test/", "answer 302 Found\n");
}

/* RFC 9110 §15.4.5 */
static void answers_304_unasked_only_when_forced(void **state)
{
    struct world *w = *state;

    load_then(w, "304");
    assert_false(fires(w, "GET http://a.test/"));
    assert_false(fires(w, "POST http://a.test/\nIf-None-Match: \"a\""));
    assert_true(fires(w, "HEAD http://a.test/\nIf-None-Match: \"a\""));
    expect_no_part(w, "GET http://a.test/\nIf-None-Match: \"a\", \"b\"", "ETag");
    load_then(w, "{ respond: { status: 304, force: true, headers: { etag: '\"z\"' } } }");
    expect_part(w, "GET http://a.test/", "etag: \"z\"\n");
    expect_no_part(w, "GET http://a.test/\nIf-None-Match: \"a\"", "ETag");
}

static void counts_a_304_only_when_it_would_fire(void **state)
{
    struct world *w = *state;
    struct rule_info info;

    world_load(w, "rules: [{ match: a.test, when: first 1, then: 304 }]");
    assert_false(fires(w, "GET http://a.test/"));
    assert_true(fires(w, "GET http://a.test/\nIf-None-Match: \"a\""));
    assert_false(fires(w, "GET http://a.test/\nIf-None-Match: \"a\""));
    ruleset_info(w->rules, 0, &info);
    assert_int_equal(info.matched, 2);
}

static void sends_no_body_to_head_but_its_length(void **state)
{
    struct world *w = *state;

    load_then(w, "{ respond: { text: hello } }");
    expect_part(w, "HEAD http://a.test/", "Content-Length: 5\n\n\n");
    expect_part(w, "GET http://a.test/", "Content-Length: 5\n\nhello\n");
}

static void explains_errors_by_default(void **state)
{
    struct world *w = *state;
    const char *all;

    load_then(w, "404");
    all = ask(w, "GET http://a.test/");
    assert_non_null(strstr(all, "\n\n404 Not Found\n"));
    assert_true(strlen(strstr(all, "\n\n404 Not Found\n")) > 40);
    load_then(w, "599");
    expect_part(w, "GET http://a.test/", "\n\n599\nA status of the class \"server error\".\n");
}

static void writes_each_kind_of_body_with_its_type(void **state)
{
    struct world *w = *state;

    load_then(w, "{ respond: { html: '<p>' } }");
    expect_part(w, "GET http://a.test/", "Content-Type: text/html; charset=utf-8\n");
    load_then(w, "{ respond: { json: [1, 1.10, true, null, \"1\", yes, a] } }");
    expect_part(w, "GET http://a.test/", "\n\n[1,1.10,true,null,\"1\",\"yes\",\"a\"]\n");
    load_then(w, "{ respond: { text: x, headers: { content-type: text/csv } } }");
    expect_part(w, "GET http://a.test/", "content-type: text/csv\n");
    expect_no_part(w, "GET http://a.test/", "Content-Type");
}

static void completes_problems(void **state)
{
    struct world *w = *state;

    load_then(w, "{ respond: { status: 409, problem: sold out } }");
    expect_part(w, "GET http://a.test/", "{\"status\":409,\"title\":\"sold out\"}");
    load_then(w, "{ respond: { status: 409, problem: { detail: d, status: 410 } } }");
    expect_part(w, "GET http://a.test/",
                "{\"title\":\"Conflict\",\"detail\":\"d\",\"status\":410}");
}

static void sends_headers_in_their_order_and_lists_as_lines(void **state)
{
    struct world *w = *state;

    load_then(w, "{ respond: { headers: { X-B: '1', set-cookie: [a=1, b=2], x-a: '2' } } }");
    expect_part(w, "GET http://a.test/", "X-B: 1\nset-cookie: a=1\nset-cookie: b=2\nx-a: 2\n");
}

static void lets_written_headers_win(void **state)
{
    struct world *w = *state;

    load_then(w,
              "{ respond: { status: 401, headers: { WWW-Authenticate: Digest, date: today } } }");
    expect_part(w, "GET http://a.test/", "WWW-Authenticate: Digest\ndate: today\n");
    expect_no_part(w, "GET http://a.test/", "Basic");
    expect_no_part(w, "GET http://a.test/", "Date:");
    load_then(w, "{ respond: { status: 405, allow: [GET, PUT] } }");
    expect_part(w, "POST http://a.test/", "Allow: GET, PUT\n");
}

static void writes_retry_after_in_seconds_or_as_a_date(void **state)
{
    struct world *w = *state;

    load_then(w, "{ respond: { status: 503, retry_after: 1.2s } }");
    expect_part(w, "GET http://a.test/", "Retry-After: 2\n");
    load_then(w, "{ respond: { status: 503, retry_after: 2m } }");
    expect_part(w, "GET http://a.test/", "Retry-After: 120\n");
    load_then(w, "{ respond: { status: 503, retry_after: 7 } }");
    expect_part(w, "GET http://a.test/", "Retry-After: 7\n");
    load_then(w, "{ respond: { status: 503, retry_after: 'Fri, 31 Dec 1999 23:59:59 GMT' } }");
    expect_part(w, "GET http://a.test/", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\n");
}

static void warns_of_a_missing_retry_after(void **state)
{
    struct world *w = *state;

    load_then(w, "503");
    assert_int_equal(w->diags.warnings, 1);
    load_then(w, "{ respond: { status: 429, retry_after: 1s } }");
    assert_int_equal(w->diags.warnings, 0);
}

static void reflects_the_origin(void **state)
{
    struct world *w = *state;

    load_then(w, "{ respond: { status: 401, headers: { x-a: '1', set-cookie: a=b } } }");
    expect_part(w, "GET http://a.test/\nOrigin: https://page.test",
                "Access-Control-Expose-Headers: x-a, WWW-Authenticate, x-weir-rule\n"
                "Access-Control-Allow-Origin: https://page.test\n"
                "Access-Control-Allow-Credentials: true\n"
                "Vary: Origin\n");
    expect_no_part(w, "GET http://a.test/", "Access-Control");
    load_then(w, "{ respond: { status: 401, headers: { access-control-allow-origin: '*' } } }");
    expect_no_part(w, "GET http://a.test/\nOrigin: https://page.test", "page.test");
    world_load(w, "defaults: { cors: off }\nrules: [{ match: a.test, then: 403 }]");
    expect_no_part(w, "GET http://a.test/\nOrigin: https://page.test", "Access-Control");
}

static void sends_raw_answers_as_written(void **state)
{
    struct world *w = *state;

    load_then(w, "{ respond: { status: 401, raw: true, headers: { x-a: '1' }, text: x } }");
    expect(w, "GET http://a.test/\nOrigin: http://b.test",
           "answer 401 Unauthorized\n"
           "x-a: 1\n"
           "Content-Length: 1\n"
           "\n"
           "x\n");
    load_then(w, "{ respond: { status: 777, raw: true, reason: Jackpot } }");
    expect_part(w, "GET http://a.test/", "answer 777 Jackpot\n");
}

static void answers_early_when_told(void **state)
{
    struct world *w = *state;

    load_then(w, "{ respond: { status: 413, early: true } }");
    expect_part(w, "POST http://a.test/", "answer early 413 Content Too Large\n");
}

static void blocks(void **state)
{
    struct world *w = *state;

    load_then(w, "block");
    expect_part(w, "GET http://a.test/", "answer 403 Forbidden\n");
    load_then(w, "{ block: 451 }");
    expect_part(w, "GET http://a.test/", "answer 451 Unavailable For Legal Reasons\n");
}

static void skips_the_rule_when_a_header_would_break_its_line(void **state)
{
    struct world *w = *state;

    world_load(w,
               "rules:\n"
               "  - { match: a.test, then: { respond: { headers: { x: $(request.query.q) } } } }\n"
               "  - { match: a.test, then: 404 }\n");
    expect_part(w, "GET http://a.test/?q=a%0d%0aSet-Cookie:%20b",
                "note rule_skipped: a header value to be sent held a line feed or another "
                "control\nanswer 404 Not Found\n");
    expect_part(w, "GET http://a.test/?q=%00", "note rule_skipped");
    expect_part(w, "GET http://a.test/?q=%C3%A4", "x: \xc3\xa4\n");
}

static void writes_json_that_stays_json(void **state)
{
    struct world *w = *state;
    struct json_fault fault;
    const char *body;

    world_load(w, "rules:\n"
                  "  - match: a.test/<id>\n"
                  "    then: { respond: { json: { $(id): '$(request.query.v)', n: [$(id)] } } }\n");
    body = strstr(ask(w, "GET http://a.test/7\"?v=%22%0a\\%ff"), "\n\n{");
    assert_non_null(body);
    assert_int_equal(json_check(bytes_of(body + 2), &fault), STATUS_OK);
    assert_string_equal(body + 2, "{\"7\\\"\":\"\\\"\\n\\\\\xef\xbf\xbd\",\"n\":[\"7\\\"\"]}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_begin, world_end)
        TEST(injects_every_status_by_a_bare_number),
        TEST(injects_redirections_with_their_location),
        TEST(answers_304_unasked_only_when_forced),
        TEST(counts_a_304_only_when_it_would_fire),
        TEST(sends_no_body_to_head_but_its_length),
        TEST(explains_errors_by_default),
        TEST(writes_each_kind_of_body_with_its_type),
        TEST(completes_problems),
        TEST(sends_headers_in_their_order_and_lists_as_lines),
        TEST(lets_written_headers_win),
        TEST(writes_retry_after_in_seconds_or_as_a_date),
        TEST(warns_of_a_missing_retry_after),
        TEST(reflects_the_origin),
        TEST(sends_raw_answers_as_written),
        TEST(answers_early_when_told),
        TEST(blocks),
        TEST(skips_the_rule_when_a_header_would_break_its_line),
        TEST(writes_json_that_stays_json),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
