/* date: points in time as text, without the C library's locale or time zone. */
#ifndef WEIR_RULES_DATE_H
#define WEIR_RULES_DATE_H

#include "base/buf.h"

/* "Sun, 06 Nov 1994 08:49:37 GMT": IMF-fixdate of RFC 9110 §5.6.7. `us` since 1970. */
void date_put_http(struct buf *out, int64_t us);
/* "1994-11-06T08:49:37.123Z": RFC 3339 §5.6, milliseconds. */
void date_put_rfc3339(struct buf *out, int64_t us);

#endif
