#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/json.h"
#include "logs/diff.h"
#include "make_flow.h"

enum { OUT_BYTES = 4 * 1024 * 1024 };

struct pair {
    struct flow *a, *b;
    struct diff_ask ask;
    struct diff diff;
    struct buf out;
};

static void pair_make(struct pair *p)
{
    p->a = make_http_flow("GET", "/a", 200, "application/json");
    p->b = make_http_flow("GET", "/a", 503, "text/plain");
    p->a->number = 12;
    p->b->timings.wait = 900;
    make_body(p->a, &p->a->response, BYTES("one\ntwo\x1b[2J\n"));
    make_body(p->b, &p->b->response, BYTES("one\nthree\n"));
    make_body(p->a, &p->a->request, BYTES("{\"n\":\"a\xc2\x9b\",\"s\":1}"));
    make_body(p->b, &p->b->request, BYTES("{\"n\":\"b\",\"s\":2}"));
    p->ask =
        (struct diff_ask){.a = p->a, .b = p->b, .request = true, .response = true, .bodies = true};
    assert_int_equal(diff_flows(&p->ask, &p->diff), STATUS_OK);
    buf_init(&p->out, OUT_BYTES);
}

static void pair_free(struct pair *p)
{
    buf_release(&p->out);
    diff_release(&p->diff);
    free_flow(p->a);
    free_flow(p->b);
}

static void people_get_signs_and_safe_text(void **state)
{
    struct diff_style style = {.utf8 = true};
    struct pair p;

    (void)state;
    pair_make(&p);
    diff_put_text(&p.diff, &p.ask, &style, &p.out);
    assert_string_equal(buf_text(&p.out), "--- 12 GET https://api.test/a 200, 38 ms\n"
                                          "+++ GET https://api.test/a 503, 38 ms\n"
                                          "\nrequest's body\n"
                                          "  ~ $.n: \"a\\u{009b}\" → \"b\"\n"
                                          "  ~ $.s: 1 → 2\n"
                                          "\nresponse\n"
                                          "  ~ status: 200 → 503\n"
                                          "  ~ Content-Type: application/json → text/plain\n"
                                          "\nresponse's body\n"
                                          "  @@ line 1\n"
                                          "    one\n"
                                          "  - two\\e[2J\n"
                                          "  + three\n"
                                          "\ntimes              ---         +++\n"
                                          "wait                 -      900 µs\n"
                                          "total            38 ms       38 ms\n");
    style = (struct diff_style){.colour = true};
    buf_clear(&p.out);
    diff_put_text(&p.diff, &p.ask, &style, &p.out);
    assert_non_null(strstr(buf_text(&p.out), "\033[33m  ~ status: 200 -> 503\033[0m\n"));
    for (size_t i = 0; i < p.out.len; i++)
        assert_true(p.out.ptr[i] < 0x80);
    pair_free(&p);
}

static void long_values_take_a_line_each(void **state)
{
    struct flow *a = make_http_flow("GET", "/a", 200, NULL);
    struct flow *b = make_http_flow(
        "GET", "/a-path-that-is-much-longer-than-what-fits-into-half-a-line-of-a-terminal", 200,
        NULL);
    struct diff_ask ask = {.a = a, .b = b, .request = true};
    struct diff_style style = {0};
    struct diff d;
    struct buf out;

    (void)state;
    assert_int_equal(diff_flows(&ask, &d), STATUS_OK);
    buf_init(&out, OUT_BYTES);
    diff_put_text(&d, &ask, &style, &out);
    assert_non_null(strstr(buf_text(&out), "  - url: https://api.test/a\n"
                                           "  + url: https://api.test/a-path"));
    buf_release(&out);
    diff_release(&d);
    free_flow(a);
    free_flow(b);
}

static void programs_get_json(void **state)
{
    struct json_fault fault;
    struct pair p;

    (void)state;
    pair_make(&p);
    diff_put_json(&p.diff, &p.ask, &p.out);
    assert_int_equal(json_check(buf_bytes(&p.out), &fault), STATUS_OK);
    assert_non_null(strstr(buf_text(&p.out), "\"equal\":false,\"cut\":false,\"differences\":[{"
                                             "\"message\":\"request\",\"place\":\"json\","
                                             "\"change\":\"changed\",\"name\":\"$.n\","
                                             "\"before\":\"a\\u009b\",\"after\":\"b\"}"));
    assert_non_null(strstr(buf_text(&p.out), "\"place\":\"text\",\"change\":\"removed\","
                                             "\"before_line\":2,\"before\":\"two\\u001b[2J\""));
    pair_free(&p);
}

static void one_flow_says_which_side_is_missing(void **state)
{
    struct flow *f = make_http_flow("GET", "/a", 200, NULL);
    struct diff_ask ask = {.a = f, .b = f, .b_sent = true, .request = true, .response = true};
    struct diff_style style = {0};
    struct diff d;
    struct buf out;

    (void)state;
    f->request.sent = NULL;
    f->response.received = NULL;
    assert_int_equal(diff_flows(&ask, &d), STATUS_OK);
    buf_init(&out, OUT_BYTES);
    diff_put_text(&d, &ask, &style, &out);
    assert_non_null(strstr(buf_text(&out), ", as it came\n"));
    assert_non_null(strstr(buf_text(&out), "The request did not go on."));
    assert_non_null(strstr(buf_text(&out), "No response came"));
    buf_release(&out);
    diff_release(&d);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_get_signs_and_safe_text),
        cmocka_unit_test(long_values_take_a_line_each),
        cmocka_unit_test(programs_get_json),
        cmocka_unit_test(one_flow_says_which_side_is_missing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
