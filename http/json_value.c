#include "http/json_value.h"

#include <string.h>

#include "http/json_scan.h"

/* What decodes to at most this many bytes of UTF-8. */
enum { CHAR_BYTES = 4 };

/* A string's bytes, decoded one by one. */
struct chars {
    struct bytes in; /* without the quotes; what is left */
    uint8_t decoded[CHAR_BYTES];
    size_t at, len; /* in `decoded` */
};

/* Exponents beyond it are not calculated with. */
#define EXPONENT_MAX INT64_C(100000000000000000)

enum json_kind json_kind(struct bytes value)
{
    switch (json_byte(value, 0)) {
    case '{':
        return JSON_KIND_OBJECT;
    case '[':
        return JSON_KIND_ARRAY;
    case '"':
        return JSON_KIND_STRING;
    case 't':
        return JSON_KIND_TRUE;
    case 'f':
        return JSON_KIND_FALSE;
    case 'n':
        return JSON_KIND_NULL;
    default:
        return JSON_KIND_NUMBER;
    }
}

/* ---- strings (RFC 8259 §7) ---------------------------------------------- */

static struct bytes without_quotes(struct bytes string)
{
    return json_slice(string, 1, string.len > 0 ? string.len - 1 : 0);
}

static bool has_escapes(struct bytes string)
{
    return bytes_find(string, '\\') >= 0;
}

static bool is_surrogate(uint32_t code, uint32_t first)
{
    return code >= first && code < first + 0x400;
}

/* The code unit of \uXXXX at the front of `in`, or 0xffffffff. */
static uint32_t code_unit(struct bytes in)
{
    uint64_t value;

    if (in.len < 6 || in.ptr[0] != '\\' || in.ptr[1] != 'u' ||
        bytes_hex_to_u64(json_slice(in, 2, 6), &value))
        return UINT32_MAX;
    return (uint32_t)value;
}

/* Takes the escape at the front of *in; a pair of surrogates is one code point,
 * a lone one is given as it is. */
static uint32_t escape_take(struct bytes *in)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    uint32_t high = code_unit(*in), low;
    const char *letter;
    uint8_t c;

    if (high != UINT32_MAX) {
        *in = bytes_from(*in, 6);
        low = is_surrogate(high, 0xd800) ? code_unit(*in) : 0;
        if (low == UINT32_MAX || !is_surrogate(low, 0xdc00))
            return high;
        *in = bytes_from(*in, 6);
        return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    c = json_byte(*in, 1);
    *in = bytes_from(*in, 2);
    letter = c ? strchr(letters, c) : NULL;
    return letter ? (uint8_t)meanings[letter - letters] : c;
}

/* Surrogates too are encoded by the rule of UTF-8. */
static size_t code_encode(uint32_t code, uint8_t out[CHAR_BYTES])
{
    if (code < 0x80) {
        out[0] = (uint8_t)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (uint8_t)(0xc0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (uint8_t)(0xe0 | code >> 12);
        out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | code >> 18);
    out[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (code & 0x3f));
    return 4;
}

static enum status string_put(struct bytes string, bool keep_surrogates, struct buf *out)
{
    struct bytes in = without_quotes(string);
    uint8_t encoded[CHAR_BYTES];
    ptrdiff_t escape;

    while ((escape = bytes_find(in, '\\')) >= 0) {
        uint32_t code;

        buf_put(out, bytes_until(in, (size_t)escape));
        in = bytes_from(in, (size_t)escape);
        code = escape_take(&in);
        if (!keep_surrogates && code >= 0xd800 && code < 0xe000)
            code = 0xfffd;
        buf_put(out, bytes_make(encoded, code_encode(code, encoded)));
    }
    buf_put(out, in);
    return buf_status(out);
}

enum status json_string_text(struct bytes value, struct buf *out)
{
    if (json_kind(value) != JSON_KIND_STRING)
        return STATUS_BAD_INPUT;
    return string_put(value, false, out);
}

enum status json_name_text(struct bytes name, struct buf *out)
{
    return string_put(name, true, out);
}

/* The next decoded byte, or -1. */
static int chars_next(struct chars *c)
{
    if (c->at < c->len)
        return c->decoded[c->at++];
    if (c->in.len == 0)
        return -1;
    if (c->in.ptr[0] == '\\') {
        c->len = code_encode(escape_take(&c->in), c->decoded);
        c->at = 1;
        return c->decoded[0];
    }
    c->in = bytes_from(c->in, 1);
    return c->in.ptr[-1];
}

static int bytes_order(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;

    if (order != 0)
        return order;
    return (a.len > b.len) - (a.len < b.len);
}

int json_name_order(struct bytes written, struct bytes name)
{
    struct chars left = {.in = without_quotes(written)};
    int a, b;

    if (!has_escapes(left.in))
        return bytes_order(left.in, name);
    for (size_t i = 0;; i++) {
        a = chars_next(&left);
        b = i < name.len ? name.ptr[i] : -1;
        if (a != b || a < 0)
            return a - b;
    }
}

static bool string_equal(struct bytes a, struct bytes b)
{
    struct chars left = {.in = without_quotes(a)}, right = {.in = without_quotes(b)};
    int c;

    if (!has_escapes(a) && !has_escapes(b))
        return bytes_equal(a, b);
    do {
        c = chars_next(&left);
        if (c != chars_next(&right))
            return false;
    } while (c >= 0);
    return true;
}

/* ---- numbers (RFC 8259 §6) ---------------------------------------------- */

/* A number as 0.DIGITS times 10^scale; the digits neither start nor end with 0. */
struct number {
    struct bytes digits; /* as written; a point may stand among them */
    int64_t scale;
    bool negative;
    bool vast; /* the exponent is out of reach */
};

static int64_t exponent_read(struct bytes in, bool *ret_vast)
{
    bool negative = json_byte(in, 0) == '-';
    int64_t value = 0;

    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] < '0' || in.ptr[i] > '9')
            continue; /* the sign */
        value = value * 10 + (in.ptr[i] - '0');
        if (value > EXPONENT_MAX) {
            *ret_vast = true;
            return 0;
        }
    }
    return negative ? -value : value;
}

static struct number number_read(struct bytes in)
{
    struct number n = {.negative = json_byte(in, 0) == '-'};
    size_t start = n.negative ? 1 : 0, end = start, point;

    while (end < in.len && in.ptr[end] != 'e' && in.ptr[end] != 'E')
        end++;
    n.scale = exponent_read(bytes_from(in, end + 1), &n.vast);
    for (point = start; point < end && in.ptr[point] != '.'; point++)
        continue;
    while (start < end && (in.ptr[start] == '0' || in.ptr[start] == '.'))
        start++;
    while (end > start && (in.ptr[end - 1] == '0' || in.ptr[end - 1] == '.'))
        end--;
    n.digits = json_slice(in, start, end);
    if (n.digits.len == 0)
        return (struct number){.scale = 0}; /* -0 and 0e9 are 0 */
    n.scale += start > point ? -(int64_t)(start - point - 1) : (int64_t)(point - start);
    return n;
}

/* The next digit, over the point, or -1. */
static int digit_take(struct bytes *digits)
{
    if (json_byte(*digits, 0) == '.')
        *digits = bytes_from(*digits, 1);
    if (digits->len == 0)
        return -1;
    *digits = bytes_from(*digits, 1);
    return digits->ptr[-1];
}

static bool number_equal(struct bytes a, struct bytes b)
{
    struct number left = number_read(a), right = number_read(b);
    int digit;

    if (left.vast || right.vast)
        return bytes_equal(a, b);
    if (left.negative != right.negative || left.scale != right.scale)
        return false;
    do {
        digit = digit_take(&left.digits);
        if (digit != digit_take(&right.digits))
            return false;
    } while (digit >= 0);
    return true;
}

bool json_scalar_equal(struct bytes a, struct bytes b)
{
    enum json_kind kind = json_kind(a);

    if (kind != json_kind(b))
        return false;
    if (kind == JSON_KIND_STRING)
        return string_equal(a, b);
    return kind != JSON_KIND_NUMBER || number_equal(a, b);
}
