/* bench_log: what the log costs per flow, in nanoseconds: the push on the loop, and
 * the formatting on the log thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "logs/log_port.h"

enum { ROUNDS = 2000, REPEATS = 300, ARENA_BYTES = 64 * 1024 };

struct bench {
    const struct sink *sink;
    void *self;
    struct flow *flow;
    struct log_event event;
    struct log_port *port;
};

static const char body[] =
    "{\"id\":4711,\"state\":\"open\",\"items\":[{\"sku\":\"a-1\",\"count\":2},{\"sku\":\"b-2\","
    "\"count\":1}],\"total\":\"129.90\",\"currency\":\"EUR\",\"note\":\"leave it at the door\"}";

static void fail(const char *what)
{
    fprintf(stderr, "bench_log: %s\n", what);
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void put_fields(struct arena *a, struct fields *fields, const char *const (*rows)[2],
                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fields_append(a, fields, bytes_of(rows[i][0]), bytes_of(rows[i][1])))
            fail("no memory");
    }
}

static struct head *request_head(struct arena *a)
{
    static const char *const rows[][2] = {
        {"Host", "api.shop.test"},
        {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0"},
        {"Accept", "application/json, text/plain, */*"},
        {"Accept-Language", "en-US,en;q=0.9"},
        {"Accept-Encoding", "gzip, deflate, br"},
        {"Referer", "https://shop.test/orders"},
        {"X-Request-Id", "7f3c0a52-1c1b-4be2-9a9f-0c1d2e3f4a5b"},
        {"Connection", "keep-alive"},
    };
    struct head *head = arena_alloc(a, sizeof(*head));

    if (!head)
        fail("no memory");
    *head = (struct head){
        .version = HTTP_1_1,
        .method = BYTES("GET"),
        .target = BYTES("/v2/orders/4711?expand=items&currency=EUR"),
        .path = BYTES("/v2/orders/4711?expand=items&currency=EUR"),
    };
    put_fields(a, &head->fields, rows, sizeof(rows) / sizeof(rows[0]));
    return head;
}

static struct head *response_head(struct arena *a)
{
    static const char *const rows[][2] = {
        {"Date", "Tue, 14 Nov 2023 22:13:20 GMT"},
        {"Content-Type", "application/json"},
        {"Content-Length", "176"},
        {"Server", "nginx/1.22.1"},
        {"Cache-Control", "no-store"},
        {"ETag", "\"33a64df551425fcc\""},
    };
    struct head *head = arena_alloc(a, sizeof(*head));

    if (!head)
        fail("no memory");
    *head = (struct head){
        .side = HTTP_RESPONSE,
        .version = HTTP_1_1,
        .status = 200,
        .reason = BYTES("OK"),
    };
    put_fields(a, &head->fields, rows, sizeof(rows) / sizeof(rows[0]));
    return head;
}

/* An exchange as an app has them by the thousand. */
static void flow_fill(struct flow *f, struct arena *a, struct slice *slice)
{
    *slice = slice_of(bytes_of(body));
    *f = (struct flow){
        .id = "01HF7YAT00000000000000000A",
        .sequence = 123456,
        .started_us = INT64_C(1700000000123456),
        .client = BYTES("127.0.0.1:51234"),
        .upstream = BYTES("127.0.0.1:9443"),
        .client_connection = 17,
        .upstream_connection = 4,
        .client_reused = true,
        .upstream_reused = true,
        .scheme = BYTES("https"),
        .host = BYTES("api.shop.test"),
        .port = 443,
        .status = 200,
        .timings = {12, -1, -1, -1, 31, 1840, 95, -1, 1978},
        .reason = "complete",
        .sentence = "The exchange is complete.",
    };
    f->client_tls = (struct flow_tls){
        .version = 0x304,
        .version_text = "TLSv1.3",
        .cipher = "TLS_AES_128_GCM_SHA256",
        .sni = BYTES("api.shop.test"),
        .alpn = BYTES("http/1.1"),
        .ja4 = BYTES("t13d1516h2_8daaf6152771_b0da82dd1658"),
    };
    f->upstream_tls = f->client_tls;
    f->request.received = f->request.sent = request_head(a);
    f->response.received = f->response.sent = response_head(a);
    f->response.body = (struct flow_body){.slices = slice,
                                          .count = 1,
                                          .cap = 1,
                                          .wire_bytes = sizeof(body) - 1,
                                          .captured_bytes = sizeof(body) - 1};
}

/* The best of some runs, which is the one least disturbed. */
static void measure(const char *name, void (*round)(struct bench *b), struct bench *b, size_t bytes)
{
    int64_t best = INT64_MAX;

    for (int repeat = 0; repeat < REPEATS; repeat++) {
        int64_t start = now_ns(), took;

        for (int i = 0; i < ROUNDS; i++)
            round(b);
        took = now_ns() - start;
        best = took < best ? took : best;
    }
    printf("%-44s %8.1f ns", name, (double)best / ROUNDS);
    if (bytes)
        printf("  of %zu bytes", bytes);
    printf("\n");
}

static void format_round(struct bench *b)
{
    if (b->sink->flow(b->self, b->flow))
        fail("a flow could not be formatted");
    buf_clear(b->sink->text(b->self));
}

static void bench_format(const char *name, const struct sink *sink, struct flow *f, int verbose,
                         bool redact)
{
    const struct sink_settings settings = {
        .fd = 1,
        .verbose = verbose,
        .redactor = {.on = redact, .key = "0123456789abcdef"},
    };
    char error[SINK_ERROR_BYTES];
    struct bench b = {.sink = sink, .flow = f};
    size_t bytes;

    b.self = sink->open(&settings, error);
    if (!b.self || sink->flow(b.self, f))
        fail("the sink does not open");
    bytes = sink->text(b.self)->len;
    buf_clear(sink->text(b.self));
    measure(name, format_round, &b, bytes);
    sink->close(b.self);
}

/* The ring is emptied by setting its tail, so that nothing but pushes is measured. */
static void push_round(struct bench *b)
{
    struct ring *r = &b->port->ring;

    if (!log_port_push(b->port, &b->event)) {
        atomic_store_explicit(&r->tail, r->head, memory_order_relaxed);
        if (!log_port_push(b->port, &b->event))
            fail("the ring is full");
    }
}

static void bench_push(struct flow *f)
{
    struct bench b = {.event = {.kind = LOG_END, .flow = f}};
    struct bell bell;

    b.port = aligned_alloc(_Alignof(struct log_port), sizeof(*b.port));
    if (!b.port || bell_init(&bell) || log_port_init(b.port, &bell, LOG_DROP))
        fail("no port");
    measure("push", push_round, &b, 0);
    atomic_store(&b.port->ring.tail, b.port->ring.head);
    log_port_release(b.port);
    bell_release(&bell);
    free(b.port);
}

/* Plain HTTP with few fields: what a script sends. */
static void flow_shrink(struct flow *f)
{
    ((struct head *)(uintptr_t)f->request.received)->fields.count = 3;
    ((struct head *)(uintptr_t)f->response.received)->fields.count = 3;
    f->client_tls = f->upstream_tls = (struct flow_tls){0};
    f->response.body.slices[0].len = 40;
    f->response.body.wire_bytes = f->response.body.captured_bytes = 40;
}

int main(void)
{
    struct arena arena;
    struct slice slice;
    struct flow flow;

    arena_init(&arena, ARENA_BYTES);
    flow_fill(&flow, &arena, &slice);
    bench_push(&flow);
    bench_format("jsonl", &sink_jsonl, &flow, 0, true);
    bench_format("jsonl, redaction off", &sink_jsonl, &flow, 0, false);
    bench_format("console", &sink_console, &flow, 0, true);
    bench_format("console -vv", &sink_console, &flow, 2, true);
    flow_shrink(&flow);
    bench_format("jsonl, a small flow", &sink_jsonl, &flow, 0, true);
    bench_format("jsonl, a small flow, redaction off", &sink_jsonl, &flow, 0, false);
    arena_release(&arena);
    return 0;
}
