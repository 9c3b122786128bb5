/* tls_pair: two ends of a TLS connection that are pumped against each other in
 * memory, for the tests of tls/. */
#ifndef WEIR_TESTS_TLS_PAIR_H
#define WEIR_TESTS_TLS_PAIR_H

#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "tls/ca_internal.h"
#include "tls/tls_internal.h"
#include "tls/tlsio.h"

enum { PAIR_DAY = 24 * 3600, PAIR_TEXT_BYTES = 64 * 1024 };

/* What all tests of a file share. */
struct world {
    struct ca *ca;             /* of the origin; trusted by `shared` */
    struct tls_shared *shared; /* serves both ends */
    struct chunk_pool pool;
};

static inline struct bytes pem_of(const struct ca *ca, struct buf *memory)
{
    buf_init(memory, PAIR_TEXT_BYTES);
    assert_int_equal(ca_cert_pem(ca, memory), STATUS_OK);
    return buf_bytes(memory);
}

static inline struct tls_shared *shared_trusting(const struct ca *ca, uint16_t min_version)
{
    char error[TLS_ERROR_TEXT] = "";
    struct tls_shared *shared = NULL;
    struct tls_settings settings = {.min_version = min_version};
    struct buf pem = {0};

    if (ca)
        settings.upstream_ca_pem = pem_of(ca, &pem);
    assert_int_equal(tls_shared_new(&settings, error, &shared), STATUS_OK);
    buf_release(&pem);
    return shared;
}

static inline int world_begin(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    assert_int_equal(ca_generate("pair", (int64_t)time(NULL) - 400 * PAIR_DAY, &w->ca), STATUS_OK);
    w->shared = shared_trusting(w->ca, TLS1_2_VERSION);
    chunk_pool_init(&w->pool, 16);
    *state = w;
    return 0;
}

/* Every chunk must have come back. */
static inline int world_end(void **state)
{
    struct world *w = *state;
    bool all_back = w->pool.live_bytes == 0;

    tls_shared_free(w->shared);
    ca_free(w->ca);
    chunk_pool_release(&w->pool);
    free(w);
    return all_back ? 0 : -1;
}

static inline struct leaf *leaf_for(struct ca *ca, const char *host, int64_t now)
{
    struct leaf_request request = {.host = bytes_of(host), .now = now};
    struct leaf *leaf = NULL;

    assert_int_equal(ca_leaf(ca, &request, &leaf), STATUS_OK);
    return leaf;
}

static inline struct tlsio *accept_leaf(struct world *w, struct leaf *leaf, const char *host,
                                        const char *alpn)
{
    uint8_t binding[TLS_BINDING_BYTES];
    struct tlsio *t = NULL;

    assert_int_equal(tls_binding(bytes_of(host), 443, BYTES(""), binding), STATUS_OK);
    assert_int_equal(tlsio_accept(w->shared, &w->pool, leaf, bytes_of(alpn), binding, &t),
                     STATUS_OK);
    return t;
}

/* An end that shows a leaf for `host`. */
static inline struct tlsio *accept_as(struct world *w, const char *host, const char *alpn)
{
    struct leaf *leaf = leaf_for(w->ca, host, (int64_t)time(NULL));
    struct tlsio *t = accept_leaf(w, leaf, host, alpn);

    leaf_unref(leaf);
    return t;
}

static inline struct tls_target target_of(const char *host)
{
    return (struct tls_target){
        .host = bytes_of(host), .port = 443, .sni = bytes_of(host), .verify = true};
}

static inline struct tlsio *connect_target(struct world *w, const struct tls_target *target)
{
    struct tlsio *t = NULL;

    assert_int_equal(tlsio_connect(w->shared, &w->pool, target, &t), STATUS_OK);
    return t;
}

static inline struct tlsio *connect_to(struct world *w, const char *host)
{
    struct tls_target target = target_of(host);

    return connect_target(w, &target);
}

/* Carries at most `cut` bytes at a time; false when there was nothing to carry. */
static inline bool carry(struct tlsio *from, struct tlsio *to, size_t cut)
{
    struct slice first = slice_queue_first(tlsio_out(from));
    size_t len = first.len < cut ? first.len : cut;

    if (len == 0)
        return false;
    assert_int_equal(tlsio_feed(to, slice_of(bytes_make(first.ptr, len))), STATUS_OK);
    slice_queue_consume(tlsio_out(from), len);
    return true;
}

/* Until both are ready, or one has failed. */
static inline void shake_hands(struct tlsio *client, struct tlsio *server, size_t cut)
{
    enum status c = tlsio_handshake(client), s = STATUS_NEED_MORE;
    bool moved = true;

    while (moved) {
        moved = carry(client, server, cut);
        s = tlsio_handshake(server);
        moved |= carry(server, client, cut);
        c = tlsio_handshake(client);
    }
    (void)c;
    (void)s;
}

/* Reads all there is, into `out`; what the last read answered. */
static inline enum status read_all(struct tlsio *t, struct buf *out)
{
    struct slice plain = {0};
    enum status st;

    while (!(st = tlsio_read(t, &plain))) {
        buf_put(out, slice_bytes(plain));
        slice_drop(plain);
    }
    return st;
}

/* Carries all of `from` to `to` and reads it there. */
static inline enum status deliver(struct tlsio *from, struct tlsio *to, struct buf *out)
{
    enum status st = STATUS_NEED_MORE;

    while (st == STATUS_NEED_MORE && carry(from, to, SIZE_MAX))
        st = read_all(to, out);
    return st;
}

static inline void write_text(struct world *w, struct tlsio *t, const char *text)
{
    struct slice_queue plain;
    size_t taken = 0;

    slice_queue_init(&plain);
    assert_int_equal(slice_queue_put(&plain, &w->pool, bytes_of(text)), STATUS_OK);
    assert_int_equal(tlsio_write(t, &plain, &taken), STATUS_OK);
    assert_int_equal(taken, strlen(text));
    slice_queue_release(&plain);
}

/* One request and one answer, so that tickets arrive too. */
static inline void exchange_words(struct world *w, struct tlsio *client, struct tlsio *server)
{
    struct buf got;

    buf_init(&got, PAIR_TEXT_BYTES);
    write_text(w, client, "ping");
    assert_int_equal(deliver(client, server, &got), STATUS_NEED_MORE);
    assert_string_equal(buf_text(&got), "ping");
    buf_clear(&got);
    write_text(w, server, "pong");
    assert_int_equal(deliver(server, client, &got), STATUS_NEED_MORE);
    assert_string_equal(buf_text(&got), "pong");
    buf_release(&got);
}

#endif
