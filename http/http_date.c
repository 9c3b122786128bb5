#include "http/http_date.h"

enum {
    DATE_WORDS = 8, /* of which a date has at most seven */
    YEAR_MIN = 1601,
    YEAR_MAX = 9999,
};

struct date {
    uint64_t year, month, day, hour, minute, second; /* month and day from 1 */
};

/* "Sun, 06 Nov 1994 08:49:37 GMT" as words; the hyphens of RFC 850 part words too. */
static size_t date_split(struct bytes in, struct bytes words[static DATE_WORDS])
{
    size_t count = 0, at = 0;

    while (at < in.len && count < DATE_WORDS) {
        size_t from = at;

        while (at < in.len && in.ptr[at] != ' ' && in.ptr[at] != '-' && in.ptr[at] != ',')
            at++;
        if (at > from)
            words[count++] = bytes_make(in.ptr + from, at - from);
        else
            at++;
    }
    return count;
}

static bool date_month(struct bytes word, uint64_t *ret_month)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

    for (uint64_t i = 0; i < 12 && word.len == 3; i++) {
        if (!bytes_equal_icase(word, bytes_make(names + 3 * i, 3)))
            continue;
        *ret_month = i + 1;
        return true;
    }
    return false;
}

static bool date_time(struct bytes word, struct date *d)
{
    return word.len == 8 && word.ptr[2] == ':' && word.ptr[5] == ':' &&
           !bytes_to_u64(bytes_until(word, 2), 23, &d->hour) &&
           !bytes_to_u64(bytes_make(word.ptr + 3, 2), 59, &d->minute) &&
           !bytes_to_u64(bytes_make(word.ptr + 6, 2), 60, &d->second); /* a leap second */
}

static bool date_year(struct bytes word, struct date *d)
{
    if (bytes_to_u64(word, YEAR_MAX, &d->year))
        return false;
    if (word.len == 2)
        d->year += d->year < 70 ? 2000 : 1900;
    return (word.len == 2 || word.len == 4) && d->year >= YEAR_MIN;
}

static bool date_read(struct bytes in, struct date *d)
{
    struct bytes words[DATE_WORDS];
    size_t count = date_split(in, words);

    if (count == 6) /* weekday day month year time GMT */
        return !bytes_to_u64(words[1], 31, &d->day) && date_month(words[2], &d->month) &&
               date_year(words[3], d) && date_time(words[4], d) &&
               bytes_equal(words[5], BYTES("GMT"));
    return count == 5 && /* weekday month day time year */
           date_month(words[1], &d->month) && !bytes_to_u64(words[2], 31, &d->day) &&
           date_time(words[3], d) && words[4].len == 4 && date_year(words[4], d);
}

/* The civil calendar by eras of 400 years that start on 1 March. */
static int64_t date_days(const struct date *d)
{
    int64_t year = (int64_t)d->year - (d->month <= 2);
    int64_t era = year / 400, of_era = year % 400;
    int64_t month = ((int64_t)d->month + 9) % 12; /* from March */
    int64_t day_of_year = (153 * month + 2) / 5 + (int64_t)d->day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + day_of_year - 719468;
}

enum status http_date_parse(struct bytes in, int64_t *ret_us)
{
    struct date d = {0};
    int64_t seconds;

    if (!date_read(bytes_trim(in), &d) || d.day == 0)
        return STATUS_BAD_INPUT;
    seconds = date_days(&d) * 86400 + (int64_t)(d.hour * 3600 + d.minute * 60 + d.second);
    *ret_us = seconds * 1000000;
    return STATUS_OK;
}
