#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

static const struct bytes nothing = {NULL, 0};

static void assert_bytes(struct bytes got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    if (got.len)
        assert_memory_equal(got.ptr, expected, got.len);
}

static void no_text_gives_no_bytes(void **state)
{
    (void)state;
    assert_int_equal(bytes_of(NULL).len, 0);
    assert_null(bytes_of(NULL).ptr);
    assert_bytes(bytes_of("abc"), "abc");
    assert_int_equal(BYTES("a\0b").len, 3);
}

static void compares_bytes_exactly(void **state)
{
    (void)state;
    assert_true(bytes_equal(BYTES("Host"), BYTES("Host")));
    assert_false(bytes_equal(BYTES("Host"), BYTES("host")));
    assert_false(bytes_equal(BYTES("Host"), BYTES("Hos")));
    assert_true(bytes_equal(nothing, BYTES("")));
}

static void ignores_the_case_of_ascii_letters_only(void **state)
{
    (void)state;
    assert_true(bytes_equal_icase(BYTES("CONTENT-Length"), BYTES("content-lENGTH")));
    assert_false(bytes_equal_icase(BYTES("a"), BYTES("ab")));
    assert_false(bytes_equal_icase(BYTES("@"), BYTES("`")));
    assert_false(bytes_equal_icase(BYTES("["), BYTES("{")));
    assert_false(bytes_equal_icase(BYTES("\xc4"), BYTES("\xe4")));
    assert_int_equal(byte_lower('Z'), 'z');
    assert_int_equal(byte_lower('A'), 'a');
    assert_int_equal(byte_lower('['), '[');
    assert_int_equal(byte_lower('@'), '@');
    assert_int_equal(byte_lower(0xc4), 0xc4);
}

static void sees_what_stands_at_both_ends(void **state)
{
    (void)state;
    assert_true(bytes_starts_with(BYTES("chunked, gzip"), BYTES("chunked")));
    assert_false(bytes_starts_with(BYTES("chunk"), BYTES("chunked")));
    assert_true(bytes_ends_with(BYTES("a.test"), BYTES(".test")));
    assert_false(bytes_ends_with(BYTES("test"), BYTES(".test")));
    assert_true(bytes_starts_with(nothing, nothing));
    assert_true(bytes_ends_with(BYTES("a"), nothing));
}

static void finds_a_byte(void **state)
{
    (void)state;
    assert_int_equal(bytes_find(BYTES("a:b:c"), ':'), 1);
    assert_int_equal(bytes_find(BYTES("abc"), ':'), -1);
    assert_int_equal(bytes_find(nothing, ':'), -1);
}

static void finds_a_run_of_bytes(void **state)
{
    (void)state;
    assert_int_equal(bytes_search(BYTES("aab"), BYTES("ab")), 1);
    assert_int_equal(bytes_search(BYTES("aab"), BYTES("ba")), -1);
    assert_int_equal(bytes_search(BYTES("aab"), BYTES("aabb")), -1);
    assert_int_equal(bytes_search(BYTES("aab"), nothing), 0);
    assert_int_equal(bytes_search(nothing, nothing), 0);
    assert_int_equal(bytes_search(nothing, BYTES("a")), -1);
}

static void cuts_clamp_to_what_there_is(void **state)
{
    (void)state;
    assert_bytes(bytes_from(BYTES("abc"), 1), "bc");
    assert_bytes(bytes_from(BYTES("abc"), 3), "");
    assert_bytes(bytes_from(BYTES("abc"), SIZE_MAX), "");
    assert_bytes(bytes_until(BYTES("abc"), 2), "ab");
    assert_bytes(bytes_until(BYTES("abc"), SIZE_MAX), "abc");
    assert_bytes(bytes_from(nothing, 5), "");
}

static void trims_spaces_and_tabs_only(void **state)
{
    (void)state;
    assert_bytes(bytes_trim(BYTES(" \t a b\t ")), "a b");
    assert_bytes(bytes_trim(BYTES("\r\na\v")), "\r\na\v");
    assert_bytes(bytes_trim(BYTES(" \t ")), "");
    assert_bytes(bytes_trim(nothing), "");
}

static void assert_listed(const char *text, const char *const *expected)
{
    struct bytes list = bytes_of(text), element;

    for (; *expected; expected++) {
        assert_true(bytes_next_listed(&list, &element));
        assert_bytes(element, *expected);
    }
    assert_false(bytes_next_listed(&list, &element));
    assert_false(bytes_next_listed(&list, &element));
}

static void takes_lists_apart(void **state)
{
    (void)state;
    assert_listed("gzip, chunked", (const char *[]){"gzip", "chunked", NULL});
    assert_listed(" ,, a\t,\t , b ,", (const char *[]){"a", "b", NULL});
    assert_listed("", (const char *[]){NULL});
    assert_listed(" , ,", (const char *[]){NULL});
    assert_listed("one", (const char *[]){"one", NULL});
}

static void keeps_quoted_strings_of_a_list_whole(void **state)
{
    (void)state;
    assert_listed("a=\"x,y\", b", (const char *[]){"a=\"x,y\"", "b", NULL});
    assert_listed("\"a\\\",b\",c", (const char *[]){"\"a\\\",b\"", "c", NULL});
    assert_listed("a\\,b", (const char *[]){"a\\", "b", NULL});
    assert_listed("\"open, end", (const char *[]){"\"open, end", NULL});
    assert_listed("\"open\\", (const char *[]){"\"open\\", NULL});
}

static void assert_number(const char *text, uint64_t max, enum status expected, uint64_t value)
{
    uint64_t got = 4711;

    assert_int_equal(bytes_to_u64(bytes_of(text), max, &got), expected);
    assert_true(got == (expected ? 4711 : value));
}

static void reads_decimal_numbers(void **state)
{
    (void)state;
    assert_number("0", 0, STATUS_OK, 0);
    assert_number("007", 10, STATUS_OK, 7);
    assert_number("18446744073709551615", UINT64_MAX, STATUS_OK, UINT64_MAX);
    assert_number("00000000000000000000000000000000001", 1, STATUS_OK, 1);
}

static void refuses_numbers_over_the_limit(void **state)
{
    (void)state;
    assert_number("11", 10, STATUS_LIMIT, 0);
    assert_number("18446744073709551616", UINT64_MAX, STATUS_LIMIT, 0);
    assert_number("99999999999999999999999999", UINT64_MAX, STATUS_LIMIT, 0);
}

static void refuses_what_is_no_decimal_number(void **state)
{
    static const char *const bad[] = {"", "+1", "-1", " 1", "1 ", "1,1", "0x1", "1.0", "a"};

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_number(bad[i], UINT64_MAX, STATUS_BAD_INPUT, 0);
    assert_number("99999999999999999999999999x", UINT64_MAX, STATUS_BAD_INPUT, 0);
}

static void reads_hexadecimal_numbers(void **state)
{
    uint64_t got = 4711;

    (void)state;
    assert_int_equal(bytes_hex_to_u64(BYTES("1aF"), &got), STATUS_OK);
    assert_int_equal(got, 0x1af);
    assert_int_equal(bytes_hex_to_u64(BYTES("ffffffffffffffff"), &got), STATUS_OK);
    assert_true(got == UINT64_MAX);
    got = 4711;
    assert_int_equal(bytes_hex_to_u64(BYTES("00000000000000001"), &got), STATUS_LIMIT);
    assert_int_equal(bytes_hex_to_u64(BYTES(""), &got), STATUS_BAD_INPUT);
    assert_int_equal(bytes_hex_to_u64(BYTES("0x1"), &got), STATUS_BAD_INPUT);
    assert_int_equal(bytes_hex_to_u64(BYTES("g"), &got), STATUS_BAD_INPUT);
    assert_int_equal(got, 4711);
}

static void hashes_as_fnv_1a_does(void **state)
{
    (void)state;
    assert_true(bytes_hash(BYTES(""), 0) == UINT64_C(0xcbf29ce484222325));
    assert_true(bytes_hash(BYTES("a"), 0) == UINT64_C(0xaf63dc4c8601ec8c));
    assert_true(bytes_hash(BYTES("foobar"), 0) == UINT64_C(0x85944171f73967e8));
    assert_true(bytes_hash(BYTES("a"), 1) != bytes_hash(BYTES("a"), 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_text_gives_no_bytes),
        cmocka_unit_test(compares_bytes_exactly),
        cmocka_unit_test(ignores_the_case_of_ascii_letters_only),
        cmocka_unit_test(sees_what_stands_at_both_ends),
        cmocka_unit_test(finds_a_byte),
        cmocka_unit_test(finds_a_run_of_bytes),
        cmocka_unit_test(cuts_clamp_to_what_there_is),
        cmocka_unit_test(trims_spaces_and_tabs_only),
        cmocka_unit_test(takes_lists_apart),
        cmocka_unit_test(keeps_quoted_strings_of_a_list_whole),
        cmocka_unit_test(reads_decimal_numbers),
        cmocka_unit_test(refuses_numbers_over_the_limit),
        cmocka_unit_test(refuses_what_is_no_decimal_number),
        cmocka_unit_test(reads_hexadecimal_numbers),
        cmocka_unit_test(hashes_as_fnv_1a_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
