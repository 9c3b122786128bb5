#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "cli/options.h"

enum { WORDS = 16 };

/* A command line of one command, without its name. */
struct line {
    char *argv[WORDS];
    int argc;
    char error[OPTION_ERROR_TEXT];
    struct options options;
};

static enum status parse(struct line *l, enum subcommand command, const char *const *words)
{
    memset(l, 0, sizeof(*l));
    for (; words[l->argc]; l->argc++)
        memcpy(&l->argv[l->argc], &words[l->argc], sizeof(char *));
    return options_parse(command, l->argc, l->argv, l->error, &l->options);
}

#define PARSE(l, command, ...) parse(l, command, (const char *const[]){__VA_ARGS__, NULL})

static void finds_commands_by_name(void **state)
{
    char error[OPTION_ERROR_TEXT];
    enum subcommand command;

    (void)state;
    assert_int_equal(command_find("exec", error, &command), STATUS_OK);
    assert_int_equal(command, SUBCOMMAND_exec);
    assert_int_equal(command_find("untrust", error, &command), STATUS_OK);
    assert_int_equal(command, SUBCOMMAND_untrust);
}

static void suggests_the_nearest_command(void **state)
{
    char error[OPTION_ERROR_TEXT];
    enum subcommand command;

    (void)state;
    assert_int_equal(command_find("rleoad", error, &command), STATUS_NOT_FOUND);
    assert_string_equal(error, "there is no command 'rleoad', did you mean 'reload'?");
    assert_int_equal(command_find("frobnicate", error, &command), STATUS_NOT_FOUND);
    assert_string_equal(error, "there is no command 'frobnicate'");
}

static void later_commands_say_so(void **state)
{
    char error[OPTION_ERROR_TEXT];
    enum subcommand command;

    (void)state;
    assert_int_equal(command_find("open", error, &command), STATUS_NOT_FOUND);
    assert_string_equal(error, "'open' is not in this version");
}

static void takes_values_behind_a_space_or_an_equals_sign(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(
        PARSE(&l, SUBCOMMAND_run, "--listen", "a:1", "--jsonl=x=y", "-cfile", "-c", "f"),
        STATUS_OK);
    assert_string_equal(options_value(&l.options, OPTION_LISTEN), "a:1");
    assert_string_equal(options_value(&l.options, OPTION_JSONL), "x=y");
    assert_string_equal(options_value(&l.options, OPTION_CONFIG), "f");
    assert_int_equal(options_count(&l.options, OPTION_CONFIG), 2);
    assert_null(options_value(&l.options, OPTION_CONSOLE));
}

static void walks_repeated_options_in_order(void **state)
{
    struct line l;
    int at = 0;

    (void)state;
    assert_int_equal(PARSE(&l, SUBCOMMAND_run, "--set", "a=1", "-v", "--set=b=2"), STATUS_OK);
    assert_string_equal(options_next(&l.options, OPTION_SET, &at), "a=1");
    assert_string_equal(options_next(&l.options, OPTION_SET, &at), "b=2");
    assert_null(options_next(&l.options, OPTION_SET, &at));
}

static void counts_short_switches_that_stand_together(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(PARSE(&l, SUBCOMMAND_exec, "-vv", "--verbose", "cmd"), STATUS_OK);
    assert_int_equal(options_count(&l.options, OPTION_VERBOSE), 3);
}

static void refuses_what_is_not_right(void **state)
{
    static const struct {
        enum subcommand command;
        const char *words[3];
        const char *error;
    } cases[] = {
        {SUBCOMMAND_run,
         {"--lisen", "x"},
         "there is no option '--lisen', did you mean '--listen'?"},
        {SUBCOMMAND_run, {"--lisen=x"}, "there is no option '--lisen', did you mean '--listen'?"},
        {SUBCOMMAND_status, {"--listen", "x"}, "'weir status' has no option '--listen'"},
        {SUBCOMMAND_run, {"-x"}, "'weir run' has no option '-x'"},
        {SUBCOMMAND_run, {"-vx"}, "'weir run' has no option '-x'"},
        {SUBCOMMAND_run, {"--listen"}, "'--listen' wants ADDRESS"},
        {SUBCOMMAND_run, {"-c"}, "'--config' wants FILE"},
        {SUBCOMMAND_run, {"--allow-remote=yes"}, "'--allow-remote' takes no value"},
        {SUBCOMMAND_run, {"--allow"}, "'weir run' has no option '--allow'"},
    };
    struct line l;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(&l, cases[i].command, cases[i].words), STATUS_BAD_INPUT);
        assert_string_equal(l.error, cases[i].error);
    }
}

static void operands_may_stand_between_options(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(PARSE(&l, SUBCOMMAND_check, "a", "--error-format", "json", "b", "--", "-c"),
                     STATUS_OK);
    assert_int_equal(l.options.operand_count, 3);
    assert_string_equal(l.options.operands[0], "a");
    assert_string_equal(l.options.operands[1], "b");
    assert_string_equal(l.options.operands[2], "-c");
    assert_null(l.options.operands[3]);
}

/* What stands behind the command of exec is the command's. */
static void the_first_operand_of_exec_ends_the_options(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(PARSE(&l, SUBCOMMAND_exec, "-v", "curl", "-v", "--set", "--", "x"), STATUS_OK);
    assert_int_equal(options_count(&l.options, OPTION_VERBOSE), 1);
    assert_int_equal(l.options.operand_count, 5);
    assert_string_equal(l.options.operands[1], "-v");
    assert_string_equal(l.options.operands[3], "--");
    assert_int_equal(PARSE(&l, SUBCOMMAND_exec, "--", "-odd", "-v"), STATUS_OK);
    assert_int_equal(l.options.operand_count, 2);
    assert_string_equal(l.options.operands[0], "-odd");
}

static void a_lone_dash_is_an_operand_or_a_value(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(PARSE(&l, SUBCOMMAND_run, "--jsonl", "-", "-"), STATUS_OK);
    assert_string_equal(options_value(&l.options, OPTION_JSONL), "-");
    assert_int_equal(l.options.operand_count, 1);
}

static void terms_of_filters_are_operands(void **state)
{
    struct line l;

    (void)state;
    assert_int_equal(PARSE(&l, SUBCOMMAND_stats, "-host:a.test", "-n", "5", "-(a OR b)", "-n7"),
                     STATUS_OK);
    assert_int_equal(l.options.operand_count, 2);
    assert_string_equal(l.options.operands[0], "-host:a.test");
    assert_string_equal(l.options.operands[1], "-(a OR b)");
    assert_string_equal(options_value(&l.options, OPTION_NUMBER), "7");
    assert_int_equal(PARSE(&l, SUBCOMMAND_stats, "-login"), STATUS_BAD_INPUT);
    assert_string_equal(l.error,
                        "'weir stats' has no option '-l'; in a filter NOT turns a word round");
    assert_int_equal(PARSE(&l, SUBCOMMAND_run, "-host:a.test"), STATUS_BAD_INPUT);
}

static void rows_are_fit_for_help(void **state)
{
    (void)state;
    for (int i = 0; i < OPTION_COUNT; i++) {
        assert_true(option_rows[i].name[0]);
        assert_true(option_rows[i].help[0]);
        assert_true(option_rows[i].commands != 0);
        for (int j = 0; j < i; j++) /* a name may mean something else in other commands */
            assert_true(strcmp(option_rows[i].name, option_rows[j].name) != 0 ||
                        (option_rows[i].commands & option_rows[j].commands) == 0);
    }
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        assert_true(command_rows[i].help[0]);
}

/* Who reads recorded flows shows them, but for these. */
static void what_shows_flows_can_be_told_to_show_secrets(void **state)
{
    static const enum subcommand silent[] = {SUBCOMMAND_import, SUBCOMMAND_gc};
    uint32_t shows = option_rows[OPTION_STORE].commands, redacts;

    (void)state;
    for (size_t i = 0; i < sizeof(silent) / sizeof(silent[0]); i++)
        shows &= ~(1U << silent[i]);
    redacts = option_rows[OPTION_REDACT].commands;
    redacts &= ~(1U << SUBCOMMAND_config | 1U << SUBCOMMAND_check); /* which read no store */
    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        if ((shows ^ redacts) & 1U << i)
            fail_msg("%s takes one of --store and --redact", command_rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_commands_by_name),
        cmocka_unit_test(suggests_the_nearest_command),
        cmocka_unit_test(later_commands_say_so),
        cmocka_unit_test(takes_values_behind_a_space_or_an_equals_sign),
        cmocka_unit_test(walks_repeated_options_in_order),
        cmocka_unit_test(counts_short_switches_that_stand_together),
        cmocka_unit_test(refuses_what_is_not_right),
        cmocka_unit_test(operands_may_stand_between_options),
        cmocka_unit_test(the_first_operand_of_exec_ends_the_options),
        cmocka_unit_test(a_lone_dash_is_an_operand_or_a_value),
        cmocka_unit_test(terms_of_filters_are_operands),
        cmocka_unit_test(rows_are_fit_for_help),
        cmocka_unit_test(what_shows_flows_can_be_told_to_show_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
