#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static const char *const words[] = {"respond", "redirect", "delay", "abort", "set", "ms", ""};

static void assert_nearest(const char *word, const char *expected)
{
    const char *got = text_nearest(bytes_of(word), words, sizeof(words) / sizeof(words[0]));

    if (!got != !expected || (got && strcmp(got, expected) != 0))
        fail_msg("%s: %s, not %s", word, got ? got : "(none)", expected ? expected : "(none)");
}

static void finds_the_word_that_was_meant(void **state)
{
    (void)state;
    assert_nearest("respnd", "respond");
    assert_nearest("redirrect", "redirect");
    assert_nearest("dealy", "delay");
    assert_nearest("Abort", "abort");
    assert_nearest("abrot", "abort");
    assert_nearest("set", "set");
    assert_nearest("s", "ms");
    assert_nearest("sett", "set");
}

static void does_not_guess_wildly(void **state)
{
    char wide[100];

    (void)state;
    memset(wide, 'a', sizeof(wide) - 1);
    wide[sizeof(wide) - 1] = '\0';
    assert_nearest("throttle", NULL);
    assert_nearest("de", NULL);
    assert_nearest("dela-----", NULL);
    assert_nearest("", NULL);
    assert_nearest("x", NULL);
    assert_nearest(wide, NULL);
    assert_null(text_nearest(BYTES("a"), NULL, 0));
}

static void the_first_of_equals_wins(void **state)
{
    static const char *const equals[] = {"bat", "cat", "cut"};

    (void)state;
    assert_string_equal(text_nearest(BYTES("aat"), equals, 3), "bat");
    assert_string_equal(text_nearest(BYTES("cbt"), equals, 3), "cat");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_the_word_that_was_meant),
        cmocka_unit_test(does_not_guess_wildly),
        cmocka_unit_test(the_first_of_equals_wins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
