#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/diag.h"

enum { OUT_BYTES = 64 * 1024 };

/* One error in `text`, printed. */
static void check_pretty(const char *text, struct mark at, uint32_t width, const char *expected)
{
    struct source source = {.name = "proxy.yaml", .text = bytes_of(text)};
    struct diags d;
    struct buf out;

    diags_init(&d);
    buf_init(&out, OUT_BYTES);
    diag_add(&d, DIAG_ERROR, &source, at, width, "no");
    diags_put(&d, DIAG_PRETTY, false, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
    diags_release(&d);
}

static void shows_text_place_line_and_caret(void **state)
{
    const char *text = "a\nb\nc\nd\ne\nf\ng\nh\ni\n    then: { respond: { stauts: 503 } }\n";

    (void)state;
    check_pretty(text, (struct mark){10, 24}, 6,
                 "error: no\n"
                 "  --> proxy.yaml:10:24\n"
                 "10 |     then: { respond: { stauts: 503 } }\n"
                 "   |                        ^^^^^^\n");
}

static void expands_tabs_and_counts_wide_characters_twice(void **state)
{
    (void)state;
    check_pretty("\ta\t\xe6\x97\xa5\xe6\x9c\xac: x\n", (struct mark){1, 4}, 2,
                 "error: no\n"
                 " --> proxy.yaml:1:4\n"
                 "1 |     a   \xe6\x97\xa5\xe6\x9c\xac: x\n"
                 "  |         ^^^^\n");
}

static void puts_no_column_under_a_combining_character(void **state)
{
    (void)state;
    check_pretty("e\xcc\x81x\n", (struct mark){1, 3}, 1,
                 "error: no\n"
                 " --> proxy.yaml:1:3\n"
                 "1 | e\xcc\x81x\n"
                 "  |  ^\n");
}

static void escapes_the_line_for_a_terminal(void **state)
{
    (void)state;
    check_pretty("a\x1b[31m\xff z\n", (struct mark){1, 9}, 1,
                 "error: no\n"
                 " --> proxy.yaml:1:9\n"
                 "1 | a\\e[31m\\xff z\n"
                 "  |             ^\n");
}

static void underlines_no_further_than_the_line(void **state)
{
    (void)state;
    check_pretty("abc  \r\nd\n", (struct mark){1, 2}, 100,
                 "error: no\n"
                 " --> proxy.yaml:1:2\n"
                 "1 | abc  \n"
                 "  |  ^^\n");
}

static void points_behind_the_end_of_a_line(void **state)
{
    (void)state;
    check_pretty("key:\nb", (struct mark){1, 5}, 1,
                 "error: no\n"
                 " --> proxy.yaml:1:5\n"
                 "1 | key:\n"
                 "  |     ^\n");
    check_pretty("key:\nb", (struct mark){2, 9}, 1,
                 "error: no\n"
                 " --> proxy.yaml:2:9\n"
                 "2 | b\n"
                 "  |  ^\n");
}

static void leaves_out_a_line_that_is_not_there(void **state)
{
    (void)state;
    check_pretty("a\n", (struct mark){9, 1}, 1, "error: no\n --> proxy.yaml:9:1\n");
    check_pretty("a\n", (struct mark){0, 0}, 1, "error: no\n --> proxy.yaml\n");
}

static void skips_a_byte_order_mark(void **state)
{
    (void)state;
    check_pretty("\xef\xbb\xbf"
                 "abc\n",
                 (struct mark){1, 2}, 1,
                 "error: no\n"
                 " --> proxy.yaml:1:2\n"
                 "1 | abc\n"
                 "  |  ^\n");
}

/* The second and third line of the output, without their margins. */
static void print_long(size_t len, uint32_t column, char shown[512], size_t *ret_caret)
{
    char text[4096] = "";
    struct source source = {.name = "f", .text = bytes_make(text, len)};
    struct diags d;
    struct buf out;
    const char *line, *caret;

    assert_true(len <= sizeof(text));
    for (size_t i = 0; i < len; i++)
        text[i] = (char)('a' + i % 26);
    diags_init(&d);
    buf_init(&out, OUT_BYTES);
    diag_add(&d, DIAG_ERROR, &source, (struct mark){1, column}, 1, "no");
    diags_put(&d, DIAG_PRETTY, false, &out);
    line = strstr(buf_text(&out), "\n1 | ");
    assert_non_null(line);
    caret = strstr(line, "\n  | ");
    assert_non_null(caret);
    assert_true(caret - line - 5 < 512);
    memcpy(shown, line + 5, (size_t)(caret - line - 5));
    shown[caret - line - 5] = '\0';
    *ret_caret = strcspn(caret + 5, "^");
    buf_release(&out);
    diags_release(&d);
}

static void shortens_a_long_line_around_the_caret(void **state)
{
    char shown[512];
    size_t caret = 0;

    (void)state;
    print_long(200, 190, shown, &caret); /* just fits */
    assert_int_equal(strlen(shown), 200);
    assert_int_equal(caret, 189);
    print_long(201, 3, shown, &caret);
    assert_int_equal(strlen(shown), 200 + 3);
    assert_string_equal(shown + 200, "\xe2\x80\xa6");
    assert_int_equal(caret, 2);
    print_long(4000, 2001, shown, &caret);
    assert_int_equal(strncmp(shown, "\xe2\x80\xa6", 3), 0);
    assert_int_equal(caret, 101); /* one column is the ellipsis, of three bytes */
    assert_int_equal(shown[caret + 2], 'a' + 2000 % 26);
}

static void sorts_by_file_and_place(void **state)
{
    struct source a = {.name = "a.yaml", .text = BYTES_INIT("1\n2\n")},
                  b = {.name = "b.yaml", .text = BYTES_INIT("1\n")};
    struct diags d;
    struct buf out;

    (void)state;
    diags_init(&d);
    buf_init(&out, OUT_BYTES);
    diag_add(&d, DIAG_ERROR, &b, (struct mark){1, 1}, 1, "five");
    diag_add(&d, DIAG_ERROR, &a, (struct mark){2, 1}, 1, "three");
    diag_add(&d, DIAG_WARNING, &a, (struct mark){2, 1}, 1, "four");
    diag_add(&d, DIAG_ERROR, &a, (struct mark){1, 1}, 1, "two");
    diag_add(&d, DIAG_NOTE, NULL, (struct mark){0, 0}, 1, "one");
    diags_put(&d, DIAG_SHORT, false, &out);
    assert_string_equal(buf_text(&out), "note: one\n"
                                        "a.yaml:1:1: error: two\n"
                                        "a.yaml:2:1: error: three\n"
                                        "a.yaml:2:1: warning: four\n"
                                        "b.yaml:1:1: error: five\n");
    buf_clear(&out);
    diags_put(&d, DIAG_PRETTY, false, &out);
    assert_non_null(
        strstr(buf_text(&out), "1 | 1\n  | ^\n\nerror: three\n --> a.yaml:2:1\n2 | 2\n"));
    buf_release(&out);
    diags_release(&d);
}

static void escapes_texts_and_names(void **state)
{
    struct source source = {.name = "a\n.yaml", .text = BYTES_INIT("x")};
    struct diags d;
    struct buf out;

    (void)state;
    diags_init(&d);
    buf_init(&out, OUT_BYTES);
    diag_add(&d, DIAG_ERROR, &source, (struct mark){1, 1}, 1, "bad '%s'", "\x1b]0;\x07");
    diags_put(&d, DIAG_SHORT, false, &out);
    assert_string_equal(buf_text(&out), "a\\n.yaml:1:1: error: bad '\\e]0;\\x07'\n");
    buf_release(&out);
    diags_release(&d);
}

static void writes_one_json_array(void **state)
{
    struct source source = {.name = "a.yaml", .text = BYTES_INIT("abc")};
    struct diags d;
    struct buf out;

    (void)state;
    diags_init(&d);
    buf_init(&out, OUT_BYTES);
    diags_put(&d, DIAG_JSON, false, &out);
    assert_string_equal(buf_text(&out), "[\n]\n");
    buf_clear(&out);
    diag_add(&d, DIAG_WARNING, &source, (struct mark){1, 2}, 99, "say \"x\"");
    diag_add(&d, DIAG_ERROR, NULL, (struct mark){0, 0}, 1, "no");
    d.dropped = 3;
    diags_put(&d, DIAG_JSON, false, &out);
    assert_string_equal(buf_text(&out),
                        "[\n{\"level\":\"error\",\"message\":\"no\"},\n"
                        "{\"level\":\"warning\",\"file\":\"a.yaml\",\"line\":1,\"column\":2,"
                        "\"width\":2,\"message\":\"say \\\"x\\\"\"},\n"
                        "{\"level\":\"note\",\"message\":\"3 more are not shown\"}\n]\n");
    buf_release(&out);
    diags_release(&d);
}

static void uses_colours_only_when_asked(void **state)
{
    struct source source = {.name = "a.yaml", .text = BYTES_INIT("abc")};
    struct diags d;
    struct buf out;

    (void)state;
    diags_init(&d);
    buf_init(&out, OUT_BYTES);
    diag_add(&d, DIAG_ERROR, &source, (struct mark){1, 1}, 1, "no");
    for (int format = DIAG_PRETTY; format <= DIAG_JSON; format++) {
        buf_clear(&out);
        diags_put(&d, (enum diag_format)format, false, &out);
        assert_null(strchr(buf_text(&out), '\x1b'));
        buf_clear(&out);
        diags_put(&d, (enum diag_format)format, true, &out);
        assert_int_equal(strchr(buf_text(&out), '\x1b') != NULL, format != DIAG_JSON);
    }
    buf_release(&out);
    diags_release(&d);
}

static void says_how_many_are_not_shown(void **state)
{
    struct diags d;
    struct buf out;

    (void)state;
    diags_init(&d);
    buf_init(&out, OUT_BYTES);
    for (int i = 0; i < DIAGS + 2; i++)
        diag_add(&d, DIAG_ERROR, NULL, (struct mark){0, 0}, 1, "no");
    diags_put(&d, DIAG_SHORT, false, &out);
    assert_non_null(strstr(buf_text(&out), "error: no\nnote: 2 more are not shown\n"));
    buf_release(&out);
    diags_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_text_place_line_and_caret),
        cmocka_unit_test(expands_tabs_and_counts_wide_characters_twice),
        cmocka_unit_test(puts_no_column_under_a_combining_character),
        cmocka_unit_test(escapes_the_line_for_a_terminal),
        cmocka_unit_test(underlines_no_further_than_the_line),
        cmocka_unit_test(points_behind_the_end_of_a_line),
        cmocka_unit_test(leaves_out_a_line_that_is_not_there),
        cmocka_unit_test(skips_a_byte_order_mark),
        cmocka_unit_test(shortens_a_long_line_around_the_caret),
        cmocka_unit_test(sorts_by_file_and_place),
        cmocka_unit_test(escapes_texts_and_names),
        cmocka_unit_test(writes_one_json_array),
        cmocka_unit_test(uses_colours_only_when_asked),
        cmocka_unit_test(says_how_many_are_not_shown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
