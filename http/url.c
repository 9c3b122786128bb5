#include "http/url.h"

#include <string.h>

#include "http/host.h"

enum { PORT_DIGITS = 5, PORT_MAX = 65535 };

static bool is_alpha(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* RFC 3986 §2.3 */
static bool is_unreserved(uint8_t c)
{
    return is_alpha(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* RFC 3986 §3.2.1; a backslash above all, which some readers take for a slash. */
static bool userinfo_valid(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (!is_unreserved(in.ptr[i]) && bytes_find(BYTES("%!$&'()*+,;=:"), in.ptr[i]) < 0)
            return false;
    }
    return true;
}

static enum status port_parse(struct bytes in, int32_t *ret_port)
{
    uint64_t value;

    if (in.len > PORT_DIGITS || bytes_to_u64(in, PORT_MAX, &value) || value == 0)
        return STATUS_BAD_INPUT;
    *ret_port = (int32_t)value;
    return STATUS_OK;
}

/* Splits "[v6]…" or "host…" before the port's colon, if one is there. */
static enum status host_split(struct bytes in, struct authority *a, struct bytes *ret_rest)
{
    uint8_t address[IPV6_BYTES];
    ptrdiff_t end;

    if (in.len > 0 && in.ptr[0] == '[') {
        end = bytes_find(in, ']');
        if (end < 0)
            return STATUS_BAD_INPUT;
        a->host = bytes_until(bytes_from(in, 1), (size_t)end - 1);
        a->kind = HOST_IPV6;
        *ret_rest = bytes_from(in, (size_t)end + 1);
        return ipv6_parse(a->host, address) ? STATUS_OK : STATUS_BAD_INPUT;
    }
    end = bytes_find(in, ':');
    a->host = end < 0 ? in : bytes_until(in, (size_t)end);
    *ret_rest = bytes_from(in, a->host.len);
    return host_classify(a->host, &a->kind);
}

enum status authority_parse(struct bytes in, struct authority *ret)
{
    struct authority a = {.port = -1};
    ptrdiff_t at = bytes_find(in, '@');
    struct bytes rest;
    enum status st;

    if (at >= 0) {
        if (!userinfo_valid(bytes_until(in, (size_t)at)))
            return STATUS_BAD_INPUT;
        a.userinfo = true;
        in = bytes_from(in, (size_t)at + 1);
    }
    st = host_split(in, &a, &rest);
    if (st)
        return st;
    if (rest.len > 0) {
        if (rest.ptr[0] != ':')
            return STATUS_BAD_INPUT;
        st = port_parse(bytes_from(rest, 1), &a.port);
        if (st)
            return st;
    }
    *ret = a;
    return STATUS_OK;
}

/* Takes "scheme:" off *in, when one is there (RFC 3986 §3.1). */
static struct bytes scheme_take(struct bytes *in)
{
    struct bytes scheme = {0};
    size_t len = 0;

    while (len < in->len && (is_alpha(in->ptr[len]) || is_digit(in->ptr[len]) ||
                             bytes_find(BYTES("+-."), in->ptr[len]) >= 0))
        len++;
    if (len > 0 && len < in->len && in->ptr[len] == ':' && is_alpha(in->ptr[0])) {
        scheme = bytes_until(*in, len);
        *in = bytes_from(*in, len + 1);
    }
    return scheme;
}

static size_t span_until(struct bytes in, const char *stops)
{
    size_t len = 0;

    while (len < in.len && bytes_find(bytes_of(stops), in.ptr[len]) < 0)
        len++;
    return len;
}

/* Takes what stands before any of `stops` off *in. */
static struct bytes part_take(struct bytes *in, const char *stops)
{
    size_t len = span_until(*in, stops);
    struct bytes part = bytes_until(*in, len);

    *in = bytes_from(*in, len);
    return part;
}

static bool url_bytes_valid(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] <= ' ' || in.ptr[i] == 0x7f)
            return false;
    }
    return true;
}

enum status url_parse(struct bytes in, struct url *ret)
{
    struct url u = {0};
    enum status st;

    if (!url_bytes_valid(in))
        return STATUS_BAD_INPUT;
    u.scheme = scheme_take(&in);
    if (!bytes_starts_with(in, BYTES("//")))
        return STATUS_BAD_INPUT;
    in = bytes_from(in, 2);
    u.authority_text = part_take(&in, "/?#");
    st = authority_parse(u.authority_text, &u.authority);
    if (st)
        return st;
    u.path = part_take(&in, "?#");
    if (in.len > 0 && in.ptr[0] == '?') {
        in = bytes_from(in, 1);
        u.query = part_take(&in, "#");
    }
    if (in.len > 0)
        u.fragment = bytes_from(in, 1);
    *ret = u;
    return STATUS_OK;
}

uint16_t url_default_port(struct bytes scheme)
{
    if (bytes_equal_icase(scheme, BYTES("http")) || bytes_equal_icase(scheme, BYTES("ws")))
        return 80;
    if (bytes_equal_icase(scheme, BYTES("https")) || bytes_equal_icase(scheme, BYTES("wss")))
        return 443;
    return 0;
}

void percent_decode(struct bytes in, bool form, struct buf *out)
{
    for (size_t i = 0; i < in.len; i++) {
        uint64_t value;
        uint8_t c = in.ptr[i];

        if (c == '%' && in.len - i > 2 &&
            bytes_hex_to_u64(bytes_make(in.ptr + i + 1, 2), &value) == STATUS_OK) {
            c = (uint8_t)value;
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        buf_put_byte(out, c);
    }
}

void percent_encode(struct bytes in, const char *keep, struct buf *out)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];

        if (is_unreserved(c) || bytes_find(bytes_of(keep), c) >= 0)
            buf_put_byte(out, c);
        else
            buf_putf(out, "%%%02X", c);
    }
}

bool url_query_next(struct bytes *query, struct bytes *ret_name, struct bytes *ret_value)
{
    while (query->len > 0) {
        struct bytes pair = part_take(query, "&");
        ptrdiff_t equals = bytes_find(pair, '=');

        *query = bytes_from(*query, 1);
        if (pair.len == 0)
            continue;
        *ret_name = equals < 0 ? pair : bytes_until(pair, (size_t)equals);
        *ret_value = (struct bytes){0};
        if (equals >= 0)
            *ret_value = bytes_from(pair, (size_t)equals + 1);
        return true;
    }
    return false;
}
