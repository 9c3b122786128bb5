/* Questions to a store of many flows, by hand on a release build:
 *   bench_query make FILE FLOWS    makes one, and its full-text index
 *   bench_query ask FILE FILTER…   puts each filter to it as `weir log` does, newest first
 *                                  and all of them, and says how long that took
 * It prints the most memory it had. The same flows as lines of JSON, for grep, are made by
 * `weir log --store FILE -n 0 --format jsonl`. */
#include <inttypes.h>
#include <sys/resource.h>
#include <time.h>

#include "logs/flow_make.h"
#include "logs/query.h"
#include "unit/logs/make_store.h"

enum { LIMIT = 50, COMMIT_FLOWS = 1000 };

static double now_s(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void print_memory(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    printf("peak memory %ld MiB\n", usage.ru_maxrss / 1024);
}

/* An API call with about a KiB of heads and JSON. */
static struct flow *make_call(uint64_t *random, uint64_t at)
{
    static const char *const hosts[] = {"api.shop.test", "api.shop.test", "cdn.shop.test",
                                        "auth.test",     "metrics.test",  "img.test"};
    static const char *const names[] = {"lamp", "chair", "table", "kettle", "teapot", "mirror"};
    unsigned status = make_random(random) % 40 == 0 ? 503 : 200;
    struct flow *f;
    struct buf text;

    buf_init(&text, 64 * 1024);
    buf_putf(&text, "/v1/items/%" PRIu64 "?page=%" PRIu64, make_random(random) % 100000,
             make_random(random) % 50);
    f = make_http_flow("GET", buf_text(&text), status, "application/json");
    make_id(f, random);
    f->host = bytes_of(MAKE_ONE_OF(random, hosts));
    make_fields(&f->arena, &((struct head *)(uintptr_t)f->request.received)->fields,
                "Accept: application/json, text/plain, */*\nAccept-Language: en-GB,en;q=0.9\n"
                "Accept-Encoding: identity\nAuthorization: Bearer eyJhbGciOiJIUzI1NiJ9.e30.c2ln\n");
    make_fields(&f->arena, &((struct head *)(uintptr_t)f->response.received)->fields,
                "Date: Mon, 23 Nov 2026 10:00:00 GMT\nServer: nginx\nCache-Control: no-store\n"
                "Vary: Accept-Encoding\nX-Frame-Options: DENY\n");
    buf_clear(&text);
    buf_put_text(&text, "{\"items\":[");
    for (uint64_t i = 0, n = 3 + make_random(random) % 6; i < n; i++)
        buf_putf(&text, "%s{\"id\":%" PRIu64 ",\"name\":\"%s\",\"price\":%" PRIu64 "}",
                 i ? "," : "", make_random(random) % 1000000, MAKE_ONE_OF(random, names),
                 make_random(random) % 10000);
    buf_putf(&text, "],\"trace\":\"t-%08" PRIx64 "\"}", at);
    make_body(f, &f->response, arena_copy(&f->arena, buf_bytes(&text)));
    buf_release(&text);
    f->started_us += (int64_t)at * 1000;
    f->timings.total = (int64_t)(make_random(random) % 300000);
    return f;
}

static void index_all(const char *path)
{
    sqlite3 *db = NULL;
    double start = now_s();
    bool more = true;

    if (sqlite3_open(path, &db) || sqlite3_exec(db, "PRAGMA synchronous=NORMAL", NULL, NULL, NULL))
        abort();
    while (more) {
        if (store_fts_step(db, FTS_STEP_BYTES, &more))
            abort();
    }
    sqlite3_close(db);
    printf("indexed in %.1f s\n", now_s() - start);
}

static int make(const char *path, uint64_t flows)
{
    struct made_store m = {.store = NULL};
    uint64_t random = 88172645463325252;
    double start = now_s();

    snprintf(m.path, sizeof(m.path), "%s", path);
    made_store_open(&m);
    for (uint64_t i = 0; i < flows; i++) {
        struct flow *f = make_call(&random, i);

        made_store_put(&m, f);
        free_flow(f);
        if (i % COMMIT_FLOWS == COMMIT_FLOWS - 1)
            made_store_commit(&m);
    }
    made_store_commit(&m);
    made_store_close(&m);
    printf("%" PRIu64 " flows in %.1f s\n", flows, now_s() - start);
    index_all(path);
    print_memory();
    return 0;
}

static void ask(struct query *q, const char *text, uint64_t limit)
{
    struct filter_fault fault;
    struct filter *filter = NULL;
    struct query_ask ask = {.limit = limit, .newest_first = true};
    double start = now_s();
    uint64_t found = 0;
    struct flow *f;

    if (filter_parse(bytes_of(text), 0, &filter, &fault))
        abort();
    ask.filter = filter;
    if (query_begin(q, &ask))
        abort();
    for (; query_next(q, &f) == STATUS_OK; found++)
        flow_free(f);
    printf("%8.1f ms  %8" PRIu64 " flows  %s%s\n", (now_s() - start) * 1e3, found, text,
           limit ? "" : "  (all)");
    filter_free(filter);
}

int main(int argc, char **argv)
{
    char error[QUERY_ERROR_TEXT];
    struct query *q = NULL;

    if (argc == 4 && strcmp(argv[1], "make") == 0)
        return make(argv[2], strtoull(argv[3], NULL, 10));
    if (argc < 4 || strcmp(argv[1], "ask") != 0 || query_open(argv[2], error, &q)) {
        fprintf(stderr, "usage: bench_query make FILE FLOWS | ask FILE FILTER…\n");
        return 2;
    }
    for (int i = 3; i < argc; i++) {
        ask(q, argv[i], LIMIT);
        ask(q, argv[i], 0);
    }
    query_close(q);
    print_memory();
    return 0;
}
