#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/json.h"

enum { OUT_BYTES = 64 * 1024 };

static void accepts_valid_json(void **state)
{
    static const char *const cases[] = {"{}",
                                        "[]",
                                        "0",
                                        "-0",
                                        "1e9",
                                        "-1.5E-10",
                                        "0.0",
                                        "0e0",
                                        "1E+2",
                                        "123456789012345678901234567890",
                                        "true",
                                        "false",
                                        "null",
                                        "\"\"",
                                        " \t\r\n[ ] ",
                                        "[1,2 , 3]",
                                        "{\"a\":1,\"a\":2}",
                                        "{\"a\":{\"b\":[{}]}}",
                                        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\ude00\"",
                                        "\"\\ud800\"",
                                        "\"\xc3\xa9\xf0\x9f\x98\x80\x7f\"",
                                        "[[],{},[[]]]"};
    struct json_fault fault;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (json_check(bytes_of(cases[i]), &fault))
            fail_msg("refused at %zu: %s (%s)", fault.at, cases[i], fault.sentence);
    }
}

static void refuses_invalid_json(void **state)
{
    static const char *const cases[] = {"",
                                        " ",
                                        "[",
                                        "]",
                                        "{",
                                        "}",
                                        "[1",
                                        "[1,",
                                        "[1,]",
                                        "[,1]",
                                        "[1 2]",
                                        "[1}",
                                        "{]",
                                        "{\"a\"}",
                                        "{\"a\":}",
                                        "{\"a\":1,}",
                                        "{\"a\" 1}",
                                        "{1:2}",
                                        "{a:1}",
                                        "{,}",
                                        "{\"a\":1]",
                                        "[] []",
                                        "1 2",
                                        "01",
                                        "-01",
                                        "00",
                                        "1.",
                                        ".5",
                                        "1.e1",
                                        "1e",
                                        "1e+",
                                        "+1",
                                        "-",
                                        "--1",
                                        "0x10",
                                        "1_0",
                                        "NaN",
                                        "Infinity",
                                        "-Infinity",
                                        "tru",
                                        "True",
                                        "nul",
                                        "nullx",
                                        "truefalse",
                                        "'a'",
                                        "\"",
                                        "\"a",
                                        "\"\\\"",
                                        "\"\\x\"",
                                        "\"\\u12\"",
                                        "\"\\u12g4\"",
                                        "\"\\u",
                                        "\"\\",
                                        "\"a\nb\"",
                                        "\"\x01\"",
                                        "\"\xff\"",
                                        "\"\xc0\x80\"",
                                        "\"\xed\xa0\x80\"",
                                        "\"\xc3",
                                        "\xef\xbb\xbf{}",
                                        "\xa0",
                                        "//x\n1",
                                        "[1]x",
                                        "{\"a\":1 \"b\":2}",
                                        "[\"a\":1]",
                                        ":",
                                        ","};
    struct json_fault fault;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (json_check(bytes_of(cases[i]), &fault) != STATUS_BAD_INPUT)
            fail_msg("accepted: %s", cases[i]);
        assert_true(fault.at <= strlen(cases[i]));
        assert_non_null(fault.sentence);
    }
    assert_int_equal(json_check(BYTES("1\0"), &fault), STATUS_BAD_INPUT);
    assert_int_equal(json_check(BYTES("\0"), &fault), STATUS_BAD_INPUT);
    assert_int_equal(json_check(BYTES("\"\0\""), &fault), STATUS_BAD_INPUT);
    assert_int_equal(json_check(BYTES("\"\\\0\""), &fault), STATUS_BAD_INPUT);
    assert_int_equal(json_check(BYTES("[1,\0 2]"), &fault), STATUS_BAD_INPUT);
}

static void assert_fault(const char *in, size_t at, uint32_t line, uint32_t column,
                         const char *sentence)
{
    struct json_fault fault;

    assert_int_equal(json_check(bytes_of(in), &fault), STATUS_BAD_INPUT);
    assert_int_equal(fault.at, at);
    assert_int_equal(fault.line, line);
    assert_int_equal(fault.column, column);
    assert_string_equal(fault.sentence, sentence);
}

static void tells_where_the_fault_is_and_what(void **state)
{
    (void)state;
    assert_fault("{\n  \"\xc3\xa9\": tru\n}", 10, 2, 8, "a value must stand here");
    assert_fault("[1 2]", 3, 1, 4, "a comma or ] must stand here");
    assert_fault("{\"a\":1 2}", 7, 1, 8, "a comma or } must stand here");
    assert_fault("{a:1}", 1, 1, 2, "a name in double quotes must stand here");
    assert_fault("{\"a\" 1}", 5, 1, 6, "a colon must stand here");
    assert_fault("[1]\n\n x", 6, 3, 2, "nothing may follow the value");
    assert_fault("[1, ", 4, 1, 5, "the text ends too early");
    assert_fault("\"abc", 4, 1, 5, "the string has no end");
    assert_fault("[\"\\x\"]", 3, 1, 4, "not an escape of JSON");
    assert_fault("[\"\\u12\"]", 4, 1, 5, "four hexadecimal digits must follow \\u");
    assert_fault("\"a\tb\"", 2, 1, 3, "a control character in a string must be escaped");
    assert_fault("\"\xff\"", 1, 1, 2, "the text is not UTF-8");
    assert_fault("[012]", 2, 1, 3, "a number does not start with 0");
    assert_fault("[1.]", 3, 1, 4, "a digit must stand here");
}

static void bounds_the_depth(void **state)
{
    uint8_t text[2 * JSON_DEPTH + 2];
    struct json_fault fault;

    (void)state;
    memset(text, '[', JSON_DEPTH);
    memset(text + JSON_DEPTH, ']', JSON_DEPTH);
    assert_int_equal(json_check(bytes_make(text, 2 * JSON_DEPTH), &fault), STATUS_OK);
    memset(text, '[', JSON_DEPTH + 1);
    memset(text + JSON_DEPTH + 1, ']', JSON_DEPTH + 1);
    assert_int_equal(json_check(bytes_make(text, 2 * JSON_DEPTH + 2), &fault), STATUS_BAD_INPUT);
    assert_int_equal(fault.at, JSON_DEPTH);
    assert_string_equal(fault.sentence, "too many arrays and objects within each other");
}

static void assert_compact(const char *in, const char *expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_compact(bytes_of(in), &out), STATUS_OK);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void writes_json_on_one_line(void **state)
{
    (void)state;
    assert_compact(" { \"a b\" : [ 1.50 , true ,\n null ] , \"c\":{ } } ",
                   "{\"a b\":[1.50,true,null],\"c\":{}}");
    assert_compact("\"\\u00e9 \"", "\"\\u00e9 \"");
}

static void assert_indent(const char *in, const char *expected)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_indent(bytes_of(in), &out), STATUS_OK);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void indents_json_by_two_spaces(void **state)
{
    (void)state;
    assert_indent("{\"a\":[1,{\"b\":2}],\"c\":{},\"d\":[ ]}", "{\n"
                                                              "  \"a\": [\n"
                                                              "    1,\n"
                                                              "    {\n"
                                                              "      \"b\": 2\n"
                                                              "    }\n"
                                                              "  ],\n"
                                                              "  \"c\": {},\n"
                                                              "  \"d\": []\n"
                                                              "}");
    assert_indent("[[[]]]", "[\n"
                            "  [\n"
                            "    []\n"
                            "  ]\n"
                            "]");
    assert_indent(" 7 ", "7");
}

static void writes_nothing_for_invalid_json(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_compact(BYTES("[1,2"), &out), STATUS_BAD_INPUT);
    assert_int_equal(json_indent(BYTES("{\"a\":1]"), &out), STATUS_BAD_INPUT);
    assert_int_equal(out.len, 0);
    buf_release(&out);
}

static void tells_of_a_full_buffer(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 8);
    assert_int_equal(json_indent(BYTES("[1,2,3,4]"), &out), STATUS_LIMIT);
    buf_clear(&out);
    assert_int_equal(json_compact(BYTES("[1,2,3,4]"), &out), STATUS_LIMIT);
    buf_release(&out);
}

static void knows_the_media_types_of_json(void **state)
{
    static const char *const yes[] = {"application/json", "Application/JSON; charset=utf-8",
                                      "text/json", "application/problem+json",
                                      "application/ld+JSON ;x=y"};
    static const char *const no[] = {"",
                                     "json",
                                     "/json",
                                     "text/plain",
                                     "application/x-ndjson",
                                     "application/json5",
                                     "application/+json",
                                     "text/plain; a=application/json",
                                     "application/jsonp"};

    (void)state;
    for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++)
        assert_true(json_media_type(bytes_of(yes[i])));
    for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
        assert_false(json_media_type(bytes_of(no[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_valid_json),
        cmocka_unit_test(refuses_invalid_json),
        cmocka_unit_test(tells_where_the_fault_is_and_what),
        cmocka_unit_test(bounds_the_depth),
        cmocka_unit_test(writes_json_on_one_line),
        cmocka_unit_test(indents_json_by_two_spaces),
        cmocka_unit_test(writes_nothing_for_invalid_json),
        cmocka_unit_test(tells_of_a_full_buffer),
        cmocka_unit_test(knows_the_media_types_of_json),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
