#include "tls_pair.h"

static void limit_version(struct tlsio *t, int version)
{
    assert_true(SSL_set_max_proto_version(t->ssl, version));
}

/* A whole connection: was the session resumed? Both ends must say the same. */
static bool connection_resumes(struct world *w, const struct tls_target *target, const char *host,
                               int version)
{
    struct tlsio *server = accept_as(w, host, "\x02h2"), *client = connect_target(w, target);
    bool resumed;

    limit_version(client, version);
    shake_hands(client, server, SIZE_MAX);
    assert_string_equal(tlsio_error(client), "");
    assert_true(tlsio_ready(client));
    assert_true(tlsio_ready(server));
    exchange_words(w, client, server);
    resumed = tlsio_facts(client).resumed;
    assert_int_equal(resumed, tlsio_facts(server).resumed);
    assert_int_equal(tlsio_facts(client).verified, target->verify);
    tlsio_free(client);
    tlsio_free(server);
    return resumed;
}

/* Freed without a goodbye each time, which must not spoil the session. */
static void resumes_the_next_connection(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const char *const hosts[] = {"again12.test", "again13.test"};
    struct world *w = *state;

    for (int v = 0; v < 2; v++) {
        struct tls_target target = target_of(hosts[v]);

        assert_false(connection_resumes(w, &target, hosts[v], versions[v]));
        for (int i = 0; i < 5; i++)
            assert_true(connection_resumes(w, &target, hosts[v], versions[v]));
    }
}

static void uses_a_ticket_once(void **state)
{
    struct world *w = *state;
    struct tls_target target = target_of("once.test");
    struct tlsio *server, *client;

    assert_false(connection_resumes(w, &target, "once.test", TLS1_3_VERSION));
    client = connect_target(w, &target); /* takes the ticket and never gets through */
    assert_int_equal(tlsio_handshake(client), STATUS_NEED_MORE);
    server = accept_as(w, "once.test", "");
    tlsio_free(server);
    tlsio_free(client);
    assert_false(connection_resumes(w, &target, "once.test", TLS1_3_VERSION));
}

static void sends_one_ticket(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", "");

    assert_int_equal(SSL_get_num_tickets(server->ssl), 1);
    tlsio_free(server);
}

static void keeps_a_few_sessions_for_dials_at_once(void **state)
{
    struct world *w = *state;
    struct tls_target target = target_of("busy.test");
    struct tlsio *client[TLS_SESSIONS_A_TARGET], *server[TLS_SESSIONS_A_TARGET];

    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < TLS_SESSIONS_A_TARGET; i++) {
            client[i] = connect_target(w, &target);
            server[i] = accept_as(w, "busy.test", "");
        }
        for (int i = 0; i < TLS_SESSIONS_A_TARGET; i++) {
            shake_hands(client[i], server[i], SIZE_MAX);
            exchange_words(w, client[i], server[i]);
            assert_int_equal(tlsio_facts(client[i]).resumed, round == 1);
            tlsio_free(client[i]);
            tlsio_free(server[i]);
        }
    }
}

static void never_mixes_targets(void **state)
{
    struct world *w = *state;
    struct tls_target first = target_of("mixed.test"), other;
    struct tls_identity *identity;
    char error[TLS_ERROR_TEXT];
    struct buf cert, key;

    buf_init(&cert, PAIR_TEXT_BYTES);
    buf_init(&key, PAIR_TEXT_BYTES);
    assert_int_equal(ca_cert_pem(w->ca, &cert), STATUS_OK);
    assert_int_equal(ca_key_pem(w->ca, &key), STATUS_OK);
    assert_int_equal(tls_identity_new(buf_bytes(&cert), buf_bytes(&key), error, &identity),
                     STATUS_OK);
    assert_false(connection_resumes(w, &first, "mixed.test", TLS1_3_VERSION));
    other = first;
    other.port = 8443;
    assert_false(connection_resumes(w, &other, "mixed.test", TLS1_3_VERSION));
    other = first;
    other.sni = BYTES("");
    assert_false(connection_resumes(w, &other, "mixed.test", TLS1_3_VERSION));
    other = first;
    other.alpn = BYTES("\x02h2");
    assert_false(connection_resumes(w, &other, "mixed.test", TLS1_3_VERSION));
    other = first;
    other.verify = false;
    assert_false(connection_resumes(w, &other, "mixed.test", TLS1_3_VERSION));
    other = first;
    other.identity = identity;
    assert_false(connection_resumes(w, &other, "mixed.test", TLS1_3_VERSION));
    assert_true(connection_resumes(w, &first, "mixed.test", TLS1_3_VERSION));
    tls_identity_free(identity);
    buf_release(&cert);
    buf_release(&key);
}

/* A client that keeps its own session and offers it where it likes. */
struct raw_client {
    SSL_CTX *ctx;
    SSL_SESSION *session;
};

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    struct raw_client *raw = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    SSL_SESSION_free(raw->session);
    raw->session = session;
    return 1;
}

static void raw_client_init(struct raw_client *raw, int version)
{
    raw->session = NULL;
    raw->ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_app_data(raw->ctx, raw);
    SSL_CTX_set_max_proto_version(raw->ctx, version);
    SSL_CTX_set_session_cache_mode(raw->ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(raw->ctx, keep_session);
}

/* Connects with `sni`, offering the session there is, to an end made for `host`. */
static bool raw_resumes(struct world *w, struct raw_client *raw, char *sni, const char *host)
{
    struct tlsio *server = accept_as(w, host, "");
    SSL *ssl = SSL_new(raw->ctx);
    BIO *in = BIO_new(BIO_s_mem()), *out = BIO_new(BIO_s_mem());
    SSL_SESSION *offered = raw->session;
    bool resumed;

    raw->session = NULL;
    SSL_set_bio(ssl, in, out);
    SSL_set_tlsext_host_name(ssl, sni);
    if (offered)
        assert_true(SSL_set_session(ssl, offered));
    for (int i = 0; i < 6; i++) {
        char *data, byte;
        long len;
        struct slice first;
        enum status st;

        if (SSL_connect(ssl) == 1)
            SSL_read(ssl, &byte, 1); /* takes in the ticket */
        len = BIO_get_mem_data(out, &data);
        if (len > 0)
            assert_int_equal(tlsio_feed(server, slice_of(bytes_make(data, (size_t)len))),
                             STATUS_OK);
        (void)BIO_reset(out);
        st = tlsio_handshake(server);
        assert_true(st >= 0);
        while ((first = slice_queue_first(tlsio_out(server))).len) {
            BIO_write(in, first.ptr, (int)first.len);
            slice_queue_consume(tlsio_out(server), first.len);
        }
    }
    assert_true(tlsio_ready(server));
    assert_true(SSL_is_init_finished(ssl));
    resumed = SSL_session_reused(ssl);
    SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl);
    if (raw->session)
        SSL_SESSION_free(offered);
    else
        raw->session = offered; /* TLS 1.2: no new one came, the old one is good */
    tlsio_free(server);
    return resumed;
}

/* OpenSSL itself resumes under another name: only the binding keeps hosts apart. */
static void resumes_no_ticket_of_another_host(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    char a[] = "host-a.test", b[] = "host-b.test";
    struct world *w = *state;

    for (int v = 0; v < 2; v++) {
        struct raw_client raw;

        raw_client_init(&raw, versions[v]);
        assert_false(raw_resumes(w, &raw, a, a));
        assert_non_null(raw.session);
        assert_true(raw_resumes(w, &raw, a, a));
        assert_non_null(raw.session);
        assert_false(raw_resumes(w, &raw, b, b));
        assert_non_null(raw.session); /* a full handshake, with a ticket of its own */
        assert_true(raw_resumes(w, &raw, b, b));
        SSL_SESSION_free(raw.session);
        SSL_CTX_free(raw.ctx);
    }
}

/* The binding alone decides, not what is beside it. */
static void binds_host_port_and_policy(void **state)
{
    uint8_t one[TLS_BINDING_BYTES], two[TLS_BINDING_BYTES];

    (void)state;
    assert_int_equal(tls_binding(BYTES("a.test"), 443, BYTES("p"), one), STATUS_OK);
    assert_int_equal(tls_binding(BYTES("a.test"), 443, BYTES("p"), two), STATUS_OK);
    assert_memory_equal(one, two, sizeof(one));
    assert_int_equal(tls_binding(BYTES("b.test"), 443, BYTES("p"), two), STATUS_OK);
    assert_memory_not_equal(one, two, sizeof(one));
    assert_int_equal(tls_binding(BYTES("a.test"), 444, BYTES("p"), two), STATUS_OK);
    assert_memory_not_equal(one, two, sizeof(one));
    assert_int_equal(tls_binding(BYTES("a.test"), 443, BYTES("q"), two), STATUS_OK);
    assert_memory_not_equal(one, two, sizeof(one));
}

static void no_early_data_is_taken(void **state)
{
    struct world *w = *state;
    struct tls_target target = target_of("early.test");
    struct tlsio *client;
    size_t written;

    assert_false(connection_resumes(w, &target, "early.test", TLS1_3_VERSION));
    client = connect_target(w, &target);
    assert_non_null(SSL_get0_session(client->ssl));
    assert_int_equal(SSL_SESSION_get_max_early_data(SSL_get0_session(client->ssl)), 0);
    assert_false(SSL_write_early_data(client->ssl, "x", 1, &written));
    tlsio_free(client);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(resumes_the_next_connection),
        cmocka_unit_test(uses_a_ticket_once),
        cmocka_unit_test(sends_one_ticket),
        cmocka_unit_test(keeps_a_few_sessions_for_dials_at_once),
        cmocka_unit_test(never_mixes_targets),
        cmocka_unit_test(resumes_no_ticket_of_another_host),
        cmocka_unit_test(binds_host_port_and_policy),
        cmocka_unit_test(no_early_data_is_taken),
    };

    return cmocka_run_group_tests(tests, world_begin, world_end);
}
