#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/image.h"

static const struct {
    const char *format;
    uint32_t width, height;
    struct bytes in;
} images[] = {
    {"PNG", 640, 480,
     BYTES_INIT("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x02\x80\0\0\x01\xe0\x08\x06\0\0\0")},
    {"GIF", 258, 3, BYTES_INIT("GIF89a\x02\x01\x03\0\xf7\0\0")},
    {"JPEG", 800, 600,
     BYTES_INIT(
         "\xff\xd8\xff\xe0\0\x06JFIF\xff\xc4\0\x03\0\xff\xc2\0\x0b\x08\x02\x58\x03\x20\x01")},
    {"WebP", 100, 50, BYTES_INIT("RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x63\0\0\x31\0\0")},
    {"WebP", 32, 16, BYTES_INIT("RIFF\0\0\0\0WEBPVP8 \x0a\0\0\0\0\0\0\x9d\x01\x2a\x20\0\x10\0")},
    {"WebP", 5, 3, BYTES_INIT("RIFF\0\0\0\0WEBPVP8L\x0a\0\0\0\x2f\x04\x80\0\0\0\0\0\0\0\0")},
    {"BMP", 0, 0, BYTES_INIT("BM\0\0\0\0")},
    {"AVIF", 0, 0,
     BYTES_INIT("\0\0\0\x20"
                "ftypavif")},
};

static void tells_format_and_size(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
        struct image_facts facts = {0};

        assert_true(image_look(images[i].in, &facts));
        assert_string_equal(facts.format, images[i].format);
        assert_int_equal(facts.width, images[i].width);
        assert_int_equal(facts.height, images[i].height);
    }
}

static void reads_nothing_behind_the_end(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(images) / sizeof(images[0]); i++) {
        for (size_t len = 0; len < images[i].in.len; len++) {
            uint8_t *copy = test_malloc(len + (len == 0)); /* its end is guarded */
            struct image_facts facts;

            for (size_t k = 0; k < len; k++)
                copy[k] = images[i].in.ptr[k];
            (void)image_look(bytes_make(copy, len), &facts);
            test_free(copy);
        }
    }
}

static void takes_other_bytes_for_no_image(void **state)
{
    struct image_facts facts;

    (void)state;
    assert_false(image_look(BYTES(""), &facts));
    assert_false(image_look(BYTES("RIFF....WAVE"), &facts));
    assert_false(image_look(BYTES("\x89PNX"), &facts));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_format_and_size),
        cmocka_unit_test(reads_nothing_behind_the_end),
        cmocka_unit_test(takes_other_bytes_for_no_image),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
