#include "tls_pair.h"

enum { BULK_BYTES = 600 * 1024 };

static void limit_version(struct tlsio *t, int version)
{
    assert_true(SSL_set_max_proto_version(t->ssl, version));
}

static void fill(uint8_t *data, size_t len)
{
    uint32_t x = 1;

    for (size_t i = 0; i < len; i++) {
        x = x * 1664525 + 1013904223;
        data[i] = (uint8_t)(x >> 24);
    }
}

static void shakes_hands_at_every_cut(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    static const size_t cuts[] = {1, 2, 3, 5, 7, 64, 100, 1000, 16384, SIZE_MAX};
    struct world *w = *state;

    for (size_t v = 0; v < 2; v++) {
        for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
            struct tlsio *server = accept_as(w, "cut.test", "");
            struct tlsio *client = connect_to(w, "cut.test");

            limit_version(client, versions[v]);
            shake_hands(client, server, cuts[i]);
            assert_string_equal(tlsio_error(client), "");
            assert_true(tlsio_ready(client));
            assert_true(tlsio_ready(server));
            assert_int_equal(tlsio_facts(client).version, versions[v]);
            assert_true(tlsio_facts(client).verified);
            exchange_words(w, client, server);
            tlsio_free(client);
            tlsio_free(server);
        }
    }
}

static void prefers_x25519_and_aes_128_gcm(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");

    assert_true(SSL_set_ciphersuites(client->ssl, "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"));
    shake_hands(client, server, SIZE_MAX);
    assert_string_equal(tlsio_facts(server).version_text, "TLSv1.3");
    assert_string_equal(tlsio_facts(server).cipher, "TLS_AES_128_GCM_SHA256");
    assert_int_equal(SSL_get_negotiated_group(server->ssl), NID_X25519);
    tlsio_free(client);
    tlsio_free(server);
}

/* All of `data` from one end to the other, in slices of `slice_len`. */
static void send_bulk(struct world *w, struct tlsio *from, struct tlsio *to, size_t slice_len,
                      const uint8_t *data, struct buf *got)
{
    struct slice_queue plain;
    size_t sent = 0;

    slice_queue_init(&plain);
    for (size_t at = 0; at < BULK_BYTES; at += slice_len) {
        size_t len = BULK_BYTES - at < slice_len ? BULK_BYTES - at : slice_len;

        assert_int_equal(slice_queue_push(&plain, slice_of(bytes_make(data + at, len))), STATUS_OK);
    }
    buf_clear(got);
    while (plain.bytes) {
        size_t taken = 0;

        assert_int_equal(tlsio_write(from, &plain, &taken), STATUS_OK);
        assert_true(taken > 0);
        sent += taken;
        assert_true(tlsio_out(from)->bytes < TLSIO_OUT_BYTES + 20000);
        assert_int_equal(deliver(from, to, got), STATUS_NEED_MORE);
    }
    assert_int_equal(sent, BULK_BYTES);
    assert_int_equal(got->len, BULK_BYTES);
    assert_memory_equal(got->ptr, data, BULK_BYTES);
    slice_queue_release(&plain);
    (void)w;
}

static void carries_bulk_in_slices_of_any_size(void **state)
{
    static const size_t sizes[] = {1000, 4096, 16384, 16385, 65536, BULK_BYTES};
    static uint8_t data[BULK_BYTES];
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct buf got;

    fill(data, sizeof(data));
    buf_init(&got, 2 * BULK_BYTES);
    shake_hands(client, server, SIZE_MAX);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        send_bulk(w, client, server, sizes[i], data, &got);
        send_bulk(w, server, client, sizes[i], data, &got);
    }
    buf_release(&got);
    tlsio_free(client);
    tlsio_free(server);
}

/* A record of TLS 1.3 is 22 bytes longer than what it carries. */
static void puts_small_slices_into_one_record(void **state)
{
    static const uint8_t data[40000];
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct slice_queue plain;
    struct slice first;
    size_t taken = 0;

    shake_hands(client, server, SIZE_MAX);
    slice_queue_consume(tlsio_out(server), SIZE_MAX);
    slice_queue_init(&plain);
    for (int i = 0; i < 50; i++)
        assert_int_equal(slice_queue_push(&plain, slice_of(bytes_make(data, 100))), STATUS_OK);
    assert_int_equal(tlsio_write(server, &plain, &taken), STATUS_OK);
    assert_int_equal(taken, 5000);
    assert_int_equal(tlsio_out(server)->bytes, 5000 + 22);

    /* a head and a large body: the body is not copied into the head's record */
    slice_queue_consume(tlsio_out(server), SIZE_MAX);
    assert_int_equal(slice_queue_push(&plain, slice_of(bytes_make(data, 300))), STATUS_OK);
    assert_int_equal(slice_queue_push(&plain, slice_of(bytes_make(data, 2 * 16384))), STATUS_OK);
    assert_int_equal(tlsio_write(server, &plain, &taken), STATUS_OK);
    assert_int_equal(tlsio_out(server)->bytes, 300 + 2 * 16384 + 3 * 22);
    first = slice_queue_first(tlsio_out(server));
    assert_int_equal(first.ptr[3] << 8 | first.ptr[4], 300 + 17); /* the record's length */
    slice_queue_release(&plain);
    tlsio_free(client);
    tlsio_free(server);
}

static void takes_nothing_while_much_is_queued(void **state)
{
    static const uint8_t data[3 * TLSIO_OUT_BYTES];
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct slice_queue plain;
    size_t taken = 0;

    shake_hands(client, server, SIZE_MAX);
    slice_queue_init(&plain);
    assert_int_equal(slice_queue_push(&plain, slice_of(bytes_make(data, sizeof(data)))), STATUS_OK);
    assert_int_equal(tlsio_write(client, &plain, &taken), STATUS_OK);
    assert_in_range(taken, TLSIO_OUT_BYTES - 16384, TLSIO_OUT_BYTES + 16384);
    assert_int_equal(plain.bytes, sizeof(data) - taken);
    assert_int_equal(tlsio_write(client, &plain, &taken), STATUS_OK);
    assert_int_equal(taken, 0);
    slice_queue_release(&plain);
    tlsio_free(client);
    tlsio_free(server);
}

static void decrypts_several_records_into_one_chunk(void **state)
{
    static const uint8_t data[64 * 1024];
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct slice_queue plain;
    struct slice got = {0};
    size_t taken;

    shake_hands(client, server, SIZE_MAX);
    slice_queue_init(&plain);
    assert_int_equal(slice_queue_push(&plain, slice_of(bytes_make(data, sizeof(data)))), STATUS_OK);
    assert_int_equal(tlsio_write(client, &plain, &taken), STATUS_OK);
    while (carry(client, server, SIZE_MAX))
        ;
    assert_int_equal(tlsio_read(server, &got), STATUS_OK);
    assert_int_equal(got.len, sizeof(data));
    assert_int_equal(got.chunk->cap, CHUNK_LARGE_BYTES);
    assert_int_equal(got.chunk->refs, 1);
    slice_drop(got);
    write_text(w, client, "small");
    while (carry(client, server, SIZE_MAX))
        ;
    assert_int_equal(tlsio_read(server, &got), STATUS_OK);
    assert_int_equal(got.chunk->cap, CHUNK_SMALL_BYTES);
    slice_drop(got);
    slice_queue_release(&plain);
    tlsio_free(client);
    tlsio_free(server);
}

static void takes_over_the_slices_it_is_fed(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", "");
    struct chunk *c = chunk_new(&w->pool, 100);

    memset(c->data, 0, 100);
    chunk_ref(c);
    assert_int_equal(tlsio_feed(server, (struct slice){c->data, 100, c}), STATUS_OK);
    assert_int_equal(c->refs, 2);
    assert_int_equal(tlsio_handshake(server), STATUS_TLS); /* it is no TLS */
    tlsio_free(server);
    assert_int_equal(c->refs, 1);
    chunk_unref(c);
}

static void bounds_what_it_is_fed(void **state)
{
    static const uint8_t data[TLSIO_IN_BYTES];
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", "");

    assert_int_equal(tlsio_feed(server, slice_of(bytes_make(data, sizeof(data)))), STATUS_OK);
    assert_int_equal(tlsio_feed(server, slice_of(BYTES("x"))), STATUS_LIMIT);
    tlsio_free(server);
}

static void ends_with_close_notify(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct slice_queue plain;
    struct buf got;
    size_t taken;

    buf_init(&got, PAIR_TEXT_BYTES);
    shake_hands(client, server, SIZE_MAX);
    write_text(w, client, "last words");
    tlsio_close(client);
    assert_int_equal(deliver(client, server, &got), STATUS_END);
    assert_string_equal(buf_text(&got), "last words");
    tlsio_feed_eof(server);
    assert_int_equal(read_all(server, &got), STATUS_END);
    assert_string_equal(tlsio_error(server), "");

    buf_clear(&got); /* the other direction is open still */
    write_text(w, server, "answer");
    assert_int_equal(deliver(server, client, &got), STATUS_NEED_MORE);
    assert_string_equal(buf_text(&got), "answer");
    slice_queue_init(&plain);
    assert_int_equal(tlsio_write(client, &plain, &taken), STATUS_CLOSED);
    buf_release(&got);
    tlsio_free(client);
    tlsio_free(server);
}

static void calls_a_fin_without_close_notify_truncated(void **state)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct world *w = *state;

    for (int v = 0; v < 2; v++) {
        struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
        struct slice plain;
        struct buf got;

        buf_init(&got, PAIR_TEXT_BYTES);
        limit_version(client, versions[v]);
        shake_hands(client, server, SIZE_MAX);
        write_text(w, client, "half of");
        while (carry(client, server, SIZE_MAX))
            ;
        tlsio_feed_eof(server);
        assert_int_equal(tlsio_read(server, &plain), STATUS_OK); /* the data comes first */
        slice_drop(plain);
        assert_int_equal(read_all(server, &got), STATUS_TRUNCATED);
        assert_int_equal(read_all(server, &got), STATUS_TRUNCATED);
        assert_non_null(strstr(tlsio_error(server), "close_notify"));
        write_text(w, server, "still writable"); /* half-closed is not dead */
        buf_release(&got);
        tlsio_free(client);
        tlsio_free(server);
    }
}

static void cut_records_are_truncated_too(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct buf got;

    buf_init(&got, PAIR_TEXT_BYTES);
    shake_hands(client, server, SIZE_MAX);
    write_text(w, client, "never whole");
    assert_true(carry(client, server, 20));
    tlsio_feed_eof(server);
    assert_int_equal(read_all(server, &got), STATUS_TRUNCATED);
    assert_int_equal(got.len, 0);
    buf_release(&got);
    tlsio_free(client);
    tlsio_free(server);
}

static void fails_when_the_peer_leaves_during_the_handshake(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct slice plain;

    assert_int_equal(tlsio_handshake(client), STATUS_NEED_MORE);
    assert_int_equal(tlsio_read(client, &plain), STATUS_NEED_MORE);
    tlsio_feed_eof(client);
    assert_int_equal(tlsio_handshake(client), STATUS_TLS);
    assert_int_equal(tlsio_handshake(client), STATUS_TLS);
    assert_int_equal(tlsio_read(client, &plain), STATUS_TLS);
    assert_non_null(strstr(tlsio_error(client), "in the middle of the TLS handshake"));
    assert_int_equal(tlsio_handshake(server), STATUS_NEED_MORE);
    tlsio_feed_eof(server);
    assert_int_equal(tlsio_handshake(server), STATUS_TLS);
    assert_non_null(strstr(tlsio_error(server), "the client closed"));
    assert_false(tlsio_refused_peer(client));
    assert_false(tlsio_refused_by_peer(server));
    tlsio_free(client);
    tlsio_free(server);
}

static void chooses_alpn_by_our_order(void **state)
{
    static const struct {
        const char *ours, *theirs, *chosen;
    } cases[] = {
        {"\x02h2\x08http/1.1", "\x08http/1.1\x02h2", "h2"},
        {"\x08http/1.1", "\x02h2\x08http/1.1", "http/1.1"},
        {"\x02h2", "\x08http/1.1", ""}, /* nothing in common */
        {"", "\x02h2\x08http/1.1", ""},
        {"\x02h2", "", ""},
    };
    struct world *w = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tls_target target = target_of("alpn.test");
        struct tlsio *server = accept_as(w, "alpn.test", cases[i].ours), *client;

        target.alpn = bytes_of(cases[i].theirs);
        client = connect_target(w, &target);
        shake_hands(client, server, SIZE_MAX);
        assert_true(tlsio_ready(client));
        assert_true(bytes_equal(tlsio_facts(client).alpn, bytes_of(cases[i].chosen)));
        assert_true(bytes_equal(tlsio_facts(server).alpn, bytes_of(cases[i].chosen)));
        tlsio_free(client);
        tlsio_free(server);
    }
}

static void refuses_alpn_lists_that_are_broken(void **state)
{
    static const struct bytes lists[] = {BYTES_INIT("\0"), BYTES_INIT("\x03h2"),
                                         BYTES_INIT("\x02h2\x08http")};
    struct world *w = *state;
    struct tls_target target = target_of("a.test");
    struct tlsio *t = NULL;

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        target.alpn = lists[i];
        assert_int_equal(tlsio_connect(w->shared, &w->pool, &target, &t), STATUS_BAD_INPUT);
    }
    target = target_of("no host");
    assert_int_equal(tlsio_connect(w->shared, &w->pool, &target, &t), STATUS_BAD_INPUT);
    target = target_of("a.test");
    target.sni = BYTES("a.test\0");
    assert_int_equal(tlsio_connect(w->shared, &w->pool, &target, &t), STATUS_BAD_INPUT);
    assert_null(t);
}

static void tells_what_does_not_speak_tls(void **state)
{
    struct world *w = *state;
    struct tlsio *client = connect_to(w, "plain.test"), *server = accept_as(w, "a.test", "");

    assert_int_equal(tlsio_handshake(client), STATUS_NEED_MORE);
    assert_int_equal(tlsio_feed(client, slice_of(BYTES("HTTP/1.1 400 Bad Request\r\n\r\n"))),
                     STATUS_OK);
    assert_int_equal(tlsio_handshake(client), STATUS_TLS);
    assert_string_equal(tlsio_error(client),
                        "TLS with plain.test failed: it does not speak TLS here");
    assert_int_equal(tlsio_feed(server, slice_of(BYTES("GET / HTTP/1.1\r\n\r\n"))), STATUS_OK);
    assert_int_equal(tlsio_handshake(server), STATUS_TLS);
    assert_string_equal(tlsio_error(server),
                        "TLS with the client failed: it speaks plain HTTP here");
    tlsio_free(client);
    tlsio_free(server);
}

static void keeps_to_the_lowest_version_allowed(void **state)
{
    struct world *w = *state;
    struct tls_shared *usual = w->shared, *strict = shared_trusting(w->ca, TLS1_3_VERSION);
    struct tlsio *server, *client;

    w->shared = strict;
    server = accept_as(w, "a.test", "");
    w->shared = usual;
    client = connect_to(w, "a.test");
    limit_version(client, TLS1_2_VERSION);
    shake_hands(client, server, SIZE_MAX);
    assert_false(tlsio_ready(client));
    assert_false(tlsio_ready(server));
    assert_non_null(strstr(tlsio_error(server), "no version of TLS that is allowed"));
    assert_int_equal(tlsio_facts(client).alert, 70);
    assert_string_equal(tlsio_facts(client).alert_text, "protocol_version");
    assert_string_equal(tlsio_error(client), "a.test ended TLS with the alert protocol_version: "
                                             "there is no TLS version both sides accept");
    tlsio_free(client);
    tlsio_free(server);
    tls_shared_free(strict);
}

static void speaks_tls_1_2_at_most_when_capped(void **state)
{
    struct world *w = *state;
    struct tls_shared *usual = w->shared, *strict = shared_trusting(w->ca, TLS1_3_VERSION);

    for (int i = 0; i < 2; i++) {
        struct tlsio *server, *client;

        w->shared = i ? strict : usual;
        server = accept_as(w, "a.test", "");
        w->shared = usual;
        client = connect_to(w, "a.test");
        assert_int_equal(tlsio_cap_version(server), STATUS_OK);
        shake_hands(client, server, SIZE_MAX);
        assert_true(tlsio_ready(client));
        assert_int_equal(tlsio_facts(client).version, TLS1_2_VERSION);
        tlsio_free(client);
        tlsio_free(server);
    }
    tls_shared_free(strict);
}

static void stops_a_flood_of_key_updates(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct buf got;

    buf_init(&got, PAIR_TEXT_BYTES);
    shake_hands(client, server, SIZE_MAX);
    exchange_words(w, client, server);
    for (int i = 0; i < TLSIO_IDLE_MESSAGES; i++) { /* as many as are borne */
        assert_true(SSL_key_update(client->ssl, SSL_KEY_UPDATE_REQUESTED));
        assert_int_equal(SSL_do_handshake(client->ssl), 1);
        assert_int_equal(deliver(client, server, &got), STATUS_NEED_MORE);
    }
    exchange_words(w, client, server); /* data starts the count anew */
    for (int i = 0; i < 10 * TLSIO_IDLE_MESSAGES; i++) {
        assert_true(SSL_key_update(client->ssl, SSL_KEY_UPDATE_REQUESTED));
        assert_int_equal(SSL_do_handshake(client->ssl), 1);
    }
    slice_queue_consume(tlsio_out(server), SIZE_MAX);
    assert_int_equal(deliver(client, server, &got), STATUS_TLS);
    assert_non_null(strstr(tlsio_error(server), "without end"));
    assert_true(tlsio_out(server)->bytes < 5000); /* it stopped in time, not at the end */
    buf_release(&got);
    tlsio_free(client);
    tlsio_free(server);
}

/* `asks` wants to renegotiate; the other end sends an alert, and no hello. */
static void check_no_renegotiation(struct tlsio *asks, struct tlsio *other)
{
    struct buf got;

    buf_init(&got, PAIR_TEXT_BYTES);
    SSL_clear_options(asks->ssl, SSL_OP_NO_RENEGOTIATION);
    assert_true(SSL_renegotiate(asks->ssl));
    SSL_do_handshake(asks->ssl);
    assert_true(tlsio_out(asks)->bytes > 0);
    slice_queue_consume(tlsio_out(other), SIZE_MAX);
    assert_int_equal(deliver(asks, other, &got), STATUS_NEED_MORE);
    assert_in_range(tlsio_out(other)->bytes, 1, 64);
    assert_false(SSL_in_init(other->ssl));
    assert_int_equal(other->idle_messages, 1); /* it counts as one of a flood */
    buf_release(&got);
}

static void never_renegotiates(void **state)
{
    struct world *w = *state;

    for (int who = 0; who < 2; who++) {
        struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");

        limit_version(client, TLS1_2_VERSION);
        shake_hands(client, server, SIZE_MAX);
        if (who)
            check_no_renegotiation(client, server);
        else
            check_no_renegotiation(server, client);
        tlsio_free(client);
        tlsio_free(server);
    }
}

/* A byte of data with each keeps the count low, but the replies pile up. */
static void stops_a_peer_that_reads_no_replies(void **state)
{
    static const uint8_t data[2 * TLSIO_OUT_BYTES];
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    enum status st = STATUS_NEED_MORE;
    struct slice_queue plain;
    struct buf got;
    size_t taken;

    buf_init(&got, PAIR_TEXT_BYTES);
    slice_queue_init(&plain);
    shake_hands(client, server, SIZE_MAX);
    assert_int_equal(slice_queue_push(&plain, slice_of(bytes_make(data, sizeof(data)))), STATUS_OK);
    assert_int_equal(tlsio_write(server, &plain, &taken), STATUS_OK);
    for (int i = 0; i < 20000 && st == STATUS_NEED_MORE; i++) {
        assert_true(SSL_key_update(client->ssl, SSL_KEY_UPDATE_REQUESTED));
        write_text(w, client, "x");
        st = deliver(client, server, &got);
    }
    assert_int_equal(st, STATUS_TLS);
    assert_non_null(strstr(tlsio_error(server), "does not read them"));
    assert_true(tlsio_out(server)->bytes < 3 * TLSIO_OUT_BYTES);
    slice_queue_release(&plain);
    buf_release(&got);
    tlsio_free(client);
    tlsio_free(server);
}

static void stops_a_flood_of_hello_requests(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct buf got;

    buf_init(&got, PAIR_TEXT_BYTES);
    limit_version(client, TLS1_2_VERSION);
    shake_hands(client, server, SIZE_MAX);
    SSL_clear_options(server->ssl, SSL_OP_NO_RENEGOTIATION);
    for (int i = 0; i < 3 * TLSIO_IDLE_MESSAGES; i++) {
        assert_true(SSL_renegotiate(server->ssl));
        assert_int_equal(SSL_do_handshake(server->ssl), 1);
    }
    assert_int_equal(deliver(server, client, &got), STATUS_TLS);
    assert_non_null(strstr(tlsio_error(client), "without end"));
    assert_true(tlsio_out(client)->bytes < 2000);
    buf_release(&got);
    tlsio_free(client);
    tlsio_free(server);
}

static void fails_on_a_changed_record(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", ""), *client = connect_to(w, "a.test");
    struct slice_queue plain;
    uint8_t record[64];
    struct buf got;
    size_t taken;

    buf_init(&got, PAIR_TEXT_BYTES);
    slice_queue_init(&plain);
    shake_hands(client, server, SIZE_MAX);
    write_text(w, client, "words");
    memcpy(record, slice_queue_first(tlsio_out(client)).ptr, 27);
    record[10] ^= 1;
    assert_int_equal(tlsio_feed(server, slice_of(bytes_make(record, 27))), STATUS_OK);
    assert_int_equal(read_all(server, &got), STATUS_TLS);
    assert_int_equal(read_all(server, &got), STATUS_TLS);
    assert_int_equal(tlsio_write(server, &plain, &taken), STATUS_TLS);
    assert_true(tlsio_error(server)[0] != '\0');
    buf_release(&got);
    tlsio_free(client);
    tlsio_free(server);
}

/* Either the words arrive, or (a ticket was changed) an end fails. */
static void check_understanding(struct world *w, struct tlsio *client, struct tlsio *server)
{
    struct buf got;

    buf_init(&got, PAIR_TEXT_BYTES);
    write_text(w, server, "words");
    while (carry(server, client, SIZE_MAX))
        ;
    if (read_all(client, &got) != STATUS_TLS)
        assert_string_equal(buf_text(&got), "words");
    buf_release(&got);
}

/* One byte of the handshake is changed, here or there: nothing may crash or leak,
 * and if both ends come out ready all the same, they understand each other. */
static void survives_a_changed_byte_anywhere(void **state)
{
    struct world *w = *state;
    bool more = true;

    for (size_t at = 0; more; at += 13) {
        struct tlsio *server = accept_as(w, "bytes.test", ""),
                     *client = connect_to(w, "bytes.test");
        size_t seen = 0;
        bool moved = true;

        more = false;
        assert_int_equal(tlsio_handshake(client), STATUS_NEED_MORE);
        while (moved) {
            struct slice first = slice_queue_first(tlsio_out(client));
            uint8_t copy[4096];
            struct tlsio *from = client, *to = server;

            if (first.len == 0) {
                from = server;
                to = client;
                first = slice_queue_first(tlsio_out(server));
            }
            moved = first.len > 0;
            if (first.len > sizeof(copy))
                first.len = sizeof(copy);
            if (moved)
                memcpy(copy, first.ptr, first.len);
            if (at >= seen && at < seen + first.len) {
                copy[at - seen] ^= 0x55;
                more = true;
            }
            seen += first.len;
            if (moved)
                assert_int_equal(tlsio_feed(to, slice_of(bytes_make(copy, first.len))), STATUS_OK);
            slice_queue_consume(tlsio_out(from), first.len);
            if (tlsio_handshake(to) == STATUS_OK)
                assert_true(tlsio_ready(to));
        }
        if (tlsio_ready(client) && tlsio_ready(server))
            check_understanding(w, client, server);
        tlsio_free(client);
        tlsio_free(server);
    }
}

static void answers_calls_before_the_handshake(void **state)
{
    struct world *w = *state;
    struct tlsio *server = accept_as(w, "a.test", "");
    struct slice_queue plain;
    struct tls_facts facts = tlsio_facts(server);
    struct cert_names names;
    size_t taken;

    slice_queue_init(&plain);
    assert_int_equal(facts.version, 0);
    assert_string_equal(facts.version_text, "");
    assert_int_equal(facts.alert, -1);
    assert_null(facts.alert_text);
    assert_int_equal(tlsio_write(server, &plain, &taken), STATUS_NEED_MORE);
    assert_int_equal(tlsio_peer_names(server, &names), STATUS_NOT_FOUND);
    tlsio_close(server);
    assert_int_equal(tlsio_out(server)->bytes, 0);
    tlsio_free(server);
    tlsio_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shakes_hands_at_every_cut),
        cmocka_unit_test(prefers_x25519_and_aes_128_gcm),
        cmocka_unit_test(carries_bulk_in_slices_of_any_size),
        cmocka_unit_test(puts_small_slices_into_one_record),
        cmocka_unit_test(takes_nothing_while_much_is_queued),
        cmocka_unit_test(decrypts_several_records_into_one_chunk),
        cmocka_unit_test(takes_over_the_slices_it_is_fed),
        cmocka_unit_test(bounds_what_it_is_fed),
        cmocka_unit_test(ends_with_close_notify),
        cmocka_unit_test(calls_a_fin_without_close_notify_truncated),
        cmocka_unit_test(cut_records_are_truncated_too),
        cmocka_unit_test(fails_when_the_peer_leaves_during_the_handshake),
        cmocka_unit_test(chooses_alpn_by_our_order),
        cmocka_unit_test(refuses_alpn_lists_that_are_broken),
        cmocka_unit_test(tells_what_does_not_speak_tls),
        cmocka_unit_test(keeps_to_the_lowest_version_allowed),
        cmocka_unit_test(speaks_tls_1_2_at_most_when_capped),
        cmocka_unit_test(stops_a_flood_of_key_updates),
        cmocka_unit_test(never_renegotiates),
        cmocka_unit_test(stops_a_peer_that_reads_no_replies),
        cmocka_unit_test(stops_a_flood_of_hello_requests),
        cmocka_unit_test(fails_on_a_changed_record),
        cmocka_unit_test(survives_a_changed_byte_anywhere),
        cmocka_unit_test(answers_calls_before_the_handshake),
    };

    return cmocka_run_group_tests(tests, world_begin, world_end);
}
