/* Effects in words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/effect_words.h"

static const char *words(struct effect e)
{
    static char text[EFFECT_WORDS_BYTES];

    effect_words(&e, text);
    return text;
}

static void says_what_an_effect_does(void **state)
{
    struct answer answer = {.head = {.status = 503}};

    (void)state;
    assert_string_equal(words((struct effect){.kind = EFFECT_ANSWER, .answer = &answer}),
                        "answered 503");
    assert_string_equal(words((struct effect){.kind = EFFECT_FORWARD}), "passed");
    assert_string_equal(words((struct effect){.kind = EFFECT_DELAY,
                                              .delay = {.side = HTTP_RESPONSE, .us = 200500}}),
                        "response held 200.5 ms");
    assert_string_equal(words((struct effect){.kind = EFFECT_ABORT, .abort.kind = ABORT_RESET}),
                        "connection reset");
    assert_string_equal(words((struct effect){.kind = EFFECT_TARGET,
                                              .target = {BYTES("https"), BYTES("a.test"), 8443}}),
                        "sent to https://a.test:8443");
    assert_string_equal(
        words((struct effect){.kind = EFFECT_THROTTLE,
                              .throttle = {.side = HTTP_REQUEST, .bytes_s = 65536}}),
        "request at 64.0 KiB/s");
    assert_string_equal(words((struct effect){.kind = EFFECT_STALL,
                                              .stall = {.after_bytes = STALL_HEAD, .us = 2000000}}),
                        "stalled before the head for 2.0 s");
    assert_string_equal(words((struct effect){.kind = EFFECT_CUT, .cut_bytes = 1024}),
                        "cut after 1.0 KiB");
    assert_string_equal(words((struct effect){.kind = EFFECT_NOTE, .note = "rule_skipped: x"}),
                        "rule_skipped: x");
}

static void says_the_sentence_of_the_table_where_nothing_more_is_known(void **state)
{
    (void)state;
    assert_string_equal(words((struct effect){.kind = EFFECT_EDIT_HEAD}),
                        "changes the head of the request or of the response");
}

static void cuts_what_is_too_long(void **state)
{
    static uint8_t tag[2 * EFFECT_WORDS_BYTES];

    (void)state;
    memset(tag, 'x', sizeof(tag));
    assert_int_equal(
        strlen(words((struct effect){.kind = EFFECT_TAG, .tag = bytes_make(tag, sizeof(tag))})),
        EFFECT_WORDS_BYTES - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_an_effect_does),
        cmocka_unit_test(says_the_sentence_of_the_table_where_nothing_more_is_known),
        cmocka_unit_test(cuts_what_is_too_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
