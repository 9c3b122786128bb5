/* http_date: points in time as HTTP writes them. */
#ifndef WEIR_HTTP_HTTP_DATE_H
#define WEIR_HTTP_HTTP_DATE_H

#include "base/bytes.h"

/* All three forms of RFC 9110 §5.6.7: IMF-fixdate, and the obsolete ones of RFC 850 and of
 * C's asctime(). A two-digit year is of 1970 to 2069. µs since 1970; names of days are not
 * compared with the date. STATUS_BAD_INPUT. */
MUST_USE enum status http_date_parse(struct bytes in, int64_t *ret_us);

#endif
