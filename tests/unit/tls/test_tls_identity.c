#include "tls_pair.h"

/* The CA's own certificate and key serve as the client's. */
static struct tls_identity *make_identity(const struct ca *ca)
{
    struct tls_identity *identity = NULL;
    char error[TLS_ERROR_TEXT] = "";
    struct buf cert, key;

    buf_init(&cert, PAIR_TEXT_BYTES);
    buf_init(&key, PAIR_TEXT_BYTES);
    assert_int_equal(ca_cert_pem(ca, &cert), STATUS_OK);
    assert_int_equal(ca_key_pem(ca, &key), STATUS_OK);
    assert_int_equal(tls_identity_new(buf_bytes(&cert), buf_bytes(&key), error, &identity),
                     STATUS_OK);
    buf_release(&cert);
    buf_release(&key);
    return identity;
}

static int accept_any(int ok, X509_STORE_CTX *ctx)
{
    (void)ok;
    (void)ctx;
    return 1;
}

static int accept_none(int ok, X509_STORE_CTX *ctx)
{
    (void)ok;
    X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_UNTRUSTED);
    return 0;
}

/* An origin that insists on a client certificate. */
static struct tlsio *asking_server(struct world *w, SSL_verify_cb judge)
{
    struct tlsio *server = accept_as(w, "asks.test", "");

    SSL_set_verify(server->ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, judge);
    return server;
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

/* The server's judgement comes after the client is ready in TLS 1.3. */
static void shake_and_read(struct tlsio *client, struct tlsio *server, int version)
{
    struct buf got;

    assert_true(SSL_set_max_proto_version(client->ssl, version));
    buf_init(&got, PAIR_TEXT_BYTES);
    shake_hands(client, server, SIZE_MAX);
    if (tlsio_ready(client))
        (void)!read_all(client, &got);
    buf_release(&got);
}

static void shows_its_certificate_when_asked(void **state)
{
    struct world *w = *state;
    struct tls_identity *identity = make_identity(w->ca);
    struct tls_target target = target_of("asks.test");

    target.identity = identity;
    for (int v = 0; v < 2; v++) {
        struct tlsio *server = asking_server(w, accept_any);
        struct tlsio *client = connect_target(w, &target);
        struct buf text;

        shake_and_read(client, server, versions[v]);
        assert_true(tlsio_ready(server));
        assert_true(tlsio_ready(client));
        buf_init(&text, PAIR_TEXT_BYTES);
        assert_int_equal(tlsio_peer_describe(server, &text), STATUS_OK);
        assert_non_null(strstr(buf_text(&text), "subject: CN = weir CA pair\n"));
        buf_release(&text);
        tlsio_free(client);
        tlsio_free(server);
    }
    tls_identity_free(identity);
    tls_identity_free(NULL);
}

static void says_when_a_certificate_is_missing(void **state)
{
    static const char *const sentences[] = {
        "asks.test ended TLS with the alert handshake_failure: "
        "there are no settings both sides accept",
        "asks.test ended TLS with the alert certificate_required: it asks for a client certificate",
    };
    struct world *w = *state;

    for (int v = 0; v < 2; v++) {
        struct tlsio *server = asking_server(w, accept_any), *client = connect_to(w, "asks.test");

        shake_and_read(client, server, versions[v]);
        assert_string_equal(tlsio_error(client), sentences[v]);
        assert_false(tlsio_refused_by_peer(client));
        tlsio_free(client);
        tlsio_free(server);
    }
}

static void says_when_its_certificate_is_refused(void **state)
{
    struct world *w = *state;
    struct tls_identity *identity = make_identity(w->ca);
    struct tls_target target = target_of("asks.test");

    target.identity = identity;
    for (int v = 0; v < 2; v++) {
        struct tlsio *server = asking_server(w, accept_none);
        struct tlsio *client = connect_target(w, &target);

        shake_and_read(client, server, versions[v]);
        assert_true(tlsio_refused_by_peer(client));
        assert_false(tlsio_refused_peer(client));
        assert_int_equal(strncmp(tlsio_error(client), "asks.test refused the client certificate",
                                 strlen("asks.test refused the client certificate")),
                         0);
        tlsio_free(client);
        tlsio_free(server);
    }
    tls_identity_free(identity);
}

static void refuses_pem_that_does_not_fit(void **state)
{
    struct world *w = *state;
    struct tls_identity *none = NULL;
    char error[TLS_ERROR_TEXT] = "";
    struct buf cert, key;
    struct ca *other;

    assert_int_equal(ca_generate("other", 1790000000, &other), STATUS_OK);
    buf_init(&cert, PAIR_TEXT_BYTES);
    buf_init(&key, PAIR_TEXT_BYTES);
    assert_int_equal(ca_cert_pem(w->ca, &cert), STATUS_OK);
    assert_int_equal(ca_key_pem(other, &key), STATUS_OK);
    assert_int_equal(tls_identity_new(buf_bytes(&cert), buf_bytes(&key), error, &none),
                     STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "does not belong"));
    assert_int_equal(tls_identity_new(BYTES("x"), buf_bytes(&key), error, &none), STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "no certificate"));
    assert_int_equal(tls_identity_new(buf_bytes(&cert), BYTES(""), error, &none), STATUS_BAD_INPUT);
    assert_non_null(strstr(error, "private key cannot be read"));
    assert_null(none);
    buf_release(&cert);
    buf_release(&key);
    ca_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_its_certificate_when_asked),
        cmocka_unit_test(says_when_a_certificate_is_missing),
        cmocka_unit_test(says_when_its_certificate_is_refused),
        cmocka_unit_test(refuses_pem_that_does_not_fit),
    };

    return cmocka_run_group_tests(tests, world_begin, world_end);
}
