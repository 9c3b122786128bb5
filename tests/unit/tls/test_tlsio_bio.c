/* What a connection holds on to: OpenSSL's memory is counted by its own hooks. */
#include "tls_pair.h"

#include <openssl/crypto.h>

enum { IDLE_BYTES = 16 * 1024, BLOCK_HEADER_BYTES = 16 };

static size_t openssl_bytes;

static void *counted_malloc(size_t len, const char *file, int line)
{
    uint8_t *block = malloc(len + BLOCK_HEADER_BYTES);

    (void)file;
    (void)line;
    if (!block)
        return NULL;
    memcpy(block, &len, sizeof(len));
    openssl_bytes += len;
    return block + BLOCK_HEADER_BYTES;
}

static void counted_free(void *at, const char *file, int line)
{
    uint8_t *block = at;
    size_t len;

    (void)file;
    (void)line;
    if (!at)
        return;
    block -= BLOCK_HEADER_BYTES;
    memcpy(&len, block, sizeof(len));
    openssl_bytes -= len;
    free(block);
}

static void *counted_realloc(void *at, size_t len, const char *file, int line)
{
    void *moved;
    size_t old;

    if (!at)
        return counted_malloc(len, file, line);
    memcpy(&old, (uint8_t *)at - BLOCK_HEADER_BYTES, sizeof(old));
    moved = counted_malloc(len, file, line);
    if (!moved)
        return NULL;
    memcpy(moved, at, old < len ? old : len);
    counted_free(at, file, line);
    return moved;
}

static struct tlsio *end_of(struct world *w, bool server, int version)
{
    struct tlsio *t = server ? accept_as(w, "idle.test", "") : connect_to(w, "idle.test");

    SSL_set_max_proto_version(t->ssl, version);
    return t;
}

/* Both ends of a connection that has carried something and now waits. Sessions are
 * in a store of their own, so a first connection is not counted. */
static void holds_little_when_idle(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct world *w = *state;

    for (int v = 0; v < 2; v++) {
        size_t with_both = 0, with_server = 0, with_none = 0;

        for (int i = 0; i < 8; i++) {
            struct tlsio *server = end_of(w, true, versions[v]);
            struct tlsio *client = end_of(w, false, versions[v]);

            shake_hands(client, server, SIZE_MAX);
            exchange_words(w, client, server);
            assert_int_equal(w->pool.live_bytes, 0); /* not one chunk */
            with_both = openssl_bytes;
            tlsio_free(client);
            with_server = openssl_bytes;
            tlsio_free(server);
            with_none = openssl_bytes;
        }
        assert_in_range(with_server - with_none + sizeof(struct tlsio), 1, IDLE_BYTES);
        assert_in_range(with_both - with_server + sizeof(struct tlsio), 1, IDLE_BYTES);
    }
}

static void gives_chunks_back_after_a_partial_record(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct slice plain;

    shake_hands(client, server, SIZE_MAX);
    exchange_words(w, client, server);
    write_text(w, client, "a few words");
    assert_true(carry(client, server, 9));
    assert_int_equal(tlsio_read(server, &plain), STATUS_NEED_MORE);
    assert_int_equal(server->in.bytes, 0); /* OpenSSL has it */
    slice_queue_consume(tlsio_out(client), SIZE_MAX);
    assert_int_equal(w->pool.live_bytes, 0);
    tlsio_free(client);
    tlsio_free(server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(holds_little_when_idle),
        cmocka_unit_test(gives_chunks_back_after_a_partial_record),
    };

    if (!CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free))
        return 1;
    return cmocka_run_group_tests(tests, world_begin, world_end);
}
