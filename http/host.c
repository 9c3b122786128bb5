#include "http/host.h"

#include "base/text.h"
#include "http/punycode.h"

/* Code points that no IDN holds, and which would make two hosts look like one:
 * controls, spaces, invisible and bidirectional marks, full stops and full-width
 * forms, private use, non-characters. */
static const struct {
    uint32_t first, last;
} refused_ranges[] = {
    {0x80, 0xa0},     {0xad, 0xad},       {0x34f, 0x34f},      {0x61c, 0x61c},   {0x115f, 0x1160},
    {0x1680, 0x1680}, {0x180b, 0x180f},   {0x2000, 0x206f},    {0x2ff0, 0x2fff}, {0x3000, 0x3002},
    {0x3164, 0x3164}, {0xe000, 0xf8ff},   {0xfe00, 0xfe0f},    {0xfe52, 0xfe52}, {0xfeff, 0xfeff},
    {0xff00, 0xffff}, {0x1fffe, 0x1ffff}, {0xe0000, 0x10ffff},
};

static bool code_point_refused(uint32_t c)
{
    for (size_t i = 0; i < sizeof(refused_ranges) / sizeof(refused_ranges[0]); i++) {
        if (c >= refused_ranges[i].first && c <= refused_ranges[i].last)
            return true;
    }
    return false;
}

static uint32_t code_point_lower(uint32_t c)
{
    if (c < 0x80)
        return byte_lower((uint8_t)c);
    if ((c >= 0xc0 && c <= 0xde && c != 0xd7) || (c >= 0x391 && c <= 0x3ab) ||
        (c >= 0x410 && c <= 0x42f))
        return c + 0x20;
    if (c >= 0x400 && c <= 0x40f)
        return c + 0x50;
    if (c == 0x386)
        return 0x3ac;
    if (c >= 0x388 && c <= 0x38a)
        return c + 0x25;
    if (c == 0x38c)
        return 0x3cc;
    if (c == 0x38e || c == 0x38f)
        return c + 0x3f;
    return c;
}

static bool name_byte_allowed(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Takes the next label and its dot off *rest. */
static struct bytes label_next(struct bytes *rest)
{
    ptrdiff_t dot = bytes_find(*rest, '.');
    struct bytes label = dot < 0 ? *rest : bytes_until(*rest, (size_t)dot);

    *rest = dot < 0 ? bytes_from(*rest, rest->len) : bytes_from(*rest, (size_t)dot + 1);
    return label;
}

/* Is it what inet_aton() may read as a part of an address: decimal, octal, 0x hex? */
static bool label_is_number(struct bytes label)
{
    const char *digits = "0123456789";

    if (label.len >= 2 && label.ptr[0] == '0' && byte_lower(label.ptr[1]) == 'x') {
        digits = "0123456789abcdefABCDEF";
        label = bytes_from(label, 2);
    }
    for (size_t i = 0; i < label.len; i++) {
        if (bytes_find(bytes_of(digits), label.ptr[i]) < 0)
            return false;
    }
    return true;
}

static bool label_is_valid(struct bytes label, bool *ret_ascii)
{
    bool ascii = true;

    if (label.len == 0)
        return false;
    for (size_t at = 0; at < label.len;) {
        uint32_t c;
        size_t len = 1;

        if (label.ptr[at] >= 0x80) {
            len = utf8_decode(bytes_from(label, at), &c);
            if (len == 0 || code_point_refused(c))
                return false;
            ascii = false;
        } else if (!name_byte_allowed(label.ptr[at])) {
            return false;
        }
        at += len;
    }
    if (ascii && label.len > HOST_LABEL_BYTES)
        return false;
    *ret_ascii = ascii;
    /* RFC 5891 §4.2.3.1: an A-label has no other characters. */
    return ascii || !bytes_equal_icase(bytes_until(label, 4), BYTES("xn--"));
}

/* The name without the one dot that may end it. */
static struct bytes name_undotted(struct bytes in)
{
    return in.len > 0 && in.ptr[in.len - 1] == '.' ? bytes_until(in, in.len - 1) : in;
}

enum status host_classify(struct bytes in, enum host_kind *ret_kind)
{
    struct bytes rest = name_undotted(in);
    uint8_t address[IPV4_BYTES];
    bool numbers = true, ascii;

    if (rest.len == 0 || rest.len > HOST_BYTES || rest.ptr[rest.len - 1] == '.')
        return STATUS_BAD_INPUT;
    while (rest.len > 0) {
        struct bytes label = label_next(&rest);

        if (!label_is_valid(label, &ascii))
            return STATUS_BAD_INPUT;
        numbers = numbers && label_is_number(label);
    }
    if (numbers && !ipv4_parse(in, address))
        return STATUS_BAD_INPUT;
    *ret_kind = numbers ? HOST_IPV4 : HOST_NAME;
    return STATUS_OK;
}

static enum status label_put(struct bytes label, struct buf *out)
{
    uint32_t points[HOST_LABEL_BYTES];
    size_t count = 0, start = out->len;
    bool ascii = true;
    enum status st;

    for (size_t at = 0; at < label.len; count++) {
        uint32_t c = 0;
        size_t len = utf8_decode(bytes_from(label, at), &c);

        if (len == 0 || count == HOST_LABEL_BYTES)
            return STATUS_BAD_INPUT;
        points[count] = code_point_lower(c);
        ascii = ascii && c < 0x80;
        at += len;
    }
    if (ascii) {
        for (size_t i = 0; i < count; i++)
            buf_put_byte(out, (uint8_t)points[i]);
        return buf_status(out);
    }
    buf_put_text(out, "xn--");
    st = punycode_encode(points, count, out);
    if (st)
        return st;
    return out->len - start > HOST_LABEL_BYTES ? STATUS_BAD_INPUT : STATUS_OK;
}

static enum status name_put(struct bytes in, struct buf *out)
{
    struct bytes rest = name_undotted(in);
    enum status st = STATUS_OK;

    while (!st && rest.len > 0) {
        if (out->len > 0)
            buf_put_byte(out, '.');
        st = label_put(label_next(&rest), out);
    }
    /* The only cap `name` can meet is HOST_BYTES. */
    return st == STATUS_LIMIT ? STATUS_BAD_INPUT : st;
}

enum status host_normalise(struct bytes in, struct buf *out)
{
    uint8_t address[IPV6_BYTES];
    struct buf name;
    enum host_kind kind;
    enum status st;

    if (in.len >= 2 && in.ptr[0] == '[' && in.ptr[in.len - 1] == ']')
        in = bytes_until(bytes_from(in, 1), in.len - 2);
    if (ipv6_parse(in, address)) {
        ipv6_put(address, out);
        return buf_status(out);
    }
    st = host_classify(in, &kind);
    if (st)
        return st;
    buf_init(&name, HOST_BYTES);
    st = name_put(in, &name);
    if (!st) {
        buf_put(out, buf_bytes(&name));
        st = buf_status(out);
    }
    buf_release(&name);
    return st;
}
