#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "logs/ulid.h"

static void assert_id(const char *text, const uint8_t *wanted)
{
    uint8_t id[ULID_BYTES];

    assert_int_equal(ulid_parse(bytes_of(text), id), STATUS_OK);
    assert_memory_equal(id, wanted, sizeof(id));
}

static void gives_the_bits_of_the_letters(void **state)
{
    static const uint8_t zeros[ULID_BYTES];
    static const uint8_t ones[ULID_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                             0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    /* 01ARZ3NDEKTSV4RRFFQ69G5FAV of the specification */
    static const uint8_t sample[ULID_BYTES] = {0x01, 0x56, 0x3e, 0x3a, 0xb5, 0xd3, 0xd6, 0x76,
                                               0x4c, 0x61, 0xef, 0xb9, 0x93, 0x02, 0xbd, 0x5b};

    (void)state;
    assert_id("00000000000000000000000000", zeros);
    assert_id("7ZZZZZZZZZZZZZZZZZZZZZZZZZ", ones);
    assert_id("01ARZ3NDEKTSV4RRFFQ69G5FAV", sample);
    assert_id("01arz3ndektsv4rrffq69g5fav", sample);
}

static void refuses_what_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "01ARZ3NDEKTSV4RRFFQ69G5FA",
        "01ARZ3NDEKTSV4RRFFQ69G5FAVA",
        "81ARZ3NDEKTSV4RRFFQ69G5FAV", /* over 128 bits */
        "01ARZ3NDEKTSV4RRFFQ69G5FAI",
        "01ARZ3NDEKTSV4RRFFQ69G5FAU",
        "01ARZ3NDEKTSV4RRFFQ69G5FA-",
    };
    uint8_t id[ULID_BYTES] = {1};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        assert_int_equal(ulid_parse(bytes_of(texts[i]), id), STATUS_BAD_INPUT);
    assert_int_equal(ulid_parse(bytes_make("01ARZ3NDEKTSV4RRFFQ69G5FA\0", 26), id),
                     STATUS_BAD_INPUT);
    assert_int_equal(id[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_bits_of_the_letters),
        cmocka_unit_test(refuses_what_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
