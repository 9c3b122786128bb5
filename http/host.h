/* host: what a host is (name, IPv4, IPv6) and its address bytes. Inner header of
 * http/; host_normalise() is declared in http/url.h. */
#ifndef WEIR_HTTP_HOST_H
#define WEIR_HTTP_HOST_H

#include "http/url.h"

enum {
    HOST_LABEL_BYTES = 63, /* the longest label (RFC 1035 §2.3.4) */
    IPV4_BYTES = 4,
    IPV6_BYTES = 16,
    IPV6_GROUPS = 8,
    IPV6_TEXT_BYTES = 45, /* the longest spelling, with a dotted quad at its end */
};

/* Judges a host that stands without brackets: a name or an IPv4 address.
 * STATUS_BAD_INPUT: empty, too long, an odd character, not UTF-8, an empty
 * label, or only numbers without being one dotted quad. */
MUST_USE enum status host_classify(struct bytes in, enum host_kind *ret_kind);

/* Four decimal numbers under 256 without leading zeros (RFC 3986 §3.2.2). */
bool ipv4_parse(struct bytes in, uint8_t ret_address[static IPV4_BYTES]);
/* RFC 4291 §2.2, without brackets; no zone id. */
bool ipv6_parse(struct bytes in, uint8_t ret_address[static IPV6_BYTES]);
/* RFC 5952 form. */
void ipv6_put(const uint8_t address[static IPV6_BYTES], struct buf *out);

#endif
