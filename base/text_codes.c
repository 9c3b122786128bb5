/* The base64 and hexadecimal part of text.h. */
#include "base/text.h"

static const char base64_letters[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Writes four letters for the one to three bytes at `in`. */
static void base64_put_group(uint8_t *out, const uint8_t *in, size_t len)
{
    uint32_t bits = (uint32_t)in[0] << 16;

    if (len > 1)
        bits |= (uint32_t)in[1] << 8;
    if (len > 2)
        bits |= in[2];
    out[0] = (uint8_t)base64_letters[bits >> 18];
    out[1] = (uint8_t)base64_letters[bits >> 12 & 63];
    out[2] = len > 1 ? (uint8_t)base64_letters[bits >> 6 & 63] : '=';
    out[3] = len > 2 ? (uint8_t)base64_letters[bits & 63] : '=';
}

void text_put_base64(struct buf *out, struct bytes in)
{
    size_t groups = in.len / 3 + (in.len % 3 != 0);
    /* so long an input cannot be in memory; buf_room() would say LIMIT */
    uint8_t *room = buf_room(out, groups > SIZE_MAX / 4 ? SIZE_MAX : groups * 4);

    if (!room)
        return;
    for (size_t i = 0; i < groups; i++) {
        size_t left = in.len - i * 3;

        base64_put_group(room + i * 4, in.ptr + i * 3, left < 3 ? left : 3);
    }
    buf_added(out, groups * 4);
}

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* The value of `count` letters, or -1 when one of them is none. */
static int32_t base64_group(const uint8_t *in, size_t count)
{
    int32_t bits = 0;

    for (size_t i = 0; i < count; i++) {
        int value = base64_value(in[i]);

        if (value < 0)
            return -1;
        bits = bits << 6 | value;
    }
    return bits;
}

/* Decodes the last group, whose length is known by its padding. Bits that would
 * be lost must be zero (RFC 4648 §3.5), so that one text means one value. */
static enum status base64_last(const uint8_t *in, uint8_t *room, size_t *ret_len)
{
    size_t letters = in[3] != '=' ? 4 : in[2] != '=' ? 3 : 2;
    int32_t bits = base64_group(in, letters);

    if (bits < 0)
        return STATUS_BAD_INPUT;
    bits = (int32_t)((uint32_t)bits << 6 * (4 - letters));
    if ((letters == 3 && (bits & 0xff)) || (letters == 2 && (bits & 0xffff)))
        return STATUS_BAD_INPUT;
    for (size_t i = 0; i + 1 < letters; i++)
        room[i] = (uint8_t)(bits >> (16 - 8 * i));
    *ret_len = letters - 1;
    return STATUS_OK;
}

enum status text_base64_decode(struct buf *out, struct bytes in)
{
    size_t groups = in.len / 4, last_len = 0;
    enum status st;
    uint8_t *room;

    if (in.len % 4)
        return STATUS_BAD_INPUT;
    if (groups == 0)
        return buf_status(out);
    room = buf_room(out, groups * 3);
    if (!room)
        return buf_status(out);
    for (size_t i = 0; i + 1 < groups; i++) {
        int32_t bits = base64_group(in.ptr + i * 4, 4);

        if (bits < 0)
            return STATUS_BAD_INPUT;
        room[i * 3] = (uint8_t)(bits >> 16);
        room[i * 3 + 1] = (uint8_t)(bits >> 8);
        room[i * 3 + 2] = (uint8_t)bits;
    }
    st = base64_last(in.ptr + (groups - 1) * 4, room + (groups - 1) * 3, &last_len);
    if (st)
        return st;
    buf_added(out, (groups - 1) * 3 + last_len);
    return STATUS_OK;
}

void text_put_hex(struct buf *out, struct bytes in)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *room = buf_room(out, in.len > SIZE_MAX / 2 ? SIZE_MAX : in.len * 2);

    if (!room)
        return;
    for (size_t i = 0; i < in.len; i++) {
        room[i * 2] = (uint8_t)digits[in.ptr[i] >> 4];
        room[i * 2 + 1] = (uint8_t)digits[in.ptr[i] & 15];
    }
    buf_added(out, in.len * 2);
}
