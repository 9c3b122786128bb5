#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/siphash.h"

static const uint8_t key[SIPHASH_KEY_BYTES] = {0, 1, 2,  3,  4,  5,  6,  7,
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
        assert_int_equal(siphash(key, bytes_make(in, vectors[i].len)), vectors[i].hash);
}

static void depends_on_the_key(void **state)
{
    uint8_t other[SIPHASH_KEY_BYTES] = {1};

    (void)state;
    assert_int_not_equal(siphash(key, BYTES("secret")), siphash(other, BYTES("secret")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_reference),
        cmocka_unit_test(depends_on_the_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
