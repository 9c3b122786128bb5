#include "rules/sip_hash.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v2 += s->v3;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 = rotate(s->v0, 32) + s->v3;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 = rotate(s->v2, 32);
}

static void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    sip_round(s);
    s->v0 ^= word;
}

/* Up to eight bytes, the lowest first. */
static uint64_t read_word(const uint8_t *at, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)at[i] << (8 * i);
    return word;
}

uint64_t sip_hash(uint64_t key, struct bytes in)
{
    struct sip s = {
        UINT64_C(0x736f6d6570736575) ^ key,
        UINT64_C(0x646f72616e646f6d),
        UINT64_C(0x6c7967656e657261) ^ key,
        UINT64_C(0x7465646279746573),
    };
    size_t at = 0;

    for (; in.len - at >= 8; at += 8)
        sip_word(&s, read_word(in.ptr + at, 8));
    sip_word(&s, (in.len > at ? read_word(in.ptr + at, in.len - at) : 0) | (uint64_t)in.len << 56);
    s.v2 ^= 0xff;
    for (int i = 0; i < 4; i++)
        sip_round(&s);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t sip_hash_u64(uint64_t key, uint64_t value)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return sip_hash(key, bytes_make(bytes, sizeof(bytes)));
}
