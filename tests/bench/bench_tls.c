/* bench_tls: what TLS costs, in microseconds of CPU, both ends apart: handshakes
 * full and resumed, small records, and bulk. bench_tls [WORD]: only the rows whose
 * name holds the word. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tls/tlsio.h"

enum {
    HANDSHAKES = 400,
    RECORDS = 20000,
    BULK_ROUNDS = 400,
    BULK_BYTES = 256 * 1024,
    TEXT_BYTES = 64 * 1024,
    REPEATS = 5,
};

struct side {
    struct tlsio *tls;
    int64_t ns;
};

struct bench {
    struct tls_shared *shared;
    struct ca *ca;
    struct chunk_pool pool;
    const char *word;
    struct side client, server;
    unsigned host;
    bool verify;
};

static void require(enum status st)
{
    if (st < 0) {
        fprintf(stderr, "bench_tls: %s\n", status_sentence(st));
        exit(1);
    }
}

static int64_t cpu_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void begin(struct bench *b, const char *host)
{
    struct leaf_request request = {.host = bytes_of(host), .now = (int64_t)time(NULL)};
    struct tls_target target = {.host = bytes_of(host),
                                .port = 443,
                                .sni = bytes_of(host),
                                .alpn = BYTES("\x08http/1.1"),
                                .verify = b->verify};
    uint8_t binding[TLS_BINDING_BYTES];
    struct leaf *leaf;
    int64_t start = cpu_ns();

    require(tlsio_connect(b->shared, &b->pool, &target, &b->client.tls));
    b->client.ns += cpu_ns() - start;
    require(ca_leaf(b->ca, &request, &leaf));
    start = cpu_ns();
    require(tls_binding(bytes_of(host), 443, BYTES(""), binding));
    require(
        tlsio_accept(b->shared, &b->pool, leaf, BYTES("\x08http/1.1"), binding, &b->server.tls));
    b->server.ns += cpu_ns() - start;
    leaf_unref(leaf);
}

static void end(struct bench *b)
{
    tlsio_free(b->client.tls);
    tlsio_free(b->server.tls);
}

static bool carry(struct tlsio *from, struct tlsio *to)
{
    bool moved = false;

    while (tlsio_out(from)->bytes) {
        struct slice first = slice_keep(slice_queue_first(tlsio_out(from)));

        slice_queue_consume(tlsio_out(from), first.len);
        require(tlsio_feed(to, first));
        moved = true;
    }
    return moved;
}

static void step(struct side *s)
{
    int64_t start = cpu_ns();

    require(tlsio_handshake(s->tls));
    s->ns += cpu_ns() - start;
}

static void drain(struct side *s)
{
    int64_t start = cpu_ns();
    struct slice plain;

    while (tlsio_read(s->tls, &plain) == STATUS_OK)
        slice_drop(plain);
    s->ns += cpu_ns() - start;
}

static void shake_hands(struct bench *b)
{
    bool moved = true;

    step(&b->client);
    while (moved) {
        moved = carry(b->client.tls, b->server.tls);
        step(&b->server);
        moved |= carry(b->server.tls, b->client.tls);
        step(&b->client);
    }
    drain(&b->client); /* the ticket */
}

static void send(struct bench *b, const uint8_t *data, size_t len)
{
    struct slice_queue plain;
    int64_t start = cpu_ns();
    size_t taken = 0;

    slice_queue_init(&plain);
    require(slice_queue_push(&plain, slice_of(bytes_make(data, len))));
    require(tlsio_write(b->server.tls, &plain, &taken));
    b->server.ns += cpu_ns() - start;
    slice_queue_release(&plain);
    carry(b->server.tls, b->client.tls);
    drain(&b->client);
}

static void full(struct bench *b)
{
    char host[48];

    snprintf(host, sizeof(host), "host-%u.example.test", b->host++ % 1000);
    begin(b, host);
    shake_hands(b);
    end(b);
}

static void resumed(struct bench *b)
{
    begin(b, "resumed.example.test");
    shake_hands(b);
    end(b);
}

static void small_record(struct bench *b)
{
    static const uint8_t data[500];

    send(b, data, sizeof(data));
}

static void bulk(struct bench *b)
{
    static const uint8_t data[BULK_BYTES];

    send(b, data, sizeof(data));
}

/* The best of some runs, for each side. */
static void measure(struct bench *b, const char *name, void (*round)(struct bench *b), int rounds,
                    size_t bytes)
{
    int64_t client = INT64_MAX, server = INT64_MAX;

    if (!strstr(name, b->word))
        return;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        b->client.ns = b->server.ns = 0;
        for (int i = 0; i < rounds; i++)
            round(b);
        client = b->client.ns < client ? b->client.ns : client;
        server = b->server.ns < server ? b->server.ns : server;
    }
    printf("%-36s client %8.2f us   server %8.2f us", name, (double)client / rounds / 1000,
           (double)server / rounds / 1000);
    if (bytes)
        printf("   %5.0f / %5.0f MB/s", (double)bytes * rounds * 1000 / (double)client,
               (double)bytes * rounds * 1000 / (double)server);
    printf("\n");
}

/* All hosts are minted and all rows start alike. */
static void warm(struct bench *b)
{
    for (int i = 0; i < 1000; i++) {
        char host[48];
        struct leaf *leaf;
        struct leaf_request request = {.now = (int64_t)time(NULL)};

        snprintf(host, sizeof(host), "host-%d.example.test", i);
        request.host = bytes_of(host);
        require(ca_leaf(b->ca, &request, &leaf));
        leaf_unref(leaf);
    }
}

int main(int argc, char **argv)
{
    struct bench b = {.word = argc > 1 ? argv[1] : ""};
    struct tls_settings settings = {.min_version = 0x0303};
    char error[TLS_ERROR_TEXT];
    struct buf pem;
    int64_t start;

    buf_init(&pem, TEXT_BYTES);
    chunk_pool_init(&b.pool, 64);
    require(ca_generate("bench", (int64_t)time(NULL), &b.ca));
    require(ca_cert_pem(b.ca, &pem));
    settings.upstream_ca_pem = buf_bytes(&pem);
    require(tls_shared_new(&settings, error, &b.shared));
    start = cpu_ns();
    if (tls_shared_load_trust(b.shared) == STATUS_NO_MEMORY)
        require(STATUS_NO_MEMORY);
    printf("%-36s        %8.2f ms\n", "load the system's roots", (double)(cpu_ns() - start) / 1e6);
    warm(&b);
    measure(&b, "full handshake, unverified", full, HANDSHAKES / 2, 0);
    b.verify = true;
    b.host = 0;
    measure(&b, "full handshake, verified", full, HANDSHAKES / 2, 0);
    measure(&b, "resumed handshake", resumed, HANDSHAKES, 0);
    begin(&b, "bulk.example.test");
    shake_hands(&b);
    measure(&b, "a record of 500 bytes", small_record, RECORDS, 0);
    measure(&b, "256 KiB", bulk, BULK_ROUNDS, BULK_BYTES);
    end(&b);
    tls_shared_free(b.shared);
    ca_free(b.ca);
    chunk_pool_release(&b.pool);
    buf_release(&pem);
    return 0;
}
