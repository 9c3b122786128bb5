/* Dates of cookies, as lenient as RFC 6265 §5.1.1 wants them read. */
#include <time.h>

#include "logs/har_parts.h"

enum { YEAR_LEAST = 1601 };

struct cookie_date {
    struct tm tm;
    bool time, day, month, year;
};

static bool is_delimiter(uint8_t c)
{
    return c == '\t' || (c >= 0x20 && c <= 0x2f) || (c >= 0x3b && c <= 0x40) ||
           (c >= 0x5b && c <= 0x60) || (c >= 0x7b && c <= 0x7e);
}

static size_t digits_len(struct bytes in)
{
    size_t len = 0;

    while (len < in.len && in.ptr[len] >= '0' && in.ptr[len] <= '9')
        len++;
    return len;
}

/* A number of `least` to `most` digits that stands first in *in, and is taken off it. */
static bool take_number(struct bytes *in, size_t least, size_t most, int *ret_number)
{
    size_t len = digits_len(*in);
    uint64_t value;

    if (len < least || len > most || bytes_to_u64(bytes_until(*in, len), 9999, &value))
        return false;
    *in = bytes_from(*in, len);
    *ret_number = (int)value;
    return true;
}

static bool take_colon(struct bytes *in)
{
    bool there = bytes_starts_with(*in, BYTES(":"));

    *in = bytes_from(*in, there);
    return there;
}

static bool read_time(struct bytes in, struct tm *tm)
{
    return take_number(&in, 1, 2, &tm->tm_hour) && take_colon(&in) &&
           take_number(&in, 1, 2, &tm->tm_min) && take_colon(&in) &&
           take_number(&in, 1, 2, &tm->tm_sec);
}

static bool read_month(struct bytes in, struct tm *tm)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (int i = 0; i < 12 && in.len >= 3; i++) {
        if (!bytes_equal_icase(bytes_until(in, 3), bytes_make(names + 3 * i, 3)))
            continue;
        tm->tm_mon = i;
        return true;
    }
    return false;
}

static bool read_year(struct bytes in, struct tm *tm)
{
    int year;

    if (!take_number(&in, 2, 4, &year))
        return false;
    if (year < 100)
        year += year < 70 ? 2000 : 1900;
    tm->tm_year = year - 1900;
    return true;
}

static void take_token(struct cookie_date *d, struct bytes token)
{
    struct bytes rest = token;

    if (!d->time && read_time(token, &d->tm))
        d->time = true;
    else if (!d->day && take_number(&rest, 1, 2, &d->tm.tm_mday))
        d->day = true;
    else if (!d->month && read_month(token, &d->tm))
        d->month = true;
    else if (!d->year && read_year(token, &d->tm))
        d->year = true;
}

enum status har_cookie_date(struct bytes text, int64_t *ret_second)
{
    struct cookie_date d = {0};
    size_t at = 0;

    while (at < text.len) {
        size_t start = at;

        while (at < text.len && !is_delimiter(text.ptr[at]))
            at++;
        take_token(&d, bytes_make(text.ptr + start, at - start));
        at++;
    }
    if (!d.time || !d.day || !d.month || !d.year || d.tm.tm_mday < 1 || d.tm.tm_mday > 31 ||
        d.tm.tm_year + 1900 < YEAR_LEAST || d.tm.tm_hour > 23 || d.tm.tm_min > 59 ||
        d.tm.tm_sec > 59)
        return STATUS_BAD_INPUT;
    *ret_second = (int64_t)timegm(&d.tm);
    return STATUS_OK;
}
