/* har_parts: the lists and numbers in an entry of har_format.h. Inner header of logs/. */
#ifndef WEIR_LOGS_HAR_PARTS_H
#define WEIR_LOGS_HAR_PARTS_H

#include "logs/har_format.h"
#include "logs/json_put.h"

/* Microseconds as milliseconds with as many decimals as they need; -1 stays. */
void har_put_ms(int64_t us, struct json_put *p);
/* ,"time":… */
void har_put_time_all(const struct flow_timings *t, struct json_put *p);
/* ,"timings":{…} */
void har_put_timings(const struct flow_timings *t, struct json_put *p);
/* [{ name, value }], redacted. */
void har_put_fields(struct har_format *h, const struct fields *fields, struct json_put *p);
/* [{ name, value }] of Cookie fields (RFC 6265 §5.4), redacted. */
void har_put_cookies(struct har_format *h, const struct fields *fields, struct json_put *p);
/* The same of Set-Cookie fields (§4.1), with their attributes. Max-Age counts from `now_us`
 * (since 1970). */
void har_put_set_cookies(struct har_format *h, const struct fields *fields, int64_t now_us,
                         struct json_put *p);
/* [{ name, value }], decoded, of the query in h->url. */
void har_put_query(struct har_format *h, struct json_put *p);
/* ,"_webSocketMessages":[…] where there are any. */
void har_put_messages(struct har_format *h, const struct flow *f, struct json_put *p);
/* What the browser's network panel calls it: "document", "fetch", "websocket", … */
const char *har_resource_type(const struct flow *f);

/* The moment of a cookie's Expires attribute (RFC 6265 §5.1.1) in seconds since 1970.
 * BAD_INPUT. */
MUST_USE enum status har_cookie_date(struct bytes text, int64_t *ret_second);

#endif
