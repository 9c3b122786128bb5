#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/sip_hash.h"

/* By the reference code, with keys whose upper half is zero. */
static void equals_the_reference(void **state)
{
    uint8_t in[16];

    (void)state;
    for (unsigned i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)i;
    assert_int_equal(sip_hash(0, bytes_make(NULL, 0)), UINT64_C(0x1e924b9d737700d7));
    assert_int_equal(sip_hash(0, BYTES("Hello world")), UINT64_C(0xc9e8a3021f3822d9));
    assert_int_equal(sip_hash(0, BYTES("12345678123")), UINT64_C(0xf95d77ccdb0649f));
    assert_int_equal(sip_hash(0, bytes_make(in, 8)), sip_hash_u64(0, UINT64_C(0x0706050403020100)));
}

static void depends_on_key_and_length(void **state)
{
    (void)state;
    assert_int_not_equal(sip_hash(1, BYTES("a")), sip_hash(2, BYTES("a")));
    assert_int_not_equal(sip_hash(1, BYTES("a")), sip_hash(1, BYTES("a\0")));
    assert_int_not_equal(sip_hash(1, BYTES("12345678")), sip_hash(1, BYTES("12345678\0")));
}

static const uint8_t key[SIP_HASH_KEY_BYTES] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                8, 9, 10, 11, 12, 13, 14, 15};

/* The reference's vectors for SipHash-2-4: inputs of the bytes 0, 1, 2 and so on. */
static void agrees_with_the_reference(void **state)
{
    static const struct {
        size_t len;
        uint64_t hash;
    } vectors[] = {
        {0, UINT64_C(0x726fdb47dd0e0e31)},  {1, UINT64_C(0x74f839c593dc67fd)},
        {7, UINT64_C(0xab0200f58b01d137)},  {8, UINT64_C(0x93f5f5799a932462)},
        {15, UINT64_C(0xa129ca6149be45e5)},
    };
    uint8_t in[15];

    (void)state;
    for (size_t i = 0; i < sizeof(in); i++)
        in[i] = (uint8_t)i;
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
        assert_int_equal(sip_hash_keyed(key, bytes_make(in, vectors[i].len)), vectors[i].hash);
}

static void depends_on_the_key(void **state)
{
    uint8_t other[SIP_HASH_KEY_BYTES] = {1};

    (void)state;
    assert_int_not_equal(sip_hash_keyed(key, BYTES("secret")),
                         sip_hash_keyed(other, BYTES("secret")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_reference),
        cmocka_unit_test(depends_on_key_and_length),
        cmocka_unit_test(agrees_with_the_reference),
        cmocka_unit_test(depends_on_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
