#include "logs/retry_audit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_date.h"
#include "logs/retry_impl.h"

enum { RETRY_BUCKETS = 1024, URL_SCRATCH_BYTES = 1024 * 1024 };

/* One request that had a fault, with all that followed it. */
struct chain {
    struct chain *next; /* of its bucket */
    uint64_t key;
    char method[RETRY_METHOD_BYTES], url[RETRY_URL_BYTES];
    bool idempotent;
    struct attempt *attempts; /* owned; by their starts */
    uint32_t count, cap;
};

struct recent {
    uint64_t key;
    struct attempt attempt;
};

struct retry_audit {
    struct redactor redactor;
    struct chain *buckets[RETRY_BUCKETS];
    uint32_t chains;
    struct recent recent[RETRY_RECENT]; /* a ring */
    uint64_t recent_count;
    struct buf url, clean;
    struct retry_episode *episodes; /* owned; of the result */
    uint32_t episode_count, episode_cap;
    bool cut;
};

/* ---- what a flow tells ---- */

static bool names_connection(const char *reason)
{
    static const char *const reasons[] = {"dns_failed",         "dns_timeout", "connect_failed",
                                          "connect_timeout",    "tls_failed",  "tls_timeout",
                                          "certificate_refused"};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reason && strcmp(reason, reasons[i]) == 0)
            return true;
    return false;
}

static bool client_left(const struct flow *f)
{
    return f->reason && strncmp(f->reason, "client_", strlen("client_")) == 0;
}

/* Nobody looks at the client's connection while a rule holds its request: that it has left
 * may show only when weir ends. */
static bool held_too_long(const struct flow *f)
{
    return f->timings.injected > 0 &&
           (client_left(f) || (f->status == 0 && f->timings.total < f->timings.injected));
}

enum retry_fault retry_fault_of(const struct flow *f)
{
    const struct head *came = f->response.received;

    if (!f->injected && !f->rules)
        return RETRY_FAULT_NONE;
    if (f->reason && strcmp(f->reason, "aborted_by_rule") == 0)
        return RETRY_FAULT_ABORT;
    if (held_too_long(f))
        return RETRY_FAULT_DELAY;
    if (client_left(f))
        return RETRY_FAULT_NONE;
    if (f->injected && names_connection(f->reason))
        return RETRY_FAULT_CONNECTION;
    if (f->status >= 400 && (f->injected || (came && came->status < 400)))
        return RETRY_FAULT_STATUS;
    return f->injected && f->error ? RETRY_FAULT_ABORT : RETRY_FAULT_NONE;
}

/* A client may well try again after it. */
static bool flow_failed(const struct flow *f)
{
    return f->error || f->status == 0 || f->status >= 500 || f->status == 429 || f->status == 408;
}

static struct bytes client_host(struct bytes client)
{
    for (size_t i = client.len; i > 0; i--)
        if (client.ptr[i - 1] == ':')
            return bytes_until(client, i - 1);
    return client;
}

/* Leaves the URL in a->url. */
static uint64_t request_key(struct retry_audit *a, const struct flow *f)
{
    const struct flow_body *body = &f->request.body;
    uint64_t key = bytes_hash(client_host(f->client), 0);

    buf_clear(&a->url);
    flow_put_url(f, &a->url);
    key = bytes_hash(f->user, bytes_hash(BYTES("\n"), key));
    key = bytes_hash(f->request.received->method, bytes_hash(BYTES("\n"), key));
    key = bytes_hash(buf_bytes(&a->url), bytes_hash(BYTES("\n"), key));
    for (uint32_t i = 0; i < body->count; i++)
        key = bytes_hash(slice_bytes(body->slices[i]), key);
    return key;
}

/* Seconds or a date (RFC 9110 §10.2.3), as the moment until which to wait; -1: neither. */
static int64_t retry_after(const struct head *response, int64_t ended_us)
{
    const uint64_t most = INT64_C(366) * 24 * 3600;
    struct bytes value = {0};
    uint64_t seconds;
    int64_t date_us;

    if (response)
        value = bytes_trim(fields_value(&response->fields, BYTES("Retry-After")));
    if (!value.len)
        return -1;
    if (!bytes_to_u64(value, most, &seconds))
        return ended_us + (int64_t)seconds * 1000000;
    return http_date_parse(value, &date_us) ? -1 : date_us;
}

static struct attempt attempt_of(const struct flow *f, uint64_t marks)
{
    struct bytes id_key = fields_value(&f->request.received->fields, BYTES("Idempotency-Key"));
    struct attempt t = {
        .started_us = f->started_us,
        .ended_us = f->started_us + (f->timings.total > 0 ? f->timings.total : 0),
        .connection = f->client_connection,
        .fault = retry_fault_of(f),
        .failed = flow_failed(f),
        .status = f->status,
        .idempotency_key = id_key.len ? bytes_hash(id_key, 1) : 0,
        .marks = marks,
    };

    t.failed |= t.fault != RETRY_FAULT_NONE;
    if (t.fault == RETRY_FAULT_DELAY)
        t.ended_us = t.started_us;
    t.wait_until_us = retry_after(f->response.sent, t.ended_us);
    memcpy(t.id, f->id, sizeof(t.id));
    return t;
}

/* ---- chains ---- */

static struct chain *chain_find(const struct retry_audit *a, uint64_t key)
{
    struct chain *c = a->buckets[key % RETRY_BUCKETS];

    while (c && c->key != key)
        c = c->next;
    return c;
}

static void text_cut(char *to, size_t size, struct bytes from)
{
    size_t len = from.len < size ? from.len : size - 1;

    while (len < from.len && len > 0 && (from.ptr[len] & 0xc0) == 0x80)
        len--; /* no code point is parted */
    if (len)
        memcpy(to, from.ptr, len);
    to[len] = '\0';
}

static enum status chain_add(struct retry_audit *a, uint64_t key, const struct flow *f,
                             struct chain **ret_chain)
{
    const struct http_method *method = http_method_find(f->request.received->method);
    struct chain *c;

    if (a->chains == RETRY_KEYS)
        return STATUS_LIMIT;
    buf_clear(&a->clean);
    redact_put_url(&a->redactor, buf_bytes(&a->url), &a->clean);
    c = calloc(1, sizeof(*c));
    if (!c || buf_status(&a->clean)) {
        free(c);
        return STATUS_NO_MEMORY;
    }
    c->key = key;
    c->idempotent = method && method->idempotent;
    text_cut(c->method, sizeof(c->method), f->request.received->method);
    text_cut(c->url, sizeof(c->url), buf_bytes(&a->clean));
    c->next = a->buckets[key % RETRY_BUCKETS];
    a->buckets[key % RETRY_BUCKETS] = c;
    a->chains++;
    *ret_chain = c;
    return STATUS_OK;
}

static enum status chain_room(struct chain *c)
{
    uint32_t cap = c->cap ? c->cap * 2 : 4;
    struct attempt *attempts;

    if (c->count == RETRY_ATTEMPTS)
        return STATUS_LIMIT;
    if (c->count < c->cap)
        return STATUS_OK;
    attempts = realloc(c->attempts, cap * sizeof(*attempts));
    if (!attempts)
        return STATUS_NO_MEMORY;
    c->attempts = attempts;
    c->cap = cap;
    return STATUS_OK;
}

static void chain_drop(struct chain *c, uint32_t at)
{
    c->count--;
    memmove(&c->attempts[at], &c->attempts[at + 1], (c->count - at) * sizeof(*c->attempts));
}

/* What follows nothing that failed is not kept, unless it is a fault. */
static enum status chain_take(struct chain *c, const struct attempt *t)
{
    uint8_t rows[RETRY_ATTEMPTS];
    uint32_t at = c->count;
    enum status st = chain_room(c);

    if (st)
        return st;
    while (at > 0 && c->attempts[at - 1].started_us > t->started_us)
        at--;
    memmove(&c->attempts[at + 1], &c->attempts[at], (c->count - at) * sizeof(*t));
    c->attempts[at] = *t;
    c->count++;
    (void)retry_rows(c->attempts, c->count, rows);
    if (rows[at] == RETRY_NO_ROW)
        chain_drop(c, at);
    return STATUS_OK;
}

/* With several loops, the end of a quick retry may be told before that of its fault. */
static enum status chain_take_recent(const struct retry_audit *a, struct chain *c)
{
    uint64_t from = a->recent_count > RETRY_RECENT ? a->recent_count - RETRY_RECENT : 0;
    enum status st = STATUS_OK;

    for (uint64_t i = from; !st && i < a->recent_count; i++) {
        const struct recent *r = &a->recent[i % RETRY_RECENT];

        if (r->key == c->key)
            st = chain_take(c, &r->attempt);
    }
    return st;
}

static enum status audit_take(struct retry_audit *a, uint64_t key, const struct attempt *t,
                              const struct flow *f)
{
    struct chain *c = chain_find(a, key);
    enum status st;

    if (c)
        return chain_take(c, t);
    if (!t->fault) {
        a->recent[a->recent_count++ % RETRY_RECENT] = (struct recent){key, *t};
        return STATUS_OK;
    }
    st = chain_add(a, key, f, &c);
    if (!st)
        st = chain_take(c, t);
    return st ? st : chain_take_recent(a, c);
}

enum status retry_audit_flow(struct retry_audit *a, const struct flow *f, uint64_t marks)
{
    struct attempt t;
    enum status st;
    uint64_t key;

    if (f->kind != FLOW_HTTP || !f->request.received || f->duplicate_of[0] || f->live)
        return STATUS_OK;
    key = request_key(a, f);
    t = attempt_of(f, marks);
    st = buf_status(&a->url);
    if (!st)
        st = audit_take(a, key, &t, f);
    if (st)
        a->cut = true;
    return st == STATUS_NO_MEMORY ? st : STATUS_OK;
}

/* ---- the result ---- */

static enum status episode_add(struct retry_audit *a, const struct chain *c,
                               const struct retry_row *row)
{
    struct retry_episode *e;

    if (a->episode_count == RETRY_EPISODES) {
        a->cut = true;
        return STATUS_OK;
    }
    if (a->episode_count == a->episode_cap) {
        uint32_t cap = a->episode_cap ? a->episode_cap * 2 : 16;

        e = realloc(a->episodes, cap * sizeof(*e));
        if (!e)
            return STATUS_NO_MEMORY;
        a->episodes = e;
        a->episode_cap = cap;
    }
    e = &a->episodes[a->episode_count++];
    *e = retry_judge(row);
    e->idempotent = c->idempotent;
    memcpy(e->method, c->method, sizeof(e->method));
    memcpy(e->url, c->url, sizeof(e->url));
    return STATUS_OK;
}

static int by_start(const void *a, const void *b)
{
    const struct retry_episode *x = a, *y = b;

    return (x->started_us > y->started_us) - (x->started_us < y->started_us);
}

static enum status chain_judge(struct retry_audit *a, const struct chain *c)
{
    uint8_t rows[RETRY_ATTEMPTS];
    uint32_t count = retry_rows(c->attempts, c->count, rows);
    enum status st = STATUS_OK;

    for (uint32_t k = 0; k < count && !st; k++) {
        struct retry_row row = {.count = 0};

        for (uint32_t i = 0; i < c->count; i++)
            if (rows[i] == k)
                row.items[row.count++] = &c->attempts[i];
        st = episode_add(a, c, &row);
    }
    return st;
}

enum status retry_audit_finish(struct retry_audit *a)
{
    enum status st = STATUS_OK;

    for (uint32_t i = 0; i < RETRY_BUCKETS; i++)
        for (const struct chain *c = a->buckets[i]; c && !st; c = c->next)
            st = chain_judge(a, c);
    if (st) {
        a->episode_count = 0;
        a->cut = true;
        return st;
    }
    if (a->episode_count)
        qsort(a->episodes, a->episode_count, sizeof(*a->episodes), by_start);
    return STATUS_OK;
}

uint32_t retry_audit_count(const struct retry_audit *a)
{
    return a->episode_count;
}

const struct retry_episode *retry_audit_at(const struct retry_audit *a, uint32_t i)
{
    return &a->episodes[i];
}

bool retry_audit_cut(const struct retry_audit *a)
{
    return a->cut;
}

enum retry_answer retry_audit_jitter(const struct retry_audit *a, uint64_t marks)
{
    int64_t least = INT64_MAX, most = 0;
    uint32_t count = 0;

    for (uint32_t i = 0; i < a->episode_count; i++) {
        const struct retry_episode *e = &a->episodes[i];

        if ((marks && !(e->marks & marks)) || !e->pause_count)
            continue;
        least = e->pauses_us[0] < least ? e->pauses_us[0] : least;
        most = e->pauses_us[0] > most ? e->pauses_us[0] : most;
        count++;
    }
    if (count < 2)
        return RETRY_UNKNOWN;
    return most - least > most / 10 ? RETRY_YES : RETRY_NO;
}

/* ---- its life ---- */

struct retry_audit *retry_audit_new(const struct redactor *redactor)
{
    struct retry_audit *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->redactor = *redactor;
    buf_init(&a->url, URL_SCRATCH_BYTES);
    buf_init(&a->clean, URL_SCRATCH_BYTES);
    return a;
}

void retry_audit_free(struct retry_audit *a)
{
    if (!a)
        return;
    for (uint32_t i = 0; i < RETRY_BUCKETS; i++) {
        while (a->buckets[i]) {
            struct chain *c = a->buckets[i];

            a->buckets[i] = c->next;
            free(c->attempts);
            free(c);
        }
    }
    free(a->episodes);
    buf_release(&a->url);
    buf_release(&a->clean);
    free(a);
}
