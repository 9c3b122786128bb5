#include "mutant.h"

#include <stdio.h>
#include <string.h>

#include "draft.h"

/* What an enemy would like to see as a message of its own. */
static const char *canary(enum mutant_way way)
{
    return way == MUTANT_CONNECT
               ? "GET /canary-within HTTP/1.1\r\nHost: a.test\r\n\r\n"
               : "GET http://canary.test/canary-within HTTP/1.1\r\nHost: canary.test\r\n\r\n";
}

#define EVIL "HTTP/1.1 200 OK\r\nX-For: evil\r\nContent-Length: 4\r\n\r\nevil"

/* ---- good requests ------------------------------------------------------ */

static void start_request(struct draft *d, struct rng *r, enum mutant_way way, const char *method,
                          const char *version)
{
    static const char *const paths[] = {
        "/one", "/one", "/one", "/one?q=1", "", "?q", "/one?q=1%0d%0aX-Evil:%20y"};
    const char *path = RNG_PICK(r, paths);
    char line[DRAFT_TEXT_BYTES];

    if (way == MUTANT_CONNECT)
        (void)snprintf(line, sizeof(line), "%s /one %s", method, version);
    else
        (void)snprintf(line, sizeof(line), "%s http://a.test%s %s", method, path, version);
    draft_start(d, false, line);
    draft_add_line(d, 1, "Host: a.test");
    draft_add_line(d, 2, "X-A: b");
}

static void make_request(struct draft *d, struct rng *r, enum mutant_way way)
{
    size_t kind = rng_below(r, 12);
    static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "OPTIONS", "DELETE"};
    const char *method = kind < 3 ? RNG_PICK(r, methods) : "POST";

    start_request(d, r, way, method, kind == 2 || kind == 5 ? "HTTP/1.0" : "HTTP/1.1");
    if (kind == 5)
        draft_add_line(d, 2, "Connection: keep-alive");
    if (kind == 3)
        draft_add_line(d, 2, "Expect: 100-continue");
    if (kind == 4)
        draft_add_line(d, 2, "Upgrade: websocket\r\nConnection: upgrade");
    if (kind >= 8) {
        draft_chunked(d, rng_once_in(r, 2) ? "hello" : canary(way));
        if (kind >= 10)
            draft_add_chunk(d, kind == 10 ? canary(way) : "0\r\n\r\n");
    } else if (kind >= 3 && (kind != 4 || rng_once_in(r, 2))) {
        draft_content(d, kind == 3 ? "hello" : canary(way));
    }
}

/* ---- good answers ------------------------------------------------------- */

static void make_answer(struct draft *d, struct rng *r, struct mutant *m)
{
    static const char *const starts[] = {"HTTP/1.1 200 OK",
                                         "HTTP/1.1 200 OK",
                                         "HTTP/1.1 404 Not Found",
                                         "HTTP/1.1 204 No Content",
                                         "HTTP/1.1 304 Not Modified",
                                         "HTTP/1.0 200 OK",
                                         "HTTP/1.1 101 Switching Protocols",
                                         "HTTP/1.1 500 Oh"};
    size_t kind = rng_below(r, sizeof(starts) / sizeof(starts[0]));
    const char *content = rng_once_in(r, 2) ? "hello" : EVIL;

    draft_start(d, true, starts[kind]);
    draft_add_line(d, 1, "X-For: first");
    if (kind == 6)
        draft_add_line(d, 1, "Upgrade: websocket\r\nConnection: upgrade");
    if (kind == 3 || kind == 4 || kind == 6)
        return;
    switch (rng_below(r, 5)) {
    case 0:
        text_set(&d->content, content);
        m->answer_eof = true; /* it tells where the content ends */
        break;
    case 1:
    case 2:
        draft_content(d, content);
        break;
    default:
        if (kind == 5)
            break;
        draft_chunked(d, content);
        draft_add_chunk(d, "more");
        if (rng_once_in(r, 3))
            draft_add_trailer(d, "X-Trailer: y");
        break;
    }
}

/* ---- mutants ------------------------------------------------------------ */

static void mutate_some(struct draft *d, struct rng *r, char *story)
{
    size_t times = 1 + rng_below(r, 3);

    for (size_t i = 0; i < times; i++)
        draft_mutate(d, r, story);
}

static void add_text(uint8_t *into, size_t *len, const char *text)
{
    size_t room = MUTANT_BYTES - *len, take = strlen(text) < room ? strlen(text) : room;

    memcpy(into + *len, text, take);
    *len += take;
}

/* Bytes anywhere are changed, doubled, lost. */
static void scramble(uint8_t *bytes, size_t *len, struct rng *r, char *story)
{
    size_t at = rng_below(r, *len ? *len : 1), span = 1 + rng_below(r, 20);

    if (!*len)
        return;
    span = at + span > *len ? *len - at : span;
    switch (rng_below(r, 4)) {
    case 0:
        bytes[at] = (uint8_t)rng_next(r);
        break;
    case 1:
        memmove(bytes + at, bytes + at + span, *len - at - span);
        *len -= span;
        break;
    case 2:
        if (*len + span > MUTANT_BYTES)
            break;
        memmove(bytes + at + span, bytes + at, *len - at);
        *len += span;
        break;
    default:
        *len = at;
        break;
    }
    story_add(story, " bytes at %zu.", at);
}

static void add_good_request(struct mutant *m, const char *host, const char *path)
{
    bool origin_form = m->way == MUTANT_CONNECT;
    char text[DRAFT_TEXT_BYTES];

    (void)snprintf(text, sizeof(text), "GET %s%s/%s HTTP/1.1\r\nHost: %s\r\n\r\n",
                   origin_form ? "" : "http://", origin_form ? "" : host, path, host);
    add_text(m->client, &m->client_len, text);
}

static void add_canaries(struct mutant *m, struct rng *r)
{
    size_t count = rng_below(r, 4);

    for (size_t i = 0; i < count && i < 2; i++)
        add_good_request(m, rng_once_in(r, 2) && !m->answer_mutated ? "canary.test" : "a.test",
                         i ? "canary-2" : "canary-1");
    if (m->way != MUTANT_PLAIN && rng_once_in(r, 4))
        add_text(m->client, &m->client_len, "\r\n\r\n");
}

static void make_answer_bytes(struct mutant *m, struct rng *r)
{
    struct draft d;

    if (rng_once_in(r, 4))
        add_text(m->answer, &m->answer_len,
                 rng_once_in(r, 3) ? "HTTP/1.1 103 Early Hints\r\nConnection: x-hint\r\nX-Hint: "
                                     "1\r\nContent-Length: 5\r\n\r\n"
                                   : "HTTP/1.1 100 Continue\r\nX-Hint: 1\r\n\r\n");
    make_answer(&d, r, m);
    if (m->answer_mutated)
        mutate_some(&d, r, m->story);
    draft_write(&d, m->answer, &m->answer_len);
    if (m->answer_mutated && rng_once_in(r, 8))
        scramble(m->answer, &m->answer_len, r, m->story);
    if (m->answer_mutated && rng_once_in(r, 2))
        add_text(m->answer, &m->answer_len, EVIL);
    m->answer_eof = m->answer_eof || rng_once_in(r, 6);
}

/* What rules can do to heads, and so to framing. */
static const char *const rules[] = {
    "set: { request.header.x-a: new, response.header.x-b: new }",
    "set: { request.header.x-q: 'q=$(request.query.q) $(request.header.x-a)' }",
    "set: { response.status: 200 }",
    "set: { response.reason: $(request.header.x-a) }",
    "remove: [request.header.x-a, response.header.x-for]",
    "append: { request.header.x-a: two, response.header.x-for: $(request.path) }",
    "set: { request.header.expect: 100-continue, request.header.x-a: $(request.header.host) }",
    "respond: { status: 200, text: made }",
    "respond: { status: 204 }",
    "respond: { status: 304, headers: { x-a: $(request.header.x-a) } }",
    "sequence: [500, pass]",
    "delay: 1s",
    "delay: { response: 1s }",
    "abort: close",
};

void mutant_make(uint64_t seed, struct mutant *m)
{
    struct rng r = {seed * UINT64_C(0x2545f4914f6cdd1d) + 1};
    struct draft d;

    m->seed = seed;
    m->way = (enum mutant_way)rng_below(&r, 3);
    m->lenient = rng_once_in(&r, 4);
    m->client_eof = rng_once_in(&r, 3);
    m->early = rng_once_in(&r, 12);
    m->rules = rng_once_in(&r, 8) ? RNG_PICK(&r, rules) : NULL;
    m->late = rng_once_in(&r, 3);
    m->answer_mutated = rng_once_in(&r, 3);
    m->answer_eof = false;
    m->piece = rng_once_in(&r, 3) ? 1 + rng_below(&r, 40) : 0;
    m->answer_piece = rng_once_in(&r, 3) ? 1 + rng_below(&r, 40) : 0;
    m->client_len = m->answer_len = 0;
    m->story[0] = 0;
    if (rng_once_in(&r, 4))
        add_good_request(m, "a.test", "before");
    make_request(&d, &r, m->way);
    if (!m->answer_mutated)
        mutate_some(&d, &r, m->story);
    draft_write(&d, m->client, &m->client_len);
    add_canaries(m, &r);
    if (!m->answer_mutated && rng_once_in(&r, 12))
        scramble(m->client, &m->client_len, &r, m->story);
    make_answer_bytes(m, &r);
}
