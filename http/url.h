/* url: authorities and URLs as RFC 3986 has them and RFC 9110 §4.2 narrows
 * them. Slices point into the input and live as long as it does. Nothing is
 * decoded in place. Input may come from an enemy: every function is linear in
 * it. Outputs named ret_ are untouched on failure. */
#ifndef WEIR_HTTP_URL_H
#define WEIR_HTTP_URL_H

#include "base/buf.h"

enum { HOST_BYTES = 253 }; /* the longest name (RFC 1035 §2.3.4) */

enum host_kind { HOST_NAME, HOST_IPV4, HOST_IPV6 };

struct authority {
    struct bytes host; /* without brackets */
    enum host_kind kind;
    int32_t port;  /* -1 when absent */
    bool userinfo; /* user@ stood there (and was skipped) */
};

struct url {
    struct bytes scheme; /* empty when absent */
    struct bytes authority_text;
    struct authority authority;
    struct bytes path;  /* may be empty */
    struct bytes query; /* without '?'; ptr NULL when absent */
    struct bytes fragment;
};

/* "host", "host:port", "[v6]:port", an IDN as UTF-8 or A-labels. Ports 1–65535
 * of at most five digits; an empty port ("host:") is BAD_INPUT. A host of odd
 * characters (a name has letters, digits, "-", "_" and what an IDN may hold), of
 * more than HOST_BYTES, with an empty label or a zone id, an empty host, an
 * IPv4-like host that inet_aton would take in another spelling than dotted
 * decimal (0x7f.1, 2130706433) is BAD_INPUT. One dot may end a name. */
MUST_USE enum status authority_parse(struct bytes in, struct authority *ret);
/* scheme://authority/path?query#fragment, or the same from "//" on;
 * STATUS_BAD_INPUT. White space and controls stand nowhere in a URL. Bytes from
 * 0x80 on pass in path, query and fragment, though RFC 3986 would have them
 * encoded: who puts them into a request target judges them. */
MUST_USE enum status url_parse(struct bytes in, struct url *ret);
/* http 80, ws 80, https 443, wss 443, else 0. */
uint16_t url_default_port(struct bytes scheme);
/* Appends the host in lower case, without a trailing dot, IDN as A-labels
 * (RFC 5891 §4.4, punycode of RFC 3492), at most HOST_BYTES; IPv6 in RFC 5952
 * form without brackets, given with or without them.
 * Kept simple: capitals are lowered in ASCII, Latin-1, Greek and Cyrillic only;
 * all other letters stay as they are, and nothing is composed (no NFC). Browsers
 * and tools send A-labels, so this serves names that people write in rules.
 * STATUS_BAD_INPUT as in authority_parse(), or too long as A-labels; else the
 * status of `out`. */
MUST_USE enum status host_normalise(struct bytes in, struct buf *out);
/* Appends with %XX decoded; '+' as a space when `form`. A stray % stays. The
 * result may hold any byte. */
void percent_decode(struct bytes in, bool form, struct buf *out);
/* Appends with everything but unreserved characters encoded (RFC 3986 §2.3);
 * `keep` lists others to keep. */
void percent_encode(struct bytes in, const char *keep, struct buf *out);
/* Takes "name=value" off the front of *query; ptr NULL value when no '='.
 * Empty pieces ("&&") are skipped. False when none is left. */
bool url_query_next(struct bytes *query, struct bytes *ret_name, struct bytes *ret_value);

#endif
