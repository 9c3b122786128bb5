#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/json.h"
#include "http/json_patch.h"

enum { ARENA_BYTES = 256 * 1024, OUT_BYTES = 1024 * 1024 };

static void assert_patched(const char *in, const char *patch, const char *expected)
{
    struct json_patch_fault fault = {.sentence = "none"};
    struct json_fault at;
    struct json_ops ops;
    struct arena arena;
    struct buf out;

    arena_init(&arena, ARENA_BYTES);
    buf_init(&out, OUT_BYTES);
    if (json_ops_parse(&arena, bytes_of(patch), &ops, &fault))
        fail_msg("%s: operation %zu: %s", patch, fault.op, fault.sentence);
    if (json_patch(bytes_of(in), &ops, &out, &fault))
        fail_msg("%s: operation %zu: %s", patch, fault.op, fault.sentence);
    assert_string_equal(buf_text(&out), expected);
    assert_int_equal(json_check(buf_bytes(&out), &at), STATUS_OK);
    buf_release(&out);
    arena_release(&arena);
}

static void assert_fails(const char *in, const char *patch, enum status status, size_t op,
                         const char *sentence)
{
    struct json_patch_fault fault = {.sentence = "none"};
    struct json_ops ops;
    struct arena arena;
    struct buf out;

    arena_init(&arena, ARENA_BYTES);
    buf_init(&out, OUT_BYTES);
    if (json_ops_parse(&arena, bytes_of(patch), &ops, &fault))
        fail_msg("%s: operation %zu: %s", patch, fault.op, fault.sentence);
    assert_int_equal(json_patch(bytes_of(in), &ops, &out, &fault), status);
    assert_string_equal(fault.sentence, sentence);
    assert_int_equal(fault.op, op);
    assert_int_equal(out.len, 0);
    buf_release(&out);
    arena_release(&arena);
}

/* RFC 6902 Appendix A.1 to A.7, A.10, A.11, A.14, A.16 */
static void applies_what_rfc_6902_applies(void **state)
{
    (void)state;
    assert_patched("{ \"foo\": \"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\"}]",
                   "{ \"foo\": \"bar\", \"baz\": \"qux\"}");
    assert_patched("{ \"foo\": [ \"bar\", \"baz\" ] }",
                   "[{\"op\":\"add\",\"path\":\"/foo/1\",\"value\":\"qux\"}]",
                   "{ \"foo\": [ \"bar\", \"qux\", \"baz\" ] }");
    assert_patched("{\n  \"baz\": \"qux\",\n  \"foo\": \"bar\"\n}",
                   "[{\"op\":\"remove\",\"path\":\"/baz\"}]", "{\n  \"foo\": \"bar\"\n}");
    assert_patched("{ \"foo\": [ \"bar\", \"qux\", \"baz\" ] }",
                   "[{\"op\":\"remove\",\"path\":\"/foo/1\"}]",
                   "{ \"foo\": [ \"bar\", \"baz\" ] }");
    assert_patched("{\n  \"baz\": \"qux\",\n  \"foo\": \"bar\"\n}",
                   "[{\"op\":\"replace\",\"path\":\"/baz\",\"value\":\"boo\"}]",
                   "{\n  \"baz\": \"boo\",\n  \"foo\": \"bar\"\n}");
    assert_patched("{\n  \"foo\": {\n    \"bar\": \"baz\",\n    \"waldo\": \"fred\"\n  },\n"
                   "  \"qux\": {\n    \"corge\": \"grault\"\n  }\n}",
                   "[{\"op\":\"move\",\"from\":\"/foo/waldo\",\"path\":\"/qux/thud\"}]",
                   "{\n  \"foo\": {\n    \"bar\": \"baz\"\n  },\n"
                   "  \"qux\": {\n    \"corge\": \"grault\",\n    \"thud\": \"fred\"\n  }\n}");
    assert_patched("{ \"foo\": [ \"all\", \"grass\", \"cows\", \"eat\" ] }",
                   "[{\"op\":\"move\",\"from\":\"/foo/1\",\"path\":\"/foo/3\"}]",
                   "{ \"foo\": [ \"all\", \"cows\", \"eat\", \"grass\" ] }");
    assert_patched("{\"foo\": \"bar\"}",
                   "[{\"op\":\"add\",\"path\":\"/child\",\"value\":{\"grandchild\":{}}}]",
                   "{\"foo\": \"bar\", \"child\": {\"grandchild\":{}}}");
    assert_patched("{\"foo\":\"bar\"}",
                   "[{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"xyz\":123}]",
                   "{\"foo\":\"bar\",\"baz\":\"qux\"}");
    assert_patched("{\"/\": 9, \"~1\": 10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":10}]",
                   "{\"/\": 9, \"~1\": 10}");
    assert_patched("{\"foo\": [\"bar\"]}",
                   "[{\"op\":\"add\",\"path\":\"/foo/-\",\"value\":[\"abc\",\"def\"]}]",
                   "{\"foo\": [\"bar\",[\"abc\",\"def\"]]}");
}

/* RFC 6902 Appendix A.8 */
static void passes_tests_that_hold(void **state)
{
    static const char *const in = "{\n  \"baz\": \"qux\",\n  \"foo\": [ \"a\", 2, \"c\" ]\n}";

    (void)state;
    assert_patched(in,
                   "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"qux\"},"
                   "{\"op\":\"test\",\"path\":\"/foo/1\",\"value\":2}]",
                   in);
    assert_patched(in,
                   "[{\"op\":\"test\",\"path\":\"\",\"value\":{\"foo\":[\"a\",2.0,\"c\"],\"baz\":"
                   "\"q\\u0075x\"}}]",
                   in);
    assert_patched("null", "[{\"op\":\"test\",\"path\":\"\",\"value\":null}]", "null");
}

/* RFC 6902 Appendix A.9, A.12, A.15, and the errors of §4 */
static void a_failing_operation_leaves_nothing(void **state)
{
    static const char *const other = "the value at its path is another one";
    static const char *const nothing = "there is no value at its path";

    (void)state;
    assert_fails("{\"baz\":\"qux\"}", "[{\"op\":\"test\",\"path\":\"/baz\",\"value\":\"bar\"}]",
                 STATUS_REFUSED, 1, other);
    assert_fails("{\"foo\":\"bar\"}", "[{\"op\":\"add\",\"path\":\"/baz/bat\",\"value\":\"qux\"}]",
                 STATUS_NOT_FOUND, 1, "what should hold the value is not there");
    assert_fails("{\"/\":9,\"~1\":10}", "[{\"op\":\"test\",\"path\":\"/~01\",\"value\":\"10\"}]",
                 STATUS_REFUSED, 1, other);
    assert_fails(
        "{\"a\":1}",
        "[{\"op\":\"add\",\"path\":\"/b\",\"value\":2},{\"op\":\"remove\",\"path\":\"/c\"}]",
        STATUS_NOT_FOUND, 2, nothing);
    assert_fails("{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/b\",\"value\":2}]",
                 STATUS_NOT_FOUND, 1, nothing);
    assert_fails("[1]", "[{\"op\":\"replace\",\"path\":\"/1\",\"value\":2}]", STATUS_NOT_FOUND, 1,
                 nothing);
    assert_fails("[1]", "[{\"op\":\"replace\",\"path\":\"/-\",\"value\":2}]", STATUS_NOT_FOUND, 1,
                 nothing);
    assert_fails("[1]", "[{\"op\":\"test\",\"path\":\"/-\",\"value\":2}]", STATUS_NOT_FOUND, 1,
                 nothing);
    assert_fails("[1]", "[{\"op\":\"add\",\"path\":\"/2\",\"value\":2}]", STATUS_NOT_FOUND, 1,
                 "the array has fewer elements");
    assert_fails("[1]", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":2}]", STATUS_NOT_FOUND, 1,
                 "a step into an array is an index");
    assert_fails("[1]", "[{\"op\":\"add\",\"path\":\"/0/a\",\"value\":2}]", STATUS_NOT_FOUND, 1,
                 "what should hold the value is no object and no array");
    assert_fails("{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/b\",\"path\":\"/c\"}]",
                 STATUS_NOT_FOUND, 1, "there is no value at its from");
    assert_fails("{\"a\":1}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/b/c\"}]",
                 STATUS_NOT_FOUND, 1, "what should hold the value is not there");
    assert_fails("{\"a\":1}", "[{\"op\":\"copy\",\"from\":\"/b\",\"path\":\"/c\"}]",
                 STATUS_NOT_FOUND, 1, "there is no value at its from");
    assert_fails("{\"a\":1", "[]", STATUS_BAD_INPUT, 0, "the text ends too early");
}

static void applies_operations_one_after_another(void **state)
{
    (void)state;
    assert_patched("{}", "[]", "{}");
    assert_patched("{\"a\":[]}",
                   "[{\"op\":\"add\",\"path\":\"/a/0\",\"value\":1},"
                   "{\"op\":\"add\",\"path\":\"/a/0\",\"value\":2},"
                   "{\"op\":\"add\",\"path\":\"/a/2\",\"value\":3},"
                   "{\"op\":\"test\",\"path\":\"/a\",\"value\":[2,1,3]},"
                   "{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"},"
                   "{\"op\":\"move\",\"from\":\"/a/1\",\"path\":\"/b/0\"},"
                   "{\"op\":\"replace\",\"path\":\"/a\",\"value\":null},"
                   "{\"op\":\"remove\",\"path\":\"/b/3\"}]",
                   "{\"a\":null,\"b\":[1,2,1]}");
}

static void adds_in_the_style_of_the_array(void **state)
{
    (void)state;
    assert_patched("[1, 2]", "[{\"op\":\"add\",\"path\":\"/0\",\"value\":0}]", "[0, 1, 2]");
    assert_patched("[\n  1,\n  2\n]", "[{\"op\":\"add\",\"path\":\"/0\",\"value\":0}]",
                   "[\n  0,\n  1,\n  2\n]");
    assert_patched("[\n  1\n]", "[{\"op\":\"add\",\"path\":\"/0\",\"value\":0}]",
                   "[\n  0,\n  1\n]");
    assert_patched("[1]", "[{\"op\":\"add\",\"path\":\"/1\",\"value\":0}]", "[1,0]");
    assert_patched("[ ]", "[{\"op\":\"add\",\"path\":\"/0\",\"value\":0}]", "[0 ]");
}

static void add_replaces_a_member_that_is_there(void **state)
{
    (void)state;
    assert_patched("{\"a\": 1, \"b\": 2}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":[]}]",
                   "{\"a\": [], \"b\": 2}");
    assert_patched(" 5 ", "[{\"op\":\"add\",\"path\":\"\",\"value\":{\"a\":1}}]", " {\"a\":1} ");
    assert_patched("[1]", "[{\"op\":\"replace\",\"path\":\"\",\"value\":0}]", "0");
    assert_patched("{\"a\":1,\"a\":2}", "[{\"op\":\"replace\",\"path\":\"/a\",\"value\":3}]",
                   "{\"a\":1,\"a\":3}");
}

static void copies_and_moves_values_as_written(void **state)
{
    (void)state;
    assert_patched("{\"a\":{ \"x\" : 1.0e0 },\"b\":0}",
                   "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/b\"}]",
                   "{\"a\":{ \"x\" : 1.0e0 },\"b\":{ \"x\" : 1.0e0 }}");
    assert_patched("{\"a\":{ \"x\" : 1 }}", "[{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a/y\"}]",
                   "{\"a\":{ \"x\" : 1, \"y\" : {\"a\":{ \"x\" : 1 }} }}");
    assert_patched("{\"a\":{\"b\":1}}", "[{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/a\"}]",
                   "{\"a\":1}");
    assert_patched("{\"a\":{\"b\":1}}", "[{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"\"}]", "1");
    assert_patched("{\"a\" :1,\"b\":2}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a\"}]",
                   "{\"a\" :1,\"b\":2}");
    assert_patched("[0,1,2]", "[{\"op\":\"move\",\"from\":\"/2\",\"path\":\"/0\"}]", "[2,0,1]");
}

static void assert_refused(const char *patch, enum status status, size_t op, const char *sentence)
{
    struct json_patch_fault fault = {.sentence = "none"};
    struct json_ops ops = {.count = 77};
    struct arena arena;

    arena_init(&arena, ARENA_BYTES);
    assert_int_equal(json_ops_parse(&arena, bytes_of(patch), &ops, &fault), status);
    assert_string_equal(fault.sentence, sentence);
    assert_int_equal(fault.op, op);
    assert_int_equal(ops.count, 77);
    arena_release(&arena);
}

static void assert_bad(const char *op, const char *sentence)
{
    struct buf patch;

    buf_init(&patch, OUT_BYTES);
    buf_putf(&patch, "[{\"op\":\"test\",\"path\":\"\",\"value\":1},%s]", op);
    assert_refused(buf_text(&patch), STATUS_BAD_INPUT, 2, sentence);
    buf_release(&patch);
}

static void says_what_is_wrong_with_a_patch(void **state)
{
    static const char *const kinds = "op is one of add, remove, replace, move, copy, test";
    static const char *const path = "an operation has a path, a text";
    static const char *const from = "move and copy have a from, a text";
    static const char *const value = "add, replace and test have a value";
    static const char *const once = "op, path, from and value stand once in an operation";
    static const char *const itself = "a value is not moved into itself";
    static const char *const whole = "the whole text cannot be removed";

    (void)state;
    assert_bad("7", "an operation is an object");
    assert_bad("{\"path\":\"/a\"}", kinds);
    assert_bad("{\"op\":\"Add\",\"path\":\"/a\",\"value\":1}", kinds);
    assert_bad("{\"op\":1,\"path\":\"/a\",\"value\":1}", kinds);
    assert_bad("{\"op\":\"remove\"}", path);
    assert_bad("{\"op\":\"remove\",\"path\":1}", path);
    assert_bad("{\"op\":\"remove\",\"path\":\"a\"}",
               "a pointer starts with a /, or is empty for the whole text");
    assert_bad("{\"op\":\"copy\",\"path\":\"/a\"}", from);
    assert_bad("{\"op\":\"move\",\"path\":\"/a\",\"from\":[]}", from);
    assert_bad("{\"op\":\"copy\",\"path\":\"/a\",\"from\":\"/~\"}",
               "a ~ in a pointer is written ~0, a / in a name ~1");
    assert_bad("{\"op\":\"add\",\"path\":\"/a\"}", value);
    assert_bad("{\"op\":\"test\",\"path\":\"/a\"}", value);
    assert_bad("{\"op\":\"replace\",\"path\":\"/a\"}", value);
    /* RFC 6902 Appendix A.13 */
    assert_bad("{\"op\":\"add\",\"path\":\"/baz\",\"value\":\"qux\",\"op\":\"remove\"}", once);
    assert_bad("{\"op\":\"add\",\"path\":\"/a\",\"value\":1,\"v\\u0061lue\":2}", once);
    assert_bad("{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}", itself);
    assert_bad("{\"op\":\"move\",\"from\":\"\",\"path\":\"/a\"}", itself);
    assert_bad("{\"op\":\"remove\",\"path\":\"\"}", whole);
    assert_refused("{}", STATUS_BAD_INPUT, 0, "the operations of a patch stand in an array");
    assert_refused("[", STATUS_BAD_INPUT, 0, "the text ends too early");
}

static void reads_operations_with_escapes(void **state)
{
    (void)state;
    assert_patched("{\"\xc3\xa9\":1}", "[{\"\\u006fp\":\"re\\u006dove\",\"path\":\"\\/\\u00e9\"}]",
                   "{}");
}

static void bounds_the_operations(void **state)
{
    struct buf patch;

    (void)state;
    buf_init(&patch, OUT_BYTES);
    for (unsigned i = 0; i <= JSON_PATCH_OPS; i++)
        buf_putf(&patch, "%s{\"op\":\"remove\",\"path\":\"/a\"}", i ? "," : "[");
    buf_put_byte(&patch, ']');
    assert_refused(buf_text(&patch), STATUS_LIMIT, 0, "a patch has at most 256 operations");
    buf_release(&patch);
}

/* Text that doubles with each operation ends at the cap of the buffer. */
static void bounds_the_texts_on_the_way(void **state)
{
    struct buf patch;

    (void)state;
    buf_init(&patch, OUT_BYTES);
    for (unsigned i = 0; i < 40; i++)
        buf_putf(&patch, "%s{\"op\":\"copy\",\"path\":\"/-\",\"from\":\"\"}", i ? "," : "[");
    buf_put_byte(&patch, ']');
    assert_fails("[\"0123456789\"]", buf_text(&patch), STATUS_LIMIT, 17, "a limit was exceeded");
    buf_release(&patch);
}

static void bounds_the_depth(void **state)
{
    char in[2 * JSON_DEPTH];

    (void)state;
    memset(in, '[', JSON_DEPTH - 1);
    memset(in + JSON_DEPTH - 1, ']', JSON_DEPTH - 1);
    in[2 * JSON_DEPTH - 2] = 0;
    assert_fails(in,
                 "[{\"op\":\"copy\",\"path\":\"/-\",\"from\":\"/0\"},"
                 "{\"op\":\"copy\",\"path\":\"/-\",\"from\":\"\"},"
                 "{\"op\":\"copy\",\"path\":\"/-\",\"from\":\"\"}]",
                 STATUS_LIMIT, 3, "too many arrays and objects within each other");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(applies_what_rfc_6902_applies),
        cmocka_unit_test(passes_tests_that_hold),
        cmocka_unit_test(a_failing_operation_leaves_nothing),
        cmocka_unit_test(applies_operations_one_after_another),
        cmocka_unit_test(adds_in_the_style_of_the_array),
        cmocka_unit_test(add_replaces_a_member_that_is_there),
        cmocka_unit_test(copies_and_moves_values_as_written),
        cmocka_unit_test(says_what_is_wrong_with_a_patch),
        cmocka_unit_test(reads_operations_with_escapes),
        cmocka_unit_test(bounds_the_operations),
        cmocka_unit_test(bounds_the_texts_on_the_way),
        cmocka_unit_test(bounds_the_depth),
    };

    return cmocka_run_group_tests_name("json_patch", tests, NULL, NULL);
}
