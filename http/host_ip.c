/* The text forms of IP addresses, both ways. */
#include <string.h>

#include "http/host.h"

bool ipv4_parse(struct bytes in, uint8_t ret_address[static IPV4_BYTES])
{
    uint8_t address[IPV4_BYTES];
    size_t at = 0;

    for (int part = 0; part < IPV4_BYTES; part++) {
        unsigned value = 0;
        size_t start;

        if (part > 0 && (at >= in.len || in.ptr[at++] != '.'))
            return false;
        for (start = at; at < in.len && at - start < 3; at++) {
            if (in.ptr[at] < '0' || in.ptr[at] > '9')
                break;
            value = value * 10 + (unsigned)(in.ptr[at] - '0');
        }
        if (at == start || value > 255 || (at - start > 1 && in.ptr[start] == '0'))
            return false;
        address[part] = (uint8_t)value;
    }
    if (at != in.len)
        return false;
    memcpy(ret_address, address, sizeof(address));
    return true;
}

/* One group of up to four hexadecimal digits at *at; false when none is there. */
static bool group_read(struct bytes in, size_t *at, uint8_t group[static 2])
{
    struct bytes rest = bytes_from(in, *at);
    uint64_t value;
    size_t len = 0;

    while (len < rest.len && len < 4 &&
           bytes_find(BYTES("0123456789abcdefABCDEF"), rest.ptr[len]) >= 0)
        len++;
    if (len == 0 || bytes_hex_to_u64(bytes_until(rest, len), &value))
        return false;
    group[0] = (uint8_t)(value >> 8);
    group[1] = (uint8_t)value;
    *at += len;
    return true;
}

/* Moves what stands behind "::" (from byte `gap` to `len`) to the end. */
static void gap_open(uint8_t *address, size_t gap, size_t len)
{
    size_t tail = len - gap;

    memmove(address + IPV6_BYTES - tail, address + gap, tail);
    memset(address + gap, 0, IPV6_BYTES - len);
}

/* The groups from *at on, into address; *ret_gap is where "::" stood, or -1. */
static bool groups_read(struct bytes in, uint8_t address[static IPV6_BYTES], size_t *ret_len,
                        ptrdiff_t *ret_gap)
{
    ptrdiff_t gap = -1;
    size_t at = 0, len = 0;

    if (bytes_starts_with(in, BYTES("::"))) {
        gap = 0;
        at = 2;
    }
    while (at < in.len && len < IPV6_BYTES) {
        if (len + IPV4_BYTES <= IPV6_BYTES && ipv4_parse(bytes_from(in, at), address + len)) {
            len += IPV4_BYTES;
            at = in.len;
            break;
        }
        if (!group_read(in, &at, address + len))
            return false;
        len += 2;
        if (at == in.len)
            break;
        if (in.ptr[at++] != ':' || at == in.len)
            return false;
        if (in.ptr[at] == ':') {
            if (gap >= 0)
                return false;
            gap = (ptrdiff_t)len;
            at++;
        }
    }
    *ret_len = len;
    *ret_gap = gap;
    return at == in.len;
}

bool ipv6_parse(struct bytes in, uint8_t ret_address[static IPV6_BYTES])
{
    uint8_t address[IPV6_BYTES];
    ptrdiff_t gap;
    size_t len;

    if (in.len < 2 || in.len > IPV6_TEXT_BYTES || !groups_read(in, address, &len, &gap))
        return false;
    /* "::" stands for at least one group (RFC 5952 §4.2.2 forbids writing one
     * so, RFC 4291 §2.2 allows reading it). */
    if (gap >= 0 ? len > IPV6_BYTES - 2 : len != IPV6_BYTES)
        return false;
    if (gap >= 0)
        gap_open(address, (size_t)gap, len);
    memcpy(ret_address, address, sizeof(address));
    return true;
}

static unsigned group_at(const uint8_t *address, int group)
{
    return (unsigned)(address[2 * group] << 8 | address[2 * group + 1]);
}

/* The first of the longest runs of zero groups, two at least (RFC 5952 §4.2). */
static void zeros_find(const uint8_t *address, int *ret_start, int *ret_count)
{
    int start = -1, count = 1;

    for (int i = 0; i < IPV6_GROUPS;) {
        int end = i;

        while (end < IPV6_GROUPS && group_at(address, end) == 0)
            end++;
        if (end - i > count) {
            start = i;
            count = end - i;
        }
        i = end + 1;
    }
    *ret_start = start;
    *ret_count = count;
}

void ipv6_put(const uint8_t address[static IPV6_BYTES], struct buf *out)
{
    static const uint8_t mapped[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    int zeros, zeros_count;

    if (memcmp(address, mapped, sizeof(mapped)) == 0) { /* RFC 5952 §5 */
        buf_putf(out, "::ffff:%u.%u.%u.%u", address[12], address[13], address[14], address[15]);
        return;
    }
    zeros_find(address, &zeros, &zeros_count);
    for (int i = 0; i < IPV6_GROUPS; i++) {
        if (i == zeros) {
            buf_put_text(out, "::");
            i += zeros_count - 1;
            continue;
        }
        if (i > 0 && i != zeros + zeros_count)
            buf_put_byte(out, ':');
        buf_putf(out, "%x", group_at(address, i));
    }
}
