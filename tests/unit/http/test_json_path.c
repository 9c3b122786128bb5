#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/json.h"
#include "http/json_path.h"

enum { ARENA_BYTES = 256 * 1024 };

typedef enum status path_read(struct arena *arena, struct bytes text, struct json_path *ret_path,
                              const char **ret_sentence);

static void assert_at(path_read *read, struct bytes in, const char *path_text, const char *expected)
{
    const char *sentence = "none";
    struct json_path path;
    struct bytes value;
    struct arena arena;
    enum status st;

    arena_init(&arena, ARENA_BYTES);
    st = read(&arena, bytes_of(path_text), &path, &sentence);
    if (st)
        fail_msg("%s: %s", path_text, sentence);
    st = json_find(in, &path, &value);
    if (st != (expected ? STATUS_OK : STATUS_NOT_FOUND))
        fail_msg("%s: status %d", path_text, st);
    if (expected && !bytes_equal(value, bytes_of(expected)))
        fail_msg("%s: %.*s", path_text, (int)value.len, (const char *)value.ptr);
    arena_release(&arena);
}

static void assert_pointer(const char *in, const char *pointer, const char *expected)
{
    assert_at(json_path_pointer, bytes_of(in), pointer, expected);
}

static void assert_dotted(const char *in, const char *path, const char *expected)
{
    assert_at(json_path_dotted, bytes_of(in), path, expected);
}

/* RFC 6901 §5 */
static void finds_what_rfc_6901_finds(void **state)
{
    static const char *const in = "{\n"
                                  "   \"foo\": [\"bar\", \"baz\"],\n"
                                  "   \"\": 0,\n"
                                  "   \"a/b\": 1,\n"
                                  "   \"c%d\": 2,\n"
                                  "   \"e^f\": 3,\n"
                                  "   \"g|h\": 4,\n"
                                  "   \"i\\\\j\": 5,\n"
                                  "   \"k\\\"l\": 6,\n"
                                  "   \" \": 7,\n"
                                  "   \"m~n\": 8\n"
                                  "}";

    (void)state;
    assert_pointer(in, "", in);
    assert_pointer(in, "/foo", "[\"bar\", \"baz\"]");
    assert_pointer(in, "/foo/0", "\"bar\"");
    assert_pointer(in, "/", "0");
    assert_pointer(in, "/a~1b", "1");
    assert_pointer(in, "/c%d", "2");
    assert_pointer(in, "/e^f", "3");
    assert_pointer(in, "/g|h", "4");
    assert_pointer(in, "/i\\j", "5");
    assert_pointer(in, "/k\"l", "6");
    assert_pointer(in, "/ ", "7");
    assert_pointer(in, "/m~0n", "8");
}

static void finds_values_by_dotted_paths(void **state)
{
    static const char *const in =
        " { \"items\" : [ { \"sku\" : \"abc\" } , [ 1 , -2.50e3 ] ] , \"a.b\":{\"c\\\\\":null}, "
        "\"0\":true } ";

    (void)state;
    assert_dotted(in, "items", "[ { \"sku\" : \"abc\" } , [ 1 , -2.50e3 ] ]");
    assert_dotted(in, "items.0", "{ \"sku\" : \"abc\" }");
    assert_dotted(in, "items.0.sku", "\"abc\"");
    assert_dotted(in, "items.1.1", "-2.50e3");
    assert_dotted(in, "a\\.b.c\\\\", "null");
    assert_dotted(in, "0", "true");
    assert_dotted(in, "items.2", NULL);
    assert_dotted(in, "items.sku", NULL);
    assert_dotted(in, "items.0.sku.0", NULL);
    assert_dotted(in, "items.0.sk", NULL);
    assert_dotted(in, "items.0.skuu", NULL);
    assert_dotted(in, "a.b", NULL);
    assert_dotted(in, "Items", NULL);
}

/* RFC 6901 §4 */
static void an_index_is_digits_without_leading_zero(void **state)
{
    (void)state;
    assert_pointer("[1,2,3]", "/2", "3");
    assert_pointer("[1,2,3]", "/02", NULL);
    assert_pointer("[1,2,3]", "/+2", NULL);
    assert_pointer("[1,2,3]", "/-", NULL);
    assert_pointer("[1,2,3]", "/", NULL);
    assert_pointer("[1,2,3]", "/1e0", NULL);
    assert_pointer("[1,2,3]", "/3", NULL);
    assert_pointer("[1,2,3]", "/18446744073709551616", NULL);
    assert_pointer("{\"-\":1,\"02\":2}", "/-", "1");
    assert_pointer("{\"-\":1,\"02\":2}", "/02", "2");
}

static void names_compare_decoded(void **state)
{
    (void)state;
    assert_pointer("{\"\\u0061\\n\":1}", "/a\n", "1");
    assert_pointer("{\"\\ud83d\\ude00\":1}", "/\xf0\x9f\x98\x80", "1");
    assert_pointer("{\"\\u00e9\":1}", "/\xc3\xa9", "1");
    assert_pointer("{\"a\\/b\":1}", "/a~1b", "1");
    assert_pointer("{\"\\ud83d\":1}", "/\xef\xbf\xbd", NULL);
}

static void of_repeated_names_the_last_one_counts(void **state)
{
    (void)state;
    assert_pointer("{\"a\":1,\"a\":2}", "/a", "2");
    assert_pointer("{\"a\":1,\"\\u0061\":2}", "/a", "2");
    assert_pointer("{\"a\":{\"b\":1},\"a\":{\"b\":2}}", "/a/b", "2");
    assert_pointer("{\"a\":{\"b\":1},\"a\":{\"c\":2}}", "/a/b", NULL);
    assert_pointer("{\"a\":{\"b\":1},\"a\":[]}", "/a/b", NULL);
    assert_pointer("{\"a\":{\"b\":1},\"a\":7}", "/a/b", NULL);
    assert_pointer("{\"a\":{\"a\":1}}", "/a", "{\"a\":1}");
}

static void brackets_in_strings_are_text(void **state)
{
    (void)state;
    assert_pointer("{\"x\":\"}],{\\\"\\\\\",\"y\":[\"]\\\\\\\"\",5]}", "/y/1", "5");
    assert_pointer("[\"\\\\\",\"\\\\\\\\\\\"\",3]", "/2", "3");
}

static void assert_refused(path_read *read, const char *text, const char *expected)
{
    const char *sentence = NULL;
    struct json_path path = {.count = 77};
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(read(&arena, bytes_of(text), &path, &sentence), STATUS_BAD_INPUT);
    assert_string_equal(sentence, expected);
    assert_int_equal(path.count, 77);
    arena_release(&arena);
}

static void says_what_is_wrong_with_a_path(void **state)
{
    static const char *const empty =
        "a path has a name or an index before, between and after its dots";
    static const char *const tilde = "a ~ in a pointer is written ~0, a / in a name ~1";
    static const char *const backslash = "a backslash in a path stands before a dot or a backslash";
    char deep[2 * JSON_PATH_STEPS + 3];

    (void)state;
    assert_refused(json_path_dotted, "", empty);
    assert_refused(json_path_dotted, ".a", empty);
    assert_refused(json_path_dotted, "a.", empty);
    assert_refused(json_path_dotted, "a..b", empty);
    assert_refused(json_path_dotted, "a\\nb", backslash);
    assert_refused(json_path_dotted, "a\\", backslash);
    assert_refused(json_path_pointer, "a",
                   "a pointer starts with a /, or is empty for the whole text");
    assert_refused(json_path_pointer, "/\xff", "a path is UTF-8");
    assert_refused(json_path_dotted, "a.\xed\xa0\x80", "a path is UTF-8");
    assert_refused(json_path_pointer, "/~", tilde);
    assert_refused(json_path_pointer, "/~2", tilde);
    assert_refused(json_path_pointer, "/a~", tilde);
    for (size_t i = 0; i < sizeof(deep); i++)
        deep[i] = i % 2 ? 'a' : '/';
    deep[sizeof(deep) - 1] = 0;
    assert_refused(json_path_pointer, deep, "a path has at most 64 steps");
}

static void finds_within_deep_text(void **state)
{
    char text[2 * JSON_DEPTH + 2], path[2 * JSON_PATH_STEPS + 1], expected[sizeof(text)];
    size_t len = sizeof(text) - 1 - 2 * JSON_PATH_STEPS;

    (void)state;
    memset(text, '[', JSON_DEPTH);
    text[JSON_DEPTH] = '7';
    memset(text + JSON_DEPTH + 1, ']', JSON_DEPTH);
    text[sizeof(text) - 1] = 0;
    for (size_t i = 0; i < JSON_PATH_STEPS; i++)
        memcpy(path + 2 * i, "/0", 2);
    path[sizeof(path) - 1] = 0;
    memcpy(expected, text + JSON_PATH_STEPS, len);
    expected[len] = 0;
    assert_at(json_path_pointer, bytes_of(text), path, expected);
}

static void tells_paths_below_each_other(void **state)
{
    struct json_path a, ab, b, whole;
    const char *sentence;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(json_path_pointer(&arena, BYTES("/a"), &a, &sentence), STATUS_OK);
    assert_int_equal(json_path_pointer(&arena, BYTES("/a/b"), &ab, &sentence), STATUS_OK);
    assert_int_equal(json_path_pointer(&arena, BYTES("/ab"), &b, &sentence), STATUS_OK);
    assert_int_equal(json_path_pointer(&arena, BYTES(""), &whole, &sentence), STATUS_OK);
    assert_true(json_path_below(&ab, &a));
    assert_true(json_path_below(&a, &whole));
    assert_false(json_path_below(&a, &ab));
    assert_false(json_path_below(&a, &a));
    assert_false(json_path_below(&b, &a));
    assert_true(json_path_equal(&a, &a));
    assert_true(json_path_equal(&whole, &whole));
    assert_false(json_path_equal(&a, &ab));
    assert_false(json_path_equal(&a, &b));
    arena_release(&arena);
}

/* It need not find anything, but stays within the text. */
static void survives_text_that_is_not_json(void **state)
{
    static const char *const texts[] = {
        "",     "{",   "[",       "{\"a", "{\"a\"", "{\"a\":", "{\"a\":[", "[[[",  "[1 2",
        "[,,]", "{:}", "{\"a\"}", "[}",   "]",      "{\"a\\",  "\"",       "[\"\\"};
    struct json_path path;
    struct bytes value;
    const char *sentence;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(json_path_pointer(&arena, BYTES("/a/0"), &path, &sentence), STATUS_OK);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        (void)!json_find(bytes_of(texts[i]), &path, &value);
    arena_release(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_rfc_6901_finds),
        cmocka_unit_test(finds_values_by_dotted_paths),
        cmocka_unit_test(an_index_is_digits_without_leading_zero),
        cmocka_unit_test(names_compare_decoded),
        cmocka_unit_test(of_repeated_names_the_last_one_counts),
        cmocka_unit_test(brackets_in_strings_are_text),
        cmocka_unit_test(says_what_is_wrong_with_a_path),
        cmocka_unit_test(finds_within_deep_text),
        cmocka_unit_test(tells_paths_below_each_other),
        cmocka_unit_test(survives_text_that_is_not_json),
    };

    return cmocka_run_group_tests_name("json_path", tests, NULL, NULL);
}
