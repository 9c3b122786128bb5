#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "make_expects.h"

enum { OUT_BYTES = 64 * 1024 };

static void reads_an_expectation(void **state)
{
    struct made_expects m;
    const struct expect *x;

    (void)state;
    make_expects(&m, "- name: the login is tried\n"
                     "  match: \"method:POST path:/login\"\n"
                     "  count: at least 2\n"
                     "  status: [2xx, 304]\n"
                     "  ok: true\n"
                     "  under: 500ms\n"
                     "  in order: [\"path:/a\", \"path:/b\"]\n"
                     "  retried: at most 3 times\n");
    assert_int_equal(m.status, STATUS_OK);
    assert_int_equal(m.expects.count, 1);
    x = &m.expects.items[0];
    assert_true(bytes_equal(x->name, BYTES("the login is tried")));
    assert_string_equal(x->file, "proxy.yaml");
    assert_int_equal(x->line, 1);
    assert_true(bytes_equal(filter_text(x->match), BYTES("method:POST path:/login")));
    assert_int_equal(x->checks, (1U << EXPECT_CHECKS) - 1);
    assert_int_equal(x->count.min, 2);
    assert_true(expect_takes_status(x, 204) && expect_takes_status(x, 304));
    assert_false(expect_takes_status(x, 301) || expect_takes_status(x, 0));
    assert_true(x->ok);
    assert_int_equal(x->under_us, 500000);
    assert_int_equal(x->step_count, 2);
    assert_int_equal(x->retries.count.max, 3);
    free_expects(&m);
}

static void one_that_says_only_what_is_meant_wants_at_least_one(void **state)
{
    struct made_expects m;

    (void)state;
    make_expects(&m, "- match: path:/a\n- status: 200\n- in order: [a, b]\n- retried: once\n");
    assert_int_equal(m.status, STATUS_OK);
    assert_int_equal(m.expects.count, 4);
    assert_int_equal(m.expects.items[0].checks, 1U << EXPECT_COUNT);
    assert_int_equal(m.expects.items[0].count.min, 1);
    assert_true(bytes_equal(m.expects.items[0].name, BYTES("path:/a")));
    assert_int_equal(m.expects.items[1].checks, 1U << EXPECT_COUNT | 1U << EXPECT_STATUS);
    assert_int_equal(m.expects.items[2].checks, 1U << EXPECT_ORDER);
    assert_int_equal(m.expects.items[3].checks, 1U << EXPECT_RETRIES);
    assert_int_equal(m.expects.retried, 1);
    free_expects(&m);
}

static void never_is_a_count_of_none(void **state)
{
    struct made_expects m;

    (void)state;
    make_expects(&m, "- { match: 'status:5xx', never: true }\n- { match: a, never: false }\n");
    assert_int_equal(m.status, STATUS_OK);
    assert_int_equal(m.expects.items[0].count.max, 0);
    assert_int_equal(m.expects.items[1].count.min, 1);
    free_expects(&m);
}

/* How many errors and warnings; the text has `needle`. */
static void assert_told(const char *yaml, uint32_t errors, uint32_t warnings, const char *needle)
{
    struct made_expects m;
    struct buf out;

    make_expects(&m, yaml);
    buf_init(&out, OUT_BYTES);
    diags_put(&m.diags, DIAG_SHORT, false, &out);
    if (!strstr(buf_text(&out), needle))
        fail_msg("'%s' is not in:\n%s", needle, buf_text(&out));
    assert_int_equal(m.diags.errors, errors);
    assert_int_equal(m.diags.warnings, warnings);
    assert_int_equal(m.status, errors ? STATUS_BAD_CONFIG : STATUS_OK);
    buf_release(&out);
    free_expects(&m);
}

static void reports_every_problem_at_its_place(void **state)
{
    (void)state;
    assert_told("a: b\n", 1, 0, "proxy.yaml:1:1: error: 'expect' is a list");
    assert_told("- text\n", 1, 0, "proxy.yaml:1:3: error: an expectation has keys");
    assert_told("- { status: 2yy, count: many, under: 0s, retried: soon }\n", 4, 0,
                "proxy.yaml:1:25: error: a count is");
    assert_told("- match: \"stauts:200\"\n", 1, 0,
                "proxy.yaml:1:11: error: the filter is wrong: no such key");
    assert_told("- match: a stauts:200\n", 1, 0, "proxy.yaml:1:12: error: the filter is wrong");
    assert_told("- match: a\n  nome: x\n", 1, 0, "did you mean");
    assert_told("- { count: 2, never: true }\n", 1, 0, "contradict");
    assert_told("- in order: [a]\n", 1, 0, "a list of 2 to 32 filters");
    assert_told("- in order: [a, 'stauts:3']\n", 1, 0, "proxy.yaml:1:18: error: the filter");
    assert_told("- ok: perhaps\n", 1, 0, "proxy.yaml:1:7: error");
}

static void warns_of_what_is_never_looked_at(void **state)
{
    (void)state;
    assert_told("- { match: a, never: true, under: 1s }\n", 0, 1, "'under' is never looked at");
    assert_told("- { match: a, count: exactly 0, status: 200, ok: true }\n", 0, 2,
                "'status' is never looked at");
    assert_told("- { match: a, ok: true, status: [4xx, 503] }\n", 0, 1, "no flow can have both");
    assert_told("- { match: a, ok: false, status: 200 }\n", 0, 1, "no flow can have both");
    assert_told("- { match: a, ok: true, status: [200, 404] }\n", 0, 0, "");
    assert_told("- { retried: never with backoff }\n", 0, 1, "has no pauses");
    assert_told("- { name: x }\n- { name: x }\n", 0, 1, "proxy.yaml:2:3: warning");
}

static void takes_so_many_with_retried(void **state)
{
    struct made_expects m;
    struct buf yaml;

    (void)state;
    buf_init(&yaml, OUT_BYTES);
    for (int i = 0; i <= EXPECT_RETRIED; i++)
        buf_putf(&yaml, "- { name: n%d, retried: once }\n", i);
    make_expects(&m, buf_text(&yaml));
    assert_int_equal(m.status, STATUS_BAD_CONFIG);
    assert_int_equal(m.diags.errors, 1);
    free_expects(&m);
    buf_release(&yaml);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_an_expectation),
        cmocka_unit_test(one_that_says_only_what_is_meant_wants_at_least_one),
        cmocka_unit_test(never_is_a_count_of_none),
        cmocka_unit_test(reports_every_problem_at_its_place),
        cmocka_unit_test(warns_of_what_is_never_looked_at),
        cmocka_unit_test(takes_so_many_with_retried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
