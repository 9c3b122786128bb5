#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

/* The vectors of RFC 4648 §10, and the letters that are not of the alphabet of words. */
static const struct {
    struct bytes plain;
    const char *base64;
} vectors[] = {
    {BYTES_INIT(""), ""},
    {BYTES_INIT("f"), "Zg=="},
    {BYTES_INIT("fo"), "Zm8="},
    {BYTES_INIT("foo"), "Zm9v"},
    {BYTES_INIT("foob"), "Zm9vYg=="},
    {BYTES_INIT("fooba"), "Zm9vYmE="},
    {BYTES_INIT("foobar"), "Zm9vYmFy"},
    {BYTES_INIT("\xfb\xff\xbf\0"), "+/+/AA=="},
};

static void base64_there_and_back(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
        buf_clear(&b);
        text_put_base64(&b, vectors[i].plain);
        assert_string_equal(buf_text(&b), vectors[i].base64);
        buf_clear(&b);
        assert_int_equal(text_base64_decode(&b, bytes_of(vectors[i].base64)), STATUS_OK);
        assert_true(bytes_equal(buf_bytes(&b), vectors[i].plain));
    }
    buf_release(&b);
}

static void refuses_what_is_no_base64(void **state)
{
    static const char *const bad[] = {
        "Z",    "Zg",     "Zg=",  "Zm9vYg=", "Zg==Zg==", "Z===",     "====",    "=m9v",     "Zm9-",
        "Zm 9", "Zm9v\n", "Zm=v", "Zh==",    "Zm9=",     "Zm9vYm=v", "\xffm9v", "Zm9v====",
    };
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    buf_put_text(&b, "before");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        if (text_base64_decode(&b, bytes_of(bad[i])) != STATUS_BAD_INPUT)
            fail_msg("%s", bad[i]);
        assert_string_equal(buf_text(&b), "before");
    }
    buf_release(&b);
}

static void says_when_there_is_no_room(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 7);
    text_put_base64(&b, BYTES("foobar"));
    assert_int_equal(buf_status(&b), STATUS_LIMIT);
    assert_int_equal(text_base64_decode(&b, BYTES("")), STATUS_LIMIT);
    buf_clear(&b);
    assert_int_equal(text_base64_decode(&b, BYTES("Zm9vYmFyZm9v")), STATUS_LIMIT);
    buf_clear(&b);
    text_put_hex(&b, BYTES("abcd"));
    assert_int_equal(buf_status(&b), STATUS_LIMIT);
    buf_release(&b);
}

static void writes_hexadecimal_digits(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 100);
    text_put_hex(&b, BYTES("\x00\x1f\xa0\xff"));
    text_put_hex(&b, BYTES(""));
    assert_string_equal(buf_text(&b), "001fa0ff");
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_there_and_back),
        cmocka_unit_test(refuses_what_is_no_base64),
        cmocka_unit_test(says_when_there_is_no_room),
        cmocka_unit_test(writes_hexadecimal_digits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
