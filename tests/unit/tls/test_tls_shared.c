#include "tls_pair.h"

#include <pthread.h>
#include <stdio.h>

enum { KEYLOG_BYTES = 64 * 1024, LOOPS = 4, LOOP_CONNECTIONS = 40 };

struct keylog {
    char text[KEYLOG_BYTES];
    size_t len;
};

static void on_keylog(void *self, const char *line)
{
    struct keylog *k = self;
    int len = snprintf(k->text + k->len, sizeof(k->text) - k->len, "%s\n", line);

    assert_true(len > 0);
    k->len += (size_t)len;
}

static unsigned count_of(const char *text, const char *word)
{
    unsigned count = 0;

    while ((text = strstr(text, word))) {
        text++;
        count++;
    }
    return count;
}

/* In NSS format, each secret once for the client's and once for the server's end. */
static void logs_the_keys_of_both_ends(void **state)
{
    static const struct {
        int version;
        const char *labels[5];
    } cases[] = {
        {TLS1_3_VERSION,
         {"CLIENT_HANDSHAKE_TRAFFIC_SECRET ", "SERVER_HANDSHAKE_TRAFFIC_SECRET ",
          "CLIENT_TRAFFIC_SECRET_0 ", "SERVER_TRAFFIC_SECRET_0 ", NULL}},
        {TLS1_2_VERSION, {"CLIENT_RANDOM ", NULL}},
    };
    struct world *w = *state;
    struct keylog *log = calloc(1, sizeof(*log));
    struct tls_shared *usual = w->shared;
    struct tls_settings settings = {
        .min_version = TLS1_2_VERSION, .on_keylog = on_keylog, .keylog_self = log};
    char error[TLS_ERROR_TEXT];
    struct buf pem;

    settings.upstream_ca_pem = pem_of(w->ca, &pem);
    assert_int_equal(tls_shared_new(&settings, error, &w->shared), STATUS_OK);
    for (size_t i = 0; i < 2; i++) {
        struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");

        log->len = 0;
        log->text[0] = '\0';
        SSL_set_max_proto_version(client->ssl, cases[i].version);
        shake_hands(client, server, SIZE_MAX);
        assert_true(tlsio_ready(server));
        for (int l = 0; cases[i].labels[l]; l++)
            assert_int_equal(count_of(log->text, cases[i].labels[l]), 2);
        tlsio_free(client);
        tlsio_free(server);
    }
    tls_shared_free(w->shared);
    w->shared = usual;
    buf_release(&pem);
    free(log);
}

static void no_two_lists_of_parts_hash_alike(void **state)
{
    const struct bytes one[] = {BYTES("ab"), BYTES("c")}, two[] = {BYTES("a"), BYTES("bc")},
                       three[] = {BYTES("abc"), BYTES("")};
    uint8_t a[TLS_HASH_BYTES], b[TLS_HASH_BYTES], c[TLS_HASH_BYTES];

    (void)state;
    assert_int_equal(tls_hash(one, 2, a), STATUS_OK);
    assert_int_equal(tls_hash(two, 2, b), STATUS_OK);
    assert_int_equal(tls_hash(three, 2, c), STATUS_OK);
    assert_memory_not_equal(a, b, sizeof(a));
    assert_memory_not_equal(a, c, sizeof(a));
    assert_memory_not_equal(b, c, sizeof(b));
}

static void names_every_alert_it_knows(void **state)
{
    (void)state;
    assert_string_equal(tls_alert_find(48)->name, "unknown_ca");
    assert_true(tls_alert_find(48)->refuses_certificate);
    assert_false(tls_alert_find(40)->refuses_certificate);
    assert_null(tls_alert_find(0));
    assert_null(tls_alert_find(-1));
    assert_null(tls_alert_find(255));
}

static void offers_no_finite_field_groups(void **state)
{
    struct world *w = *state;
    STACK_OF(SSL_CIPHER) *ciphers = SSL_CTX_get_ciphers(w->shared->client);

    assert_true(sk_SSL_CIPHER_num(ciphers) > 3);
    for (int i = 0; i < sk_SSL_CIPHER_num(ciphers); i++)
        assert_int_not_equal(SSL_CIPHER_get_kx_nid(sk_SSL_CIPHER_value(ciphers, i)), NID_kx_dhe);
}

/* A loop of its own: pool and connections are its, the rest is shared. */
struct loop {
    struct world world;
    unsigned done;
};

static void *run_loop(void *self)
{
    struct loop *loop = self;

    for (int i = 0; i < LOOP_CONNECTIONS; i++) {
        struct tlsio *server, *client;
        char host[32];

        snprintf(host, sizeof(host), "host-%d.test", i % 5);
        server = accept_as(&loop->world, host, "");
        client = connect_to(&loop->world, host);
        shake_hands(client, server, SIZE_MAX);
        exchange_words(&loop->world, client, server);
        loop->done += tlsio_facts(client).verified;
        tlsio_free(client);
        tlsio_free(server);
    }
    return NULL;
}

static void serves_many_loops(void **state)
{
    struct world *w = *state;
    struct loop loops[LOOPS];
    pthread_t threads[LOOPS];

    for (int i = 0; i < LOOPS; i++) {
        loops[i] = (struct loop){.world = {.ca = w->ca, .shared = w->shared}};
        chunk_pool_init(&loops[i].world.pool, 16);
        assert_int_equal(pthread_create(&threads[i], NULL, run_loop, &loops[i]), 0);
    }
    for (int i = 0; i < LOOPS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(loops[i].done, LOOP_CONNECTIONS);
        assert_int_equal(loops[i].world.pool.live_bytes, 0);
        chunk_pool_release(&loops[i].world.pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serves_many_loops),
        cmocka_unit_test(logs_the_keys_of_both_ends),
        cmocka_unit_test(no_two_lists_of_parts_hash_alike),
        cmocka_unit_test(names_every_alert_it_knows),
        cmocka_unit_test(offers_no_finite_field_groups),
    };

    return cmocka_run_group_tests(tests, world_begin, world_end);
}
