/* bench_store: what it costs to keep flows, in a store in the folder named (default: the
 * working directory), as many as named (default: 200000). Wall time counts: the disk is
 * part of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "logs/sink_store.h"
#include "tls/digest.h"

enum { ARENA_BYTES = 64 * 1024, BODY_ROOM = 16 * 1024, HOSTS = 40, PATH_TEXT = 1024 };

struct bench {
    const char *folder;
    uint64_t flows;
    struct flow flow;
    struct arena arena;
    struct slice slice;
    uint8_t body[BODY_ROOM];
    char host[32], id[FLOW_ID_TEXT];
};

struct scenario {
    const char *name;
    size_t body_bytes; /* 0: none */
    bool distinct;     /* each body is another one */
    const char *type;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_store: %s\n", what);
    exit(1);
}

static double seconds(clockid_t id)
{
    struct timespec t;

    clock_gettime(id, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static struct head *make_head(struct arena *a, enum http_side side, const char *const (*rows)[2],
                              size_t count)
{
    struct head *head = arena_alloc(a, sizeof(*head));

    if (!head)
        fail("no memory");
    *head = (struct head){.side = side, .version = HTTP_1_1, .length = -1};
    for (size_t i = 0; i < count; i++) {
        if (fields_append(a, &head->fields, bytes_of(rows[i][0]), bytes_of(rows[i][1])))
            fail("no memory");
    }
    return head;
}

/* An exchange as an app has them by the thousand. */
static void make_flow(struct bench *b, const struct scenario *s)
{
    static const char *const asked[][2] = {
        {"Host", "api.shop.test"},
        {"User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/126.0"},
        {"Accept", "application/json, text/plain, */*"},
        {"Accept-Encoding", "gzip, deflate, br"},
        {"X-Request-Id", "7f3c0a52-1c1b-4be2-9a9f-0c1d2e3f4a5b"},
    };
    const char *const answered[][2] = {
        {"Date", "Tue, 14 Nov 2023 22:13:20 GMT"},
        {"Content-Type", s->type},
        {"Server", "nginx/1.22.1"},
        {"ETag", "\"33a64df551425fcc\""},
    };
    struct flow *f = &b->flow;
    struct head *request, *response;

    arena_init(&b->arena, ARENA_BYTES);
    request = make_head(&b->arena, HTTP_REQUEST, asked, sizeof(asked) / sizeof(asked[0]));
    response =
        make_head(&b->arena, HTTP_RESPONSE, answered, sizeof(answered) / sizeof(answered[0]));
    request->method = BYTES("GET");
    request->target = request->path = BYTES("/v2/orders/4711?expand=items&currency=EUR");
    response->status = 200;
    response->reason = BYTES("OK");
    *f = (struct flow){
        .client = BYTES("127.0.0.1:51234"),
        .upstream = BYTES("127.0.0.1:9443"),
        .client_reused = true,
        .upstream_reused = true,
        .scheme = BYTES("https"),
        .port = 443,
        .status = 200,
        .timings = {12, -1, -1, -1, 31, 1840, 95, -1, 1978},
        .reason = "complete",
        .sentence = "The exchange is complete.",
        .request = {.received = request, .sent = request},
        .response = {.received = response, .sent = response},
    };
    b->slice = slice_of(bytes_make(b->body, s->body_bytes));
    if (s->body_bytes)
        f->response.body = (struct flow_body){.slices = &b->slice,
                                              .count = 1,
                                              .cap = 1,
                                              .wire_bytes = (int64_t)s->body_bytes,
                                              .captured_bytes = (int64_t)s->body_bytes};
    for (size_t i = 0; i < s->body_bytes; i += 32)
        memcpy(b->body + i, "{\"id\":4711,\"state\":\"open\",\"k\":1", 32);
}

static void change_flow(struct bench *b, const struct scenario *s, uint64_t i)
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    uint64_t rest = i;

    memcpy(b->id, "01HF7YAT000000000000000000", FLOW_ID_TEXT);
    for (int at = FLOW_ID_TEXT - 2; rest; at--, rest /= 32)
        b->id[at] = letters[rest % 32];
    memcpy(b->flow.id, b->id, FLOW_ID_TEXT);
    snprintf(b->host, sizeof(b->host), "api%llu.shop.test", (unsigned long long)(i % HOSTS));
    b->flow.host = bytes_of(b->host);
    b->flow.started_us = INT64_C(1900000000000000) + (int64_t)i * 100;
    if (s->distinct && s->body_bytes)
        memcpy(b->body, &i, sizeof(i));
}

/* Answers how long it took. */
static double offer(struct bench *b, const struct scenario *s, void *self)
{
    double longest = 0;

    for (uint64_t i = 0; i < b->flows; i++) {
        double start;

        change_flow(b, s, i);
        if (sink_store.flow(self, &b->flow))
            fail("a flow could not be kept");
        start = seconds(CLOCK_MONOTONIC);
        if (sink_store.commit(self, false) < 0)
            fail("a commit failed");
        start = seconds(CLOCK_MONOTONIC) - start;
        longest = start > longest ? start : longest;
    }
    if (sink_store.commit(self, true))
        fail("the last commit failed");
    return longest;
}

static void run(struct bench *b, const struct scenario *s)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".lock"};
    char path[PATH_TEXT], file[PATH_TEXT + 8], error[SINK_ERROR_BYTES];
    struct store_facts facts = {0};
    struct sink_store_settings store = {.store = {.path = path, .digest = digest_sha256},
                                        .facts = &facts};
    const struct sink_settings settings = {.fd = -1, .context = &store};
    double start, cpu, longest;
    void *self;

    snprintf(path, sizeof(path), "%s/bench_store-%ld.db", b->folder, (long)getpid());
    make_flow(b, s);
    self = sink_store.open(&settings, error);
    if (!self)
        fail(error);
    start = seconds(CLOCK_MONOTONIC);
    cpu = seconds(CLOCK_THREAD_CPUTIME_ID);
    longest = offer(b, s, self);
    start = seconds(CLOCK_MONOTONIC) - start;
    cpu = seconds(CLOCK_THREAD_CPUTIME_ID) - cpu;
    printf("%-36s %8.0f flows/s  %6.2f us CPU/flow  longest commit %4.0f ms  %6.0f bytes/flow\n",
           s->name, (double)b->flows / start, cpu * 1e6 / (double)b->flows, longest * 1e3,
           (double)atomic_load(&facts.bytes) / (double)b->flows);
    fflush(stdout);
    sink_store.close(self);
    arena_release(&b->arena);
    for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
        snprintf(file, sizeof(file), "%s%s", path, endings[i]);
        unlink(file);
    }
}

int main(int argc, char **argv)
{
    static const struct scenario scenarios[] = {
        {"no body", 0, false, "application/json"},
        {"176 bytes, one body", 176, false, "application/json"},
        {"176 bytes, each another", 176, true, "application/json"},
        {"2 KiB JSON, each another", 2048, true, "application/json"},
        {"10 KiB JSON, each another", 10240, true, "application/json"},
        {"10 KiB JSON, one body", 10240, false, "application/json"},
        {"10 KiB image, each another", 10240, true, "image/png"},
    };
    struct bench *b = calloc(1, sizeof(*b));

    if (!b)
        fail("no memory");
    b->folder = argc > 1 ? argv[1] : ".";
    b->flows = argc > 2 ? strtoull(argv[2], NULL, 10) : 200000;
    for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++)
        run(b, &scenarios[i]);
    free(b);
    return 0;
}
