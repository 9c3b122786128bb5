#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "http/message.h"

static void finds_every_status_of_the_table(void **state)
{
    static const unsigned codes[] = {
#define STATUS_CODE(code, phrase, meaning) code,
#include "http/statuses.def"
#undef STATUS_CODE
    };
    (void)state;

    for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++) {
        const struct http_status *s = http_status_find(codes[i]);

        assert_non_null(s);
        assert_int_equal(s->code, codes[i]);
        assert_true(strlen(s->phrase) > 0);
        assert_int_equal(s->meaning[strlen(s->meaning) - 1], '.');
        if (i > 0)
            assert_true(codes[i] > codes[i - 1]);
    }
}

static void finds_no_status_that_is_not_registered(void **state)
{
    (void)state;

    assert_null(http_status_find(0));
    assert_null(http_status_find(99));
    assert_null(http_status_find(299));
    assert_null(http_status_find(419));
    assert_null(http_status_find(600));
}

static void knows_phrases(void **state)
{
    (void)state;

    assert_string_equal(http_status_find(100)->phrase, "Continue");
    assert_string_equal(http_status_find(404)->phrase, "Not Found");
    assert_string_equal(http_status_find(413)->phrase, "Content Too Large");
    assert_string_equal(http_status_find(511)->phrase, "Network Authentication Required");
}

static void tells_the_class_of_any_status(void **state)
{
    (void)state;

    assert_string_equal(http_status_class(103), "informational");
    assert_string_equal(http_status_class(299), "successful");
    assert_string_equal(http_status_class(308), "redirection");
    assert_string_equal(http_status_class(499), "client error");
    assert_string_equal(http_status_class(599), "server error");
    assert_string_equal(http_status_class(99), "unknown");
    assert_string_equal(http_status_class(600), "unknown");
}

/* RFC 9110 §6.4.1 */
static void knows_which_statuses_have_no_content(void **state)
{
    (void)state;

    assert_true(http_status_bodiless(100));
    assert_true(http_status_bodiless(199));
    assert_true(http_status_bodiless(204));
    assert_true(http_status_bodiless(304));
    assert_false(http_status_bodiless(200));
    assert_false(http_status_bodiless(205));
    assert_false(http_status_bodiless(404));
}

/* RFC 9110 §9.2 */
static void knows_what_methods_mean(void **state)
{
    const struct http_method *get = http_method_find(BYTES("GET"));
    const struct http_method *put = http_method_find(BYTES("PUT"));
    const struct http_method *post = http_method_find(BYTES("POST"));
    (void)state;

    assert_true(get->safe && get->idempotent && !get->request_body);
    assert_true(!put->safe && put->idempotent && put->request_body);
    assert_true(!post->safe && !post->idempotent && post->request_body);
    assert_non_null(http_method_find(BYTES("PROPFIND")));
}

/* RFC 9110 §9.1 */
static void takes_methods_by_their_exact_case(void **state)
{
    (void)state;

    assert_null(http_method_find(BYTES("get")));
    assert_null(http_method_find(BYTES("GE")));
    assert_null(http_method_find(BYTES("GETS")));
    assert_null(http_method_find(BYTES("")));
}

static void compares_the_method_of_a_head(void **state)
{
    struct head h = {.method = BYTES("GET")};
    (void)state;

    assert_true(http_method_is(&h, "GET"));
    assert_false(http_method_is(&h, "GETS"));
    assert_false(http_method_is(&h, "get"));
}

static void gives_every_anomaly_a_word_of_its_own(void **state)
{
    (void)state;

    for (int i = 0; i < HTTP_ANOMALY_COUNT; i++) {
        const char *word = http_anomaly_text((enum http_anomaly_place)i);

        assert_true(strlen(http_anomaly_sentence((enum http_anomaly_place)i)) > 0);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(word, http_anomaly_text((enum http_anomaly_place)k));
    }
    assert_string_equal(http_anomaly_text(HTTP_ANOMALY_COUNT), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_every_status_of_the_table),
        cmocka_unit_test(finds_no_status_that_is_not_registered),
        cmocka_unit_test(knows_phrases),
        cmocka_unit_test(tells_the_class_of_any_status),
        cmocka_unit_test(knows_which_statuses_have_no_content),
        cmocka_unit_test(knows_what_methods_mean),
        cmocka_unit_test(takes_methods_by_their_exact_case),
        cmocka_unit_test(compares_the_method_of_a_head),
        cmocka_unit_test(gives_every_anomaly_a_word_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
