#include "base/sip_hash.h"

struct sip {
    uint64_t v0, v1, v2, v3;
};

static uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_rounds(struct sip *s, int count)
{
    while (count-- > 0) {
        s->v0 += s->v1;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v2 = rotate(s->v2, 32);
    }
}

/* At most eight bytes, little endian. */
static uint64_t word_of(const uint8_t *at, size_t len)
{
    uint64_t word = 0;

    for (size_t i = 0; i < len; i++)
        word |= (uint64_t)at[i] << 8 * i;
    return word;
}

static void sip_add(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_rounds(s, 2);
    s->v0 ^= word;
}

static uint64_t sip_text(uint64_t k0, uint64_t k1, struct bytes in)
{
    struct sip s = {
        k0 ^ UINT64_C(0x736f6d6570736575),
        k1 ^ UINT64_C(0x646f72616e646f6d),
        k0 ^ UINT64_C(0x6c7967656e657261),
        k1 ^ UINT64_C(0x7465646279746573),
    };
    uint64_t len = in.len;

    for (; in.len >= 8; in = bytes_from(in, 8))
        sip_add(&s, word_of(in.ptr, 8));
    sip_add(&s, word_of(in.ptr, in.len) | len << 56);
    s.v2 ^= 0xff;
    sip_rounds(&s, 4);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t sip_hash_keyed(const uint8_t key[static SIP_HASH_KEY_BYTES], struct bytes in)
{
    return sip_text(word_of(key, 8), word_of(key + 8, 8), in);
}

uint64_t sip_hash(uint64_t key, struct bytes in)
{
    return sip_text(key, 0, in);
}

uint64_t sip_hash_u64(uint64_t key, uint64_t value)
{
    uint8_t bytes[8];

    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(value >> (8 * i));
    return sip_hash(key, bytes_make(bytes, sizeof(bytes)));
}
