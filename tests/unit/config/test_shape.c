#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/shape.h"

/* In each text "^" marks the place asked for, "<" the start and ">" the end that
 * are expected; the marks are taken out first. */
struct shape_case {
    char text[128];
    size_t at, from, to;
};

static struct shape_case make_case(const char *marked)
{
    struct shape_case c = {.at = 0};
    size_t len = 0;

    for (const char *p = marked; *p; p++) {
        if (*p == '^')
            c.at = len;
        else if (*p == '<')
            c.from = len;
        else if (*p == '>')
            c.to = len;
        else
            c.text[len++] = *p;
    }
    return c;
}

static void check_value(const char *marked, bool in_flow)
{
    struct shape_case c = make_case(marked);
    struct bytes text = bytes_of(c.text);
    size_t from = shape_value_start(text, c.at, in_flow);

    assert_int_equal(from, c.from);
    assert_int_equal(shape_value_end(text, from, c.at + 1, in_flow), c.to);
}

static void finds_a_value_in_block_style(void **state)
{
    (void)state;
    check_value("a: <b^: c>\nd: e", false);
    check_value("x: y\n  - a: <b^: c: d> # comment", false);
    check_value("  - <a ^ b>  \n", false);
    check_value("- - <x^>", false);
    check_value("a: <\"b\" ^c>", false);
    check_value("\"a: b\": <c^: d>", false);
    check_value("a: <'it' ^s#5> #6\n", false);
    check_value("<a^>\n", false);
    check_value("a:b: <c^>\n", false);
    check_value("a: <b: c ^d>\n", false);
}

static void finds_a_value_in_flow_style(void **state)
{
    (void)state;
    check_value("m: { a: b, c: <d^{e}/f>, g: h }", true);
    check_value("m: { a: <d^{e}> }", true);
    check_value("m: [ <a^]b>, c ]", true);
    check_value("  c: <x^[1,2]>, d: e }", true);
    check_value("m: { a: [ b, <c^: d> ] }", true);
    check_value("m: { a: [ b ], c: <d^: e> # x", true);
}

static void finds_the_bracket_that_one_closes(void **state)
{
    struct bytes text = BYTES("a: [b, {c}, d] e\n}");

    (void)state;
    assert_int_equal(shape_opener(text, 13), 3);
    assert_int_equal(shape_opener(text, 9), 7);
    assert_int_equal(shape_opener(text, 17), 17); /* not on another line */
}

static void finds_lines(void **state)
{
    struct bytes text = BYTES("  ab \r\n\n \nc\n");
    struct range line = shape_line(text, 3);

    (void)state;
    assert_int_equal(line.from, 2);
    assert_int_equal(line.to, 4);
    line = shape_line_above(text, 10);
    assert_int_equal(line.from, 2);
    assert_int_equal(line.to, 4);
    line = shape_line_above(text, 2);
    assert_int_equal(line.to, 0);
    line = shape_line(text, 1000);
    assert_int_equal(line.from, line.to);
    line = shape_line(bytes_make(NULL, 0), 0);
    assert_int_equal(line.to, 0);
}

static void turns_offsets_into_places_and_back(void **state)
{
    struct bytes text = BYTES("\xef\xbb\xbf"
                              "a\xc3\xa9"
                              "b\n\xe6\x97\xa5x\n");
    struct mark mark = shape_mark(text, 6);

    (void)state;
    assert_int_equal(mark.line, 1);
    assert_int_equal(mark.column, 3);
    assert_int_equal(shape_offset(text, mark), 6);
    mark = shape_mark(text, 11);
    assert_int_equal(mark.line, 2);
    assert_int_equal(mark.column, 2);
    assert_int_equal(shape_offset(text, mark), 11);
    assert_int_equal(shape_offset(text, (struct mark){1, 99}), 7);
    assert_int_equal(shape_offset(text, (struct mark){99, 1}), text.len);
    assert_int_equal(shape_width(text, (struct range){3, 7}), 3);
    assert_int_equal(shape_width(text, (struct range){3, 99}), 3);
}

static void quotes_a_text_for_pasting(void **state)
{
    char many[2 * EXCERPT_CODE_POINTS];

    (void)state;
    assert_string_equal(shape_quoted(BYTES("*.x")).text, "'*.x'");
    assert_string_equal(shape_quoted(BYTES("it's")).text, "'it''s'");
    memset(many, '\'', sizeof(many));
    assert_int_equal(strlen(shape_quoted(bytes_make(many, sizeof(many))).text),
                     2 * EXCERPT_CODE_POINTS + 3 + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_value_in_block_style),
        cmocka_unit_test(finds_a_value_in_flow_style),
        cmocka_unit_test(finds_the_bracket_that_one_closes),
        cmocka_unit_test(finds_lines),
        cmocka_unit_test(turns_offsets_into_places_and_back),
        cmocka_unit_test(quotes_a_text_for_pasting),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
