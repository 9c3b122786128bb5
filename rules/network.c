#include "rules/network.h"

#include <string.h>

enum { MAPPED_BYTES = IPV6_BYTES - IPV4_BYTES, BYTE_BITS = 8 };

/* *ret_unused: bits of the mapping, before the address itself. */
static bool address_parse(struct bytes in, uint8_t bytes[static IPV6_BYTES], unsigned *ret_unused)
{
    static const uint8_t mapped[MAPPED_BYTES] = {[10] = 0xff, [11] = 0xff};

    *ret_unused = 0;
    if (ipv6_parse(in, bytes))
        return true;
    memcpy(bytes, mapped, sizeof(mapped));
    *ret_unused = MAPPED_BYTES * BYTE_BITS;
    return ipv4_parse(in, bytes + MAPPED_BYTES);
}

enum status network_parse(struct bytes in, struct network *ret_network)
{
    ptrdiff_t slash = bytes_find(in, '/');
    struct network n;
    unsigned unused;
    uint64_t bits;

    if (!address_parse(slash < 0 ? in : bytes_until(in, (size_t)slash), n.bytes, &unused))
        return STATUS_BAD_INPUT;
    bits = IPV6_BYTES * BYTE_BITS - unused;
    if (slash >= 0 && bytes_to_u64(bytes_from(in, (size_t)slash + 1), bits, &bits))
        return STATUS_LIMIT;
    n.bits = (uint8_t)(bits + unused);
    *ret_network = n;
    return STATUS_OK;
}

bool network_has(const struct network *n, struct bytes address)
{
    uint8_t bytes[IPV6_BYTES];
    unsigned whole = n->bits / BYTE_BITS, rest = n->bits % BYTE_BITS, unused;

    if (!address_parse(address, bytes, &unused) || memcmp(bytes, n->bytes, whole) != 0)
        return false;
    return rest == 0 || (bytes[whole] ^ n->bytes[whole]) >> (BYTE_BITS - rest) == 0;
}
