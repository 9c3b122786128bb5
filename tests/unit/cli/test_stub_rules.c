#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <unistd.h>

#include "cli/stub_rules.h"
#include "make_flow.h"

enum { OUT_BYTES = 1024 * 1024, LARGE_BYTES = 20 * 1000 };

static const struct redactor redacts = {.on = true, .key = "0123456789abcdef"};

static struct flow *flow_of(const char *method, const char *path)
{
    return make_http_flow(method, path, 200, "text/plain");
}

/* ---- what a request is found by ---------------------------------------------------------------
 */

static void expect_match(const char *path, const char *match, uint32_t parameters)
{
    struct flow *f = flow_of("GET", path);
    uint32_t count = 99;
    struct buf out;

    buf_init(&out, OUT_BYTES);
    stub_match_put(&redacts, f, &out, &count);
    assert_string_equal(buf_text(&out), match);
    assert_int_equal(count, parameters);
    buf_release(&out);
    free_flow(f);
}

static void finds_a_request_by_its_url(void **state)
{
    (void)state;
    expect_match("/a/b", "GET https://api.test/a/b", 0);
    expect_match("/a?b=c&d", "GET https://api.test/a?b=c&d", 2);
    expect_match("/a?", "GET https://api.test/a", 0);
    expect_match("", "GET https://api.test/", 0);
}

static void puts_a_star_where_a_rule_would_read_something_else(void **state)
{
    (void)state;
    expect_match("/a*b/<x>", "GET https://api.test/a*b/*x*", 0);
    expect_match("/$(x)/$json(y)", "GET https://api.test/*(x)/*json(y)", 0);
    expect_match("/a?<b>=1&c=d*&e=<f>", "GET https://api.test/a?c=d*&e=*f*", 2);
    expect_match("/\xff", "GET https://api.test/*", 0);
    expect_match("/\xc3\xa4", "GET https://api.test/\xc3\xa4", 0);
}

static void takes_any_secret(void **state)
{
    (void)state;
    expect_match("/a?token=S3cr3t&b=c", "GET https://api.test/a?token=*&b=c", 2);
}

/* ---- rules
 * ---------------------------------------------------------------------------------------- */

struct ground {
    struct stub_rules rules;
    char folder[64];
};

static struct ground ground_make(void)
{
    struct ground g = {.folder = "/tmp/weir-stub-XXXXXX"};
    struct stub_settings settings = {.redactor = &redacts, .shown_folder = "bodies"};

    assert_non_null(mkdtemp(g.folder));
    settings.folder = g.folder;
    assert_int_equal(stub_rules_init(&g.rules, &settings), STATUS_OK);
    return g;
}

static void ground_free(struct ground *g)
{
    char command[128];

    stub_rules_release(&g->rules);
    snprintf(command, sizeof(command), "rm -r '%s'", g->folder);
    assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c) */
}

static void add(struct ground *g, struct flow *f)
{
    g->rules.settings.folder = g->folder; /* the struct was moved */
    assert_int_equal(stub_rules_add(&g->rules, f), STATUS_OK);
    free_flow(f);
}

static void add_answer(struct ground *g, const char *path, unsigned status, const char *body)
{
    struct flow *f = make_http_flow("GET", path, status, "text/plain");

    if (body[0])
        make_body(f, &f->response, bytes_of(body));
    add(g, f);
}

static void expect_yaml(struct ground *g, const char *text)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(stub_rules_put(&g->rules, &out), STATUS_OK);
    assert_string_equal(buf_text(&out), text);
    buf_release(&out);
    ground_free(g);
}

static void makes_a_rule_of_an_answer(void **state)
{
    struct ground g = ground_make();

    (void)state;
    add_answer(&g, "/a", 200, "hello\n");
    expect_yaml(&g, "# Answers recorded by weir, from 1 exchange; one rule a method and URL.\n"
                    "version: 1\n"
                    "rules:\n"
                    "  - match: GET https://api.test/a\n"
                    "    then:\n"
                    "      respond:\n"
                    "        status: 200\n"
                    "        raw: true\n"
                    "        headers:\n"
                    "          Content-Type: text/plain\n"
                    "        text: |\n"
                    "          hello\n");
}

static void makes_a_sequence_of_different_answers(void **state)
{
    struct ground g = ground_make();

    (void)state;
    add_answer(&g, "/a", 503, "");
    add_answer(&g, "/a", 503, "");
    add_answer(&g, "/a", 304, "");
    expect_yaml(&g, "# Answers recorded by weir, from 3 exchanges; one rule a method and URL.\n"
                    "version: 1\n"
                    "rules:\n"
                    "  - match: GET https://api.test/a\n"
                    "    then:\n"
                    "      sequence:\n"
                    "        - respond:\n"
                    "            status: 503\n"
                    "            reason: OK\n"
                    "            raw: true\n"
                    "            headers:\n"
                    "              Content-Type: text/plain\n"
                    "        - respond:\n"
                    "            status: 304\n"
                    "            reason: OK\n"
                    "            raw: true\n"
                    "            force: true\n"
                    "            headers:\n"
                    "              Content-Type: text/plain\n");
}

static void asks_for_more_parameters_first(void **state)
{
    struct ground g = ground_make();
    struct buf out;

    (void)state;
    add_answer(&g, "/a", 200, "x");
    add_answer(&g, "/a?b=1", 200, "x");
    add_answer(&g, "/a?b=1&c=2", 200, "x");
    buf_init(&out, OUT_BYTES);
    assert_int_equal(stub_rules_put(&g.rules, &out), STATUS_OK);
    assert_true(strstr(buf_text(&out), "a?b=1&c=2") < strstr(buf_text(&out), "a?b=1\n"));
    assert_true(strstr(buf_text(&out), "a?b=1\n") < strstr(buf_text(&out), "api.test/a\n"));
    buf_release(&out);
    ground_free(&g);
}

static void counts_what_it_leaves_out(void **state)
{
    struct ground g = ground_make();
    struct flow *f = flow_of("GET", "/cut");
    struct stub_counts *c = &g.rules.counts;

    (void)state;
    make_body(f, &f->response, BYTES("abc"));
    f->response.body.wire_bytes = 9;
    add(&g, f);
    f = flow_of("GET", "/none");
    f->response = (struct flow_message){0};
    add(&g, f);
    f = flow_of("GET", "/failed");
    f->error = true;
    add(&g, f);
    add(&g, flow_of("A|B", "/odd"));
    add(&g, make_flow(FLOW_TUNNEL));
    add_answer(&g, "/switch", 101, "");
    assert_int_equal(c->cut, 1);
    assert_int_equal(c->unanswered, 3);
    assert_int_equal(c->odd, 2);
    assert_int_equal(c->flows, 0);
    ground_free(&g);
}

static void puts_long_and_binary_bodies_into_files_once(void **state)
{
    static char large[LARGE_BYTES + 1];
    struct ground g = ground_make();
    struct buf out;

    (void)state;
    memset(large, 'x', LARGE_BYTES);
    add_answer(&g, "/1", 200, large);
    add_answer(&g, "/2", 200, large);
    add_answer(&g, "/3", 200, "\x01");
    add_answer(&g, "/4", 200, "$(request.url)");
    assert_int_equal(g.rules.counts.files, 3);
    buf_init(&out, OUT_BYTES);
    assert_int_equal(stub_rules_put(&g.rules, &out), STATUS_OK);
    assert_non_null(strstr(buf_text(&out), "file: bodies/"));
    assert_null(strstr(buf_text(&out), "$("));
    buf_release(&out);
    ground_free(&g);
}

static void keeps_the_newest_of_too_many_answers(void **state)
{
    struct ground g = ground_make();
    struct buf out;

    (void)state;
    for (int i = 0; i <= STUB_STEPS; i++) {
        char body[32];

        snprintf(body, sizeof(body), "answer %d!", i);
        add_answer(&g, "/a", 200, body);
    }
    assert_int_equal(g.rules.counts.steps_lost, 1);
    buf_init(&out, OUT_BYTES);
    assert_int_equal(stub_rules_put(&g.rules, &out), STATUS_OK);
    assert_non_null(strstr(buf_text(&out), "answer 64!"));
    assert_null(strstr(buf_text(&out), "answer 63!"));
    buf_release(&out);
    ground_free(&g);
}

static void takes_secrets_out(void **state)
{
    struct ground g = ground_make();
    struct flow *f = make_http_flow("GET", "/a?token=S3cr3t", 200, "application/json");
    struct head *head = make_head(f, HTTP_RESPONSE,
                                  "Set-Cookie: id=S3cr3t\nDate: now\n"
                                  "Connection: X-Hop\nX-Hop: 1\n");
    struct buf out;

    (void)state;
    head->status = 200;
    f->response.received = head;
    make_body(f, &f->response, BYTES("{\"password\":\"S3cr3t\"}"));
    add(&g, f);
    buf_init(&out, OUT_BYTES);
    assert_int_equal(stub_rules_put(&g.rules, &out), STATUS_OK);
    assert_null(strstr(buf_text(&out), "S3cr3t"));
    assert_null(strstr(buf_text(&out), "Date"));
    assert_null(strstr(buf_text(&out), "X-Hop"));
    assert_non_null(strstr(buf_text(&out), "# Secrets are replaced"));
    buf_release(&out);
    ground_free(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_request_by_its_url),
        cmocka_unit_test(puts_a_star_where_a_rule_would_read_something_else),
        cmocka_unit_test(takes_any_secret),
        cmocka_unit_test(makes_a_rule_of_an_answer),
        cmocka_unit_test(makes_a_sequence_of_different_answers),
        cmocka_unit_test(asks_for_more_parameters_first),
        cmocka_unit_test(counts_what_it_leaves_out),
        cmocka_unit_test(puts_long_and_binary_bodies_into_files_once),
        cmocka_unit_test(keeps_the_newest_of_too_many_answers),
        cmocka_unit_test(takes_secrets_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
