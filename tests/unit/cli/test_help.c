#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/cli.h"
#include "logs/filter_keys.h"

enum { TEXT_BYTES = 64 * 1024, COLUMNS = 140 };

static void every_command_teaches_by_an_example(void **state)
{
    struct buf out;

    (void)state;
    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        const char *text, *examples;

        buf_init(&out, TEXT_BYTES);
        help_put_command(&out, (enum subcommand)i, false);
        text = buf_text(&out);
        assert_non_null(strstr(text, command_rows[i].help));
        examples = strstr(text, "\nExamples\n  ");
        assert_non_null(examples);
        assert_non_null(strstr(examples, "\nOptions\n"));
        assert_non_null(strstr(text, "--help"));
        assert_null(strstr(text, "\033["));
        buf_release(&out);
    }
}

static void the_overview_lists_every_command(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, TEXT_BYTES);
    help_put_overview(&out, true);
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        assert_non_null(strstr(buf_text(&out), command_rows[i].help));
    assert_non_null(strstr(buf_text(&out), "\033[1m"));
    buf_release(&out);
}

static void no_line_of_help_is_too_long(void **state)
{
    struct buf out;
    struct bytes rest;

    (void)state;
    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        buf_init(&out, TEXT_BYTES);
        help_put_command(&out, (enum subcommand)i, false);
        for (rest = buf_bytes(&out); rest.len;) {
            ptrdiff_t end = bytes_find(rest, '\n');

            assert_in_range(end, 0, COLUMNS);
            rest = bytes_from(rest, (size_t)end + 1);
        }
        buf_release(&out);
    }
}

static void the_page_of_filters_has_every_key(void **state)
{
    struct bytes rest;
    struct buf out;

    (void)state;
    buf_init(&out, TEXT_BYTES);
    help_put_filters(&out, false);
    for (int i = 0; i < FILTER_KEY_COUNT; i++)
        assert_non_null(strstr(buf_text(&out), filter_key_rows[i].help));
    for (int i = 0; i < FILTER_WORD_COUNT; i++)
        assert_non_null(strstr(buf_text(&out), filter_word_rows[i].help));
    assert_non_null(strstr(buf_text(&out), "~bs oops"));
    for (rest = buf_bytes(&out); rest.len;) {
        ptrdiff_t end = bytes_find(rest, '\n');

        assert_in_range(end, 0, COLUMNS);
        rest = bytes_from(rest, (size_t)end + 1);
    }
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_teaches_by_an_example),
        cmocka_unit_test(the_overview_lists_every_command),
        cmocka_unit_test(no_line_of_help_is_too_long),
        cmocka_unit_test(the_page_of_filters_has_every_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
