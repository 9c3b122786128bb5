#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/media.h"

static void assert_bytes(struct bytes b, const char *expected)
{
    if (!bytes_equal(b, bytes_of(expected)))
        fail_msg("%.*s is not %s", (int)b.len, (const char *)b.ptr, expected);
}

static void tells_how_content_is_shown(void **state)
{
    (void)state;
    assert_int_equal(media_kind_of(BYTES("application/json")), MEDIA_JSON);
    assert_int_equal(media_kind_of(BYTES("Application/HAL+JSON; charset=utf-8")), MEDIA_JSON);
    assert_int_equal(media_kind_of(BYTES("text/x-anything")), MEDIA_TEXT);
    assert_int_equal(media_kind_of(BYTES("application/atom+xml")), MEDIA_TEXT);
    assert_int_equal(media_kind_of(BYTES("image/png")), MEDIA_IMAGE);
    assert_int_equal(media_kind_of(BYTES("image/svg+xml")), MEDIA_TEXT);
    assert_int_equal(media_kind_of(BYTES("application/x-www-form-urlencoded")), MEDIA_FORM);
    assert_int_equal(media_kind_of(BYTES("multipart/form-data; boundary=x")), MEDIA_MULTIPART);
    assert_int_equal(media_kind_of(BYTES("video/mp4")), MEDIA_OTHER);
    assert_int_equal(media_kind_of(BYTES("")), MEDIA_NONE);
    assert_int_equal(media_kind_of(BYTES(" ; charset=x")), MEDIA_NONE);
}

static void finds_parameters(void **state)
{
    struct bytes type = BYTES("a/b; x=1 ;Boundary=\"a;b\"; y");

    (void)state;
    assert_bytes(media_parameter(type, BYTES("boundary")), "a;b");
    assert_bytes(media_parameter(type, BYTES("x")), "1");
    assert_int_equal(media_parameter(type, BYTES("y")).len, 0);
    assert_int_equal(media_parameter(type, BYTES("a/b")).len, 0);
}

static void has_a_short_word_for_a_narrow_column(void **state)
{
    (void)state;
    assert_bytes(media_short(BYTES("Application/JSON; charset=utf-8")), "json");
    assert_bytes(media_short(BYTES("text/javascript")), "js");
    assert_bytes(media_short(BYTES("image/png")), "png");
    assert_bytes(media_short(BYTES("application/vnd.api+json")), "json");
    assert_bytes(media_short(BYTES("application/x-tar")), "tar");
    assert_bytes(media_short(BYTES("odd")), "odd");
    assert_bytes(media_short(BYTES("")), "");
}

static void takes_utf8_without_nul_for_text(void **state)
{
    (void)state;
    assert_true(media_is_text(BYTES(""), false));
    assert_true(media_is_text(BYTES("0123456789 caf\xc3\xa9"), false));
    assert_false(media_is_text(BYTES("0123456789\0"), false));
    assert_false(media_is_text(BYTES("0123456789\xff"), false));
    assert_false(media_is_text(BYTES("0123456789\xe9t\xe9"), true));
}

static void forgives_a_code_point_that_was_cut(void **state)
{
    (void)state;
    assert_false(media_is_text(BYTES("0123456789\xc3"), false));
    assert_true(media_is_text(BYTES("0123456789\xc3"), true));
    assert_true(media_is_text(BYTES("0123456789\xe2\x82"), true));
    assert_true(media_is_text(BYTES("0123456789\xf0\x9f\x98"), true));
    assert_false(media_is_text(BYTES("0123456789\x82"), true));
    assert_true(media_is_text(BYTES("0123456789\xc3\xa9"), true));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_how_content_is_shown),
        cmocka_unit_test(finds_parameters),
        cmocka_unit_test(has_a_short_word_for_a_narrow_column),
        cmocka_unit_test(takes_utf8_without_nul_for_text),
        cmocka_unit_test(forgives_a_code_point_that_was_cut),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
