#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/http_date.h"

#define EXAMPLE INT64_C(784111777000000) /* of RFC 9110 §5.6.7 */

static int64_t parsed(const char *text)
{
    int64_t us = -1;

    assert_int_equal(http_date_parse(bytes_of(text), &us), STATUS_OK);
    return us;
}

static void reads_the_three_forms_of_a_date(void **state)
{
    (void)state;
    assert_int_equal(parsed("Sun, 06 Nov 1994 08:49:37 GMT"), EXAMPLE);
    assert_int_equal(parsed("Sunday, 06-Nov-94 08:49:37 GMT"), EXAMPLE);
    assert_int_equal(parsed("Sun Nov  6 08:49:37 1994"), EXAMPLE);
}

static void knows_leap_days_and_the_turn_of_a_century(void **state)
{
    (void)state;
    assert_int_equal(parsed("Thu, 01 Jan 1970 00:00:00 GMT"), 0);
    assert_int_equal(parsed("Thu, 29 Feb 2024 00:00:00 GMT"), INT64_C(1709164800000000));
    assert_int_equal(parsed("Mon, 01 Mar 2100 00:00:00 GMT"), INT64_C(4107542400000000));
}

static void a_year_of_two_digits_is_near(void **state)
{
    (void)state;
    assert_int_equal(parsed("Thursday, 01-Jan-70 00:00:00 GMT"), 0);
    assert_int_equal(parsed("Tuesday, 01-Jan-30 00:00:00 GMT"), INT64_C(1893456000000000));
}

static void refuses_what_is_no_date(void **state)
{
    static const char *const texts[] = {
        "",
        "120",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 32 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Now 1994 08:49:37 GMT",
        "Sun, 06 Nov 994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 06 Nov 1994 8:49:37 GMT",
        "Sun Nov 6 08:49:37 94",
        "a b c d e f g h i j",
    };

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        int64_t us = 77;

        assert_int_equal(http_date_parse(bytes_of(texts[i]), &us), STATUS_BAD_INPUT);
        assert_int_equal(us, 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_three_forms_of_a_date),
        cmocka_unit_test(knows_leap_days_and_the_turn_of_a_century),
        cmocka_unit_test(a_year_of_two_digits_is_near),
        cmocka_unit_test(refuses_what_is_no_date),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
