#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/replay_put.h"
#include "make_flow.h"

enum { OUT_BYTES = 64 * 1024 };

static const struct redactor redacts = {.on = true, .key = "0123456789abcdef"};

static void expect(const struct replay_result *r, bool json, const char *text)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    if (json)
        replay_put_json(r, &out);
    else
        replay_put_line(r, false, &out);
    assert_string_equal(buf_text(&out), text);
    buf_release(&out);
}

static void shows_then_and_now(void **state)
{
    const struct replay_answer answer = {.status = 503, .body_bytes = 4, .elapsed_us = 1500};
    struct flow *f = make_http_flow("GET", "/a", 200, NULL);
    struct replay_result r = {.flow = f, .answer = &answer, .redactor = &redacts};

    (void)state;
    f->number = 12;
    expect(&r, false, "12  GET https://api.test/a  200 → 503  38 ms → 1 ms\n");
    expect(&r, true,
           "{\"id\":\"01J0000000000000000000000A\",\"number\":12,\"method\":\"GET\","
           "\"url\":\"https://api.test/a\",\"was\":{\"status_code\":200,\"elapsed_us\":38000},"
           "\"now\":{\"status_code\":503,\"elapsed_us\":1500,\"body_bytes\":4},"
           "\"error\":null}\n");
    free_flow(f);
}

static void says_what_was_not_sent(void **state)
{
    struct flow *f = make_http_flow("GET", "/a", 0, NULL);
    struct replay_result r = {.flow = f, .refusal = "no", .redactor = &redacts};

    (void)state;
    f->timings.total = -1;
    expect(&r, false, "GET https://api.test/a  not sent: no\n");
    expect(&r, true,
           "{\"id\":\"01J0000000000000000000000A\",\"number\":0,\"method\":\"GET\","
           "\"url\":\"https://api.test/a\",\"was\":{\"status_code\":null,\"elapsed_us\":null},"
           "\"now\":null,\"error\":\"no\"}\n");
    free_flow(f);
}

static void shows_nothing_a_terminal_acts_on(void **state)
{
    struct flow *f = make_http_flow("GET", "/\x1b[2J", 200, NULL);
    struct replay_result r = {.flow = f, .redactor = &redacts};

    (void)state;
    expect(&r, false, "GET https://api.test/\\e[2J  0 bytes\n");
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_then_and_now),
        cmocka_unit_test(says_what_was_not_sent),
        cmocka_unit_test(shows_nothing_a_terminal_acts_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
