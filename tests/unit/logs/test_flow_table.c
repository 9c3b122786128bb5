#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/flow_table.h"
#include "make_flow.h"

enum { OUT_BYTES = 1024 * 1024, NOW_S = 1700000300 };

static const struct redactor redactor = {.on = true};

static struct flow_table table_of(const char *columns, bool colour, uint32_t width)
{
    char error[FLOW_TABLE_ERROR_TEXT] = "";
    struct flow_table t;

    setenv("TZ", "UTC", 1);
    flow_table_init(&t, &redactor, colour, width, NOW_S);
    if (columns && flow_table_choose(&t, bytes_of(columns), error))
        fail_msg("%s", error);
    return t;
}

static void assert_row(const char *columns, const struct flow *f, const char *expected)
{
    struct flow_table t = table_of(columns, false, 0);
    struct buf out;

    buf_init(&out, OUT_BYTES);
    flow_table_put_flow(&t, f, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
    flow_table_release(&t);
}

static void shows_a_flow_in_columns(void **state)
{
    struct flow *f = make_http_flow("GET", "/a?b=c", 503, "application/json");

    (void)state;
    f->number = 12;
    f->injected = true;
    f->response.body.wire_bytes = 1234;
    make_rule(f, "proxy.yaml:12 flaky", NULL);
    assert_row("number,time,method,status,type,size,duration,rules", f,
               "    12  22:13:20.123  GET      503*    json       1.2 KiB      38 ms  "
               "proxy.yaml:12 flaky\n");
    assert_row("scheme,version,client,url", f,
               "https   HTTP/1.1  127.0.0.1:51234        https://api.test/a?b=c\n");
    assert_row("id,reason", f, "01J0000000000000000000000A  complete\n");
    free_flow(f);
}

static void tells_the_day_of_another_day(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);

    (void)state;
    f->started_us -= INT64_C(86400) * 1000000 * 5;
    assert_row("time,status", f, "Nov  9 22:13  200\n");
    assert_row("date,status", f, "2023-11-09  200\n");
    free_flow(f);
}

static void says_why_there_is_no_status(void **state)
{
    struct flow *f = make_flow(FLOW_REFUSED);

    (void)state;
    f->error = true;
    f->sentence = "The client does not trust the CA.";
    assert_row("status,method,type,rules", f,
               "ERR     REFUSED  -       The client does not trust the CA.\n");
    free_flow(f);
}

static void takes_out_secrets_and_what_acts_on_a_terminal(void **state)
{
    struct flow *f = make_http_flow("GET", "/?token=hunter2\x1b[2J", 200, NULL);
    struct flow_table t = table_of("path,url", false, 0);
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    flow_table_put_flow(&t, f, &out);
    assert_null(strstr(buf_text(&out), "hunter2"));
    assert_null(strchr(buf_text(&out), '\x1b'));
    assert_non_null(strstr(buf_text(&out), "REDACTED:"));
    buf_release(&out);
    flow_table_release(&t);
    free_flow(f);
}

static void fits_into_the_terminal(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, "text/html");
    char path[300];
    struct flow_table t = table_of(NULL, false, 120);
    struct buf out;

    (void)state;
    memset(path, 'p', sizeof(path));
    path[0] = '/';
    path[sizeof(path) - 1] = '\0';
    ((struct head *)(uintptr_t)f->request.received)->path = bytes_of(path);
    make_rule(f, "a-file-with-a-long-name.yaml:12 and a rule with a long name", NULL);
    buf_init(&out, OUT_BYTES);
    flow_table_put_titles(&t, &out);
    assert_in_range(out.len, 80, 121);
    buf_clear(&out);
    flow_table_put_flow(&t, f, &out);
    assert_in_range(out.len, 100, 121 + 2 * 2); /* an ellipsis has three bytes */
    buf_release(&out);
    flow_table_release(&t);
    free_flow(f);
}

static void does_without_columns_in_a_narrow_terminal(void **state)
{
    static const struct {
        uint32_t columns;
        const char *titles;
    } cases[] = {
        {111, "     #  time          method   status  host          path             type          "
              "size   duration  rules\n"},
        {80, "     #  method   status  host          path               duration  rules\n"},
        {40, "     #  method   status  path\n"},
        {10, "method   status  path\n"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct flow_table t = table_of(NULL, false, cases[i].columns);
        struct buf out;

        buf_init(&out, OUT_BYTES);
        flow_table_put_titles(&t, &out);
        assert_string_equal(buf_text(&out), cases[i].titles);
        buf_release(&out);
        flow_table_release(&t);
    }
}

static void colours_the_status_by_its_class(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 503, NULL);
    struct flow_table t = table_of("status", true, 0);
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    flow_table_put_flow(&t, f, &out);
    assert_string_equal(buf_text(&out), "\033[31m503\033[0m\n");
    buf_release(&out);
    flow_table_release(&t);
    free_flow(f);
}

static void refuses_columns_that_it_has_not(void **state)
{
    struct flow_table t = table_of(NULL, false, 0);
    char error[FLOW_TABLE_ERROR_TEXT];

    (void)state;
    assert_int_equal(flow_table_choose(&t, BYTES("time,stauts"), error), STATUS_BAD_INPUT);
    assert_string_equal(error, "there is no column 'stauts', did you mean 'status'?");
    assert_int_equal(flow_table_choose(&t, BYTES(" , "), error), STATUS_BAD_INPUT);
    assert_string_equal(error, "no column is named");
    flow_table_release(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_a_flow_in_columns),
        cmocka_unit_test(tells_the_day_of_another_day),
        cmocka_unit_test(says_why_there_is_no_status),
        cmocka_unit_test(takes_out_secrets_and_what_acts_on_a_terminal),
        cmocka_unit_test(fits_into_the_terminal),
        cmocka_unit_test(does_without_columns_in_a_narrow_terminal),
        cmocka_unit_test(colours_the_status_by_its_class),
        cmocka_unit_test(refuses_columns_that_it_has_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
