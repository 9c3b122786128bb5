/* h1_scan: runs of the bytes that HTTP/1 allows at a place, 16 at a time where
 * the machine can. Each function answers the first byte in [at, end) that may
 * not stand there, or `end`. They never read at or past `end`. */
#ifndef WEIR_HTTP_H1_SCAN_H
#define WEIR_HTTP_H1_SCAN_H

#include "base/bytes.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* 1 for the characters of a token (RFC 9110 §5.6.2). */
extern const uint8_t http_token_table[256];

static inline bool h1_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static inline bool h1_is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* May not stand in a field value: all controls but tab (RFC 9110 §5.5). */
static inline bool h1_is_control(uint8_t c)
{
    return (c < 0x20 && c != '\t') || c == 0x7f;
}

static inline bool h1_is_target(uint8_t c)
{
    return c > 0x20 && c < 0x7f && c != '#';
}

#ifdef __SSE2__
static inline __m128i h1_load(const uint8_t *at)
{
    return _mm_loadu_si128((const __m128i *)(const void *)at);
}

/* 0xff in each byte of `v` that lies in [low, low + span]. */
static inline __m128i h1_in_range(__m128i v, uint8_t low, uint8_t span)
{
    __m128i above = _mm_sub_epi8(v, _mm_set1_epi8((char)low));

    return _mm_cmpeq_epi8(_mm_subs_epu8(above, _mm_set1_epi8((char)span)), _mm_setzero_si128());
}

/* Letters, digits and '-': what nearly all field names are made of. */
static inline unsigned h1_plain_name_mask(__m128i v)
{
    __m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
    __m128i plain = _mm_or_si128(_mm_or_si128(h1_in_range(lower, 'a', 25), h1_in_range(v, '0', 9)),
                                 _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));

    return (unsigned)_mm_movemask_epi8(plain);
}

/* Tabs among them: they are rare, and looked at when found. */
static inline unsigned h1_control_mask(__m128i v)
{
    __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v);
    __m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

    return (unsigned)_mm_movemask_epi8(_mm_or_si128(low, del));
}

static inline unsigned h1_not_target_mask(__m128i v)
{
    __m128i good = h1_in_range(v, 0x21, 0x7e - 0x21);
    __m128i hash = _mm_cmpeq_epi8(v, _mm_set1_epi8('#'));

    return (unsigned)_mm_movemask_epi8(_mm_andnot_si128(hash, good)) ^ 0xffffu;
}
#endif

static inline const uint8_t *h1_scan_token(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
    while (end - at >= 16) {
        unsigned odd = h1_plain_name_mask(h1_load(at)) ^ 0xffffu;

        if (odd != 0) {
            at += __builtin_ctz(odd);
            break;
        }
        at += 16;
    }
#endif
    while (at < end && http_token_table[*at])
        at++;
    return at;
}

static inline const uint8_t *h1_scan_value(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
    while (end - at >= 16) {
        unsigned bad = h1_control_mask(h1_load(at));

        if (bad == 0) {
            at += 16;
            continue;
        }
        at += __builtin_ctz(bad);
        if (*at != '\t')
            return at;
        at++;
    }
#endif
    while (at < end && !h1_is_control(*at))
        at++;
    return at;
}

static inline const uint8_t *h1_scan_target(const uint8_t *at, const uint8_t *end)
{
#ifdef __SSE2__
    while (end - at >= 16) {
        unsigned bad = h1_not_target_mask(h1_load(at));

        if (bad != 0)
            return at + __builtin_ctz(bad);
        at += 16;
    }
#endif
    while (at < end && h1_is_target(*at))
        at++;
    return at;
}

#endif
