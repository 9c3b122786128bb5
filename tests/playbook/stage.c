#include "stage.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 16 * 1024, POOL_CHUNKS = 16 };

struct stage *stage_failing;
void (*stage_arm)(bool weir_runs);

/* ---- commands ----------------------------------------------------------- */

/* What is known at once and waits for its turn. */
struct events {
    struct event items[STAGE_EVENTS];
    size_t first, count;
};

static void events_add(struct events *q, struct event ev)
{
    if (q->count == STAGE_EVENTS)
        FAIL("too many events from one");
    q->items[q->count++] = ev;
}

/* The number of a wire that was closed may be another's soon. */
static void events_forget_wire(struct events *q, uint32_t number)
{
    size_t kept = q->first;

    for (size_t i = q->first; i < q->count; i++) {
        if (q->items[i].wire != number)
            q->items[kept++] = q->items[i];
    }
    q->count = kept;
}

static struct peer *stage_peer(struct stage *s, uint32_t number)
{
    for (int i = 0; i < PLAYBOOK_WIRES; i++) {
        if (s->peers[i].number == number && !s->peers[i].closed)
            return &s->peers[i];
    }
    FAIL("a command for wire %u, which does not exist", number);
    return NULL;
}

static void stage_send(struct stage *s, const struct command *c, struct events *q)
{
    struct peer *p = stage_peer(s, c->wire);
    size_t bytes = 0;

    if (p->fin)
        FAIL("bytes after our FIN");
    if (p->unsent)
        FAIL("a second SEND before the first was SENT");
    for (int i = 0; i < c->count; i++) {
        struct bytes part = bytes_make(c->iov[i].iov_base, c->iov[i].iov_len);

        if (p->tls)
            tls_peer_take(p->tls, part, &p->out);
        else
            buf_put(&p->out, part);
        bytes += part.len;
    }
    if (!bytes)
        FAIL("an empty SEND");
    if (p->holds || s->late)
        p->unsent = bytes;
    else
        events_add(q, (struct event){.kind = EVENT_SENT, .wire = c->wire, .count = bytes});
}

static void stage_dial(struct stage *s, const struct command *c)
{
    char host[INET6_ADDRSTRLEN];
    const struct sockaddr_in *four = (const void *)c->address;
    const struct sockaddr_in6 *six = (const void *)c->address;

    if (s->dial_count == STAGE_ASKED)
        FAIL("too many dials");
    if (c->address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
        snprintf(s->dials[s->dial_count].address, STAGE_ADDRESS, "%s:%u", host,
                 ntohs(four->sin_port));
    } else {
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
        snprintf(s->dials[s->dial_count].address, STAGE_ADDRESS, "[%s]:%u", host,
                 ntohs(six->sin6_port));
    }
    s->dials[s->dial_count++].number = c->wire;
}

void stage_forget_dial(struct stage *s, uint32_t number)
{
    for (int i = 0; i < s->dial_count; i++) {
        if (s->dials[i].number == number) {
            memmove(&s->dials[i], &s->dials[i + 1],
                    (size_t)(s->dial_count - i - 1) * sizeof(s->dials[0]));
            s->dial_count--;
            return;
        }
    }
}

static void stage_end_wire(struct stage *s, const struct command *c, struct events *q)
{
    events_forget_wire(q, c->wire);
    for (int i = 0; i < PLAYBOOK_WIRES; i++) {
        struct peer *p = &s->peers[i];

        if (p->number == c->wire && !p->closed) {
            p->closed = true;
            p->rst = p->rst || c->kind == COMMAND_RESET;
            p->unsent = 0;
            return;
        }
    }
    stage_forget_dial(s, c->wire); /* a dial that was given up */
}

static void stage_read(struct stage *s, const struct command *c)
{
    struct peer *p = stage_peer(s, c->wire);

    if (c->kind == COMMAND_READ_ON && p->gone)
        FAIL("wire %u is to be read after its FIN", c->wire);
    p->reads = c->kind == COMMAND_READ_ON;
}

static void stage_log(struct stage *s, struct log_event *log, struct events *q)
{
    if (!s->log_held) {
        stage_take_log(s, log);
        events_add(q, (struct event){.kind = EVENT_LOGGED, .log = log});
        return;
    }
    if (s->log_count == STAGE_LOGS)
        FAIL("too many flows are held");
    s->logs[s->log_count++] = log;
}

static void stage_resolve(struct stage *s, const struct command *c)
{
    if (s->resolve_count == STAGE_ASKED)
        FAIL("too many look-ups");
    snprintf(s->resolves[s->resolve_count].host, STAGE_HOST, "%s", c->host);
    s->resolves[s->resolve_count].seen = s->resolves[s->resolve_count].unwanted = false;
    s->resolves[s->resolve_count++].job = c->job;
}

static void stage_unresolve(struct stage *s, uint32_t job)
{
    for (int i = 0; i < s->resolve_count; i++) {
        if (s->resolves[i].job == job) {
            s->resolves[i].unwanted = true;
            return;
        }
    }
    FAIL("a look-up that does not run is not wanted");
}

static void stage_job(struct stage *s, const struct command *c, struct events *q)
{
    if (s->job_held) {
        if (s->job_count == STAGE_JOBS)
            FAIL("too many jobs");
        s->jobs[s->job_count++] = *c;
        return;
    }
    c->run(c->argument);
    events_add(q, (struct event){.kind = EVENT_JOB_DONE, .job = c->job});
}

static void stage_do(struct stage *s, const struct command *c, struct events *q)
{
    switch (c->kind) {
    case COMMAND_RESOLVE:
        stage_resolve(s, c);
        break;
    case COMMAND_UNRESOLVE:
        stage_unresolve(s, c->job);
        break;
    case COMMAND_DIAL:
        stage_dial(s, c);
        break;
    case COMMAND_SEND:
        stage_send(s, c, q);
        break;
    case COMMAND_READ_ON:
    case COMMAND_READ_OFF:
        stage_read(s, c);
        break;
    case COMMAND_SHUTDOWN:
        if (stage_peer(s, c->wire)->unsent)
            FAIL("our FIN before all was SENT");
        stage_peer(s, c->wire)->fin = true;
        break;
    case COMMAND_RESET:
    case COMMAND_CLOSE:
        stage_end_wire(s, c, q);
        break;
    case COMMAND_TIMER:
        s->timer_us = c->at_us;
        break;
    case COMMAND_JOB:
        stage_job(s, c, q);
        break;
    case COMMAND_RING: /* there is no other engine */
        break;
    case COMMAND_LOG:
        stage_log(s, c->log, q);
        break;
    }
}

static void arm(bool weir_runs)
{
    if (stage_arm)
        stage_arm(weir_runs);
}

static bool next_command(struct stage *s, struct command *ret)
{
    bool there;

    arm(true);
    there = engine_next(s->engine, ret);
    arm(false);
    return there;
}

void stage_event(struct stage *s, struct event ev)
{
    struct events q;
    struct command c;

    q.first = q.count = 0;
    events_add(&q, ev);
    while (q.first < q.count) {
        struct event next = q.items[q.first++];

        next.now_us = s->now_us;
        next.wall_us = s->now_us + STAGE_WALL_US;
        arm(true);
        engine_handle(s->engine, &next);
        arm(false);
        while (next_command(s, &c))
            stage_do(s, &c, &q);
    }
}

void stage_run_jobs(struct stage *s)
{
    s->job_held = false;
    for (int i = 0; i < s->job_count; i++) {
        s->jobs[i].run(s->jobs[i].argument);
        stage_event(s, (struct event){.kind = EVENT_JOB_DONE, .job = s->jobs[i].job});
    }
    s->job_count = 0;
}

void stage_feed(struct stage *s, struct peer *p, const void *bytes, size_t len)
{
    struct chunk *c = chunk_new(&s->pool, CHUNK_LARGE_BYTES);

    assert_non_null(c);
    memcpy(c->data, bytes, len);
    stage_event(s, (struct event){.kind = EVENT_BYTES,
                                  .wire = p->number,
                                  .data = {.ptr = c->data, .len = len, .chunk = c}});
    chunk_unref(c);
}

/* ---- what goes on by itself --------------------------------------------- */

static bool peer_lives(const struct peer *p)
{
    return p->number && !p->closed;
}

/* A TLS peer says what it has to say; a FIN comes behind it. */
static bool settle_speech(struct stage *s, struct peer *p)
{
    uint8_t piece[PIECE_BYTES];
    size_t len = 0;

    if (p->gone || !p->reads)
        return false;
    if (p->tls)
        len = tls_peer_give(p->tls, piece, s->cut ? s->cut : sizeof(piece));
    if (len)
        stage_feed(s, p, piece, len);
    return len > 0;
}

static bool settle_sent(struct stage *s, struct peer *p)
{
    size_t bytes = p->unsent;

    if (!bytes || p->holds)
        return false;
    if (s->late && bytes > 1)
        bytes /= 2;
    p->unsent -= bytes;
    stage_event(s, (struct event){.kind = EVENT_SENT, .wire = p->number, .count = bytes});
    return true;
}

void stage_settle(struct stage *s)
{
    bool moved;

    do {
        moved = false;
        for (int i = 0; i < PLAYBOOK_WIRES; i++)
            moved |= peer_lives(&s->peers[i]) && settle_speech(s, &s->peers[i]);
        for (int i = 0; !moved && i < PLAYBOOK_WIRES; i++)
            moved |= peer_lives(&s->peers[i]) && settle_sent(s, &s->peers[i]);
    } while (moved);
}

struct peer *stage_named(struct stage *s, enum side_name wire)
{
    if (!s->peers[wire].number)
        FAIL("wire %s%d does not exist yet", wire >= U1 ? "U" : "C", (int)wire % U1 + 1);
    return &s->peers[wire];
}

/* ---- rules -------------------------------------------------------------- */

static struct ruleset *compile_rules(struct stage *s, const char *yaml)
{
    struct arena *a = &s->arena;
    struct source *source = arena_alloc(a, sizeof(*source));
    struct diags diags;
    struct config_reader reader = {.arena = a, .diags = &diags};
    struct node *root = NULL;
    struct ruleset *rules = NULL;
    struct buf text;

    *source = (struct source){.name = "proxy.yaml", .text = bytes_of(yaml)};
    diags_init(&diags);
    if (node_parse(a, source, &diags, &root) ||
        ruleset_compile(&reader, root, ".", s->rule_state, &rules)) {
        buf_init(&text, STAGE_OUT_BYTES);
        diags_put(&diags, DIAG_SHORT, false, &text);
        FAIL("rules: %s", buf_text(&text));
    }
    diags_release(&diags);
    return rules;
}

void stage_rules(struct stage *s, const char *yaml)
{
    struct ruleset *rules = compile_rules(s, yaml);

    stage_event(s, (struct event){.kind = EVENT_RULES, .rules = rules});
    ruleset_unref(rules);
}

/* ---- begin and end ------------------------------------------------------ */

static void stage_settings(struct settings *s)
{
    *s = (struct settings){.limits = {.head_bytes = HTTP_HEAD_BYTES,
                                      .fields = HTTP_FIELDS,
                                      .request_line_bytes = HTTP_REQUEST_LINE_BYTES},
                           .body_capture_bytes = 64 * 1024,
                           .capture = true};
    s->timeouts.client_idle = 120 * 1000000;
    s->timeouts.head = 30 * 1000000;
    s->timeouts.peek = 500 * 1000;
    s->timeouts.dns = 5 * 1000000;
    s->timeouts.connect = 10 * 1000000;
    s->timeouts.tls = 10 * 1000000;
    s->timeouts.pool_idle = 60 * 1000000;
}

void stage_open(struct stage *s, size_t cut, bool late, const struct stage_setup *setup)
{
    struct engine_env env = {.settings = &s->settings,
                             .ca = stage_ca(setup->slow_ca),
                             .tls = stage_tls(),
                             .pool = &s->pool,
                             .seed = 7};

    memset(s, 0, sizeof(*s));
    stage_failing = s;
    tls_peers_forget();
    s->cut = cut;
    s->late = late;
    s->now_us = 1000000;
    s->timer_us = INT64_MAX;
    arena_init(&s->arena, STAGE_OUT_BYTES);
    chunk_pool_init(&s->pool, setup->unpooled ? 0 : POOL_CHUNKS);
    stage_settings(&s->settings);
    if (setup->change)
        setup->change(&s->settings, &s->arena);
    for (int i = 0; i < PLAYBOOK_WIRES; i++)
        buf_init(&s->peers[i].out, STAGE_OUT_BYTES);
    assert_int_equal(rule_state_new(&s->rule_state), STATUS_OK);
    assert_int_equal(engine_new(&env, NULL, &s->engine), STATUS_OK);
}

static void stage_check_all_seen(struct stage *s)
{
    for (int i = 0; i < PLAYBOOK_WIRES; i++) {
        const struct peer *p = &s->peers[i];

        if (p->out.len)
            FAIL("%s%d got what nobody expected: %.*s", i >= U1 ? "U" : "C", i % U1 + 1,
                 (int)p->out.len, (const char *)p->out.ptr);
    }
    if (s->flow_seen < s->flow_count)
        FAIL("a flow nobody looked at: %s", s->flows[s->flow_seen]);
}

void stage_take_away(struct stage *s)
{
    for (int i = 0; i < PLAYBOOK_WIRES; i++) {
        if (peer_lives(&s->peers[i]))
            stage_event(s, (struct event){.kind = EVENT_RESET, .wire = s->peers[i].number});
    }
    for (int i = 0; i < s->resolve_count; i++)
        stage_event(
            s, (struct event){.kind = EVENT_RESOLVED, .job = s->resolves[i].job, .error = "gone"});
    while (s->dial_count) {
        uint32_t number = s->dials[0].number;

        stage_forget_dial(s, number);
        stage_event(s, (struct event){.kind = EVENT_DIAL_FAILED, .wire = number, .error = "gone"});
    }
    for (int i = 0; i < s->log_count; i++) {
        stage_take_log(s, s->logs[i]);
        stage_event(s, (struct event){.kind = EVENT_LOGGED, .log = s->logs[i]});
    }
    stage_run_jobs(s);
    stage_event(s, (struct event){.kind = EVENT_TIMER}); /* the dead are buried now */
}

void stage_check_nothing_left(struct stage *s)
{
    struct engine_stats stats;

    engine_stats(s->engine, &stats);
    if (stats.clients || stats.exchanges_open || stats.upstreams || stats.in_flight_bytes)
        FAIL("left: %llu clients, %llu exchanges, %llu upstreams, %llu bytes",
             (unsigned long long)stats.clients, (unsigned long long)stats.exchanges_open,
             (unsigned long long)stats.upstreams, (unsigned long long)stats.in_flight_bytes);
}

static void stage_check_shown(const struct stage *s)
{
    for (int i = 0; i < STAGE_SHOWN; i++) {
        if (s->shown[i][0])
            FAIL("the flow %s was shown, and nothing told its end", s->shown[i]);
    }
}

static void stage_check_told(const struct stage *s)
{
    for (int i = 0; i < U1; i++) {
        if (s->peers[i].number && !s->told[i])
            FAIL("C%d left no flow", i + 1);
    }
}

void stage_release(struct stage *s)
{
    if (!s->engine)
        return;
    engine_free(s->engine);
    s->engine = NULL;
    for (int i = 0; i < PLAYBOOK_WIRES; i++) {
        buf_release(&s->peers[i].out);
        tls_peer_free(s->peers[i].tls);
    }
    for (int i = 0; i < s->flow_count; i++) {
        free(s->flows[i]);
        free(s->sentences[i]);
    }
    rule_state_free(s->rule_state);
    chunk_pool_release(&s->pool);
    arena_release(&s->arena);
}

void stage_close(struct stage *s)
{
    stage_check_all_seen(s);
    stage_take_away(s);
    stage_check_nothing_left(s);
    stage_check_told(s);
    stage_check_shown(s);
    stage_release(s);
    if (s->pool.live_bytes)
        FAIL("%zu bytes of chunks are left", s->pool.live_bytes);
}
