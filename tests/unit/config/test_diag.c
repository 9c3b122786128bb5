#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "config/diag.h"

static const struct mark nowhere = {0, 0};

static void counts_errors_and_warnings_but_not_notes(void **state)
{
    struct diags d;

    (void)state;
    diags_init(&d);
    diag_add(&d, DIAG_ERROR, NULL, nowhere, 1, "one %d", 1);
    diag_add(&d, DIAG_WARNING, NULL, nowhere, 1, "two");
    diag_add(&d, DIAG_NOTE, NULL, nowhere, 1, "three");
    assert_int_equal(d.errors, 1);
    assert_int_equal(d.warnings, 1);
    assert_int_equal(d.kept, 3);
    assert_string_equal(d.first->text, "one 1");
    assert_string_equal(d.last->text, "three");
    diags_release(&d);
    assert_null(d.first);
    assert_int_equal(d.errors, 0);
}

static void keeps_a_hundred_and_counts_the_rest(void **state)
{
    struct diags d;

    (void)state;
    diags_init(&d);
    for (int i = 0; i < DIAGS + 7; i++)
        diag_add(&d, DIAG_ERROR, NULL, nowhere, 1, "%d", i);
    assert_int_equal(d.errors, DIAGS + 7);
    assert_int_equal(d.kept, DIAGS);
    assert_int_equal(d.dropped, 7);
    assert_true(diags_full(&d, DIAG_ERROR));
    assert_string_equal(d.last->text, "99");
    diags_release(&d);
}

static void leaves_room_for_errors_among_warnings(void **state)
{
    struct diags d;

    (void)state;
    diags_init(&d);
    for (int i = 0; i < 3 * DIAGS; i++)
        diag_add(&d, DIAG_WARNING, NULL, nowhere, 1, "warning");
    assert_true(diags_full(&d, DIAG_WARNING));
    assert_false(diags_full(&d, DIAG_ERROR));
    diag_add(&d, DIAG_ERROR, NULL, nowhere, 1, "error");
    assert_string_equal(d.last->text, "error");
    diags_release(&d);
}

static void cuts_a_long_text_between_two_code_points(void **state)
{
    char text[2 * DIAG_TEXT_BYTES + 1];
    struct diags d;

    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i += 2)
        memcpy(text + i, "\xc3\xa9", 2);
    text[sizeof(text) - 1] = '\0';
    diags_init(&d);
    diag_add(&d, DIAG_ERROR, NULL, nowhere, 1, "%s", text);
    diag_add(&d, DIAG_ERROR, NULL, nowhere, 1, "x%s", text);
    for (const struct diag *diag = d.first; diag; diag = diag->next) {
        size_t len = strlen(diag->text);

        assert_true(len < DIAG_TEXT_BYTES && len > DIAG_TEXT_BYTES - 8);
        assert_string_equal(diag->text + len - 5, "\xc3\xa9\xe2\x80\xa6");
    }
    diags_release(&d);
}

static void moves_all_with_their_counts(void **state)
{
    struct diags to, from;

    (void)state;
    diags_init(&to);
    diags_init(&from);
    diag_add(&to, DIAG_ERROR, NULL, nowhere, 1, "a");
    for (int i = 0; i < DIAGS + 5; i++)
        diag_add(&from, DIAG_ERROR, NULL, nowhere, 1, "%d%%s", i);
    diags_move(&to, &from);
    assert_int_equal(to.errors, DIAGS + 6);
    assert_int_equal(to.kept, DIAGS);
    assert_int_equal(to.dropped, 6);
    assert_string_equal(to.first->next->text, "0%s");
    assert_int_equal(from.errors, 0);
    assert_null(from.first);
    diags_release(&to);
    diags_release(&from);
}

static void excerpts_are_cut_and_show_a_nul(void **state)
{
    char shown[4 * EXCERPT_CODE_POINTS + 4];
    uint8_t wide[4 * 100];

    (void)state;
    assert_string_equal(excerpt(BYTES("abc")).text, "abc");
    assert_string_equal(excerpt(BYTES("a\0b")).text, "a\\0b");
    assert_string_equal(excerpt(BYTES("")).text, "");
    for (size_t i = 0; i < sizeof(wide); i += 4)
        memcpy(wide + i, "\xf0\x9f\x98\x80", 4);
    memcpy(shown, wide, 4 * EXCERPT_CODE_POINTS);
    memcpy(shown + 4 * EXCERPT_CODE_POINTS, "\xe2\x80\xa6", 4);
    assert_string_equal(excerpt(bytes_make(wide, sizeof(wide))).text, shown);
    memset(wide, 0x80, sizeof(wide)); /* no code point ever starts */
    assert_true(strlen(excerpt(bytes_make(wide, sizeof(wide))).text) < EXCERPT_BYTES);
    memset(wide, 0, sizeof(wide));
    assert_true(strlen(excerpt(bytes_make(wide, sizeof(wide))).text) < EXCERPT_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_errors_and_warnings_but_not_notes),
        cmocka_unit_test(keeps_a_hundred_and_counts_the_rest),
        cmocka_unit_test(leaves_room_for_errors_among_warnings),
        cmocka_unit_test(cuts_a_long_text_between_two_code_points),
        cmocka_unit_test(moves_all_with_their_counts),
        cmocka_unit_test(excerpts_are_cut_and_show_a_nul),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
