/* make_store: stores of flows in a folder of their own, and flows of all sorts, for tests
 * and benchmarks. */
#ifndef TESTS_MAKE_STORE_H
#define TESTS_MAKE_STORE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "logs/store.h"
#include "logs/store_fts.h"
#include "make_flow.h"

struct made_store {
    char folder[64], path[96];
    struct store_facts facts;
    struct store *store;
};

/* No SHA-256, but as good as one here. */
static inline enum status make_digest(struct bytes content, uint8_t *ret_digest)
{
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t part = bytes_hash(content, i + 1);

        memcpy(ret_digest + i * sizeof(part), &part, sizeof(part));
    }
    return STATUS_OK;
}

static inline void made_store_open(struct made_store *m)
{
    struct store_settings settings = {.path = m->path, .digest = make_digest};
    char error[STORE_ERROR_TEXT];

    if (store_open(&settings, &m->facts, error, &m->store)) {
        fprintf(stderr, "%s\n", error);
        abort();
    }
}

static inline void make_store(struct made_store *m)
{
    memset(m, 0, sizeof(*m));
    snprintf(m->folder, sizeof(m->folder), "/tmp/weir-test-XXXXXX");
    if (!mkdtemp(m->folder))
        abort();
    snprintf(m->path, sizeof(m->path), "%s/flows.db", m->folder);
    made_store_open(m);
}

static inline void made_store_put(struct made_store *m, const struct flow *f)
{
    if (store_put(m->store, f))
        abort();
}

static inline void made_store_commit(struct made_store *m)
{
    if (store_commit(m->store))
        abort();
}

static inline void made_store_close(struct made_store *m)
{
    store_close(m->store);
    m->store = NULL;
}

static inline void free_store(struct made_store *m)
{
    static const char *const names[] = {"", "-wal", "-shm", ".lock"};
    char path[128];

    made_store_close(m);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", m->path, names[i]);
        unlink(path);
    }
    rmdir(m->folder);
}

/* ---- flows of all sorts ---- */

/* xorshift64; never 0. */
static inline uint64_t make_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#define MAKE_ONE_OF(state, list) ((list)[make_random(state) % (sizeof(list) / sizeof((list)[0]))])

static inline void make_id(struct flow *f, uint64_t *state)
{
    static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

    for (size_t i = 4; i < FLOW_ID_TEXT - 1; i++)
        f->id[i] = letters[make_random(state) % 32];
}

static inline struct bytes make_words(struct flow *f, uint64_t *state, size_t bytes)
{
    static const char *const words[] = {"the",   "weir",  "oops",  "Basket", "{\"id\": 7}",
                                        "lorem", "Ärger", "value", "\n",     "out of stock"};
    struct buf text;
    struct bytes copy;

    buf_init(&text, 1024 * 1024);
    while (text.len < bytes) {
        buf_put_text(&text, MAKE_ONE_OF(state, words));
        buf_put_byte(&text, ' ');
    }
    copy = arena_copy(&f->arena, buf_bytes(&text));
    buf_release(&text);
    return copy;
}

static inline void make_some_body(struct flow *f, struct flow_message *m, uint64_t *state)
{
    uint64_t sort = make_random(state) % 16;
    struct bytes content = make_words(f, state, sort == 0 ? 20000 : make_random(state) % 600);

    if (sort == 1) {
        uint8_t *bytes = arena_alloc(&f->arena, 64 + content.len);

        memcpy(bytes, "\x89PNG\0\0", 6);
        memcpy(bytes + 64, content.ptr, content.len);
        content = bytes_make(bytes, 64 + content.len);
    }
    make_body(f, m, content);
    if (sort == 2)
        m->body.wire_bytes += 5;
}

static inline void make_some_marks(struct flow *f, uint64_t *state)
{
    struct flow_tag *tag;

    if (make_random(state) % 5 == 0) {
        make_rule(f, "proxy.yaml:12 slow login", "status 200 → 503");
        f->injected = make_random(state) % 2;
    }
    if (make_random(state) % 7 == 0) {
        tag = arena_alloc(&f->arena, sizeof(*tag));
        tag->text = make_random(state) % 2 ? "checkout" : "check";
        f->tags = tag;
    }
    if (make_random(state) % 6 == 0)
        f->anomalies = 1U << make_random(state) % HTTP_ANOMALY_COUNT;
    if (make_random(state) % 9 == 0) {
        f->error = true;
        f->reason = "upstream_closed";
    }
    if (make_random(state) % 8 == 0)
        f->user = BYTES("Alice");
}

/* A flow as it may pass, of the number `at`. */
static inline struct flow *make_some_flow(uint64_t *state, uint64_t at)
{
    static const char *const methods[] = {"GET", "GET", "GET", "POST", "put", "OPTIONS"};
    static const char *const paths[] = {"/",           "/login?next=/cart", "/api/users/7",
                                        "/API/Orders", "/img/logo.png",     "/%C3%A4?q=oops"};
    static const char *const types[] = {"text/html; charset=utf-8", "application/json",
                                        "application/problem+json", "image/png",
                                        "text/javascript",          NULL};
    static const char *const hosts[] = {"api.test", "cdn.test", "a.cdn.test", "SHOP.test", "::1"};
    static const unsigned statuses[] = {200, 200, 200, 304, 404, 500, 503, 302, 101};
    struct flow *f;
    struct head *request;

    if (make_random(state) % 12 == 0) {
        f = make_flow(make_random(state) % 2 ? FLOW_TUNNEL : FLOW_REFUSED);
        f->tunnel_down_bytes = (int64_t)(make_random(state) % 5000);
    } else {
        f = make_http_flow(MAKE_ONE_OF(state, methods), MAKE_ONE_OF(state, paths),
                           MAKE_ONE_OF(state, statuses), MAKE_ONE_OF(state, types));
        request = make_head(f, HTTP_REQUEST,
                            make_random(state) % 2
                                ? "Host: api.test\nX-Request-Id: A42b\nCookie: sid=secret; b=2\n"
                                : "Host: api.test\nAccept: text/html\n");
        request->method = f->request.received->method;
        request->target = request->path = f->request.received->path;
        if (make_random(state) % 3 == 0)
            f->request.received = request;
        make_some_body(f, &f->response, state);
        if (bytes_equal(request->method, BYTES("POST")))
            make_some_body(f, &f->request, state);
    }
    make_id(f, state);
    f->host = bytes_of(MAKE_ONE_OF(state, hosts));
    if (make_random(state) % 3 == 0)
        f->scheme = BYTES("http");
    f->port = make_random(state) % 2 ? 443 : 8080;
    f->started_us += (int64_t)at * 1000000;
    f->timings.total = (int64_t)(make_random(state) % 3000000);
    f->upstream_reused = make_random(state) % 2;
    make_some_marks(f, state);
    return f;
}

#endif
