/* network: an address, or a network as 10.0.0.0/8 or 2001:db8::/32 (RFC 4632). An IPv4
 * address and the same one mapped into IPv6 are equal. */
#ifndef WEIR_RULES_NETWORK_H
#define WEIR_RULES_NETWORK_H

#include "http/host.h"

struct network {
    uint8_t bytes[IPV6_BYTES]; /* IPv4 mapped (RFC 4291 §2.5.5.2) */
    uint8_t bits;              /* that must be equal */
};

/* BAD_INPUT: it is no address; LIMIT: it is one, but not what stands after its '/'. */
MUST_USE enum status network_parse(struct bytes in, struct network *ret_network);
/* False too when `address` is none. */
bool network_has(const struct network *n, struct bytes address);

#endif
