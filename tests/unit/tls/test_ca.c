#include "tls/ca.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum {
    NOW = 1790000000, /* 2026-09-21 */
    DAY = 24 * 3600,
    TEXT_BYTES = 64 * 1024,
};

static X509 *read_cert(BIO *memory)
{
    X509 *cert = PEM_read_bio_X509(memory, NULL, NULL, NULL);

    assert_non_null(cert);
    return cert;
}

/* What a client gets to see: the leaf, read back from PEM. */
static X509 *cert_of(struct leaf *leaf)
{
    struct buf pem;
    BIO *memory;
    X509 *cert;

    buf_init(&pem, TEXT_BYTES);
    assert_int_equal(leaf_pem(leaf, &pem), STATUS_OK);
    memory = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    cert = read_cert(memory);
    BIO_free(memory);
    buf_release(&pem);
    return cert;
}

static X509 *cert_of_ca(const struct ca *ca)
{
    struct buf pem;
    BIO *memory;
    X509 *cert;

    buf_init(&pem, TEXT_BYTES);
    assert_int_equal(ca_cert_pem(ca, &pem), STATUS_OK);
    memory = BIO_new_mem_buf(pem.ptr, (int)pem.len);
    cert = read_cert(memory);
    BIO_free(memory);
    buf_release(&pem);
    return cert;
}

/* As `openssl verify -x509_strict -purpose sslserver` at NOW; the error, or 0. */
static int verify(const struct ca *ca, X509 *cert, const char *host)
{
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    X509 *root = cert_of_ca(ca);
    X509_VERIFY_PARAM *param;
    int error;

    assert_true(X509_STORE_add_cert(store, root));
    assert_true(X509_STORE_CTX_init(ctx, store, cert, NULL));
    param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    X509_VERIFY_PARAM_set_time(param, NOW);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (!X509_VERIFY_PARAM_set1_ip_asc(param, host))
        X509_VERIFY_PARAM_set1_host(param, host, 0);
    error = X509_verify_cert(ctx) == 1 ? 0 : X509_STORE_CTX_get_error(ctx);
    X509_free(root);
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(store);
    return error;
}

static struct leaf *leaf_at(struct ca *ca, const char *host, const struct cert_names *mirror,
                            int64_t now)
{
    struct leaf_request request = {.host = bytes_of(host), .mirror = mirror, .now = now};
    struct leaf *leaf = NULL;

    assert_int_equal(ca_leaf(ca, &request, &leaf), STATUS_OK);
    assert_non_null(leaf);
    return leaf;
}

static enum status try_host(struct ca *ca, struct bytes host)
{
    struct leaf_request request = {.host = host, .now = NOW};
    struct leaf *leaf;
    enum status st = ca_leaf(ca, &request, &leaf);

    if (!st)
        leaf_unref(leaf);
    return st;
}

static int make_ca(void **state)
{
    struct ca *ca;

    assert_int_equal(ca_generate("test", NOW, &ca), STATUS_OK);
    *state = ca;
    return 0;
}

static int free_ca(void **state)
{
    ca_free(*state);
    return 0;
}

static long days_between(const ASN1_TIME *from, const ASN1_TIME *to)
{
    int days, seconds;

    assert_true(ASN1_TIME_diff(&days, &seconds, from, to));
    return days;
}

static void makes_a_ca_that_may_sign_leaves_only(void **state)
{
    X509 *cert = cert_of_ca(*state);
    char name[128];

    X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof(name));
    assert_string_equal(name, "/CN=weir CA test");
    assert_int_equal(X509_get_version(cert), X509_VERSION_3);
    assert_true(X509_check_ca(cert) == 1);
    assert_int_equal(X509_get_pathlen(cert), 0);
    assert_int_equal(X509_get_key_usage(cert), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    assert_int_equal(X509_EXTENSION_get_critical(
                         X509_get_ext(cert, X509_get_ext_by_NID(cert, NID_key_usage, -1))),
                     1);
    assert_int_equal(X509_EXTENSION_get_critical(
                         X509_get_ext(cert, X509_get_ext_by_NID(cert, NID_basic_constraints, -1))),
                     1);
    assert_non_null(X509_get0_subject_key_id(cert));
    assert_int_equal(days_between(X509_get0_notBefore(cert), X509_get0_notAfter(cert)),
                     CA_DAYS + 1);
    assert_int_equal(X509_verify(cert, X509_get0_pubkey(cert)), 1);
    X509_free(cert);
}

static void keeps_the_label_within_a_common_name(void **state)
{
    char name[256], label[200];
    struct ca *ca;
    X509 *cert;

    (void)state;
    memset(label, 'x', sizeof(label) - 1);
    label[0] = '\n';
    label[1] = '\xff';
    label[sizeof(label) - 1] = '\0';
    assert_int_equal(ca_generate(label, NOW, &ca), STATUS_OK);
    cert = cert_of_ca(ca);
    X509_NAME_get_text_by_NID(X509_get_subject_name(cert), NID_commonName, name, sizeof(name));
    assert_int_equal(strlen(name), 64);
    assert_memory_equal(name, "weir CA ??xx", 12);
    X509_free(cert);
    ca_free(ca);
}

static void signs_a_thousand_leaves_that_pass_strict_checks(void **state)
{
    enum { LEAVES = 1000 };
    static uint8_t serials[LEAVES][20];

    for (int i = 0; i < LEAVES; i++) {
        const ASN1_INTEGER *serial;
        struct leaf *leaf;
        char host[64];
        X509 *cert;
        int len;

        snprintf(host, sizeof(host), "host-%d.example.test", i);
        leaf = leaf_at(*state, host, NULL, NOW);
        cert = cert_of(leaf);
        assert_int_equal(verify(*state, cert, host), X509_V_OK);
        assert_int_equal(verify(*state, cert, "other.test"), X509_V_ERR_HOSTNAME_MISMATCH);
        serial = X509_get0_serialNumber(cert);
        len = ASN1_STRING_length(serial);
        assert_int_equal(ASN1_STRING_type(serial), V_ASN1_INTEGER); /* not negative */
        assert_int_equal(len, 16);
        memcpy(serials[i], ASN1_STRING_get0_data(serial), (size_t)len);
        for (int j = 0; j < i; j++)
            assert_memory_not_equal(serials[i], serials[j], 16);
        X509_free(cert);
        leaf_unref(leaf);
    }
}

static void fills_a_leaf_as_browsers_want_it(void **state)
{
    struct leaf *leaf = leaf_at(*state, "www.example.test", NULL, NOW);
    X509 *cert = cert_of(leaf), *root = cert_of_ca(*state);
    ASN1_TIME *before = ASN1_TIME_set(NULL, NOW - DAY),
              *after = ASN1_TIME_set(NULL, NOW + 30 * DAY);
    char name[128];
    int critical;
    GENERAL_NAMES *names;

    assert_int_equal(X509_get_version(cert), X509_VERSION_3);
    assert_int_equal(X509_get_key_usage(cert), KU_DIGITAL_SIGNATURE);
    assert_int_equal(X509_get_extended_key_usage(cert), XKU_SSL_SERVER);
    assert_false(X509_get_extension_flags(cert) & EXFLAG_CA);
    assert_int_equal(ASN1_TIME_compare(X509_get0_notBefore(cert), before), 0);
    assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(cert), after), 0);
    assert_int_equal(
        ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(cert), X509_get0_subject_key_id(root)), 0);
    X509_NAME_oneline(X509_get_subject_name(cert), name, sizeof(name));
    assert_string_equal(name, "/CN=www.example.test");
    names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(names), 1);
    assert_int_equal(critical, 0);
    GENERAL_NAMES_free(names);
    ASN1_TIME_free(before);
    ASN1_TIME_free(after);
    X509_free(root);
    X509_free(cert);
    leaf_unref(leaf);
}

static void names_hosts_of_every_kind(void **state)
{
    static const char *const hosts[] = {
        "localhost",   "a.test", "xn--mnchen-3ya.test", "under_score.test", "192.0.2.7",
        "2001:db8::1", "::1",    "::ffff:192.0.2.1",    "1.2.3.example",    "UPPER.Test",
    };

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct leaf *leaf = leaf_at(*state, hosts[i], NULL, NOW);
        X509 *cert = cert_of(leaf);

        assert_int_equal(verify(*state, cert, hosts[i]), X509_V_OK);
        X509_free(cert);
        leaf_unref(leaf);
    }
}

/* The subject is left empty, and then the names are critical (RFC 5280 §4.2.1.6). */
static void leaves_the_subject_empty_for_long_names(void **state)
{
    char host[] = "a-label-that-is-quite-long-0123456789.another-such-label-9876543210.test";
    struct leaf *leaf = leaf_at(*state, host, NULL, NOW);
    X509 *cert = cert_of(leaf);
    int critical = -1;

    assert_true(strlen(host) > 64);
    assert_int_equal(X509_NAME_entry_count(X509_get_subject_name(cert)), 0);
    GENERAL_NAMES_free(X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL));
    assert_int_equal(critical, 1);
    assert_int_equal(verify(*state, cert, host), X509_V_OK);
    X509_free(cert);
    leaf_unref(leaf);
}

static void ignores_case_and_a_last_dot(void **state)
{
    struct leaf *a = leaf_at(*state, "www.a.test", NULL, NOW);
    struct leaf *b = leaf_at(*state, "WWW.a.Test.", NULL, NOW);

    assert_ptr_equal(a, b); /* the same one, from the cache */
    leaf_unref(a);
    leaf_unref(b);
}

static void refuses_what_is_no_host(void **state)
{
    static const struct bytes hosts[] = {
        BYTES_INIT(""),
        BYTES_INIT("."),
        BYTES_INIT("a..test"),
        BYTES_INIT(".a.test"),
        BYTES_INIT("a.test,DNS:evil.test"),
        BYTES_INIT("a.test\nDNS:evil.test"),
        BYTES_INIT("DNS:evil.test"),
        BYTES_INIT("a.test\0.evil.test"),
        BYTES_INIT("a.test\0"),
        BYTES_INIT("1.2.3.4\0"),
        BYTES_INIT("1.2.3.4,DNS:evil.test"),
        BYTES_INIT("1.2.3.4 "),
        BYTES_INIT("1.2.3.4.5"),
        BYTES_INIT("256.1.1.1"),
        BYTES_INIT("127.1"),
        BYTES_INIT("::1,DNS:evil.test"),
        BYTES_INIT("::1%lo"),
        BYTES_INIT("[::1]"),
        BYTES_INIT(":::1"),
        BYTES_INIT("1:2:3:4:5:6:7:8:9"),
        BYTES_INIT("*.a.test"),
        BYTES_INIT("*"),
        BYTES_INIT("a b.test"),
        BYTES_INIT("a.test/CN=evil"),
        BYTES_INIT("m\xc3\xbcnchen.test"),
        BYTES_INIT("email:a@a.test"),
        BYTES_INIT("a-label-of-sixty-four-bytes-0123456789-0123456789-0123456789-0123.test"),
    };
    char longest[300];

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
        assert_int_equal(try_host(*state, hosts[i]), STATUS_BAD_INPUT);
    for (size_t i = 0; i < sizeof(longest); i++)
        longest[i] = i % 2 ? '.' : 'a';
    assert_int_equal(try_host(*state, bytes_make(longest, 253)), STATUS_OK);
    assert_int_equal(try_host(*state, bytes_make(longest, 255)), STATUS_BAD_INPUT);
}

static bool has_name(X509 *cert, const char *name)
{
    return X509_check_host(cert, name, 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) == 1 ||
           X509_check_ip_asc(cert, name, 0) == 1;
}

static void mirrors_names_but_no_overwide_wildcards(void **state)
{
    struct bytes items[] = {
        BYTES("www.a.test"), BYTES("*.a.test"),        BYTES("192.0.2.1"),  BYTES("2001:db8::5"),
        BYTES("*"),          BYTES("*.com"),           BYTES("*.*.test"),   BYTES("a*.b.test"),
        BYTES("x.*.test"),   BYTES("b,DNS:evil.test"), BYTES("www.a.test"),
    };
    struct cert_names mirror = {.count = 11, .items = items, .hash = 77};
    struct leaf *leaf = leaf_at(*state, "www.a.test", &mirror, NOW);
    X509 *cert = cert_of(leaf);
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);

    assert_int_equal(sk_GENERAL_NAME_num(names), 4);
    assert_true(has_name(cert, "www.a.test"));
    assert_true(has_name(cert, "other.a.test"));
    assert_true(has_name(cert, "192.0.2.1"));
    assert_true(has_name(cert, "2001:db8::5"));
    assert_false(has_name(cert, "a.com"));
    assert_false(has_name(cert, "evil.test"));
    GENERAL_NAMES_free(names);
    assert_int_equal(verify(*state, cert, "www.a.test"), X509_V_OK);
    X509_free(cert);
    leaf_unref(leaf);
}

static void bounds_the_names_it_mirrors(void **state)
{
    static char text[LEAF_NAMES + 50][32];
    static struct bytes items[LEAF_NAMES + 50];
    struct cert_names mirror = {.count = LEAF_NAMES + 50, .items = items, .hash = 78};
    GENERAL_NAMES *names;
    struct leaf *leaf;
    X509 *cert;

    for (int i = 0; i < LEAF_NAMES + 50; i++) {
        snprintf(text[i], sizeof(text[i]), "n%d.test", i);
        items[i] = bytes_of(text[i]);
    }
    leaf = leaf_at(*state, "host.test", &mirror, NOW);
    cert = cert_of(leaf);
    names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    assert_int_equal(sk_GENERAL_NAME_num(names), LEAF_NAMES);
    assert_true(has_name(cert, "host.test"));
    GENERAL_NAMES_free(names);
    X509_free(cert);
    leaf_unref(leaf);
}

static void keeps_leaves_by_host_and_mirror(void **state)
{
    struct bytes item = BYTES("a.test");
    struct cert_names one = {.count = 1, .items = &item, .hash = 2},
                      two = {.count = 1, .items = &item, .hash = 4};
    struct leaf *plain = leaf_at(*state, "kept.test", NULL, NOW);
    struct leaf *again = leaf_at(*state, "kept.test", NULL, NOW + 60);
    struct leaf *first = leaf_at(*state, "kept.test", &one, NOW);
    struct leaf *second = leaf_at(*state, "kept.test", &two, NOW);

    assert_ptr_equal(plain, again);
    assert_ptr_not_equal(plain, first);
    assert_ptr_not_equal(first, second);
    leaf_unref(plain);
    leaf_unref(again);
    leaf_unref(first);
    leaf_unref(second);
}

static void mints_anew_before_a_leaf_ends(void **state)
{
    struct leaf *first = leaf_at(*state, "renewed.test", NULL, NOW);
    struct leaf *kept = leaf_at(*state, "renewed.test", NULL, NOW + 29 * DAY);
    struct leaf *fresh = leaf_at(*state, "renewed.test", NULL, NOW + 29 * DAY + 1);
    X509 *cert = cert_of(fresh);
    ASN1_TIME *after = ASN1_TIME_set(NULL, NOW + 59 * DAY + 1);
    struct leaf *back;

    assert_ptr_equal(first, kept);
    assert_ptr_not_equal(first, fresh);
    assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(cert), after), 0);
    back = leaf_at(*state, "renewed.test", NULL, NOW); /* the clock was set back */
    assert_ptr_not_equal(back, fresh);
    ASN1_TIME_free(after);
    X509_free(cert);
    leaf_unref(first);
    leaf_unref(kept);
    leaf_unref(fresh);
    leaf_unref(back);
}

static void never_outlives_the_ca(void **state)
{
    int64_t near_the_end = NOW + (int64_t)CA_DAYS * DAY - 3600;
    struct leaf *leaf = leaf_at(*state, "late.test", NULL, near_the_end);
    struct leaf *again = leaf_at(*state, "late.test", NULL, near_the_end + 1);
    X509 *cert = cert_of(leaf), *root = cert_of_ca(*state);

    assert_int_equal(ASN1_TIME_compare(X509_get0_notAfter(cert), X509_get0_notAfter(root)), 0);
    assert_ptr_equal(leaf, again); /* a new one would not last longer */
    X509_free(root);
    X509_free(cert);
    leaf_unref(leaf);
    leaf_unref(again);
}

static void forgets_the_least_recently_used_leaf(void **state)
{
    struct leaf *first = leaf_at(*state, "first.test", NULL, NOW);
    struct leaf *used = leaf_at(*state, "used.test", NULL, NOW);
    struct leaf *leaf;

    for (int i = 0; i < 2 * LEAF_CACHE; i++) {
        char host[32];

        snprintf(host, sizeof(host), "n%d.test", i);
        leaf_unref(leaf_at(*state, host, NULL, NOW));
        if (i % 100 == 0) {
            leaf = leaf_at(*state, "used.test", NULL, NOW);
            assert_ptr_equal(leaf, used);
            leaf_unref(leaf);
        }
    }
    leaf = leaf_at(*state, "first.test", NULL, NOW);
    assert_ptr_not_equal(leaf, first);
    leaf_unref(leaf);
    leaf_unref(first); /* ours still, though the cache let it go */
    leaf_unref(used);
}

static void lets_a_leaf_outlive_its_ca(void **state)
{
    struct leaf *leaf;
    struct ca *ca;
    X509 *cert;

    (void)state;
    assert_int_equal(ca_generate("short", NOW, &ca), STATUS_OK);
    leaf = leaf_at(ca, "a.test", NULL, NOW);
    ca_ref(ca);
    ca_free(ca);
    leaf_unref(leaf_at(ca, "b.test", NULL, NOW)); /* there was one reference more */
    ca_free(ca);
    cert = cert_of(leaf);
    X509_free(cert);
    leaf_unref(leaf);
    ca_free(NULL);
    leaf_unref(NULL);
}

static void pem_round(const struct ca *ca, struct buf *cert, struct buf *key)
{
    buf_init(cert, TEXT_BYTES);
    buf_init(key, TEXT_BYTES);
    assert_int_equal(ca_cert_pem(ca, cert), STATUS_OK);
    assert_int_equal(ca_key_pem(ca, key), STATUS_OK);
}

static void comes_back_from_pem(void **state)
{
    char error[CA_ERROR_TEXT] = "";
    struct buf cert, key, print, print_again;
    struct leaf *leaf;
    struct ca *again;
    X509 *x;

    pem_round(*state, &cert, &key);
    assert_int_equal(ca_from_pem(buf_bytes(&cert), buf_bytes(&key), error, &again), STATUS_OK);
    buf_init(&print, TEXT_BYTES);
    buf_init(&print_again, TEXT_BYTES);
    assert_int_equal(ca_fingerprint(*state, &print), STATUS_OK);
    assert_int_equal(ca_fingerprint(again, &print_again), STATUS_OK);
    assert_int_equal(print.len, 32 * 3 - 1);
    assert_string_equal(buf_text(&print), buf_text(&print_again));
    assert_false(ca_is_slow(again));
    leaf = leaf_at(again, "a.test", NULL, NOW);
    x = cert_of(leaf);
    assert_int_equal(verify(*state, x, "a.test"), X509_V_OK);
    X509_free(x);
    leaf_unref(leaf);
    ca_free(again);
    buf_release(&print);
    buf_release(&print_again);
    buf_release(&cert);
    buf_release(&key);
}

static void refuses_pem_that_cannot_be_a_ca(void **state)
{
    char error[CA_ERROR_TEXT] = "";
    struct buf cert, key, other_cert, other_key, leaf_text;
    struct leaf *leaf = leaf_at(*state, "a.test", NULL, NOW);
    struct ca *other, *none = NULL;

    assert_int_equal(ca_generate("other", NOW, &other), STATUS_OK);
    pem_round(*state, &cert, &key);
    pem_round(other, &other_cert, &other_key);
    buf_init(&leaf_text, TEXT_BYTES);
    assert_int_equal(leaf_pem(leaf, &leaf_text), STATUS_OK);

    assert_int_equal(ca_from_pem(BYTES("hello"), buf_bytes(&key), error, &none), STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "no certificate"));
    assert_int_equal(ca_from_pem(BYTES(""), BYTES(""), error, &none), STATUS_BAD_INPUT);
    assert_int_equal(ca_from_pem(buf_bytes(&cert), buf_bytes(&cert), error, &none),
                     STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "private key cannot be read"));
    assert_int_equal(ca_from_pem(buf_bytes(&cert), buf_bytes(&other_key), error, &none),
                     STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "does not belong"));
    assert_null(none);
    assert_int_equal(ERR_peek_error(), 0);
    buf_release(&cert);
    buf_release(&key);
    buf_release(&other_cert);
    buf_release(&other_key);
    buf_release(&leaf_text);
    leaf_unref(leaf);
    ca_free(other);
}

/* Writes key and certificate of a made-up authority as PEM. `issuer` NULL: its own. */
static X509 *make_authority(EVP_PKEY *key, const char *name, bool is_ca, X509 *issuer,
                            EVP_PKEY *issuer_key, struct buf *cert_pem, struct buf *key_pem)
{
    X509 *cert = X509_new();
    X509_NAME *subject = X509_get_subject_name(cert);
    BIO *memory = BIO_new(BIO_s_mem());
    X509V3_CTX ctx;
    char *data;
    long len;

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    ASN1_TIME_set(X509_getm_notBefore(cert), NOW - DAY);
    ASN1_TIME_set(X509_getm_notAfter(cert), NOW + 100 * DAY);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1,
                               0);
    X509_set_issuer_name(cert, issuer ? X509_get_subject_name(issuer) : subject);
    X509_set_pubkey(cert, key);
    X509V3_set_ctx(&ctx, issuer ? issuer : cert, cert, NULL, NULL, 0);
    if (is_ca) {
        X509_EXTENSION *e =
            X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "critical,CA:TRUE");
        X509_add_ext(cert, e, -1);
        X509_EXTENSION_free(e);
    }
    assert_true(X509_sign(cert, issuer_key ? issuer_key : key, EVP_sha256()) > 0);
    PEM_write_bio_X509(memory, cert);
    if (issuer)
        PEM_write_bio_X509(memory, issuer);
    len = BIO_get_mem_data(memory, &data);
    buf_init(cert_pem, TEXT_BYTES);
    buf_put(cert_pem, bytes_make(data, (size_t)len));
    (void)BIO_reset(memory);
    PEM_write_bio_PrivateKey(memory, key, NULL, NULL, 0, NULL, NULL);
    len = BIO_get_mem_data(memory, &data);
    buf_init(key_pem, TEXT_BYTES);
    buf_put(key_pem, bytes_make(data, (size_t)len));
    BIO_free(memory);
    return cert;
}

static void refuses_a_certificate_that_is_no_authority(void **state)
{
    char error[CA_ERROR_TEXT] = "";
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct ca *ca = NULL;
    struct buf cert, pem;
    X509 *x = make_authority(key, "no authority", false, NULL, NULL, &cert, &pem);

    (void)state;
    assert_int_equal(ca_from_pem(buf_bytes(&cert), buf_bytes(&pem), error, &ca), STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "CA:TRUE"));
    X509_free(x);
    EVP_PKEY_free(key);
    buf_release(&cert);
    buf_release(&pem);
}

static void reads_no_key_behind_a_passphrase(void **state)
{
    char error[CA_ERROR_TEXT] = "";
    EVP_PKEY *key = EVP_EC_gen("P-256");
    BIO *memory = BIO_new(BIO_s_mem());
    struct ca *ca = NULL;
    struct buf cert, pem;
    X509 *x = make_authority(key, "locked", true, NULL, NULL, &cert, &pem);
    char *data;
    long len;

    (void)state;
    assert_true(PEM_write_bio_PrivateKey(memory, key, EVP_aes_128_cbc(),
                                         (const unsigned char *)"secret", 6, NULL, NULL));
    len = BIO_get_mem_data(memory, &data);
    assert_int_equal(ca_from_pem(buf_bytes(&cert), bytes_make(data, (size_t)len), error, &ca),
                     STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "passphrase"));
    BIO_free(memory);
    X509_free(x);
    EVP_PKEY_free(key);
    buf_release(&cert);
    buf_release(&pem);
}

/* Keys of all kinds that people have; without a subject key id, too. */
static void signs_with_other_kinds_of_keys(void **state)
{
    EVP_PKEY *keys[] = {EVP_RSA_gen(2048), EVP_EC_gen("P-384"),
                        EVP_PKEY_Q_keygen(NULL, NULL, "ED25519")};
    static const bool slow[] = {true, true, false};

    (void)state;
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        char error[CA_ERROR_TEXT] = "";
        struct buf cert, pem;
        struct leaf *leaf;
        struct ca *ca;
        X509 *root, *x;

        if (i == 2) { /* make_authority() signs with SHA-256, which Ed25519 refuses */
            EVP_PKEY *signer = keys[0];

            root = make_authority(keys[1], "signer", true, NULL, NULL, &cert, &pem);
            X509_free(root);
            buf_release(&cert);
            buf_release(&pem);
            root = make_authority(keys[i], "own", true, NULL, signer, &cert, &pem);
        } else {
            root = make_authority(keys[i], "own", true, NULL, NULL, &cert, &pem);
        }
        assert_int_equal(ca_from_pem(buf_bytes(&cert), buf_bytes(&pem), error, &ca), STATUS_OK);
        assert_int_equal(ca_is_slow(ca), slow[i]);
        leaf = leaf_at(ca, "a.test", NULL, NOW);
        x = cert_of(leaf);
        assert_int_equal(X509_verify(x, keys[i]), 1);
        assert_non_null(X509_get0_authority_key_id(x));
        X509_free(x);
        X509_free(root);
        leaf_unref(leaf);
        ca_free(ca);
        buf_release(&cert);
        buf_release(&pem);
    }
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
        EVP_PKEY_free(keys[i]);
}

static void describes_itself(void **state)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES);
    assert_int_equal(ca_describe(*state, &text), STATUS_OK);
    assert_non_null(strstr(buf_text(&text), "subject: CN = weir CA test\n"));
    assert_non_null(strstr(buf_text(&text), "valid from: 2026-09-20 14:13:20 UTC\n"));
    assert_non_null(strstr(buf_text(&text), "key: EC, 256 bits\n"));
    assert_non_null(strstr(buf_text(&text), "\nsha-256: "));
    buf_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_a_ca_that_may_sign_leaves_only),
        cmocka_unit_test(keeps_the_label_within_a_common_name),
        cmocka_unit_test(signs_a_thousand_leaves_that_pass_strict_checks),
        cmocka_unit_test(fills_a_leaf_as_browsers_want_it),
        cmocka_unit_test(names_hosts_of_every_kind),
        cmocka_unit_test(leaves_the_subject_empty_for_long_names),
        cmocka_unit_test(ignores_case_and_a_last_dot),
        cmocka_unit_test(refuses_what_is_no_host),
        cmocka_unit_test(mirrors_names_but_no_overwide_wildcards),
        cmocka_unit_test(bounds_the_names_it_mirrors),
        cmocka_unit_test(keeps_leaves_by_host_and_mirror),
        cmocka_unit_test(mints_anew_before_a_leaf_ends),
        cmocka_unit_test(never_outlives_the_ca),
        cmocka_unit_test(forgets_the_least_recently_used_leaf),
        cmocka_unit_test(lets_a_leaf_outlive_its_ca),
        cmocka_unit_test(comes_back_from_pem),
        cmocka_unit_test(refuses_pem_that_cannot_be_a_ca),
        cmocka_unit_test(refuses_a_certificate_that_is_no_authority),
        cmocka_unit_test(reads_no_key_behind_a_passphrase),
        cmocka_unit_test(signs_with_other_kinds_of_keys),
        cmocka_unit_test(describes_itself),
    };

    return cmocka_run_group_tests(tests, make_ca, free_ca);
}
