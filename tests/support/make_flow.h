/* make_flow: flow records for tests and benchmarks. A record is made in an arena of
 * its own, as the core does it; bodies are borrowed. */
#ifndef TESTS_MAKE_FLOW_H
#define TESTS_MAKE_FLOW_H

#include <stdlib.h>
#include <string.h>

#include "logs/flow.h"

enum { MAKE_FLOW_BYTES = 1024 * 1024 };

static inline struct bytes make_text(struct arena *a, const char *text)
{
    return arena_copy(a, bytes_of(text));
}

/* "Name: value" lines, each ending in '\n'; NULL: no fields. */
static inline void make_fields(struct arena *a, struct fields *fields, const char *lines)
{
    while (lines && *lines) {
        size_t len = strcspn(lines, "\n"), name = strcspn(lines, ":");
        struct bytes value = bytes_trim(bytes_make(lines + name + 1, len - name - 1));

        if (fields_append(a, fields, arena_copy(a, bytes_make(lines, name)), arena_copy(a, value)))
            abort();
        lines += len + (lines[len] == '\n');
    }
}

static inline struct head *make_head(struct flow *f, enum http_side side, const char *fields)
{
    struct head *head = arena_alloc(&f->arena, sizeof(*head));

    head->side = side;
    head->version = HTTP_1_1;
    head->length = -1;
    make_fields(&f->arena, &head->fields, fields);
    return head;
}

static inline struct flow *make_flow(enum flow_kind kind)
{
    struct arena arena;
    struct flow *f;

    arena_init(&arena, MAKE_FLOW_BYTES);
    f = arena_alloc(&arena, sizeof(*f));
    *f = (struct flow){
        .kind = kind,
        .id = "01J0000000000000000000000A",
        .sequence = 7,
        .started_us = INT64_C(1700000000123456), /* 2023-11-14T22:13:20.123456Z */
        .client = BYTES("127.0.0.1:51234"),
        .client_connection = 3,
        .scheme = BYTES("https"),
        .host = BYTES("api.test"),
        .port = 443,
        .timings = {-1, -1, -1, -1, -1, -1, -1, -1, -1},
        .reason = "complete",
        .sentence = "The exchange is complete.",
        .arena = arena,
    };
    return f;
}

/* A GET or whatever with its target, and a response. */
static inline struct flow *make_http_flow(const char *method, const char *path, unsigned status,
                                          const char *type)
{
    struct flow *f = make_flow(FLOW_HTTP);
    struct head *request = make_head(f, HTTP_REQUEST, "Host: api.test\nUser-Agent: test/1\n");
    struct head *response = make_head(f, HTTP_RESPONSE, NULL);

    request->method = make_text(&f->arena, method);
    request->target = make_text(&f->arena, path);
    request->path = request->target;
    response->status = (uint16_t)status;
    response->reason = BYTES("OK");
    if (type && fields_append(&f->arena, &response->fields, BYTES("Content-Type"),
                              make_text(&f->arena, type)))
        abort();
    f->request.received = request;
    f->request.sent = request;
    f->response.received = response;
    f->response.sent = response;
    f->status = (uint16_t)status;
    f->upstream = BYTES("127.0.0.1:9443");
    f->upstream_connection = 5;
    f->timings.total = 38000;
    return f;
}

/* A body in one piece, borrowed. */
static inline void make_body(struct flow *f, struct flow_message *m, struct bytes content)
{
    m->body.slices = arena_alloc(&f->arena, sizeof(*m->body.slices));
    m->body.slices[0] = slice_of(content);
    m->body.count = 1;
    m->body.cap = 1;
    m->body.wire_bytes = (int64_t)content.len;
    m->body.captured_bytes = (int64_t)content.len;
}

static inline void make_rule(struct flow *f, const char *label, const char *note)
{
    struct flow_rule *rule = arena_alloc(&f->arena, sizeof(*rule)), **last = &f->rules;

    *rule = (struct flow_rule){.label = label, .note = note};
    while (*last)
        last = &(*last)->next;
    *last = rule;
}

static inline void free_flow(struct flow *f)
{
    struct arena arena = f->arena; /* it holds the struct as well */

    arena_release(&arena);
}

#endif
