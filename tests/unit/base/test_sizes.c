#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/sizes.h"

struct parse_case {
    const char *text;
    enum status status;
    int64_t value;
};

typedef enum status parse_fn(struct bytes in, int64_t *ret_value);

static void assert_parses(parse_fn *parse, const struct parse_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int64_t value = 4711;
        enum status st = parse(bytes_of(cases[i].text), &value);

        if (st != cases[i].status || value != (st ? 4711 : cases[i].value))
            fail_msg("'%s': status %d, value %lld", cases[i].text, st, (long long)value);
    }
}

static void reads_durations(void **state)
{
    static const struct parse_case cases[] = {
        {"0", STATUS_OK, 0},
        {"250us", STATUS_OK, 250},
        {"250\xc2\xb5s", STATUS_OK, 250},
        {"200ms", STATUS_OK, 200000},
        {"5s", STATUS_OK, 5000000},
        {"1.5s", STATUS_OK, 1500000},
        {"0.000001s", STATUS_OK, 1},
        {"2m", STATUS_OK, 120000000},
        {"1h", STATUS_OK, INT64_C(3600000000)},
        {"7d", STATUS_OK, INT64_C(604800000000)},
        {"0.5d", STATUS_OK, INT64_C(43200000000)},
        {"0s", STATUS_OK, 0},
    };

    (void)state;
    assert_parses(duration_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void what_is_not_nothing_never_becomes_nothing(void **state)
{
    static const struct parse_case cases[] = {
        {"0.0000001s", STATUS_OK, 1},
        {"1.0000001s", STATUS_OK, 1000001},
        {"0.0001ms", STATUS_OK, 1},
        {"0.000000000s", STATUS_OK, 0},
    };

    (void)state;
    assert_parses(duration_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void refuses_what_is_no_duration(void **state)
{
    static const struct parse_case cases[] = {
        {"", STATUS_BAD_INPUT, 0},
        {"5", STATUS_BAD_INPUT, 0},
        {"s", STATUS_BAD_INPUT, 0},
        {"-5s", STATUS_BAD_INPUT, 0},
        {"5 s", STATUS_BAD_INPUT, 0},
        {"5S", STATUS_BAD_INPUT, 0},
        {"5M", STATUS_BAD_INPUT, 0},
        {"5.s", STATUS_BAD_INPUT, 0},
        {".5s", STATUS_BAD_INPUT, 0},
        {"1.5.5s", STATUS_BAD_INPUT, 0},
        {"1e3s", STATUS_BAD_INPUT, 0},
        {"5sec", STATUS_BAD_INPUT, 0},
        {"1.5us", STATUS_BAD_INPUT, 0},
        {"1.0000000000s", STATUS_BAD_INPUT, 0},
        {"00", STATUS_BAD_INPUT, 0},
        {"106751992d", STATUS_LIMIT, 0},
        {"99999999999999999999s", STATUS_LIMIT, 0},
        {"106751991d", STATUS_OK, INT64_C(106751991) * 86400 * 1000000},
        {"106751991.999999999d", STATUS_LIMIT, 0},
    };

    (void)state;
    assert_parses(duration_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void reads_sizes(void **state)
{
    static const struct parse_case cases[] = {
        {"0", STATUS_OK, 0},
        {"10", STATUS_OK, 10},
        {"10B", STATUS_OK, 10},
        {"10k", STATUS_OK, 10000},
        {"10kB", STATUS_OK, 10000},
        {"64KiB", STATUS_OK, 65536},
        {"1.5MB", STATUS_OK, 1500000},
        {"1.5MiB", STATUS_OK, 1572864},
        {"2GiB", STATUS_OK, INT64_C(2147483648)},
        {"4G", STATUS_OK, INT64_C(4000000000)},
        {"1TiB", STATUS_OK, INT64_C(1099511627776)},
        {"9223372036854775807", STATUS_OK, INT64_MAX},
    };

    (void)state;
    assert_parses(size_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void refuses_what_is_no_size(void **state)
{
    static const struct parse_case cases[] = {
        {"", STATUS_BAD_INPUT, 0},       {"k", STATUS_BAD_INPUT, 0},
        {"1.5", STATUS_BAD_INPUT, 0},    {"1.5B", STATUS_BAD_INPUT, 0},
        {"10 k", STATUS_BAD_INPUT, 0},   {"-1", STATUS_BAD_INPUT, 0},
        {"10kib", STATUS_BAD_INPUT, 0},  {"10m", STATUS_BAD_INPUT, 0},
        {"0x10", STATUS_BAD_INPUT, 0},   {"9223372036854775808", STATUS_LIMIT, 0},
        {"8388608TiB", STATUS_LIMIT, 0},
    };

    (void)state;
    assert_parses(size_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void reads_rates(void **state)
{
    static const struct parse_case cases[] = {
        {"64KiB/s", STATUS_OK, 65536},
        {"100kB/s", STATUS_OK, 100000},
        {"512B/s", STATUS_OK, 512},
        {"9/s", STATUS_OK, 9},
        {"1.5Mbit/s", STATUS_OK, 187500},
        {"56kbit/s", STATUS_OK, 7000},
        {"1Gbit/s", STATUS_OK, 125000000},
        {"7bit/s", STATUS_OK, 0},
        {"64KiB", STATUS_BAD_INPUT, 0},
        {"64 KiB/s", STATUS_BAD_INPUT, 0},
        {"64KiB/m", STATUS_BAD_INPUT, 0},
        {"/s", STATUS_BAD_INPUT, 0},
        {"", STATUS_BAD_INPUT, 0},
        {"1Kibit/s", STATUS_BAD_INPUT, 0},
        {"9223372036854775808bit/s", STATUS_LIMIT, 0},
    };

    (void)state;
    assert_parses(rate_parse, cases, sizeof(cases) / sizeof(cases[0]));
}

static void assert_put(void (*put)(struct buf *, int64_t), int64_t value, const char *expected)
{
    struct buf b;

    buf_init(&b, 100);
    put(&b, value);
    assert_string_equal(buf_text(&b), expected);
    buf_release(&b);
}

static void writes_durations(void **state)
{
    (void)state;
    assert_put(duration_put, 0, "0 \xc2\xb5s");
    assert_put(duration_put, 840, "840 \xc2\xb5s");
    assert_put(duration_put, 12345, "12 ms");
    assert_put(duration_put, 999999, "999 ms");
    assert_put(duration_put, 1250000, "1.2 s");
    assert_put(duration_put, 59999999, "59.9 s");
    assert_put(duration_put, 200000000, "3 m 20 s");
    assert_put(duration_put, INT64_C(86399) * 1000000, "23 h 59 m");
    assert_put(duration_put, INT64_C(86400) * 1000000, "1 d 0 h");
    assert_put(duration_put, -1, "-");
}

/* Columns, not bytes: a continuation byte takes none. */
static int columns(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

static void a_duration_never_takes_more_than_nine_columns(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    for (int shift = 0; shift < 63; shift++) {
        for (int64_t less = 0; less < 2; less++) {
            buf_clear(&b);
            duration_put(&b, (INT64_C(1) << shift) - less);
            assert_in_range(columns(buf_text(&b)), 1, 9);
        }
    }
    buf_clear(&b);
    duration_put(&b, INT64_MAX);
    assert_int_equal(columns(buf_text(&b)), 9);
    buf_release(&b);
}

static void writes_sizes(void **state)
{
    (void)state;
    assert_put(size_put, 0, "0 B");
    assert_put(size_put, 512, "512 B");
    assert_put(size_put, 1023, "1023 B");
    assert_put(size_put, 1024, "1.0 KiB");
    assert_put(size_put, 1229, "1.2 KiB");
    assert_put(size_put, 1048575, "1023.9 KiB");
    assert_put(size_put, 1048576, "1.0 MiB");
    assert_put(size_put, INT64_C(4) << 30, "4.0 GiB");
    assert_put(size_put, INT64_MAX, "7.9 EiB");
    assert_put(size_put, -1, "-");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_durations),
        cmocka_unit_test(what_is_not_nothing_never_becomes_nothing),
        cmocka_unit_test(refuses_what_is_no_duration),
        cmocka_unit_test(reads_sizes),
        cmocka_unit_test(refuses_what_is_no_size),
        cmocka_unit_test(reads_rates),
        cmocka_unit_test(writes_durations),
        cmocka_unit_test(a_duration_never_takes_more_than_nine_columns),
        cmocka_unit_test(writes_sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
