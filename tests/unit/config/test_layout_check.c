#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/layout.h"

static enum status check(const char *before, const char *after)
{
    return layout_check(bytes_of(before), bytes_of(after));
}

static void takes_another_layout(void **state)
{
    (void)state;
    assert_int_equal(check("a: 1\n", "a:   1\r\n"), STATUS_OK);
    assert_int_equal(check("a:\n- b # x\n", "a:\n  - b   # x\n"), STATUS_OK);
    assert_int_equal(check("\xef\xbb\xbf"
                           "a: 1",
                           "a: 1"),
                     STATUS_OK);
}

static void refuses_another_text(void **state)
{
    (void)state;
    assert_int_equal(check("a: 1\n", "a: 2\n"), STATUS_REFUSED);
    assert_int_equal(check("a: b c\n", "a: bc\n"), STATUS_REFUSED);
    assert_int_equal(check("a: 'b  c'\n", "a: 'b c'\n"), STATUS_REFUSED);
    assert_int_equal(check("a: |\n  b\n", "a: >\n  b\n"), STATUS_REFUSED);
    assert_int_equal(check("a: 'b'\n", "a: b\n"), STATUS_REFUSED);
}

static void refuses_another_structure(void **state)
{
    (void)state;
    assert_int_equal(check("a:\n  b: 1\n", "a:\nb: 1\n"), STATUS_REFUSED);
    assert_int_equal(check("- a\n- b\n", "- a\n  - b\n"), STATUS_REFUSED);
    assert_int_equal(check("a: [b]\n", "a: {b}\n"), STATUS_REFUSED);
    assert_int_equal(check("a: &x b\n", "a: &y b\n"), STATUS_REFUSED);
    assert_int_equal(check("a: !x b\n", "a: !y b\n"), STATUS_REFUSED);
}

static void refuses_a_comment_that_is_lost_or_made(void **state)
{
    (void)state;
    assert_int_equal(check("a: 1 # x\n", "a: 1\n"), STATUS_REFUSED);
    assert_int_equal(check("a: 1\n", "a: 1 # x\n"), STATUS_REFUSED);
    assert_int_equal(check("a: 1 # x y\n", "a: 1 # x z\n"), STATUS_REFUSED);
}

static void tells_a_text_that_is_no_yaml_from_a_result_that_is_none(void **state)
{
    (void)state;
    assert_int_equal(check("a: [\n", "a: [\n"), STATUS_BAD_INPUT);
    assert_int_equal(check("a: b\n", "a: [\n"), STATUS_REFUSED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_another_layout),
        cmocka_unit_test(refuses_another_text),
        cmocka_unit_test(refuses_another_structure),
        cmocka_unit_test(refuses_a_comment_that_is_lost_or_made),
        cmocka_unit_test(tells_a_text_that_is_no_yaml_from_a_result_that_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
