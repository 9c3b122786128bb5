#include "rules/date.h"

enum { DAY_SECONDS = 24 * 60 * 60, ERA_DAYS = 146097, ERA_YEARS = 400 };

struct date {
    int64_t year;
    int month, day; /* from 1 */
    int weekday;    /* 0 is Sunday */
    int hour, minute, second, millisecond;
};

/* The civil calendar by eras of 400 years that start on 1 March of year 0, so
 * that the leap day is the last day of a year. */
static void date_set_day(struct date *d, int64_t days_since_1970)
{
    int64_t days = days_since_1970 + 719468; /* since 0000-03-01 */
    int64_t era = days / ERA_DAYS, day_of_era = days % ERA_DAYS;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month_from_march = (5 * day_of_year + 2) / 153;

    d->day = (int)(day_of_year - (153 * month_from_march + 2) / 5 + 1);
    d->month = (int)(month_from_march < 10 ? month_from_march + 3 : month_from_march - 9);
    d->year = year_of_era + era * ERA_YEARS + (d->month <= 2);
    d->weekday = (int)((days_since_1970 + 4) % 7); /* 1970 began on a Thursday */
}

/* Times before 1970 are shown as its first moment. */
static struct date date_of(int64_t us)
{
    int64_t seconds = us > 0 ? us / 1000000 : 0, of_day = seconds % DAY_SECONDS;
    struct date d = {
        .hour = (int)(of_day / 3600),
        .minute = (int)(of_day / 60 % 60),
        .second = (int)(of_day % 60),
        .millisecond = us > 0 ? (int)(us / 1000 % 1000) : 0,
    };

    date_set_day(&d, seconds / DAY_SECONDS);
    return d;
}

void date_put_http(struct buf *out, int64_t us)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    struct date d = date_of(us);

    buf_putf(out, "%s, %02d %s %04lld %02d:%02d:%02d GMT", days[d.weekday], d.day,
             months[d.month - 1], (long long)d.year, d.hour, d.minute, d.second);
}

void date_put_rfc3339(struct buf *out, int64_t us)
{
    struct date d = date_of(us);

    buf_putf(out, "%04lld-%02d-%02dT%02d:%02d:%02d.%03dZ", (long long)d.year, d.month, d.day,
             d.hour, d.minute, d.second, d.millisecond);
}
