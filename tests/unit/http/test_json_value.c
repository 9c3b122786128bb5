#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/json_value.h"

enum { OUT_BYTES = 1024 };

static void tells_the_kind_of_a_value(void **state)
{
    (void)state;
    assert_int_equal(json_kind(BYTES("{}")), JSON_KIND_OBJECT);
    assert_int_equal(json_kind(BYTES("[1]")), JSON_KIND_ARRAY);
    assert_int_equal(json_kind(BYTES("\"a\"")), JSON_KIND_STRING);
    assert_int_equal(json_kind(BYTES("-1")), JSON_KIND_NUMBER);
    assert_int_equal(json_kind(BYTES("0")), JSON_KIND_NUMBER);
    assert_int_equal(json_kind(BYTES("true")), JSON_KIND_TRUE);
    assert_int_equal(json_kind(BYTES("false")), JSON_KIND_FALSE);
    assert_int_equal(json_kind(BYTES("null")), JSON_KIND_NULL);
}

static void assert_text(const char *value, struct bytes expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_string_text(bytes_of(value), &out), STATUS_OK);
    assert_int_equal(out.len, expected.len);
    if (expected.len > 0)
        assert_memory_equal(out.ptr, expected.ptr, expected.len);
    buf_release(&out);
}

static void decodes_strings(void **state)
{
    (void)state;
    assert_text("\"\"", BYTES(""));
    assert_text("\"plain \xc3\xa9\"", BYTES("plain \xc3\xa9"));
    assert_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", BYTES("\"\\/\b\f\n\r\t"));
    assert_text("\"a\\u0041\\u00e9\\u20AC.\"", BYTES("aA\xc3\xa9\xe2\x82\xac."));
    assert_text("\"\\ud83d\\uDE00\"", BYTES("\xf0\x9f\x98\x80"));
    assert_text("\"\\u0000\"", BYTES("\0"));
    assert_text("\"\\\\u0041\"", BYTES("\\u0041"));
}

static void replaces_lone_surrogates(void **state)
{
    (void)state;
    assert_text("\"\\ud800\"", BYTES("\xef\xbf\xbd"));
    assert_text("\"\\ud800x\"", BYTES("\xef\xbf\xbdx"));
    assert_text("\"\\udc00\\ud800\"", BYTES("\xef\xbf\xbd\xef\xbf\xbd"));
    assert_text("\"\\ud800\\n\"", BYTES("\xef\xbf\xbd\n"));
    assert_text("\"\\ud800\\ud83d\\ude00\"", BYTES("\xef\xbf\xbd\xf0\x9f\x98\x80"));
}

static void decodes_only_strings(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_string_text(BYTES("12"), &out), STATUS_BAD_INPUT);
    assert_int_equal(json_string_text(BYTES("[\"a\"]"), &out), STATUS_BAD_INPUT);
    assert_int_equal(out.len, 0);
    buf_release(&out);
    buf_init(&out, 2);
    assert_int_equal(json_string_text(BYTES("\"abc\""), &out), STATUS_LIMIT);
    buf_release(&out);
}

static void orders_names_by_what_they_mean(void **state)
{
    (void)state;
    assert_int_equal(json_name_order(BYTES("\"a\""), BYTES("a")), 0);
    assert_int_equal(json_name_order(BYTES("\"\\u0061\""), BYTES("a")), 0);
    assert_true(json_name_order(BYTES("\"a\""), BYTES("b")) < 0);
    assert_true(json_name_order(BYTES("\"\\u0062\""), BYTES("a")) > 0);
    assert_true(json_name_order(BYTES("\"a\""), BYTES("ab")) < 0);
    assert_true(json_name_order(BYTES("\"\\u0061\""), BYTES("ab")) < 0);
    assert_true(json_name_order(BYTES("\"\\u0061b\""), BYTES("a")) > 0);
    assert_true(json_name_order(BYTES("\"\""), BYTES("")) == 0);
    assert_true(json_name_order(BYTES("\"\xc3\xa9\""), BYTES("z")) > 0);
    assert_true(json_name_order(BYTES("\"\\u00e9\""), BYTES("z")) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_kind_of_a_value),      cmocka_unit_test(decodes_strings),
        cmocka_unit_test(replaces_lone_surrogates),       cmocka_unit_test(decodes_only_strings),
        cmocka_unit_test(orders_names_by_what_they_mean),
    };

    return cmocka_run_group_tests_name("json_value", tests, NULL, NULL);
}
