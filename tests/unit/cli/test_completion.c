#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/completion.h"

static enum completion_kind kind_of(const char *name)
{
    return completion_of(bytes_of(name)).kind;
}

static void knows_arguments_by_their_names(void **state)
{
    (void)state;
    assert_int_equal(kind_of("FILE"), COMPLETE_FILES);
    assert_int_equal(kind_of("DIR"), COMPLETE_FOLDERS);
    assert_int_equal(kind_of("pretty|off"), COMPLETE_NOTHING);
    assert_true(completion_of(BYTES("pretty|off")).has_words);
    assert_int_equal(kind_of("COMMAND"), COMPLETE_COMMANDS);
    assert_int_equal(kind_of("FILTER"), COMPLETE_FILTER);
    assert_int_equal(kind_of("N"), COMPLETE_NOTHING);
    assert_int_equal(kind_of("PORT|PATH"), COMPLETE_FILES);
    assert_int_equal(kind_of("ID|FILTER"), COMPLETE_FILTER);
    assert_int_equal(kind_of("COMMAND|filters"), COMPLETE_COMMANDS);
    assert_false(completion_of(BYTES("TEXT|@FILE")).has_words);
    assert_int_equal(kind_of("NAME: VALUE"), COMPLETE_NOTHING);
    assert_int_equal(kind_of(NULL), COMPLETE_NOTHING);
}

static void takes_operands_apart(void **state)
{
    struct completion c[COMPLETION_OPERANDS];

    (void)state;
    assert_int_equal(completion_operands("", c), 0);
    assert_int_equal(completion_operands("list|on|off|test [WORD…]", c), 2);
    assert_true(c[0].has_words);
    assert_false(c[0].repeats);
    assert_int_equal(c[1].kind, COMPLETE_NOTHING);
    assert_true(c[1].repeats);
    assert_int_equal(completion_operands("-- CMD [ARGUMENT…]", c), 2);
    assert_int_equal(c[0].kind, COMPLETE_PROGRAM);
    assert_int_equal(completion_operands("[FILE…]", c), 1);
    assert_int_equal(c[0].kind, COMPLETE_FILES);
    assert_true(c[0].repeats);
    assert_int_equal(completion_operands("A B C D E F", c), COMPLETION_OPERANDS);
}

static void walks_the_words_in_small_letters(void **state)
{
    struct bytes words = BYTES("a|FILE|bc"), word;

    (void)state;
    assert_true(completion_next_word(&words, &word));
    assert_true(bytes_equal(word, BYTES("a")));
    assert_true(completion_next_word(&words, &word));
    assert_true(bytes_equal(word, BYTES("bc")));
    assert_false(completion_next_word(&words, &word));
}

static void joins_words_for_a_script(void **state)
{
    const struct completion c = completion_of(BYTES("COMMAND|a|b"));
    struct buf out;

    (void)state;
    buf_init(&out, 64);
    completion_put_words(&out, &c, false);
    completion_put_words(&out, &c, true);
    assert_string_equal(buf_text(&out), "a b a b");
    buf_release(&out);
}

static void walks_the_options_of_a_command_only(void **state)
{
    const struct option_row *row;
    bool help = false;

    (void)state;
    for (int at = 0; (row = completion_next_option(SUBCOMMAND_version, &at)) != NULL;) {
        assert_true(row->commands >> SUBCOMMAND_version & 1);
        help |= row == &option_rows[OPTION_HELP];
    }
    assert_true(help);
}

static void quotes_what_a_shell_would_read(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 256);
    completion_put_quoted(&out, BYTES("weir's \\"), false);
    assert_string_equal(buf_text(&out), "'weir'\\''s \\'");
    buf_clear(&out);
    completion_put_quoted(&out, BYTES("weir's \\"), true);
    assert_string_equal(buf_text(&out), "'weir\\'s \\\\'");
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_arguments_by_their_names),
        cmocka_unit_test(takes_operands_apart),
        cmocka_unit_test(walks_the_words_in_small_letters),
        cmocka_unit_test(joins_words_for_a_script),
        cmocka_unit_test(walks_the_options_of_a_command_only),
        cmocka_unit_test(quotes_what_a_shell_would_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
