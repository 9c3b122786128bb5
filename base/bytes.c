#include "base/bytes.h"

#include <string.h>

struct bytes bytes_of(const char *text)
{
    return bytes_make(text, text ? strlen(text) : 0);
}

struct bytes bytes_make(const void *ptr, size_t len)
{
    return (struct bytes){ptr, len};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

uint8_t byte_lower(uint8_t c)
{
    return (uint8_t)(c - 'A') < 26 ? (uint8_t)(c | 0x20) : c;
}

bool bytes_equal_icase(struct bytes a, struct bytes b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        if (a.ptr[i] != b.ptr[i] && byte_lower(a.ptr[i]) != byte_lower(b.ptr[i]))
            return false;
    }
    return true;
}

bool bytes_starts_with(struct bytes all, struct bytes start)
{
    return all.len >= start.len && bytes_equal(bytes_until(all, start.len), start);
}

bool bytes_ends_with(struct bytes all, struct bytes end)
{
    return all.len >= end.len && bytes_equal(bytes_from(all, all.len - end.len), end);
}

ptrdiff_t bytes_find(struct bytes in, uint8_t byte)
{
    const uint8_t *hit = in.len ? memchr(in.ptr, byte, in.len) : NULL;

    return hit ? hit - in.ptr : -1;
}

ptrdiff_t bytes_search(struct bytes in, struct bytes needle)
{
    const uint8_t *hit;

    if (needle.len == 0)
        return 0;
    if (needle.len > in.len)
        return -1;
    hit = memmem(in.ptr, in.len, needle.ptr, needle.len);
    return hit ? hit - in.ptr : -1;
}

struct bytes bytes_from(struct bytes in, size_t at)
{
    if (at == 0)
        return in;
    if (at >= in.len)
        return bytes_make(in.len ? in.ptr + in.len : in.ptr, 0);
    return bytes_make(in.ptr + at, in.len - at);
}

struct bytes bytes_until(struct bytes in, size_t len)
{
    return bytes_make(in.ptr, len < in.len ? len : in.len);
}

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct bytes bytes_trim(struct bytes in)
{
    while (in.len && is_blank(in.ptr[in.len - 1]))
        in.len--;
    while (in.len && is_blank(in.ptr[0])) {
        in.ptr++;
        in.len--;
    }
    return in;
}

/* Where the comma stands that ends the first element, or the length. */
static size_t element_len(struct bytes list)
{
    bool quoted = false;

    for (size_t i = 0; i < list.len; i++) {
        uint8_t c = list.ptr[i];

        if (c == '"')
            quoted = !quoted;
        else if (c == '\\' && quoted)
            i++; /* quoted-pair, RFC 9110 §5.6.4 */
        else if (c == ',' && !quoted)
            return i;
    }
    return list.len;
}

bool bytes_next_listed(struct bytes *list, struct bytes *ret_element)
{
    while (list->len) {
        size_t len = element_len(*list);
        struct bytes element = bytes_trim(bytes_until(*list, len));

        *list = bytes_from(*list, len + 1);
        if (element.len) {
            *ret_element = element;
            return true;
        }
    }
    return false;
}

enum status bytes_to_u64(struct bytes in, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;
    bool over = false;

    if (in.len == 0)
        return STATUS_BAD_INPUT;
    for (size_t i = 0; i < in.len; i++) {
        unsigned digit = (unsigned)in.ptr[i] - '0';

        if (digit > 9)
            return STATUS_BAD_INPUT;
        if (over || value > (UINT64_MAX - digit) / 10)
            over = true; /* read on: a bad digit counts more */
        else
            value = value * 10 + digit;
    }
    if (over || value > max)
        return STATUS_LIMIT;
    *ret_value = value;
    return STATUS_OK;
}

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = byte_lower(c);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum status bytes_hex_to_u64(struct bytes in, uint64_t *ret_value)
{
    uint64_t value = 0;

    if (in.len == 0)
        return STATUS_BAD_INPUT;
    for (size_t i = 0; i < in.len; i++) {
        int digit = hex_digit(in.ptr[i]);

        if (digit < 0)
            return STATUS_BAD_INPUT;
        if (i == 16)
            return STATUS_LIMIT;
        value = value << 4 | (uint64_t)digit;
    }
    *ret_value = value;
    return STATUS_OK;
}

uint64_t bytes_hash(struct bytes in, uint64_t seed)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ seed;

    for (size_t i = 0; i < in.len; i++)
        hash = (hash ^ in.ptr[i]) * UINT64_C(1099511628211);
    return hash;
}
