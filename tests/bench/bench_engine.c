/* bench_engine: what a keep-alive exchange costs the engine alone, without a socket or
 * a kernel: nanoseconds, commands of each kind, and calls of the allocator, which the
 * linker lets us count. The counts are the same on every machine.
 * bench_engine [WORD]: only the rows whose name holds the word. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proxy/core/engine.h"

enum {
    ROUNDS = 50 * 1000,
    REPEATS = 7,
    WARM_UP = 1000,
    FIELDS = 40, /* of the request with many */
    TEXT_BYTES = 16 * 1024,
    LOGGED = 64, /* records that are outside at once */
};

struct row {
    const char *name;
    bool capture, live;
    int fields; /* besides Host */
    size_t body_bytes;
};

struct bench {
    struct engine *engine;
    struct settings settings;
    struct chunk_pool pool;
    int64_t now_us;
    uint32_t client, upstream;
    struct log_event *logged[LOGGED];
    int logged_count;
    char request[TEXT_BYTES], response[TEXT_BYTES];
    size_t request_len, response_len;
    uint64_t sent[2]; /* bytes to the client, to the upstream */
    uint64_t commands[COMMAND_LOG + 1];
};

/* The linker puts __wrap_NAME in the place of NAME, and calls the real one
 * __real_NAME. NOLINTBEGIN(bugprone-reserved-identifier) */
static uint64_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
    allocations++;
    return __real_realloc(old, size);
}
/* NOLINTEND(bugprone-reserved-identifier) */

static void require(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "bench_engine: %s\n", what);
        exit(1);
    }
}

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- a loop without a kernel -------------------------------------------- */

static void handle(struct bench *b, struct event ev);

static struct sockaddr_storage loopback(void)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *four = (struct sockaddr_in *)&a;

    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons(40000);
    return a;
}

static bool answer(struct bench *b, const struct command *c, struct event *ret_event)
{
    static struct sockaddr_storage address;

    address = loopback();
    b->commands[c->kind]++;
    switch (c->kind) {
    case COMMAND_DIAL:
        b->upstream = c->wire;
        *ret_event = (struct event){.kind = EVENT_CONNECTED, .wire = c->wire, .address = &address};
        return true;
    case COMMAND_SEND:
        *ret_event = (struct event){.kind = EVENT_SENT, .wire = c->wire};
        for (int i = 0; i < c->count; i++)
            ret_event->count += c->iov[i].iov_len;
        b->sent[c->wire == b->upstream] += ret_event->count;
        return true;
    case COMMAND_LOG:
        require(b->logged_count < LOGGED, "too many records");
        b->logged[b->logged_count++] = c->log;
        return false;
    default:
        return false;
    }
}

static void handle(struct bench *b, struct event ev)
{
    struct event waiting[16];
    size_t first = 0, count = 0;
    struct command c;

    for (;;) {
        ev.now_us = b->now_us;
        ev.wall_us = b->now_us;
        engine_handle(b->engine, &ev);
        while (engine_next(b->engine, &c)) {
            require(count < sizeof(waiting) / sizeof(waiting[0]), "too many commands at once");
            count += answer(b, &c, &waiting[count]);
        }
        if (first == count)
            return;
        ev = waiting[first++];
        if (first == count)
            first = count = 0;
    }
}

/* As a loop does it: one read into a chunk of its own. */
static void bytes_come(struct bench *b, uint32_t wire, const char *text, size_t len)
{
    struct chunk *chunk = chunk_new(&b->pool, CHUNK_LARGE_BYTES);
    struct event ev = {.kind = EVENT_BYTES, .wire = wire};

    require(chunk, "out of memory");
    memcpy(chunk->data, text, len);
    ev.data = (struct slice){chunk->data, len, chunk};
    handle(b, ev);
    chunk_unref(chunk);
}

static void exchange(struct bench *b)
{
    b->now_us += 100;
    bytes_come(b, b->client, b->request, b->request_len);
    bytes_come(b, b->upstream, b->response, b->response_len);
    while (b->logged_count)
        handle(b, (struct event){.kind = EVENT_LOGGED, .log = b->logged[--b->logged_count]});
}

/* ---- the rows ----------------------------------------------------------- */

static void make_texts(struct bench *b, const struct row *row)
{
    int len = snprintf(b->request, TEXT_BYTES,
                       "GET http://127.0.0.1:8000/path HTTP/1.1\r\n"
                       "Host: 127.0.0.1:8000\r\n");

    for (int i = 0; i < row->fields; i++)
        len +=
            snprintf(b->request + len, TEXT_BYTES - (size_t)len, "X-Field-%d: value %d\r\n", i, i);
    len += snprintf(b->request + len, TEXT_BYTES - (size_t)len, "\r\n");
    b->request_len = (size_t)len;
    len = snprintf(b->response, TEXT_BYTES,
                   "HTTP/1.1 200 OK\r\nServer: bench\r\nContent-Type: text/plain\r\n"
                   "Content-Length: %zu\r\n\r\n",
                   row->body_bytes);
    memset(b->response + len, 'x', row->body_bytes);
    b->response_len = (size_t)len + row->body_bytes;
}

static void open_bench(struct bench *b, const struct row *row)
{
    struct engine_env env = {.settings = &b->settings, .pool = &b->pool, .seed = 7};
    struct sockaddr_storage from = loopback();

    memset(b, 0, sizeof(*b));
    b->now_us = 1000000;
    b->settings.limits = (struct codec_limits){.head_bytes = HTTP_HEAD_BYTES,
                                               .request_line_bytes = HTTP_REQUEST_LINE_BYTES,
                                               .fields = HTTP_FIELDS};
    b->settings.timeouts.client_idle = 120 * 1000000;
    b->settings.timeouts.head = 30 * 1000000;
    b->settings.timeouts.connect = 10 * 1000000;
    b->settings.timeouts.pool_idle = 60 * 1000000;
    b->settings.capture = row->capture;
    b->settings.live = row->live;
    b->settings.body_capture_bytes = row->capture ? 65536 : 0;
    chunk_pool_init(&b->pool, 16);
    require(engine_new(&env, NULL, &b->engine) == STATUS_OK, "no engine");
    b->client = engine_wire_new(b->engine);
    handle(b, (struct event){.kind = EVENT_ACCEPTED, .wire = b->client, .address = &from});
    make_texts(b, row);
}

static void close_bench(struct bench *b)
{
    engine_free(b->engine);
    chunk_pool_release(&b->pool);
}

static void run(const struct row *row)
{
    struct bench *b = calloc(1, sizeof(*b));
    uint64_t allocated, commands[COMMAND_LOG + 1], sent;
    int64_t best = INT64_MAX;

    require(b, "out of memory");
    open_bench(b, row);
    for (int i = 0; i < WARM_UP; i++)
        exchange(b);
    allocated = allocations;
    sent = b->sent[0];
    memcpy(commands, b->commands, sizeof(commands));
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        int64_t begin = now_ns();

        for (int i = 0; i < ROUNDS; i++)
            exchange(b);
        begin = now_ns() - begin;
        best = begin < best ? begin : best;
    }
    require(b->sent[0] - sent == (uint64_t)ROUNDS * REPEATS * b->response_len,
            "the client got something else than the response");
    printf("%-28s %6.0f ns  %5.2f allocations  %4.2f send %4.2f read on/off %4.2f timer\n",
           row->name, (double)best / ROUNDS, (double)(allocations - allocated) / (ROUNDS * REPEATS),
           (double)(b->commands[COMMAND_SEND] - commands[COMMAND_SEND]) / (ROUNDS * REPEATS),
           (double)(b->commands[COMMAND_READ_ON] + b->commands[COMMAND_READ_OFF] -
                    commands[COMMAND_READ_ON] - commands[COMMAND_READ_OFF]) /
               (ROUNDS * REPEATS),
           (double)(b->commands[COMMAND_TIMER] - commands[COMMAND_TIMER]) / (ROUNDS * REPEATS));
    close_bench(b);
    free(b);
}

int main(int argc, char **argv)
{
    static const struct row rows[] = {
        {"no log, 1 KiB", false, false, 4, 1024},
        {"no log, 1 KiB, 40 fields", false, false, FIELDS, 1024},
        {"log, 1 KiB", true, false, 4, 1024},
        {"log, 1 KiB, live", true, true, 4, 1024},
        {"log, 1 KiB, 40 fields", true, false, FIELDS, 1024},
        {"no log, no content", false, false, 4, 0},
    };

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (argc < 2 || strstr(rows[i].name, argv[1]))
            run(&rows[i]);
    }
    return 0;
}
