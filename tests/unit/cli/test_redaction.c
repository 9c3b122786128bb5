#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/redaction.h"

enum { OUT_BYTES = 64 * 1024 };

static struct config config;
static struct rule_state *state;

static char yaml_path[] = "/tmp/weir-redaction-XXXXXX";

/* The configuration that has this logs.redact. */
static enum status load(const char *redact)
{
    static struct options options;
    FILE *file = fopen(yaml_path, "w");

    assert_non_null(file);
    fprintf(file, "version: 1\nlogs:\n  redact: %s\n", redact);
    fclose(file);
    options = (struct options){.command = SUBCOMMAND_run};
    options.uses[0].option = OPTION_CONFIG;
    options.uses[0].value = yaml_path;
    options.use_count = 1;
    assert_int_equal(rule_state_new(&state), STATUS_OK);
    return config_load(&config, &options, state);
}

static void unload(void)
{
    config_release(&config);
    rule_state_free(state);
}

static int make(const char *option, struct redactor *ret_redactor)
{
    struct cli cli = {.options = {.command = SUBCOMMAND_run}};

    cli.options.uses[0].option = OPTION_REDACT;
    cli.options.uses[0].value = option;
    cli.options.use_count = option ? 1 : 0;
    return redaction_make(&cli, &config, ret_redactor);
}

static void assert_text(const char *redact, const char *option, const char *in, const char *wanted)
{
    struct redactor r = {0};
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(load(redact), STATUS_OK);
    assert_int_equal(make(option, &r), CODE_OK);
    redact_put_body(&r, BYTES("text/plain"), bytes_of(in), &out);
    for (char *at = strstr((char *)(uintptr_t)buf_text(&out), "REDACTED:"); at;
         at = strstr(at + 9, "REDACTED:"))
        memset(at + 9, '#', 8);
    assert_string_equal(buf_text(&out), wanted);
    redaction_release(&r);
    unload();
    buf_release(&out);
}

static void the_command_line_wins_over_the_configuration(void **unused)
{
    (void)unused;
    assert_text("default", NULL, "token=x", "token=REDACTED:########");
    assert_text("none", NULL, "token=x", "token=x");
    assert_text("none", "default", "token=x", "token=REDACTED:########");
    assert_text("default", "none", "token=x", "token=x");
}

static void names_and_patterns_of_the_configuration_count(void **unused)
{
    (void)unused;
    assert_text("{ names: [x-internal, pin] }", NULL, "pin=1&token=2",
                "pin=REDACTED:########&token=REDACTED:########");
    assert_text("{ names: pin }", "none", "pin=1", "pin=1");
    assert_text("{ allow: [token] }", NULL, "token=2", "token=2");
    assert_text("{ patterns: ['sk-[a-z]+', '(?i)bob'] }", NULL, "x sk-abc BOB sk-",
                "x REDACTED:######## REDACTED:######## sk-");
    assert_text("{ patterns: 'a*' }", NULL, "baab", "bREDACTED:########b");
}

static void a_pattern_that_takes_too_long_hides_the_text(void **unused)
{
    char text[2001];

    (void)unused;
    memset(text, 'a', sizeof(text) - 2);
    text[sizeof(text) - 2] = '!';
    text[sizeof(text) - 1] = 0;
    assert_text("{ patterns: '(a+)+$' }", NULL, text, "REDACTED:########");
}

static void each_redactor_has_pseudonyms_of_its_own(void **unused)
{
    struct redactor a = {0}, b = {0};

    (void)unused;
    assert_int_equal(load("default"), STATUS_OK);
    assert_int_equal(make(NULL, &a), CODE_OK);
    assert_int_equal(make(NULL, &b), CODE_OK);
    assert_memory_not_equal(a.key, b.key, sizeof(a.key));
    redaction_release(&a);
    redaction_release(&b);
    unload();
}

static void assert_refused(const char *redact, const char *wanted)
{
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(load(redact), STATUS_BAD_CONFIG);
    diags_put(&config.diags, DIAG_SHORT, false, &out);
    if (!strstr(buf_text(&out), wanted))
        fail_msg("%s: %s", redact, buf_text(&out));
    assert_null(config.redaction);
    unload();
    buf_release(&out);
}

static void tells_where_the_configuration_is_wrong(void **unused)
{
    (void)unused;
    assert_refused("some", ":3:11");
    assert_refused("[default]", "expected default, none, or a map");
    assert_refused("{ patterns: ['ok', 'a(b'] }", ":3:");
    assert_refused("{ patterns: ['ok', 'a(b'] }", "bad pattern: missing closing parenthesis");
    assert_refused("{ names: ['-'] }", "a name has from two to 48 letters and digits");
    assert_refused("{ allows: [x] }", "allow");
    assert_refused("{ store: perhaps }", ":3:");
}

static void tells_whether_to_redact_what_is_stored(void **unused)
{
    (void)unused;
    assert_int_equal(load("{ store: true }"), STATUS_OK);
    assert_true(config.values.redact.store);
    unload();
    assert_int_equal(load("default"), STATUS_OK);
    assert_false(config.values.redact.store);
    unload();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_command_line_wins_over_the_configuration),
        cmocka_unit_test(names_and_patterns_of_the_configuration_count),
        cmocka_unit_test(a_pattern_that_takes_too_long_hides_the_text),
        cmocka_unit_test(each_redactor_has_pseudonyms_of_its_own),
        cmocka_unit_test(tells_where_the_configuration_is_wrong),
        cmocka_unit_test(tells_whether_to_redact_what_is_stored),
    };
    int failed, file = mkstemp(yaml_path);

    if (file < 0)
        return 1;
    close(file);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(yaml_path);
    return failed;
}
