#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http/json_value_equal.h"

enum { TEXT_BYTES = 4 * 1024 * 1024 };

static void assert_compares(const char *a, const char *b, bool expected)
{
    bool equal = !expected;

    assert_int_equal(json_value_equal(bytes_of(a), bytes_of(b), &equal), STATUS_OK);
    if (equal != expected)
        fail_msg("%s and %s", a, b);
    equal = !expected;
    assert_int_equal(json_value_equal(bytes_of(b), bytes_of(a), &equal), STATUS_OK);
    if (equal != expected)
        fail_msg("%s and %s, the other way round", a, b);
}

static void assert_equal(const char *a, const char *b)
{
    assert_compares(a, b, true);
}

static void assert_unequal(const char *a, const char *b)
{
    assert_compares(a, b, false);
}

/* RFC 6902 §4.6 */
static void numbers_are_equal_by_value(void **state)
{
    (void)state;
    assert_equal("1", "1.0");
    assert_equal("1", "10e-1");
    assert_equal("1", "0.1E+1");
    assert_equal("100", "1e2");
    assert_equal("-0", "0");
    assert_equal("0.0e5", "0");
    assert_equal("0.00120", "12E-4");
    assert_equal("12.5", "125e-1");
    assert_equal("1e0000000000000000000000000001", "10");
    assert_equal("0e99999999999999999999999999", "0");
    assert_equal("10000000000000000000000000000000000000", "1e37");
    assert_unequal("1", "-1");
    assert_unequal("1", "10");
    assert_unequal("0.1", "0.01");
    assert_unequal("12", "1.2");
    assert_unequal("9007199254740993", "9007199254740992");
    assert_unequal("0.30000000000000004", "0.3");
    assert_unequal("101", "11");
    assert_unequal("1e5", "1e-5");
    assert_unequal("1", "0");
}

static void vast_exponents_compare_as_written(void **state)
{
    (void)state;
    assert_equal("1e99999999999999999999", "1e99999999999999999999");
    assert_unequal("1e99999999999999999999", "10e99999999999999999998");
    assert_unequal("1e99999999999999999999", "1e99999999999999999998");
    assert_unequal("1e99999999999999999999", "1");
}

static void strings_are_equal_by_code_points(void **state)
{
    (void)state;
    assert_equal("\"a\"", "\"\\u0061\"");
    assert_equal("\"\\/\"", "\"/\"");
    assert_equal("\"\xf0\x9f\x98\x80\"", "\"\\ud83d\\ude00\"");
    assert_equal("\"\\u00E9\"", "\"\\u00e9\"");
    assert_unequal("\"a\"", "\"A\"");
    assert_unequal("\"a\"", "\"ab\"");
    assert_unequal("\"\\u0061\"", "\"ab\"");
    assert_unequal("\"\\ud800\"", "\"\\ufffd\"");
    assert_unequal("\"\\ud800\"", "\"\\ud801\"");
    assert_unequal("\"1\"", "1");
}

static void arrays_are_equal_in_order(void **state)
{
    (void)state;
    assert_equal("[1, [2,3] ]", "[1.0,[2,3]]");
    assert_equal("[]", "[ ]");
    assert_unequal("[1,2]", "[2,1]");
    assert_unequal("[1,2]", "[1,2,3]");
    assert_unequal("[1]", "[[1]]");
    assert_unequal("[[],[]]", "[[[]]]");
    assert_unequal("[]", "{}");
    assert_unequal("[0,1,2,3,4,5,6,7,8,9,10,11]", "[0,1,2,3,4,5,6,7,8,9,10,12]");
}

static void objects_are_equal_in_any_order(void **state)
{
    (void)state;
    assert_equal("{\"a\":1,\"b\":{\"c\":[true]}}", "{ \"b\":{\"c\":[true]}, \"\\u0061\":1 }");
    assert_equal("{\"z\":1,\"y\":2,\"x\":3,\"w\":4}", "{\"w\":4,\"x\":3,\"y\":2,\"z\":1.0}");
    assert_unequal("{\"a\":1}", "{\"a\":1,\"b\":2}");
    assert_unequal("{\"a\":1,\"c\":2}", "{\"a\":1,\"b\":2}");
    assert_unequal("{\"a\":null}", "{}");
    assert_unequal("{\"a\":null}", "{\"a\":false}");
    assert_unequal("{\"a\":{\"b\":1}}", "{\"a\":{\"b\":2}}");
    assert_unequal("{\"\\ud800\":1}", "{\"\\ufffd\":1}");
}

static void of_repeated_names_the_last_one_counts(void **state)
{
    (void)state;
    assert_equal("{\"a\":1,\"a\":2}", "{\"a\":2}");
    assert_equal("{\"a\":{\"b\":1,\"zz\":3},\"a\":{\"b\":2},\"c\":0}", "{\"a\":{\"b\":2},\"c\":0}");
    assert_equal("{\"a\":1,\"x\":5,\"a\":2}", "{\"x\":5,\"a\":2}");
    assert_unequal("{\"a\":1,\"x\":5,\"a\":2}", "{\"a\":2}");
    assert_unequal("{\"a\":1,\"a\":2}", "{\"a\":1}");
    assert_unequal("{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":1}");
    assert_unequal("{\"a\":{\"b\":1},\"a\":3}", "{\"a\":{\"b\":1}}");
    assert_unequal("{\"a\":{\"b\":1,\"c\":2},\"a\":{\"b\":1}}", "{\"a\":{\"b\":1,\"c\":2}}");
}

static void bounds_the_shorter_text(void **state)
{
    struct buf many;
    bool equal = true;

    (void)state;
    buf_init(&many, TEXT_BYTES);
    buf_put_byte(&many, '[');
    for (unsigned i = 0; i < JSON_EQUAL_VALUES; i++)
        buf_put_text(&many, "1,");
    buf_put_text(&many, "1]");
    assert_int_equal(json_value_equal(buf_bytes(&many), BYTES("[1]"), &equal), STATUS_OK);
    assert_false(equal);
    assert_int_equal(json_value_equal(buf_bytes(&many), buf_bytes(&many), &equal), STATUS_OK);
    assert_true(equal);
    many.ptr[many.len - 2] = '2';
    {
        struct buf other;

        buf_init(&other, TEXT_BYTES);
        buf_put(&other, buf_bytes(&many));
        other.ptr[1] = '3';
        assert_int_equal(json_value_equal(buf_bytes(&many), buf_bytes(&other), &equal),
                         STATUS_LIMIT);
        buf_release(&other);
    }
    buf_release(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_equal_by_value),
        cmocka_unit_test(vast_exponents_compare_as_written),
        cmocka_unit_test(strings_are_equal_by_code_points),
        cmocka_unit_test(arrays_are_equal_in_order),
        cmocka_unit_test(objects_are_equal_in_any_order),
        cmocka_unit_test(of_repeated_names_the_last_one_counts),
        cmocka_unit_test(bounds_the_shorter_text),
    };

    return cmocka_run_group_tests_name("json_value_equal", tests, NULL, NULL);
}
