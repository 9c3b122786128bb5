/* Times as filters have them: back from now, or of a day in UTC. */
#include "base/sizes.h"
#include "logs/filter_impl.h"

#define SECOND_US INT64_C(1000000)
#define DAY_US (86400 * SECOND_US)

enum { YEAR_MIN = 1970, YEAR_MAX = 9999, DATE_LEN = 10 };

/* Exactly `len` digits at `at`. */
static bool digits_at(struct bytes in, size_t at, size_t len, int64_t *ret_number)
{
    uint64_t number;
    struct bytes part = bytes_until(bytes_from(in, at), len);

    if (part.len != len || bytes_to_u64(part, UINT32_MAX, &number))
        return false;
    *ret_number = (int64_t)number;
    return true;
}

static bool byte_is(struct bytes in, size_t at, uint8_t c)
{
    return at < in.len && in.ptr[at] == c;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

/* Days since 1970-01-01 in the Gregorian calendar, years counted from March. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month <= 2 ? year - 1 : year, m = (month + 9) % 12;

    return y * 365 + y / 4 - y / 100 + y / 400 + (m * 306 + 5) / 10 + day - 1 - 719468;
}

/* "2026-11-23" */
static bool read_date(struct bytes in, int64_t *ret_us)
{
    int64_t year, month, day;

    if (!digits_at(in, 0, 4, &year) || !byte_is(in, 4, '-') || !digits_at(in, 5, 2, &month) ||
        !byte_is(in, 7, '-') || !digits_at(in, 8, 2, &day))
        return false;
    if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || day < 1 ||
        day > days_of_month(year, month))
        return false;
    *ret_us = days_since_1970(year, month, day) * DAY_US;
    return true;
}

/* "10:00", "10:00:30" */
static bool read_clock(struct bytes in, int64_t *ret_us)
{
    int64_t hour, minute, second = 0;

    if (!digits_at(in, 0, 2, &hour) || !byte_is(in, 2, ':') || !digits_at(in, 3, 2, &minute))
        return false;
    if (in.len != 5 && (in.len != 8 || !byte_is(in, 5, ':') || !digits_at(in, 6, 2, &second)))
        return false;
    if (hour > 23 || minute > 59 || second > 59)
        return false;
    *ret_us = ((hour * 60 + minute) * 60 + second) * SECOND_US;
    return true;
}

enum status filter_when(struct bytes text, int64_t now_us, int64_t *ret_us)
{
    int64_t day = now_us - now_us % DAY_US, clock = 0, back = 0;
    struct bytes in = text;

    if (in.len > DATE_LEN && byte_lower(in.ptr[in.len - 1]) == 'z')
        in.len--;
    if (read_clock(in, &clock)) {
        *ret_us = day + clock;
        return STATUS_OK;
    }
    if (read_date(bytes_until(in, DATE_LEN), &day)) {
        if (in.len > DATE_LEN && (byte_lower(in.ptr[DATE_LEN]) != 't' ||
                                  !read_clock(bytes_from(in, DATE_LEN + 1), &clock)))
            return STATUS_BAD_INPUT;
        *ret_us = day + clock;
        return STATUS_OK;
    }
    if (duration_parse(text, &back))
        return STATUS_BAD_INPUT;
    *ret_us = back < now_us ? now_us - back : 0;
    return STATUS_OK;
}
