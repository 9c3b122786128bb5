#include "tls_pair.h"

#include <openssl/x509v3.h>
#include <stdio.h>

/* Tries to connect to `host`, where `leaf` is shown; the client's sentence must
 * begin with `sentence`, or there must be none. */
static void expect(struct world *w, const char *host, struct leaf *leaf, const char *sentence)
{
    struct tlsio *server = accept_leaf(w, leaf, host, ""), *client = connect_to(w, host);
    struct buf text;

    shake_hands(client, server, SIZE_MAX);
    if (sentence) {
        assert_int_equal(tlsio_handshake(client), STATUS_TLS);
        assert_false(tlsio_ready(server));
        assert_true(tlsio_refused_peer(client));
        assert_false(tlsio_refused_by_peer(client));
        assert_false(tlsio_facts(client).verified);
        if (!bytes_starts_with(bytes_of(tlsio_error(client)), bytes_of(sentence)))
            assert_string_equal(tlsio_error(client), sentence);
        buf_init(&text, PAIR_TEXT_BYTES); /* what was refused can be looked at */
        assert_int_equal(tlsio_peer_describe(client, &text), STATUS_OK);
        assert_non_null(strstr(buf_text(&text), "sha-256: "));
        buf_release(&text);
    } else {
        assert_string_equal(tlsio_error(client), "");
        assert_true(tlsio_facts(client).verified);
        assert_false(tlsio_refused_peer(client));
    }
    tlsio_free(client);
    tlsio_free(server);
}

static void date_of(int64_t when, char ret_text[16])
{
    time_t seconds = (time_t)when;
    struct tm parts;

    gmtime_r(&seconds, &parts);
    strftime(ret_text, 16, "%Y-%m-%d", &parts);
}

static void accepts_names_and_addresses_that_fit(void **state)
{
    static const char *const hosts[] = {"good.test", "127.0.0.1", "::1"};
    struct world *w = *state;

    for (size_t i = 0; i < 3; i++) {
        struct leaf *leaf = leaf_for(w->ca, hosts[i], (int64_t)time(NULL));

        expect(w, hosts[i], leaf, NULL);
        leaf_unref(leaf);
    }
}

static void sends_no_sni_for_addresses(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "127.0.0.1", ""), *client = connect_to(w, "127.0.0.1");

    shake_hands(client, server, SIZE_MAX);
    assert_true(tlsio_ready(server));
    assert_null(SSL_get_servername(server->ssl, TLSEXT_NAMETYPE_host_name));
    tlsio_free(client);
    tlsio_free(server);
}

static void tells_of_expired_certificates(void **state)
{
    struct world *w = *state;
    int64_t now = (int64_t)time(NULL);
    struct leaf *leaf = leaf_for(w->ca, "old.test", now - 100 * PAIR_DAY);
    char date[16], sentence[128];

    date_of(now - 70 * PAIR_DAY, date);
    snprintf(sentence, sizeof(sentence), "the certificate of old.test has expired (%s)", date);
    expect(w, "old.test", leaf, sentence);
    leaf_unref(leaf);
}

static void tells_of_certificates_not_yet_valid(void **state)
{
    struct world *w = *state;
    int64_t now = (int64_t)time(NULL);
    struct leaf *leaf = leaf_for(w->ca, "new.test", now + 100 * PAIR_DAY);
    char date[16], sentence[128];

    date_of(now + 99 * PAIR_DAY, date);
    snprintf(sentence, sizeof(sentence),
             "the certificate of new.test is not valid before %s: is the clock", date);
    expect(w, "new.test", leaf, sentence);
    leaf_unref(leaf);
}

static void tells_of_the_wrong_host(void **state)
{
    struct bytes items[] = {BYTES("two.test"), BYTES("three.test"), BYTES("four.test"),
                            BYTES("five.test")};
    struct cert_names mirror = {.count = 4, .items = items, .hash = 8};
    struct world *w = *state;
    struct leaf_request request = {
        .host = BYTES("one.test"), .mirror = &mirror, .now = (int64_t)time(NULL)};
    struct leaf *leaf = leaf_for(w->ca, "other.test", (int64_t)time(NULL));

    expect(w, "wanted.test", leaf, "the certificate of wanted.test is for other hosts: other.test");
    expect(w, "127.0.0.1", leaf, "the certificate of 127.0.0.1 is for other hosts: other.test");
    leaf_unref(leaf);
    assert_int_equal(ca_leaf(w->ca, &request, &leaf), STATUS_OK);
    expect(w, "wanted.test", leaf,
           "the certificate of wanted.test is for other hosts: one.test, two.test, three.test and "
           "2 more");
    leaf_unref(leaf);
}

static void tells_of_an_unknown_issuer(void **state)
{
    struct world *w = *state;
    struct ca *stranger;
    struct leaf *leaf;

    assert_int_equal(ca_generate("stranger", (int64_t)time(NULL), &stranger), STATUS_OK);
    leaf = leaf_for(stranger, "strange.test", (int64_t)time(NULL));
    expect(w, "strange.test", leaf,
           "the certificate of strange.test comes from an authority that is not known: "
           "CN = weir CA stranger (or");
    /* and when the stranger sends its root along */
    leaf->chain = sk_X509_new_null();
    X509_up_ref(leaf->issuer);
    sk_X509_push(leaf->chain, leaf->issuer);
    expect(w, "strange.test", leaf,
           "the certificate of strange.test comes from an authority that is not trusted: "
           "CN = weir CA stranger");
    leaf_unref(leaf);
    ca_free(stranger);
}

/* A certificate without an authority: its own issuer, and for no host at all
 * unless `host` is given. */
static struct leaf *self_signed(const char *subject, const char *host)
{
    struct leaf *leaf = calloc(1, sizeof(*leaf));
    X509 *cert = X509_new();
    int64_t now = (int64_t)time(NULL);

    atomic_init(&leaf->refs, 1);
    leaf->key = leaf_key_new();
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 7);
    ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)now - PAIR_DAY);
    ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)now + PAIR_DAY);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_UTF8,
                               (const unsigned char *)subject, -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(cert));
    X509_set_pubkey(cert, leaf->key);
    if (host) {
        char names[128];
        X509_EXTENSION *e;

        snprintf(names, sizeof(names), "DNS:%s", host);
        e = X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, names);
        X509_add_ext(cert, e, -1);
        X509_EXTENSION_free(e);
    }
    assert_true(X509_sign(cert, leaf->key, EVP_sha256()) > 0);
    leaf->cert = cert;
    return leaf;
}

static void tells_of_self_signed_certificates(void **state)
{
    struct leaf *leaf = self_signed("self.test", "self.test");

    expect(*state, "self.test", leaf,
           "the certificate of self.test is self-signed: no authority vouches for it");
    leaf_unref(leaf);
}

/* From here to the end of the test, `leaf` itself is trusted and nothing else;
 * gives what was there before, for trust_again(). */
static struct tls_shared *trust_only(struct world *w, const struct leaf *leaf)
{
    struct tls_shared *usual = w->shared;
    struct tls_settings settings = {.min_version = TLS1_2_VERSION};
    char error[TLS_ERROR_TEXT];
    BIO *memory = BIO_new(BIO_s_mem());
    char *data;
    long len;

    assert_true(PEM_write_bio_X509(memory, leaf->cert));
    len = BIO_get_mem_data(memory, &data);
    settings.upstream_ca_pem = bytes_make(data, (size_t)len);
    assert_int_equal(tls_shared_new(&settings, error, &w->shared), STATUS_OK);
    BIO_free(memory);
    return usual;
}

static void trust_again(struct world *w, struct tls_shared *usual)
{
    tls_shared_free(w->shared);
    w->shared = usual;
}

static void trusts_a_self_signed_certificate_that_was_added(void **state)
{
    struct world *w = *state;
    struct leaf *leaf = self_signed("added.test", "added.test");
    struct tls_shared *usual = trust_only(w, leaf);

    expect(w, "added.test", leaf, NULL);
    expect(w, "other.test", leaf, "the certificate of other.test is for other hosts: added.test");
    trust_again(w, usual);
    leaf_unref(leaf);
}

/* Trusted as it stands, though its issuer is not. */
static void trusts_a_leaf_that_was_added(void **state)
{
    struct world *w = *state;
    struct leaf *leaf = leaf_for(w->ca, "pinned.test", (int64_t)time(NULL));
    struct leaf *other = leaf_for(w->ca, "other.test", (int64_t)time(NULL));
    struct tls_shared *usual = trust_only(w, leaf);

    expect(w, "pinned.test", leaf, NULL);
    expect(w, "other.test", other,
           "the certificate of other.test comes from an authority that is not known");
    trust_again(w, usual);
    leaf_unref(leaf);
    leaf_unref(other);
}

/* RFC 9525 §2: a name in the subject does not count. */
static void looks_at_no_common_name(void **state)
{
    struct world *w = *state;
    struct leaf *leaf = self_signed("subject.test", NULL);
    struct tls_shared *usual = trust_only(w, leaf);

    expect(w, "subject.test", leaf, "the certificate of subject.test names no host at all");
    trust_again(w, usual);
    leaf_unref(leaf);
}

/* RFC 9525 §6.3: a wildcard is a whole label, and stands for one. */
static void takes_wildcards_for_one_whole_label(void **state)
{
    struct world *w = *state;
    struct leaf *whole = self_signed("x", "*.wild.test"), *part = self_signed("x", "f*.wild.test");
    struct tls_shared *usual = trust_only(w, whole);

    expect(w, "foo.wild.test", whole, NULL);
    expect(w, "a.foo.wild.test", whole, "the certificate of a.foo.wild.test is for other hosts");
    expect(w, "wild.test", whole, "the certificate of wild.test is for other hosts");
    trust_again(w, usual);
    usual = trust_only(w, part);
    expect(w, "foo.wild.test", part, "the certificate of foo.wild.test names no host at all");
    trust_again(w, usual);
    leaf_unref(whole);
    leaf_unref(part);
}

static void escapes_what_a_certificate_says(void **state)
{
    struct world *w = *state;
    struct ca *stranger;
    struct leaf *leaf = self_signed("x", "evil.test");
    char long_name[65];

    memset(long_name, 'n', sizeof(long_name) - 1);
    long_name[64] = '\0';
    X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf->cert), "O", MBSTRING_UTF8,
                               (const unsigned char *)"\x1b[2J\n\xe2\x80\xae", -1, -1, 0);
    for (int i = 0; i < 8; i++)
        X509_NAME_add_entry_by_txt(X509_get_subject_name(leaf->cert), "OU", MBSTRING_UTF8,
                                   (const unsigned char *)long_name, -1, -1, 0);
    X509_set_issuer_name(leaf->cert, X509_get_subject_name(leaf->cert));
    assert_true(X509_sign(leaf->cert, leaf->key, EVP_sha256()) > 0);
    leaf->chain = NULL;
    /* shown as the issuer of another certificate */
    assert_int_equal(ca_generate("s", (int64_t)time(NULL), &stranger), STATUS_OK);
    {
        struct leaf *shown = self_signed("y", "evil.test");
        struct tlsio *server, *client;

        X509_set_issuer_name(shown->cert, X509_get_subject_name(leaf->cert));
        assert_true(X509_sign(shown->cert, leaf->key, EVP_sha256()) > 0);
        server = accept_leaf(w, shown, "evil.test", "");
        client = connect_to(w, "evil.test");
        shake_hands(client, server, SIZE_MAX);
        assert_true(tlsio_refused_peer(client));
        assert_int_equal(strlen(tlsio_error(client)), TLS_ERROR_TEXT - 1); /* cut */
        for (const char *c = tlsio_error(client); *c; c++)
            assert_in_range(*c, ' ', '~');
        tlsio_free(client);
        tlsio_free(server);
        leaf_unref(shown);
    }
    ca_free(stranger);
    leaf_unref(leaf);
}

static void connects_to_anyone_when_told_not_to_verify(void **state)
{
    struct world *w = *state;
    struct tls_target target = target_of("any.test");
    struct leaf *leaf = self_signed("whoever", NULL);
    struct tlsio *server = accept_leaf(w, leaf, "any.test", ""), *client;

    target.verify = false;
    client = connect_target(w, &target);
    shake_hands(client, server, SIZE_MAX);
    assert_true(tlsio_ready(client));
    assert_false(tlsio_facts(client).verified);
    assert_string_equal(tlsio_error(client), "");
    tlsio_free(client);
    tlsio_free(server);
    leaf_unref(leaf);
}

static void gives_the_names_of_the_origin(void **state)
{
    struct bytes items[] = {BYTES("two.test"), BYTES("*.three.test"), BYTES("2001:db8::1")};
    struct cert_names mirror = {.count = 3, .items = items, .hash = 10}, got, again;
    struct world *w = *state;
    struct leaf_request request = {
        .host = BYTES("one.test"), .mirror = &mirror, .now = (int64_t)time(NULL)};
    struct tlsio *server, *client;
    struct leaf *leaf;
    struct buf text;

    assert_int_equal(ca_leaf(w->ca, &request, &leaf), STATUS_OK);
    server = accept_leaf(w, leaf, "one.test", "");
    client = connect_to(w, "one.test");
    shake_hands(client, server, SIZE_MAX);
    assert_int_equal(tlsio_peer_names(client, &got), STATUS_OK);
    assert_int_equal(got.count, 4);
    assert_true(bytes_equal(got.items[0], BYTES("one.test")));
    assert_true(bytes_equal(got.items[2], BYTES("*.three.test")));
    assert_true(bytes_equal(got.items[3], BYTES("2001:db8:0:0:0:0:0:1")));
    assert_int_equal(tlsio_peer_names(client, &again), STATUS_OK);
    assert_true(got.hash == again.hash && got.hash != 0);
    cert_names_release(&again);
    buf_init(&text, PAIR_TEXT_BYTES);
    assert_int_equal(tlsio_peer_describe(client, &text), STATUS_OK);
    assert_non_null(strstr(buf_text(&text), "names: one.test, two.test, *.three.test, 2001:"));
    assert_int_equal(tlsio_peer_names(server, &again), STATUS_NOT_FOUND);
    buf_release(&text);
    cert_names_release(&got);
    tlsio_free(client);
    tlsio_free(server);
    leaf_unref(leaf);
}

static void knows_when_a_client_rejects_our_ca(void **state)
{
    struct world *w = *state;
    struct ca *stranger;
    struct tlsio *server, *client;
    struct leaf *leaf;

    assert_int_equal(ca_generate("stranger", (int64_t)time(NULL), &stranger), STATUS_OK);
    leaf = leaf_for(stranger, "a.test", (int64_t)time(NULL));
    server = accept_leaf(w, leaf, "a.test", "");
    client = connect_to(w, "a.test");
    shake_hands(client, server, SIZE_MAX);
    assert_int_equal(tlsio_handshake(server), STATUS_TLS);
    assert_true(tlsio_refused_by_peer(server));
    assert_false(tlsio_refused_peer(server));
    assert_int_equal(tlsio_facts(server).alert, 48);
    assert_string_equal(tlsio_facts(server).alert_text, "unknown_ca");
    assert_string_equal(tlsio_error(server),
                        "the client refused the certificate (alert unknown_ca): it does not trust "
                        "the authority that signed; does it trust the CA of weir?");
    tlsio_free(client);
    tlsio_free(server);
    leaf_unref(leaf);
    ca_free(stranger);
}

static void refuses_added_roots_without_a_certificate(void **state)
{
    struct tls_settings settings = {.min_version = TLS1_2_VERSION,
                                    .upstream_ca_pem = BYTES("no certificate")};
    char error[TLS_ERROR_TEXT] = "";
    struct tls_shared *shared = NULL;

    (void)state;
    assert_int_equal(tls_shared_new(&settings, error, &shared), STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "no certificate in PEM form"));
    assert_null(shared);
    tls_shared_free(NULL);
}

static void loads_the_systems_roots_once(void **state)
{
    struct tls_shared *shared = shared_trusting(NULL, TLS1_2_VERSION);
    enum status st = tls_shared_load_trust(shared);
    int roots = sk_X509_OBJECT_num(X509_STORE_get0_objects(shared->trust));

    (void)state;
    /* a machine without a bundle is one that trusts nobody */
    assert_true(st == STATUS_OK ? roots > 0 : st == STATUS_NOT_FOUND);
    assert_int_equal(tls_shared_load_trust(shared), st);
    assert_int_equal(sk_X509_OBJECT_num(X509_STORE_get0_objects(shared->trust)), roots);
    tls_shared_free(shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_names_and_addresses_that_fit),
        cmocka_unit_test(sends_no_sni_for_addresses),
        cmocka_unit_test(tells_of_expired_certificates),
        cmocka_unit_test(tells_of_certificates_not_yet_valid),
        cmocka_unit_test(tells_of_the_wrong_host),
        cmocka_unit_test(tells_of_an_unknown_issuer),
        cmocka_unit_test(tells_of_self_signed_certificates),
        cmocka_unit_test(trusts_a_self_signed_certificate_that_was_added),
        cmocka_unit_test(trusts_a_leaf_that_was_added),
        cmocka_unit_test(looks_at_no_common_name),
        cmocka_unit_test(takes_wildcards_for_one_whole_label),
        cmocka_unit_test(escapes_what_a_certificate_says),
        cmocka_unit_test(connects_to_anyone_when_told_not_to_verify),
        cmocka_unit_test(gives_the_names_of_the_origin),
        cmocka_unit_test(knows_when_a_client_rejects_our_ca),
        cmocka_unit_test(refuses_added_roots_without_a_certificate),
        cmocka_unit_test(loads_the_systems_roots_once),
    };

    return cmocka_run_group_tests(tests, world_begin, world_end);
}
