#include "rules/date.h"

#include "rules_world.h"

static void check(int64_t us, const char *http, const char *rfc3339)
{
    struct buf out;

    buf_init(&out, 100);
    date_put_http(&out, us);
    assert_string_equal(buf_text(&out), http);
    buf_clear(&out);
    date_put_rfc3339(&out, us);
    assert_string_equal(buf_text(&out), rfc3339);
    buf_release(&out);
}

static void writes_dates_of_both_forms(void **state)
{
    (void)state;
    check(0, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z");
    check(-1, "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z");
    check(RULES_TEXT_NOW_US, "Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.123Z");
    check(INT64_C(951782400000000), "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00.000Z");
    check(INT64_C(951868799999999), "Tue, 29 Feb 2000 23:59:59 GMT", "2000-02-29T23:59:59.999Z");
    check(INT64_C(4107542400000000), "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01T00:00:00.000Z");
    check(INT64_C(1798761599000000), "Thu, 31 Dec 2026 23:59:59 GMT", "2026-12-31T23:59:59.000Z");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_dates_of_both_forms),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
