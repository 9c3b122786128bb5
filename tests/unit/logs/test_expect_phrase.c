#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/expect_phrase.h"

static void assert_count(const char *text, uint64_t min, uint64_t max)
{
    struct expect_count c = {77, 77};

    assert_int_equal(expect_count_parse(bytes_of(text), &c), STATUS_OK);
    assert_int_equal(c.min, min);
    assert_int_equal(c.max, max);
}

static void reads_counts_as_people_say_them(void **state)
{
    (void)state;
    assert_count("at least 1", 1, EXPECT_NO_MAX);
    assert_count("At Most 3 times", 0, 3);
    assert_count("exactly 2", 2, 2);
    assert_count("  7 ", 7, 7);
    assert_count("between 1 and 3", 1, 3);
    assert_count("between 3 and 3 times", 3, 3);
    assert_count("never", 0, 0);
    assert_count("once", 1, 1);
    assert_count("twice", 2, 2);
    assert_count("1 time", 1, 1);
    assert_count("1000000000", EXPECT_NUMBER_MAX, EXPECT_NUMBER_MAX);
}

static void refuses_what_is_no_count(void **state)
{
    static const char *const texts[] = {
        "",           "at",
        "at least",   "at last 3",
        "least 3",    "many",
        "-1",         "1.5",
        "between 1",  "between 3 and 1",
        "1 2",        "once again",
        "1000000001", "between 1 or 3",
        "exactly",    "at least1",
        "times",      "at most 3 time times",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct expect_count c = {77, 77};

        assert_int_equal(expect_count_parse(bytes_of(texts[i]), &c), STATUS_BAD_INPUT);
        assert_int_equal(c.min, 77);
    }
}

static struct expect_retries retries(const char *text)
{
    struct expect_retries r;

    assert_int_equal(expect_retries_parse(bytes_of(text), &r), STATUS_OK);
    return r;
}

static void reads_how_often_and_how_to_try_again(void **state)
{
    struct expect_retries r = retries("at most 3 times with backoff");

    (void)state;
    assert_true(r.counted && r.backoff && !r.jitter && !r.retry_after && !r.safely);
    assert_int_equal(r.count.max, 3);
    r = retries("between 1 and 5 times with backoff and with jitter, obeying Retry-After, safely");
    assert_true(r.counted && r.backoff && r.jitter && r.retry_after && r.safely);
    assert_int_equal(r.count.min, 1);
    r = retries("with jitter");
    assert_true(!r.counted && r.jitter && !r.backoff);
    assert_true(r.count.min == 0 && r.count.max == EXPECT_NO_MAX);
    r = retries("never");
    assert_true(r.counted && r.count.max == 0);
    r = retries("safely");
    assert_true(r.safely);
}

static void refuses_manners_that_it_does_not_know(void **state)
{
    static const char *const texts[] = {
        "",        "with",           "with backof", "at most 3 times with", "3 times backoff",
        "obeying", "at least times", "and",         "3 times and",          "quickly",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct expect_retries r = {.count.min = 77};

        assert_int_equal(expect_retries_parse(bytes_of(texts[i]), &r), STATUS_BAD_INPUT);
        assert_int_equal(r.count.min, 77);
    }
}

static void reads_statuses_classes_and_ranges(void **state)
{
    struct expect_status s;

    (void)state;
    assert_int_equal(expect_status_parse(BYTES("200"), &s), STATUS_OK);
    assert_true(s.from == 200 && s.to == 200);
    assert_int_equal(expect_status_parse(BYTES("4XX"), &s), STATUS_OK);
    assert_true(s.from == 400 && s.to == 499);
    assert_int_equal(expect_status_parse(BYTES("200-204"), &s), STATUS_OK);
    assert_true(s.from == 200 && s.to == 204);
}

static void refuses_what_is_no_status(void **state)
{
    static const char *const texts[] = {"",    "2",    "20",      "2000",    "0xx",    "2x",
                                        "2xy", "2xxx", "204-200", "200-20x", "099",    "1-3",
                                        "ok",  "-200", "200 204", "200,204", "100-99", "20x"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct expect_status s = {7, 7};

        assert_int_equal(expect_status_parse(bytes_of(texts[i]), &s), STATUS_BAD_INPUT);
        assert_int_equal(s.from, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_counts_as_people_say_them),
        cmocka_unit_test(refuses_what_is_no_count),
        cmocka_unit_test(reads_how_often_and_how_to_try_again),
        cmocka_unit_test(refuses_manners_that_it_does_not_know),
        cmocka_unit_test(reads_statuses_classes_and_ranges),
        cmocka_unit_test(refuses_what_is_no_status),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
