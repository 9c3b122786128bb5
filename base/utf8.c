/* The UTF-8 part of text.h. */
#include "base/text.h"

struct width_range {
    uint32_t first, last;
    int columns;
};

static const struct width_range width_ranges[] = {
#define WIDTH(first, last, columns) {first, last, columns},
#include "base/utf8_width.def"
#undef WIDTH
};

static bool is_continuation(uint8_t c)
{
    return (c & 0xc0) == 0x80;
}

static size_t decode_2(const uint8_t *p, uint32_t *ret_code_point)
{
    if (p[0] < 0xc2 || !is_continuation(p[1]))
        return 0;
    *ret_code_point = (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    return 2;
}

static size_t decode_3(const uint8_t *p, uint32_t *ret_code_point)
{
    uint32_t code = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);

    if (!is_continuation(p[1]) || !is_continuation(p[2]))
        return 0;
    if (code < 0x800 || (code >= 0xd800 && code <= 0xdfff))
        return 0;
    *ret_code_point = code;
    return 3;
}

static size_t decode_4(const uint8_t *p, uint32_t *ret_code_point)
{
    uint32_t code =
        (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);

    if (!is_continuation(p[1]) || !is_continuation(p[2]) || !is_continuation(p[3]))
        return 0;
    if (code < 0x10000 || code > 0x10ffff)
        return 0;
    *ret_code_point = code;
    return 4;
}

size_t utf8_decode(struct bytes in, uint32_t *ret_code_point)
{
    uint8_t first = in.len ? in.ptr[0] : 0xff;

    if (first < 0x80) {
        *ret_code_point = first;
        return 1;
    }
    if ((first & 0xe0) == 0xc0 && in.len >= 2)
        return decode_2(in.ptr, ret_code_point);
    if ((first & 0xf0) == 0xe0 && in.len >= 3)
        return decode_3(in.ptr, ret_code_point);
    if ((first & 0xf8) == 0xf0 && in.len >= 4)
        return decode_4(in.ptr, ret_code_point);
    return 0;
}

bool utf8_valid(struct bytes in)
{
    uint32_t code;

    while (in.len) {
        size_t len = utf8_decode(in, &code);

        if (len == 0)
            return false;
        in = bytes_from(in, len);
    }
    return true;
}

int utf8_width(uint32_t code_point)
{
    size_t low = 0, high = sizeof(width_ranges) / sizeof(width_ranges[0]);

    if (code_point < 0x20 || (code_point >= 0x7f && code_point < 0xa0))
        return 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (code_point > width_ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < sizeof(width_ranges) / sizeof(width_ranges[0]) &&
        code_point >= width_ranges[low].first)
        return width_ranges[low].columns;
    return 1;
}
