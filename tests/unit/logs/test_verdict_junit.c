#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "logs/verdict.h"
#include "make_expects.h"
#include "make_flow.h"

enum { OUT_BYTES = 1024 * 1024 };

static void put_junit(const char *yaml, const struct flow *f, const struct log_gap *gap,
                      struct buf *out)
{
    static const struct redactor redactor = {.on = true};
    struct made_expects made;
    struct verdict *v;

    make_expects(&made, yaml);
    assert_int_equal(made.status, STATUS_OK);
    v = verdict_new(&made.expects, &redactor);
    assert_non_null(v);
    if (f)
        verdict_flow(v, f);
    if (gap)
        verdict_gap(v, gap);
    verdict_finish(v);
    buf_init(out, OUT_BYTES);
    verdict_put_junit(v, out);
    assert_int_equal(buf_status(out), STATUS_OK);
    verdict_free(v);
    free_expects(&made);
}

static void assert_has(struct buf *out, const char *needle)
{
    if (!strstr(buf_text(out), needle))
        fail_msg("'%s' is not in:\n%s", needle, buf_text(out));
}

static void writes_a_case_for_each_expectation(void **state)
{
    struct flow *f = make_http_flow("GET", "/a?token=opensesame", 503, NULL);
    struct buf out;

    (void)state;
    put_junit("- { name: good, match: 'path:/a' }\n- { name: bad, match: 'path:/a', ok: true }\n",
              f, NULL, &out);
    assert_has(&out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"weir\" "
                     "tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" "
                     "hostname=\"localhost\" time=\"0.038\" timestamp=\"2023-11-14T22:13:20\">");
    assert_has(&out, "<testcase name=\"good\" classname=\"weir.expect\" time=\"0.000\"/>");
    assert_has(&out, "<failure type=\"failed\" message=\"expected a status below 400 for all; "
                     "came 1 of 1 otherwise\">proxy.yaml:2\n");
    assert_null(strstr(buf_text(&out), "opensesame"));
    buf_release(&out);
    free_flow(f);
}

static void what_is_inconclusive_is_an_error(void **state)
{
    const struct log_gap gap = {2, 0};
    struct buf out;

    (void)state;
    put_junit("- { match: 'path:/a', never: true }\n", NULL, &gap, &out);
    assert_has(&out, "tests=\"1\" failures=\"0\" errors=\"1\"");
    assert_has(&out, "<error type=\"inconclusive\"");
    assert_has(&out, "2 flows were lost on the way to the log\n</error>");
    buf_release(&out);
}

/* XML 1.0 §2.2 */
static void markup_is_escaped_and_control_characters_are_left_out(void **state)
{
    struct flow *f =
        make_http_flow("GET", "/<&>\"\x01\x1b[2J\xff\xc2\x9b\xef\xbf\xbe\xc3\xa9]]>", 200, NULL);
    struct buf out;

    (void)state;
    put_junit("- { name: \"<a> & \\\"b\\\" \\u0007\", never: true }\n", f, NULL, &out);
    assert_has(&out, "name=\"&lt;a&gt; &amp; &quot;b&quot; \"");
    assert_has(&out, "https://api.test/&lt;&amp;&gt;&quot;[2J\xc3\xa9]]&gt; status 200");
    buf_release(&out);
    free_flow(f);
}

static void faults_stand_in_its_output(void **state)
{
    struct flow *f = make_http_flow("GET", "/a", 503, NULL);
    struct buf out;

    (void)state;
    f->injected = true;
    put_junit("[]", f, NULL, &out);
    assert_has(&out, "<system-out>GET https://api.test/a  status 503 injected; never asked "
                     "again\n</system-out>");
    buf_release(&out);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_a_case_for_each_expectation),
        cmocka_unit_test(what_is_inconclusive_is_an_error),
        cmocka_unit_test(markup_is_escaped_and_control_characters_are_left_out),
        cmocka_unit_test(faults_stand_in_its_output),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
