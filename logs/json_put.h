/* json_put: JSON written straight into a buffer's memory. The buffer's length is set
 * by json_put_end(); between begin and end nobody else may touch the buffer. When
 * memory or the cap runs out the rest is dropped and the buffer is broken, as with
 * buf_put(). Inner header of logs/, for the hot path: inline. */
#ifndef WEIR_LOGS_JSON_PUT_H
#define WEIR_LOGS_JSON_PUT_H

#include <string.h>

#include "base/buf.h"

enum {
    JSON_PUT_ESCAPED = 6,        /* the most bytes that one byte becomes: \u001f */
    JSON_PUT_SHORT_BYTES = 4096, /* longer strings go a slower way that needs less room */
    JSON_PUT_NUMBER_BYTES = 20,
};

struct json_put {
    uint8_t *at, *end; /* the room that is left */
    struct buf *buf;
};

void json_put_begin(struct json_put *p, struct buf *buf);
void json_put_end(struct json_put *p);
/* Room for `len` bytes; false when there is none. */
bool json_put_grow(struct json_put *p, size_t len);
/* A string that is long, or holds what is not printable ASCII. */
void json_put_string_slowly(struct json_put *p, struct bytes in);
void json_put_base64(struct json_put *p, struct bytes in);

static inline bool json_put_room(struct json_put *p, size_t len)
{
    return (size_t)(p->end - p->at) >= len || json_put_grow(p, len);
}

static inline void json_put_raw(struct json_put *p, const char *text, size_t len)
{
    if (!json_put_room(p, len))
        return;
    memcpy(p->at, text, len);
    p->at += len;
}

/* A piece of JSON as it is. */
#define JSON_PUT(p, literal) json_put_raw((p), "" literal, sizeof(literal) - 1)

/* How many of eight bytes, from the first, are printable ASCII that needs no
 * escape. */
static inline unsigned json_put_plain_len(uint64_t word)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = ones << 7;
    uint64_t quote, slash, bad;

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    quote = word ^ ones * '"';
    slash = word ^ ones * '\\';
    bad = word | (word + ones); /* 0x7f and above */
    bad |= (word - ones * 0x20) | (quote - ones) | (slash - ones);
    bad &= tops; /* a borrow marks only bytes behind one that is marked rightly */
    return bad ? (unsigned)__builtin_ctzll(bad) >> 3 : 8;
}

/* The letter after the backslash of a byte that has such a short form, or 0. */
static inline uint8_t json_put_letter(uint8_t c)
{
    switch (c) {
    case '"':
    case '\\':
        return c;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    }
    return 0;
}

/* Fewer than eight bytes, filled up with spaces. */
static inline uint64_t json_put_load_few(const uint8_t *from, size_t len)
{
    uint64_t word = UINT64_C(0x2020202020202020);
    uint8_t bytes[sizeof(word)];
    size_t at = 0;

    memcpy(bytes, &word, sizeof(word));
    if (len & 4) {
        memcpy(bytes, from, 4);
        at = 4;
    }
    if (len & 2) {
        memcpy(bytes + at, from + at, 2);
        at += 2;
    }
    if (len & 1)
        bytes[at] = from[at];
    memcpy(&word, bytes, sizeof(word));
    return word;
}

/* ASCII only: 0 when something else stands in `in`. Writes up to eight bytes more than
 * it counts. */
static inline size_t json_put_ascii(uint8_t *out, struct bytes in)
{
    const uint8_t *from = in.ptr, *end = in.ptr + in.len;
    uint8_t *at = out;

    while (from < end) {
        size_t left = (size_t)(end - from), plain;
        uint64_t word;
        uint8_t c, letter;

        if (left >= sizeof(word)) {
            left = sizeof(word);
            memcpy(&word, from, sizeof(word));
        } else {
            word = json_put_load_few(from, left);
        }
        memcpy(at, &word, sizeof(word));
        plain = json_put_plain_len(word);
        plain = plain < left ? plain : left;
        from += plain;
        at += plain;
        if (plain == left)
            continue;
        c = *from++;
        letter = json_put_letter(c);
        if (!letter && (c < 0x20 || c >= 0x7f))
            return 0;
        if (letter) {
            *at++ = '\\';
            c = letter;
        }
        *at++ = c;
    }
    return (size_t)(at - out);
}

/* A string with its quotes. What is not UTF-8 becomes U+FFFD. */
static inline void json_put_string(struct json_put *p, struct bytes in)
{
    size_t len;

    if (in.len > JSON_PUT_SHORT_BYTES ||
        !json_put_room(p, in.len * JSON_PUT_ESCAPED + 2 + sizeof(uint64_t))) {
        json_put_string_slowly(p, in);
        return;
    }
    len = in.len ? json_put_ascii(p->at + 1, in) : 0;
    if (!len && in.len) {
        json_put_string_slowly(p, in);
        return;
    }
    p->at[0] = '"';
    p->at[len + 1] = '"';
    p->at += len + 2;
}

static inline void json_put_u64(struct json_put *p, uint64_t value)
{
    uint8_t digits[JSON_PUT_NUMBER_BYTES];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value);
    json_put_raw(p, (const char *)digits + at, sizeof(digits) - at);
}

static inline void json_put_i64(struct json_put *p, int64_t value)
{
    if (value < 0)
        JSON_PUT(p, "-");
    json_put_u64(p, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

static inline void json_put_bool(struct json_put *p, bool value)
{
    if (value)
        JSON_PUT(p, "true");
    else
        JSON_PUT(p, "false");
}

#endif
