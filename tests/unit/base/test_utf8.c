#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

static void decodes_every_code_point(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= 0x10ffff; code++) {
        uint8_t b[4];
        size_t len;
        uint32_t got = 0;

        if (code >= 0xd800 && code <= 0xdfff)
            continue;
        if (code < 0x80) {
            b[0] = (uint8_t)code;
            len = 1;
        } else if (code < 0x800) {
            b[0] = (uint8_t)(0xc0 | code >> 6);
            b[1] = (uint8_t)(0x80 | (code & 0x3f));
            len = 2;
        } else if (code < 0x10000) {
            b[0] = (uint8_t)(0xe0 | code >> 12);
            b[1] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
            b[2] = (uint8_t)(0x80 | (code & 0x3f));
            len = 3;
        } else {
            b[0] = (uint8_t)(0xf0 | code >> 18);
            b[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
            b[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
            b[3] = (uint8_t)(0x80 | (code & 0x3f));
            len = 4;
        }
        if (utf8_decode(bytes_make(b, len), &got) != len || got != code)
            fail_msg("U+%04x", code);
        if (utf8_decode(bytes_make(b, len - 1), &got) != 0)
            fail_msg("U+%04x cut short", code);
    }
}

static void refuses_bytes_that_are_no_utf8(void **state)
{
    static const char *const bad[] = {
        "\x80",             /* a continuation alone */
        "\xc0\x80",         /* overlong */
        "\xc1\xbf",         /* overlong */
        "\xe0\x9f\xbf",     /* overlong */
        "\xf0\x8f\xbf\xbf", /* overlong */
        "\xed\xa0\x80",     /* surrogate */
        "\xed\xbf\xbf",     /* surrogate */
        "\xf4\x90\x80\x80", /* over U+10FFFF */
        "\xf8\x88\x80\x80\x80",
        "\xff",
        "\xc3(",
        "\xe2\x82(",
        "\xe2(\xac",
        "\xf0\x9f\x98(",
        "\xf0\x9f(\x80",
        "\xf0(\x98\x80",
    };
    uint32_t code;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(utf8_decode(bytes_of(bad[i]), &code), 0);
        assert_false(utf8_valid(bytes_of(bad[i])));
    }
    assert_int_equal(utf8_decode(BYTES(""), &code), 0);
}

static void tells_text_from_other_bytes(void **state)
{
    (void)state;
    assert_true(utf8_valid(BYTES("")));
    assert_true(utf8_valid(BYTES("gr\xc3\xbc\xc3\x9f \xf0\x9f\x98\x80 \xe2\x82\xac")));
    assert_false(utf8_valid(BYTES("gr\xfc")));
    assert_false(utf8_valid(BYTES("cut \xe2\x82")));
}

static void knows_how_wide_a_terminal_draws(void **state)
{
    static const struct {
        uint32_t code;
        int width;
    } cases[] = {
        {0, 0},       {'\n', 0},    {'a', 1},      {0x7f, 0},    {0x85, 0},    {0xa0, 1},
        {0xad, 1},    {0xe9, 1},    {0x300, 0},    {0x36f, 0},   {0x370, 1},   {0x1100, 2},
        {0x1160, 0},  {0x200b, 0},  {0x200d, 0},   {0x20ac, 1},  {0x4e00, 2},  {0xac00, 2},
        {0xfe0f, 0},  {0xff21, 2},  {0xff61, 1},   {0x1f600, 2}, {0x20000, 2}, {0x3fffd, 2},
        {0xe0001, 0}, {0xe01ef, 0}, {0x10ffff, 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (utf8_width(cases[i].code) != cases[i].width)
            fail_msg("U+%04x is %d wide", cases[i].code, utf8_width(cases[i].code));
    }
}

static void the_table_of_widths_is_in_order(void **state)
{
    static const uint32_t ranges[][3] = {
#define WIDTH(first, last, columns) {first, last, columns},
#include "base/utf8_width.def"
#undef WIDTH
    };
    uint32_t before = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
        assert_true(ranges[i][0] > before && ranges[i][0] <= ranges[i][1]);
        assert_true(ranges[i][2] == 0 || ranges[i][2] == 2);
        before = ranges[i][1];
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decodes_every_code_point),
        cmocka_unit_test(refuses_bytes_that_are_no_utf8),
        cmocka_unit_test(tells_text_from_other_bytes),
        cmocka_unit_test(knows_how_wide_a_terminal_draws),
        cmocka_unit_test(the_table_of_widths_is_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
