#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/json.h"
#include "http/json_edit.h"

enum { ARENA_BYTES = 64 * 1024, OUT_BYTES = 1024 * 1024 };

/* ---- merging (RFC 7396) ------------------------------------------------- */

static void assert_merged(const char *in, const char *patch, const char *expected)
{
    struct json_fault fault;
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_merge(bytes_of(in), bytes_of(patch), &out), STATUS_OK);
    assert_string_equal(buf_text(&out), expected);
    assert_int_equal(json_check(buf_bytes(&out), &fault), STATUS_OK);
    buf_release(&out);
}

static void merges_the_cases_of_rfc_7396_appendix_a(void **state)
{
    (void)state;
    assert_merged("{\"a\":\"b\"}", "{\"a\":\"c\"}", "{\"a\":\"c\"}");
    assert_merged("{\"a\":\"b\"}", "{\"b\":\"c\"}", "{\"a\":\"b\",\"b\":\"c\"}");
    assert_merged("{\"a\":\"b\"}", "{\"a\":null}", "{}");
    assert_merged("{\"a\":\"b\",\"b\":\"c\"}", "{\"a\":null}", "{\"b\":\"c\"}");
    assert_merged("{\"a\":[\"b\"]}", "{\"a\":\"c\"}", "{\"a\":\"c\"}");
    assert_merged("{\"a\":\"c\"}", "{\"a\":[\"b\"]}", "{\"a\":[\"b\"]}");
    assert_merged("{\"a\":{\"b\":\"c\"}}", "{\"a\":{\"b\":\"d\",\"c\":null}}",
                  "{\"a\":{\"b\":\"d\"}}");
    assert_merged("{\"a\":[{\"b\":\"c\"}]}", "{\"a\":[1]}", "{\"a\":[1]}");
    assert_merged("[\"a\",\"b\"]", "[\"c\",\"d\"]", "[\"c\",\"d\"]");
    assert_merged("{\"a\":\"b\"}", "[\"c\"]", "[\"c\"]");
    assert_merged("{\"a\":\"foo\"}", "null", "null");
    assert_merged("{\"a\":\"foo\"}", "\"bar\"", "\"bar\"");
    assert_merged("{\"e\":null}", "{\"a\":1}", "{\"e\":null,\"a\":1}");
    assert_merged("[1,2]", "{\"a\":\"b\",\"c\":null}", "{\"a\":\"b\"}");
    assert_merged("{}", "{\"a\":{\"bb\":{\"ccc\":null}}}", "{\"a\":{\"bb\":{}}}");
}

/* RFC 7396 §3 */
static void merges_the_example_and_keeps_its_layout(void **state)
{
    (void)state;
    assert_merged("{\n"
                  "  \"title\": \"Goodbye!\",\n"
                  "  \"author\" : {\n"
                  "    \"givenName\" : \"John\",\n"
                  "    \"familyName\" : \"Doe\"\n"
                  "  },\n"
                  "  \"tags\":[ \"example\", \"sample\" ],\n"
                  "  \"content\": \"This will be unchanged\"\n"
                  "}\n",
                  "{\n"
                  "  \"title\": \"Hello!\",\n"
                  "  \"phoneNumber\": \"+01-123-456-7890\",\n"
                  "  \"author\": {\n"
                  "    \"familyName\": null\n"
                  "  },\n"
                  "  \"tags\": [ \"example\" ]\n"
                  "}\n",
                  "{\n"
                  "  \"title\": \"Hello!\",\n"
                  "  \"author\" : {\n"
                  "    \"givenName\" : \"John\"\n"
                  "  },\n"
                  "  \"tags\":[ \"example\" ],\n"
                  "  \"content\": \"This will be unchanged\",\n"
                  "  \"phoneNumber\": \"+01-123-456-7890\"\n"
                  "}\n");
}

static void leaves_every_other_byte(void **state)
{
    (void)state;
    assert_merged(
        " {\t\"n\" : 1.50e+00 ,\r\n \"\\u0061\\/\":\"\\u00e9\\/\",\"x\":1 , \"l\":[ 1 ,2 ] } ",
        "{\"x\":2}",
        " {\t\"n\" : 1.50e+00 ,\r\n \"\\u0061\\/\":\"\\u00e9\\/\",\"x\":2 , \"l\":[ 1 ,2 ] } ");
    assert_merged(" { \"a\" : { \"b\" : 1 } } ", "{}", " { \"a\" : { \"b\" : 1 } } ");
    assert_merged(" { \"a\" : { \"b\" : 1 } } ", "{\"a\":{},\"z\":null}",
                  " { \"a\" : { \"b\" : 1 } } ");
    assert_merged(" { \"a\" : 1 } \n", " [ 2 ] ", " [ 2 ] \n");
}

static void new_members_are_written_like_the_last_one(void **state)
{
    (void)state;
    assert_merged("{}", "{\"a\":1,\"b\":2}", "{\"a\":1,\"b\":2}");
    assert_merged("{ }", "{\"a\":1}", "{\"a\":1 }");
    assert_merged("{\"a\":1}", "{\"b\":2}", "{\"a\":1,\"b\":2}");
    assert_merged("{\"a\": 1}", "{\"b\":2,\"c\":3}", "{\"a\": 1, \"b\": 2, \"c\": 3}");
    assert_merged("{\"a\":1, \"b\":2}", "{\"c\":3}", "{\"a\":1, \"b\":2, \"c\":3}");
    assert_merged("{ \"a\" : 1 , \"b\" : 2 }", "{\"c\":3}", "{ \"a\" : 1 , \"b\" : 2, \"c\" : 3 }");
    assert_merged("{\n\t\"a\": 1\n}", "{\"b\":2,\"c\":{\"d\":[ 3 ]}}",
                  "{\n\t\"a\": 1,\n\t\"b\": 2,\n\t\"c\": {\"d\":[ 3 ]}\n}");
    assert_merged("{\r\n  \"a\": {\r\n    \"b\": 1\r\n  }\r\n}", "{\"a\":{\"c\":2}}",
                  "{\r\n  \"a\": {\r\n    \"b\": 1,\r\n    \"c\": 2\r\n  }\r\n}");
    assert_merged("{\"a\":1}", "{\"z\":1,\"y\":2,\"x\":3}", "{\"a\":1,\"z\":1,\"y\":2,\"x\":3}");
}

static void removed_members_take_their_comma_and_gap(void **state)
{
    (void)state;
    assert_merged("{\"a\":1, \"b\":2, \"c\":3}", "{\"a\":null}", "{\"b\":2, \"c\":3}");
    assert_merged("{\"a\":1, \"b\":2, \"c\":3}", "{\"b\":null}", "{\"a\":1, \"c\":3}");
    assert_merged("{\"a\":1, \"b\":2, \"c\":3}", "{\"c\":null}", "{\"a\":1, \"b\":2}");
    assert_merged("{\"a\":1, \"b\":2, \"c\":3}", "{\"a\":null,\"b\":null}", "{\"c\":3}");
    assert_merged("{\"a\":1, \"b\":2, \"c\":3}", "{\"b\":null,\"c\":null}", "{\"a\":1}");
    assert_merged("{\"a\":1, \"b\":2, \"c\":3}", "{\"a\":null,\"c\":null}", "{\"b\":2}");
    assert_merged("{ \"a\":1, \"b\":2 }", "{\"a\":null,\"b\":null}", "{}");
    assert_merged("{ \"a\" : 1 , \"b\" : 2 , \"c\" : 3 }", "{\"b\":null}",
                  "{ \"a\" : 1 , \"c\" : 3 }");
    assert_merged("{ \"a\" : 1 , \"b\" : 2 }", "{\"b\":null}", "{ \"a\" : 1 }");
    assert_merged("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", "{\"a\":null}",
                  "{\n  \"b\": 2,\n  \"c\": 3\n}");
    assert_merged("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", "{\"b\":null}",
                  "{\n  \"a\": 1,\n  \"c\": 3\n}");
    assert_merged("{\n  \"a\": 1,\n  \"b\": 2,\n  \"c\": 3\n}", "{\"c\":null}",
                  "{\n  \"a\": 1,\n  \"b\": 2\n}");
    assert_merged("{\"a\":{\"b\":[1,{}],\"c\":\"}\"},\"d\":1}", "{\"a\":null}", "{\"d\":1}");
}

static void adds_and_removes_in_one_object(void **state)
{
    (void)state;
    assert_merged("{\n  \"a\": 1\n}", "{\"a\":null,\"b\":2}", "{\n  \"b\": 2\n}");
    assert_merged("{\n  \"a\": 1,\n  \"b\": 2\n}", "{\"b\":null,\"c\":3}",
                  "{\n  \"a\": 1,\n  \"c\": 3\n}");
    assert_merged("{\"a\":1,\"b\":2,\"c\":3}", "{\"a\":null,\"b\":{\"x\":1,\"y\":null},\"d\":4}",
                  "{\"b\":{\"x\":1},\"c\":3,\"d\":4}");
    assert_merged("{\"o\":{\"a\":1,\"b\":2},\"p\":{\"c\":3}}",
                  "{\"o\":{\"a\":null,\"b\":null},\"p\":{\"c\":9,\"d\":4}}",
                  "{\"o\":{},\"p\":{\"c\":9,\"d\":4}}");
}

static void names_compare_decoded(void **state)
{
    (void)state;
    assert_merged("{\"\\u0061\":1}", "{\"a\":2}", "{\"\\u0061\":2}");
    assert_merged("{\"a\":1}", "{\"\\u0061\":2}", "{\"a\":2}");
    assert_merged("{\"\\ud83d\\ude00\":1,\"b\":2}", "{\"\xf0\x9f\x98\x80\":null}", "{\"b\":2}");
    assert_merged("{}", "{\"\\u0061\\n\":2}", "{\"\\u0061\\n\":2}");
    assert_merged("{\"\\ud800\":1}", "{\"\\ufffd\":2}", "{\"\\ud800\":1,\"\\ufffd\":2}");
}

static void of_repeated_names_the_last_is_set_and_all_are_removed(void **state)
{
    (void)state;
    assert_merged("{\"a\":1,\"b\":0,\"a\":2}", "{\"a\":3}", "{\"a\":1,\"b\":0,\"a\":3}");
    assert_merged("{\"a\":1,\"b\":0,\"\\u0061\":2}", "{\"a\":null}", "{\"b\":0}");
    assert_merged("{\"a\":{\"x\":1},\"a\":{\"y\":1}}", "{\"a\":{\"x\":2}}",
                  "{\"a\":{\"x\":1},\"a\":{\"y\":1,\"x\":2}}");
    assert_merged("{\"a\":{\"x\":1},\"a\":5}", "{\"a\":{\"x\":2}}",
                  "{\"a\":{\"x\":1},\"a\":{\"x\":2}}");
    assert_merged("{\"a\":5,\"a\":{\"x\":1}}", "{\"a\":{\"x\":null}}", "{\"a\":5,\"a\":{}}");
    /* and in a patch the last one counts */
    assert_merged("{\"a\":0}", "{\"a\":null,\"a\":1}", "{\"a\":1}");
    assert_merged("{\"a\":0}", "{\"a\":1,\"a\":null}", "{}");
    assert_merged("{}", "{\"a\":{\"b\":1,\"b\":null,\"c\":2},\"d\":{\"e\":1},\"d\":{\"f\":1}}",
                  "{\"a\":{\"c\":2},\"d\":{\"f\":1}}");
}

static void null_in_an_array_is_a_value(void **state)
{
    (void)state;
    assert_merged("{}", "{\"a\":[null,{\"b\":null}]}", "{\"a\":[null,{\"b\":null}]}");
}

static void merges_many_names(void **state)
{
    struct buf in, patch, out;

    (void)state;
    buf_init(&in, OUT_BYTES);
    buf_init(&patch, OUT_BYTES);
    buf_init(&out, OUT_BYTES);
    for (unsigned i = 0; i < 1000; i++) {
        buf_putf(&in, "%s\"n%u\":%u", i ? "," : "{", i, i);
        buf_putf(&patch, "%s\"n%u\":%s", i ? "," : "{", (i * 7) % 1000, i == 5 ? "true" : "null");
    }
    buf_put_byte(&in, '}');
    buf_put_byte(&patch, '}');
    assert_int_equal(json_merge(buf_bytes(&in), buf_bytes(&patch), &out), STATUS_OK);
    assert_string_equal(buf_text(&out), "{\"n35\":true}");
    buf_release(&in);
    buf_release(&patch);
    buf_release(&out);
}

static void merges_deep_objects(void **state)
{
    struct buf in, out;

    (void)state;
    buf_init(&in, OUT_BYTES);
    buf_init(&out, OUT_BYTES);
    for (unsigned i = 0; i < JSON_DEPTH; i++)
        buf_put_text(&in, i + 1 < JSON_DEPTH ? "{\"a\":" : "{\"a\":1");
    for (unsigned i = 0; i < JSON_DEPTH; i++)
        buf_put_byte(&in, '}');
    assert_int_equal(json_merge(BYTES("{}"), buf_bytes(&in), &out), STATUS_OK);
    assert_string_equal(buf_text(&out), buf_text(&in));
    buf_clear(&out);
    assert_int_equal(json_merge(buf_bytes(&in), buf_bytes(&in), &out), STATUS_OK);
    assert_string_equal(buf_text(&out), buf_text(&in));
    buf_release(&in);
    buf_release(&out);
}

/* White space of a peer is not multiplied. */
static void a_vast_gap_is_not_taken_over(void **state)
{
    struct buf in, out;

    (void)state;
    buf_init(&in, OUT_BYTES);
    buf_init(&out, OUT_BYTES);
    buf_put_byte(&in, '{');
    for (unsigned i = 0; i < 3000; i++)
        buf_put_byte(&in, '\n');
    buf_put_text(&in, "\"a\":1}");
    assert_int_equal(json_merge(buf_bytes(&in), BYTES("{\"b\":2,\"c\":3}"), &out), STATUS_OK);
    assert_int_equal(out.len, in.len + 12);
    assert_true(bytes_ends_with(buf_bytes(&out), BYTES("\n\"a\":1,\"b\":2,\"c\":3}")));
    buf_release(&in);
    buf_release(&out);
}

static void refuses_to_merge_invalid_text(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_merge(BYTES("{\"a\":1"), BYTES("{}"), &out), STATUS_BAD_INPUT);
    assert_int_equal(json_merge(BYTES("{\"a\":1}"), BYTES("{a:1}"), &out), STATUS_BAD_INPUT);
    assert_int_equal(json_merge(BYTES(""), BYTES("{}"), &out), STATUS_BAD_INPUT);
    assert_int_equal(out.len, 0);
    buf_release(&out);
    buf_init(&out, 8);
    assert_int_equal(json_merge(BYTES("{\"a\":1}"), BYTES("{\"b\":2}"), &out), STATUS_LIMIT);
    buf_release(&out);
}

/* ---- setting and removing ----------------------------------------------- */

/* With `value` sets, without removes; `expected` NULL: nothing is there. */
static void assert_edited(const char *in, const char *pointer, const char *value,
                          const char *expected)
{
    struct json_path path;
    const char *sentence;
    struct arena arena;
    struct buf out;
    enum status st;

    arena_init(&arena, ARENA_BYTES);
    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_path_pointer(&arena, bytes_of(pointer), &path, &sentence), STATUS_OK);
    if (value)
        st = json_set(bytes_of(in), &path, bytes_of(value), &out);
    else
        st = json_remove(bytes_of(in), &path, &out);
    assert_int_equal(st, expected ? STATUS_OK : STATUS_NOT_FOUND);
    assert_string_equal(buf_text(&out), expected ? expected : "");
    buf_release(&out);
    arena_release(&arena);
}

static void sets_values_in_place(void **state)
{
    (void)state;
    assert_edited(" { \"a\" : [ 1 , { \"b\" : 2 } ] } ", "/a/1/b", " 3 ",
                  " { \"a\" : [ 1 , { \"b\" : 3 } ] } ");
    assert_edited("[1, 2, 3]", "/0", "9", "[9, 2, 3]");
    assert_edited("[1, 2, 3]", "/3", "9", "[1, 2, 3, 9]");
    assert_edited("[1, 2, 3]", "/-", "9", "[1, 2, 3, 9]");
    assert_edited("[]", "/0", "9", "[9]");
    assert_edited("[\n  1\n]", "/-", "9", "[\n  1,\n  9\n]");
    assert_edited("{}", "/a~1\n\xc3\xa9", "9", "{\"a/\\n\xc3\xa9\":9}");
    assert_edited(" 1 ", "", "[2]", " [2] ");
    assert_edited("{\"a\":1,\"a\":2}", "/a", "3", "{\"a\":1,\"a\":3}");
    assert_edited("{\"a\":{\"b\":1},\"a\":{\"b\":1}}", "/a/b", "3",
                  "{\"a\":{\"b\":1},\"a\":{\"b\":3}}");
}

static void sets_nothing_where_nothing_can_hold_it(void **state)
{
    (void)state;
    assert_edited("{\"a\":1}", "/b/c", "9", NULL);
    assert_edited("{\"a\":1}", "/a/c", "9", NULL);
    assert_edited("[1]", "/2", "9", NULL);
    assert_edited("[1]", "/x", "9", NULL);
    assert_edited("[1]", "/01", "9", NULL);
    assert_edited("[1]", "/-/a", "9", NULL);
    assert_edited("7", "/a", "9", NULL);
}

static void removes_members_and_elements(void **state)
{
    (void)state;
    assert_edited("[1, 2, 3]", "/0", NULL, "[2, 3]");
    assert_edited("[1, 2, 3]", "/1", NULL, "[1, 3]");
    assert_edited("[1, 2, 3]", "/2", NULL, "[1, 2]");
    assert_edited("[ 1 ]", "/0", NULL, "[]");
    assert_edited("[[1,2],[3]]", "/0/1", NULL, "[[1],[3]]");
    assert_edited("{\"a\":1,\"b\":2,\"a\":3}", "/a", NULL, "{\"b\":2}");
    assert_edited("{\"a\":1}", "/b", NULL, NULL);
    assert_edited("[1]", "/1", NULL, NULL);
    assert_edited("[1]", "/-", NULL, NULL);
    assert_edited("{\"a\":{\"b\":1},\"a\":2}", "/a/b", NULL, NULL);
}

static void refuses_to_edit_what_it_cannot(void **state)
{
    char deep[2 * JSON_DEPTH + 1];
    struct json_step step = {.name = BYTES("a"), .index = JSON_NO_INDEX};
    struct json_path path = {&step, 1}, whole = {.count = 0};
    struct buf out;

    (void)state;
    memset(deep, '[', JSON_DEPTH);
    memset(deep + JSON_DEPTH, ']', JSON_DEPTH);
    deep[2 * JSON_DEPTH] = 0;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(json_set(BYTES("{\"a\":1"), &path, BYTES("1"), &out), STATUS_BAD_INPUT);
    assert_int_equal(json_set(BYTES("{\"a\":1}"), &path, BYTES("1,2"), &out), STATUS_BAD_INPUT);
    assert_int_equal(json_set(BYTES("{\"a\":1}"), &path, BYTES(""), &out), STATUS_BAD_INPUT);
    assert_int_equal(json_remove(BYTES("{\"a\":1"), &path, &out), STATUS_BAD_INPUT);
    assert_int_equal(json_remove(BYTES("{\"a\":1}"), &whole, &out), STATUS_BAD_INPUT);
    assert_int_equal(json_set(BYTES("{}"), &path, bytes_of(deep), &out), STATUS_LIMIT);
    assert_int_equal(out.len, 0);
    assert_int_equal(json_set(BYTES("{}"), &whole, bytes_of(deep), &out), STATUS_OK);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(merges_the_cases_of_rfc_7396_appendix_a),
        cmocka_unit_test(merges_the_example_and_keeps_its_layout),
        cmocka_unit_test(leaves_every_other_byte),
        cmocka_unit_test(new_members_are_written_like_the_last_one),
        cmocka_unit_test(removed_members_take_their_comma_and_gap),
        cmocka_unit_test(adds_and_removes_in_one_object),
        cmocka_unit_test(names_compare_decoded),
        cmocka_unit_test(of_repeated_names_the_last_is_set_and_all_are_removed),
        cmocka_unit_test(null_in_an_array_is_a_value),
        cmocka_unit_test(merges_many_names),
        cmocka_unit_test(merges_deep_objects),
        cmocka_unit_test(a_vast_gap_is_not_taken_over),
        cmocka_unit_test(refuses_to_merge_invalid_text),
        cmocka_unit_test(sets_values_in_place),
        cmocka_unit_test(sets_nothing_where_nothing_can_hold_it),
        cmocka_unit_test(removes_members_and_elements),
        cmocka_unit_test(refuses_to_edit_what_it_cannot),
    };

    return cmocka_run_group_tests_name("json_edit", tests, NULL, NULL);
}
