#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/filter_impl.h"

#define SECOND_US INT64_C(1000000)
#define NOW_US (INT64_C(1700000000) * SECOND_US) /* 2023-11-14T22:13:20Z */

static void reads(const char *text, int64_t seconds)
{
    int64_t us = -1;

    if (filter_when(bytes_of(text), NOW_US, &us) || us != seconds * SECOND_US)
        fail_msg("%s: %lld", text, (long long)us);
}

static void refuses(const char *text)
{
    int64_t us = -1;

    if (filter_when(bytes_of(text), NOW_US, &us) != STATUS_BAD_INPUT || us != -1)
        fail_msg("%s: %lld", text, (long long)us);
}

static void durations_lead_back_from_now(void **state)
{
    (void)state;
    reads("10m", 1700000000 - 600);
    reads("1.5h", 1700000000 - 5400);
    reads("7d", 1700000000 - 7 * 86400);
    reads("0", 1700000000);
    reads("30000d", 0);
}

static void dates_and_clocks_are_utc(void **state)
{
    (void)state;
    reads("1970-01-01", 0);
    reads("2000-02-29", 951782400);
    reads("2023-11-14", 1699920000);
    reads("2026-11-23T10:00", 1795428000);
    reads("2026-11-23t10:00:30z", 1795428030);
    reads("2026-11-23Z", 1795392000);
    reads("10:00", 1699920000 + 36000);
    reads("23:59:59", 1699920000 + 86399);
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const wrong[] = {"",
                                        "now",
                                        "2023-02-29",
                                        "2023-13-01",
                                        "2023-00-01",
                                        "2023-01-00",
                                        "2023-1-1",
                                        "24:00",
                                        "10:60",
                                        "10:00:60",
                                        "10:0",
                                        "10:000",
                                        "10:00:",
                                        "2023-01-01T",
                                        "2023-01-01 10:00",
                                        "2023-01-01T25:00",
                                        "-5m",
                                        "1969-12-31",
                                        "1m1",
                                        "10:00:00.5",
                                        NULL};

    (void)state;
    for (const char *const *w = wrong; *w; w++)
        refuses(*w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_lead_back_from_now),
        cmocka_unit_test(dates_and_clocks_are_utc),
        cmocka_unit_test(what_is_no_time_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
