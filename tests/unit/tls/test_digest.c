#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"
#include "tls/digest.h"

static void assert_digest(struct bytes content, const char *hex)
{
    uint8_t digest[DIGEST_SHA256_BYTES];
    struct buf text;

    buf_init(&text, 2 * sizeof(digest));
    assert_int_equal(digest_sha256(content, digest), STATUS_OK);
    text_put_hex(&text, bytes_make(digest, sizeof(digest)));
    assert_string_equal(buf_text(&text), hex);
    buf_release(&text);
}

/* FIPS 180-4, the examples of NIST's Cryptographic Standards and Guidelines. */
static void gives_the_digests_of_the_standard(void **state)
{
    (void)state;
    assert_digest(BYTES("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_digest(BYTES(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_digest(BYTES("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_the_digests_of_the_standard),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
