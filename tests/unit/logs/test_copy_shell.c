#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/copy_form.h"

enum { OUT_BYTES = 64 * 1024, WORD_BYTES = 12, WORDS = 60 };

/* What a shell hands to a program for `word`. */
static void expect_word(const char *shell, struct bytes word)
{
    char command[OUT_BYTES], got[OUT_BYTES];
    struct buf script;
    size_t len;
    FILE *pipe;

    buf_init(&script, OUT_BYTES);
    buf_put_text(&script, "printf %s ");
    copy_put_word(&script, word);
    buf_put_text(&script, "\n");
    assert_true(setenv("SCRIPT", buf_text(&script), 1) == 0);
    snprintf(command, sizeof(command), "%s -c \"$SCRIPT\"", shell);
    pipe = popen(command, "r"); /* NOLINT(cert-env33-c): a shell is what is tested */
    assert_non_null(pipe);
    len = fread(got, 1, sizeof(got), pipe);
    if (pclose(pipe) != 0 || len != word.len || memcmp(got, word.ptr, len) != 0)
        fail_msg("%s took %s otherwise", shell, buf_text(&script));
    buf_release(&script);
}

/* Bytes that shells, terminals and fish's quotes find something in. */
static void survives_a_posix_shell(void **state)
{
    static const char *const words[] = {
        "",         "plain",       "it's", "$(reboot)",    "`x`",       "a\nb",        "!history",
        "100%",     "\\",          "\\\\", "\\'",          "'\\",       "a\\",         "~root",
        "*?[a]{b}", "#no comment", "-n",   "@file",        "\"$HOME\"", "a\tb\x1b[0m", "\xff\xfe",
        "\xc3\xa4", "=ls",         "\x7f", "\xe2\x80\xae", "\\n\\047",  "a\r",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        expect_word("sh", bytes_of(words[i]));
}

static void survives_random_words(void **state)
{
    static const char letters[] = "'\\\\\\'$`\"!%\n-@*ab \t\x01\x80\xff#;&|<>(){}[]~=";
    uint32_t seed = 7;

    (void)state;
    for (int i = 0; i < WORDS; i++) {
        uint8_t word[WORD_BYTES];

        for (size_t k = 0; k < sizeof(word); k++) {
            seed = seed * 1103515245 + 12345;
            word[k] = (uint8_t)letters[(seed >> 16) % (sizeof(letters) - 1)];
        }
        word[sizeof(word) - 1] = 'z'; /* $() takes line feeds off the end */
        expect_word("sh", bytes_make(word, sizeof(word)));
    }
}

static void prints_any_byte(void **state)
{
    uint8_t all[257], got[512];
    struct buf script;
    size_t len;
    FILE *pipe;

    (void)state;
    for (size_t i = 0; i < sizeof(all); i++)
        all[i] = (uint8_t)(i + '-');
    buf_init(&script, OUT_BYTES);
    copy_put_printf(&script, bytes_make(all, sizeof(all)));
    for (size_t i = 0; i < script.len; i++)
        assert_true(script.ptr[i] >= ' ' && script.ptr[i] <= '~');
    pipe = popen(buf_text(&script), "r"); /* NOLINT(cert-env33-c): a shell is what is tested */
    assert_non_null(pipe);
    len = fread(got, 1, sizeof(got), pipe);
    assert_int_equal(pclose(pipe), 0);
    assert_int_equal(len, sizeof(all));
    assert_memory_equal(got, all, sizeof(all));
    buf_release(&script);
}

static void hides_nothing_from_the_reader(void **state)
{
    (void)state;
    assert_true(copy_is_plain(BYTES("a\nb \xc3\xa4 \xe2\x82\xac")));
    assert_false(copy_is_plain(BYTES("a\tb")));
    assert_false(copy_is_plain(BYTES("\xe2\x80\xae"))); /* right-to-left override */
    assert_false(copy_is_plain(BYTES("\xc2\x9b")));     /* a C1 control */
    assert_false(copy_is_plain(BYTES("\xff")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(survives_a_posix_shell),
        cmocka_unit_test(survives_random_words),
        cmocka_unit_test(prints_any_byte),
        cmocka_unit_test(hides_nothing_from_the_reader),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
