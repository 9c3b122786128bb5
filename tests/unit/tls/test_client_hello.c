#include "tls/client_hello.h"

#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HELLO_MAX = 80 * 1024 };

/* A hello as bytes, and what a parser made of it. */
struct sample {
    uint8_t data[HELLO_MAX];
    size_t len;
    struct buf scratch;
    struct client_hello hello;
};

static struct sample *sample_new(void)
{
    struct sample *s = calloc(1, sizeof(*s));

    assert_non_null(s);
    buf_init(&s->scratch, 2 * CLIENT_HELLO_BYTES);
    return s;
}

static void sample_free(struct sample *s)
{
    buf_release(&s->scratch);
    free(s);
}

static enum status parse(struct sample *s)
{
    return client_hello_parse(bytes_make(s->data, s->len), &s->scratch, &s->hello);
}

static void put(struct sample *s, const void *data, size_t len)
{
    assert_true(s->len + len <= sizeof(s->data));
    memcpy(s->data + s->len, data, len);
    s->len += len;
}

static void put_number(struct sample *s, size_t value, size_t width)
{
    while (width--) {
        uint8_t byte = (uint8_t)(value >> (8 * width));

        put(s, &byte, 1);
    }
}

/* Leaves room for a length; close_vector() fills it in. */
static size_t open_vector(struct sample *s, size_t width)
{
    put_number(s, 0, width);
    return s->len;
}

static void close_vector(struct sample *s, size_t start, size_t width)
{
    size_t len = s->len - start;

    for (size_t i = 0; i < width; i++)
        s->data[start - 1 - i] = (uint8_t)(len >> (8 * i));
}

/* The record and handshake headers, and all up to the extensions. */
struct open_hello {
    size_t record, message, extensions;
};

static struct open_hello open_hello(struct sample *s, const uint16_t *ciphers, size_t count)
{
    struct open_hello h;
    static const uint8_t random[32] = {7};
    size_t list;

    s->len = 0;
    put(s, "\x16\x03\x01", 3);
    h.record = open_vector(s, 2);
    put(s, "\x01", 1);
    h.message = open_vector(s, 3);
    put(s, "\x03\x03", 2);
    put(s, random, sizeof(random));
    put(s, "\0", 1);
    list = open_vector(s, 2);
    for (size_t i = 0; i < count; i++)
        put_number(s, ciphers[i], 2);
    close_vector(s, list, 2);
    put(s, "\x01\0", 2);
    h.extensions = open_vector(s, 2);
    return h;
}

static void close_hello(struct sample *s, struct open_hello h)
{
    close_vector(s, h.extensions, 2);
    close_vector(s, h.message, 3);
    close_vector(s, h.record, 2);
}

static void put_extension(struct sample *s, uint16_t type, const void *data, size_t len)
{
    put_number(s, type, 2);
    put_number(s, len, 2);
    put(s, data, len);
}

static const uint16_t one_cipher[] = {0x1301};

/* A hello with one extension only. */
static void make_hello(struct sample *s, uint16_t type, const void *data, size_t len)
{
    struct open_hello h = open_hello(s, one_cipher, 1);

    put_extension(s, type, data, len);
    close_hello(s, h);
}

/* What OpenSSL itself sends. */
static void real_hello(struct sample *s, const char *sni, const char *alpn, int max_version)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    SSL *ssl = SSL_new(ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());

    assert_non_null(ssl);
    if (max_version)
        SSL_set_max_proto_version(ssl, max_version);
    if (sni) {
        char name[64];

        snprintf(name, sizeof(name), "%s", sni);
        SSL_set_tlsext_host_name(ssl, name);
    }
    if (alpn)
        SSL_set_alpn_protos(ssl, (const unsigned char *)alpn, (unsigned)strlen(alpn));
    SSL_set_bio(ssl, in, out);
    assert_int_equal(SSL_connect(ssl), -1);
    s->len = (size_t)BIO_read(out, s->data, sizeof(s->data));
    SSL_free(ssl);
    SSL_CTX_free(ctx);
}

static void assert_bytes(struct bytes got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.ptr, want, got.len);
}

static void reads_what_openssl_sends(void **state)
{
    struct sample *s = sample_new();

    (void)state;
    real_hello(s, "api.example.test", "\x02h2\x08http/1.1", 0);
    assert_int_equal(parse(s), STATUS_OK);
    assert_bytes(s->hello.sni, "api.example.test");
    assert_bytes(s->hello.alpn, "\x02h2\x08http/1.1");
    assert_int_equal(s->hello.legacy_version, 0x0303);
    assert_int_equal(s->hello.max_version, 0x0304);
    assert_false(s->hello.resumes);
    assert_false(s->hello.ech);
    assert_memory_equal(s->hello.ja4, "t13d", 4);
    assert_memory_equal(s->hello.ja4 + 8, "h2_", 3);
    assert_int_equal(strlen(s->hello.ja4), 36);
    sample_free(s);
}

static void reads_a_tls_1_2_hello_without_sni_and_alpn(void **state)
{
    struct sample *s = sample_new();

    (void)state;
    real_hello(s, NULL, NULL, TLS1_2_VERSION);
    assert_int_equal(parse(s), STATUS_OK);
    assert_int_equal(s->hello.sni.len, 0);
    assert_int_equal(s->hello.alpn.len, 0);
    assert_int_equal(s->hello.max_version, 0x0303);
    assert_memory_equal(s->hello.ja4, "t12i", 4);
    assert_memory_equal(s->hello.ja4 + 8, "00_", 3);
    sample_free(s);
}

static void asks_for_more_at_every_cut(void **state)
{
    struct sample *s = sample_new();
    size_t whole;

    (void)state;
    real_hello(s, "api.example.test", "\x02h2", 0);
    whole = s->len;
    for (size_t cut = 0; cut < whole; cut++) {
        s->len = cut;
        memset(&s->hello, 0x5a, sizeof(s->hello));
        assert_int_equal(parse(s), STATUS_NEED_MORE);
        assert_int_equal(s->hello.ja4[0], 0x5a); /* outputs are untouched */
    }
    s->len = whole;
    assert_int_equal(parse(s), STATUS_OK);
    sample_free(s);
}

static void ignores_what_follows_the_hello(void **state)
{
    struct sample *s = sample_new();

    (void)state;
    real_hello(s, "a.test", NULL, 0);
    put(s, "\x14\x03\x03\0\x01\x01\x17\x03\x03", 9);
    assert_int_equal(parse(s), STATUS_OK);
    assert_bytes(s->hello.sni, "a.test");
    sample_free(s);
}

/* The same message in records of `size` bytes. */
static void split_records(const struct sample *from, size_t size, struct sample *to)
{
    to->len = 0;
    for (size_t at = 5; at < from->len; at += size) {
        size_t part = from->len - at < size ? from->len - at : size;

        put(to, "\x16\x03\x01", 3);
        put_number(to, part, 2);
        put(to, from->data + at, part);
    }
}

static void joins_records_of_any_size(void **state)
{
    struct sample *whole = sample_new(), *s = sample_new();

    (void)state;
    real_hello(whole, "api.example.test", "\x02h2", 0);
    assert_int_equal(parse(whole), STATUS_OK);
    for (size_t size = 1; size < whole->len; size++) {
        split_records(whole, size, s);
        assert_int_equal(parse(s), STATUS_OK);
        assert_bytes(s->hello.sni, "api.example.test");
        assert_string_equal(s->hello.ja4, whole->hello.ja4);
        s->len--;
        assert_int_equal(parse(s), STATUS_NEED_MORE);
    }
    sample_free(s);
    sample_free(whole);
}

/* The hello that the published description of JA4 takes apart: its fingerprint
 * is t13d1516h2_8daaf6152771_e5627efa2ab1. GREASE is put in everywhere. */
static void gives_the_published_ja4(void **state)
{
    static const uint16_t ciphers[] = {0x4a4a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f,
                                       0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014,
                                       0x009c, 0x009d, 0x002f, 0x0035};
    static const uint16_t empty[] = {0x0005, 0x000a, 0x000b, 0x0012, 0x0015, 0x0017,
                                     0x001b, 0x0023, 0x002d, 0x0033, 0x4469, 0xff01};
    struct sample *s = sample_new();
    struct open_hello h;

    (void)state;
    h = open_hello(s, ciphers, sizeof(ciphers) / sizeof(ciphers[0]));
    put_extension(s, 0xdada, "", 0);
    put_extension(s, 0x0010, "\0\x0c\x02h2\x08http/1.1", 14);
    put_extension(s, 0x002b, "\x06\x3a\x3a\x03\x04\x03\x03", 7);
    put_extension(s, 0x0000,
                  "\0\x09\0\0\x06"
                  "a.test",
                  11);
    put_extension(s, 0x000d,
                  "\0\x12\x2a\x2a\x04\x03\x08\x04\x04\x01\x05\x03\x08\x05\x05\x01\x08\x06\x06\x01",
                  20);
    for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++)
        put_extension(s, empty[i], "", 0);
    put_extension(s, 0x0a0a, "\0", 1);
    close_hello(s, h);
    assert_int_equal(parse(s), STATUS_OK);
    assert_string_equal(s->hello.ja4, "t13d1516h2_8daaf6152771_e5627efa2ab1");
    sample_free(s);
}

/* The hash is what `printf 1301 | sha256sum` prints. */
static void gives_the_ja4_of_a_bare_hello(void **state)
{
    struct sample *s = sample_new();
    struct open_hello h;

    (void)state;
    h = open_hello(s, one_cipher, 1);
    close_hello(s, h);
    assert_int_equal(parse(s), STATUS_OK);
    assert_string_equal(s->hello.ja4, "t12i010000_0f2cb44170f4_000000000000");
    sample_free(s);
}

static void writes_odd_alpn_names_in_hex(void **state)
{
    static const struct {
        const char *list, *ends;
    } cases[] = {
        {"\0\x02\x01h", "hh"},         {"\0\x09\x08http/1.1", "h1"},
        {"\0\x03\x02h!", "61"},   /* 68 21 */
        {"\0\x02\x01\xab", "ab"}, /* one byte */
        {"\0\x04\x03\xab-\xcd", "ad"},
    };
    struct sample *s = sample_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make_hello(s, 16, cases[i].list, 2 + (size_t)(uint8_t)cases[i].list[1]);
        assert_int_equal(parse(s), STATUS_OK);
        assert_memory_equal(s->hello.ja4 + 8, cases[i].ends, 2);
    }
    sample_free(s);
}

static void knows_resumption_and_ech(void **state)
{
    struct sample *s = sample_new();

    (void)state;
    make_hello(s, 35, "", 0); /* asks for a ticket, has none */
    assert_int_equal(parse(s), STATUS_OK);
    assert_false(s->hello.resumes);
    make_hello(s, 35, "ticket", 6);
    assert_int_equal(parse(s), STATUS_OK);
    assert_true(s->hello.resumes);
    make_hello(s, 41, "psk", 3);
    assert_int_equal(parse(s), STATUS_OK);
    assert_true(s->hello.resumes);
    make_hello(s, 0xfe0d, "ech", 3);
    assert_int_equal(parse(s), STATUS_OK);
    assert_true(s->hello.ech);
    sample_free(s);
}

static void tells_at_once_what_is_not_tls(void **state)
{
    static const char *const others[] = {"GET / HTTP/1.1\r\n",   "PRI * HTTP/2.0", "SSH-2.0-x",
                                         "\x80\x2e\x01\x03\x01", "\x15\x03\x01",   "\x16\x02",
                                         "\x17\x03\x03"};
    struct sample *s = sample_new();

    (void)state;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        s->len = 0;
        put(s, others[i], strlen(others[i]));
        assert_int_equal(parse(s), STATUS_UNSUPPORTED);
    }
    s->len = 1;
    s->data[0] = 'G';
    assert_int_equal(parse(s), STATUS_UNSUPPORTED);
    s->data[0] = 0x16;
    assert_int_equal(parse(s), STATUS_NEED_MORE);
    sample_free(s);
}

static void refuses_broken_extensions(void **state)
{
    static const struct {
        uint16_t type;
        const char *data;
        size_t len;
    } cases[] = {
        {0, "", 0},             /* no list */
        {0, "\0\0", 2},         /* an empty list */
        {0, "\0\x03\0\0\0", 5}, /* an empty name */
        {0,
         "\0\x09\0\0\x07"
         "a.test",
         11}, /* a name longer than the list */
        {0,
         "\0\x08\0\0\x01"
         "a\0\0\x01"
         "b",
         10}, /* two host names */
        {0,
         "\0\x04\0\0\x01"
         "a!",
         7},                     /* bytes behind the list */
        {16, "\0\0", 2},         /* no protocol */
        {16, "\0\x01\0", 3},     /* an empty one */
        {16, "\0\x03\x03h2", 5}, /* one longer than the list */
        {43, "", 0},
        {43, "\x03\x03\x04\x03", 4}, /* half a version */
        {43, "\x02\x03\x04!", 4},
        {13, "\0\x03\x04\x03\x08", 5}, /* half an algorithm */
    };
    struct sample *s = sample_new();

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        make_hello(s, cases[i].type, cases[i].data, cases[i].len);
        assert_int_equal(parse(s), STATUS_BAD_MESSAGE);
    }
    sample_free(s);
}

/* RFC 8446 §4.2: "There MUST NOT be more than one extension of the same type". */
static void refuses_an_extension_that_stands_twice(void **state)
{
    struct sample *s = sample_new();
    struct open_hello h;

    (void)state;
    h = open_hello(s, one_cipher, 1);
    put_extension(s, 0x1234, "", 0);
    put_extension(s, 0x4321, "", 0);
    put_extension(s, 0x1234, "", 0);
    close_hello(s, h);
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);
    sample_free(s);
}

static void refuses_lengths_that_do_not_fit(void **state)
{
    struct sample *s = sample_new();
    struct open_hello h;

    (void)state;
    make_hello(s, 0x1234, "abcd", 4);
    s->data[s->len - 5] = 9; /* the extension is longer than its list */
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);

    h = open_hello(s, one_cipher, 1);
    close_vector(s, h.extensions, 2);
    put(s, "!", 1); /* behind the extensions, within the message */
    close_vector(s, h.message, 3);
    close_vector(s, h.record, 2);
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);

    make_hello(s, 0x1234, "", 0);
    s->data[43] = 33; /* a session id of 33 bytes */
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);
    make_hello(s, 0x1234, "", 0);
    s->data[5] = 2; /* a ServerHello */
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);
    h = open_hello(s, one_cipher, 0); /* no cipher suites */
    close_hello(s, h);
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);
    sample_free(s);
}

static void refuses_empty_and_overlong_records(void **state)
{
    struct sample *s = sample_new();

    (void)state;
    put(s, "\x16\x03\x01\0\0\x01", 6);
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);
    s->len = 0;
    put(s, "\x16\x03\x01\x40\x01\x01", 6);
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);
    real_hello(s, "a.test", NULL, 0);
    s->data[4] = (uint8_t)(s->data[4] - 10); /* the record ends early; no record follows */
    assert_int_equal(parse(s), STATUS_BAD_MESSAGE);
    sample_free(s);
}

static void bounds_the_hello(void **state)
{
    static const uint8_t filler[16384];
    struct sample *s = sample_new();

    (void)state;
    put(s, "\x16\x03\x01\0\x10\x01\x01\0\0", 9); /* says it has 64 KiB and more */
    put(s, filler, 12);
    assert_int_equal(parse(s), STATUS_LIMIT);

    s->len = 0; /* records of one byte for ever */
    put(s, "\x16\x03\x01\0\x04\x01\0\xf0\0", 9);
    while (s->len < CLIENT_HELLO_BYTES)
        put(s, "\x16\x03\x01\0\x01\0", 6);
    put(s, "\x16\x03\x01\0\x01\0", 6);
    assert_int_equal(parse(s), STATUS_LIMIT);
    sample_free(s);
}

static void bounds_ciphers_and_extensions(void **state)
{
    static uint16_t ciphers[1025];
    struct sample *s = sample_new();
    struct open_hello h;

    (void)state;
    for (size_t i = 0; i < 1025; i++)
        ciphers[i] = (uint16_t)i;
    h = open_hello(s, ciphers, 1024);
    close_hello(s, h);
    assert_int_equal(parse(s), STATUS_OK);
    assert_memory_equal(s->hello.ja4, "t12i99", 6);
    h = open_hello(s, ciphers, 1025);
    close_hello(s, h);
    assert_int_equal(parse(s), STATUS_LIMIT);
    h = open_hello(s, one_cipher, 1);
    for (uint16_t i = 0; i < 257; i++)
        put_extension(s, (uint16_t)(0x5000 + i), "", 0);
    close_hello(s, h);
    assert_int_equal(parse(s), STATUS_LIMIT);
    sample_free(s);
}

static void survives_garbage_in_every_byte(void **state)
{
    struct sample *s = sample_new();
    unsigned ok = 0;

    (void)state;
    real_hello(s, "api.example.test", "\x02h2", 0);
    for (size_t at = 0; at < s->len; at++) {
        uint8_t was = s->data[at];

        for (unsigned change = 1; change < 256; change += 6) {
            s->data[at] = (uint8_t)(was ^ change);
            ok += parse(s) == STATUS_OK;
        }
        s->data[at] = was;
    }
    assert_true(ok > 0);
    sample_free(s);
}

static void finds_a_protocol_in_an_alpn_list(void **state)
{
    (void)state;
    assert_true(alpn_list_has(BYTES("\x02h2\x08http/1.1"), BYTES("h2")));
    assert_true(alpn_list_has(BYTES("\x02h2\x08http/1.1"), BYTES("http/1.1")));
    assert_false(alpn_list_has(BYTES("\x02h2\x08http/1.1"), BYTES("http/1.0")));
    assert_false(alpn_list_has(BYTES("\x02h2\x09http/1.1"), BYTES("http/1.1")));
    assert_false(alpn_list_has(BYTES(""), BYTES("h2")));
    assert_false(alpn_list_has(BYTES("\0"), BYTES("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_openssl_sends),
        cmocka_unit_test(reads_a_tls_1_2_hello_without_sni_and_alpn),
        cmocka_unit_test(asks_for_more_at_every_cut),
        cmocka_unit_test(ignores_what_follows_the_hello),
        cmocka_unit_test(joins_records_of_any_size),
        cmocka_unit_test(gives_the_published_ja4),
        cmocka_unit_test(gives_the_ja4_of_a_bare_hello),
        cmocka_unit_test(writes_odd_alpn_names_in_hex),
        cmocka_unit_test(knows_resumption_and_ech),
        cmocka_unit_test(tells_at_once_what_is_not_tls),
        cmocka_unit_test(refuses_broken_extensions),
        cmocka_unit_test(refuses_an_extension_that_stands_twice),
        cmocka_unit_test(refuses_lengths_that_do_not_fit),
        cmocka_unit_test(refuses_empty_and_overlong_records),
        cmocka_unit_test(bounds_the_hello),
        cmocka_unit_test(bounds_ciphers_and_extensions),
        cmocka_unit_test(survives_garbage_in_every_byte),
        cmocka_unit_test(finds_a_protocol_in_an_alpn_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
