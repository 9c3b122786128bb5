#include "playbook.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http/url.h"

enum { OUT_BYTES = 64 * 1024 * 1024, FLOW_BYTES = 4096, FLOWS = 256, ASKED = 64, MAX_CUT = 64 };

struct peer {
    uint32_t number; /* of the wire; 0: none */
    bool fin, rst, closed, reads, holds;
    struct buf out;
    size_t unsent; /* of the SEND that is out, while the peer takes nothing */
};

struct stage {
    struct engine *engine;
    struct settings settings;
    struct chunk_pool pool;
    struct arena arena;
    struct ca *ca;
    struct tls_shared *tls;
    struct rule_state *rule_state;
    struct peer peers[PLAYBOOK_WIRES];
    int dialled;
    int64_t now_us, timer_us;
    struct { char host[256]; uint32_t job; } resolves[ASKED];
    int resolve_count;
    struct { char address[64]; uint32_t number; } dials[ASKED];
    int dial_count;
    char *flows[FLOWS];
    int flow_count, flow_seen;
    int line;
    size_t cut;
};

static struct stage *failing; /* for the message only */

#define FAIL(...)                                                                                  \
    do {                                                                                           \
        print_message("playbook line %d, cut %zu: ", failing->line, failing->cut);                 \
        print_message(__VA_ARGS__);                                                                \
        print_message("\n");                                                                       \
        fail();                                                                                    \
    } while (0)

/* ---- flows as text ------------------------------------------------------ */

static void put_flow(const struct flow *f, struct buf *out)
{
    static const char *const kinds[] = {"http", "tunnel", "refused"};

    buf_putf(out, "%s ", kinds[f->kind]);
    if (f->request.received) {
        buf_put(out, f->request.received->method);
        buf_put_byte(out, ' ');
    }
    if (f->host.len)
        flow_put_url(f, out);
    else
        buf_put_byte(out, '-');
    buf_putf(out, " %u %s", (unsigned)f->status, f->reason);
    if (f->kind == FLOW_TUNNEL)
        buf_putf(out, " %lld/%lld", (long long)f->tunnel_up_bytes, (long long)f->tunnel_down_bytes);
    for (const struct flow_rule *r = f->rules; r; r = r->next)
        buf_putf(out, " [%s: %s]", r->label, r->note);
    for (unsigned i = 0; i < HTTP_ANOMALY_COUNT; i++) {
        if (f->anomalies >> i & 1)
            buf_putf(out, " !%s", http_anomaly_text((enum http_anomaly_place)i));
    }
}

static void stage_take_flow(struct stage *s, const struct flow *f)
{
    struct buf text;

    buf_init(&text, FLOW_BYTES);
    put_flow(f, &text);
    if (s->flow_count == FLOWS)
        FAIL("too many flows");
    s->flows[s->flow_count++] = strdup(buf_text(&text));
    buf_release(&text);
}

/* ---- commands ----------------------------------------------------------- */

static void stage_event(struct stage *s, struct event ev);

static struct peer *stage_peer(struct stage *s, uint32_t number)
{
    for (int i = 0; i < PLAYBOOK_WIRES; i++) {
        if (s->peers[i].number == number && !s->peers[i].closed)
            return &s->peers[i];
    }
    FAIL("a command for wire %u, which does not exist", number);
    return NULL;
}

static size_t stage_send(struct stage *s, const struct command *c)
{
    struct peer *p = stage_peer(s, c->wire);
    size_t bytes = 0;

    if (p->fin)
        FAIL("bytes after our FIN");
    if (p->unsent)
        FAIL("a second SEND before the first was SENT");
    for (int i = 0; i < c->count; i++) {
        buf_put(&p->out, bytes_make(c->iov[i].iov_base, c->iov[i].iov_len));
        bytes += c->iov[i].iov_len;
    }
    if (!bytes)
        FAIL("an empty SEND");
    if (!p->holds)
        return bytes;
    p->unsent = bytes;
    return 0;
}

static void stage_dial(struct stage *s, const struct command *c)
{
    char host[INET6_ADDRSTRLEN];
    const struct sockaddr_in *four = (const void *)c->address;
    const struct sockaddr_in6 *six = (const void *)c->address;

    if (s->dial_count == ASKED)
        FAIL("too many dials");
    if (c->address->ss_family == AF_INET) {
        inet_ntop(AF_INET, &four->sin_addr, host, sizeof(host));
        snprintf(s->dials[s->dial_count].address, 64, "%s:%u", host, ntohs(four->sin_port));
    } else {
        inet_ntop(AF_INET6, &six->sin6_addr, host, sizeof(host));
        snprintf(s->dials[s->dial_count].address, 64, "[%s]:%u", host, ntohs(six->sin6_port));
    }
    s->dials[s->dial_count++].number = c->wire;
}

static void stage_forget_dial(struct stage *s, uint32_t number)
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

static void stage_close(struct stage *s, const struct command *c)
{
    for (int i = 0; i < PLAYBOOK_WIRES; i++) {
        struct peer *p = &s->peers[i];

        if (p->number == c->wire && !p->closed) {
            p->closed = true;
            p->rst = p->rst || c->kind == COMMAND_RESET;
            return;
        }
    }
    stage_forget_dial(s, c->wire); /* a dial that was given up */
}

/* What one command makes known at once, as the next event; false: nothing. */
static bool stage_do(struct stage *s, const struct command *c, struct event *ret_event)
{
    switch (c->kind) {
    case COMMAND_RESOLVE:
        if (s->resolve_count == ASKED)
            FAIL("too many look-ups");
        snprintf(s->resolves[s->resolve_count].host, 256, "%s", c->host);
        s->resolves[s->resolve_count++].job = c->job;
        return false;
    case COMMAND_DIAL:
        stage_dial(s, c);
        return false;
    case COMMAND_SEND:
        *ret_event = (struct event){.kind = EVENT_SENT, .wire = c->wire};
        ret_event->count = stage_send(s, c);
        return ret_event->count > 0;
    case COMMAND_READ_ON:
    case COMMAND_READ_OFF:
        stage_peer(s, c->wire)->reads = c->kind == COMMAND_READ_ON;
        return false;
    case COMMAND_SHUTDOWN:
        stage_peer(s, c->wire)->fin = true;
        return false;
    case COMMAND_RESET:
    case COMMAND_CLOSE:
        stage_close(s, c);
        return false;
    case COMMAND_TIMER:
        s->timer_us = c->at_us;
        return false;
    case COMMAND_JOB:
        FAIL("a job");
        return false;
    case COMMAND_LOG:
        stage_take_flow(s, c->log->flow);
        *ret_event = (struct event){.kind = EVENT_LOGGED, .log = c->log};
        return true;
    }
    return false;
}

static void stage_event(struct stage *s, struct event ev)
{
    struct event queue[512];
    struct command c;
    size_t first = 0, count = 1;

    queue[0] = ev;
    while (first < count) {
        struct event *next = &queue[first++];

        next->now_us = s->now_us;
        next->wall_us = s->now_us + INT64_C(1790000000000000);
        engine_handle(s->engine, next);
        while (engine_next(s->engine, &c)) {
            if (stage_do(s, &c, &queue[count]))
                count++;
            if (count == sizeof(queue) / sizeof(queue[0]))
                FAIL("too many events from one");
        }
    }
}

/* ---- steps -------------------------------------------------------------- */

static struct peer *stage_named(struct stage *s, enum side_name wire)
{
    if (!s->peers[wire].number)
        FAIL("wire %s%d does not exist yet", wire >= U1 ? "U" : "C", (int)wire % 16 + 1);
    return &s->peers[wire];
}

static void step_accept(struct stage *s, const struct step *step)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *four = (void *)&a;
    struct peer *p = &s->peers[step->wire];

    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons((uint16_t)(50001 + step->wire));
    p->number = engine_wire_new(s->engine);
    stage_event(s, (struct event){.kind = EVENT_ACCEPTED, .wire = p->number, .address = &a});
}

static void stage_feed(struct stage *s, struct peer *p, const char *text, size_t len)
{
    struct chunk *c = chunk_new(&s->pool, CHUNK_LARGE_BYTES);

    assert_non_null(c);
    memcpy(c->data, text, len);
    stage_event(s, (struct event){.kind = EVENT_BYTES,
                                  .wire = p->number,
                                  .data = {.ptr = c->data, .len = len, .chunk = c}});
    chunk_unref(c);
}

static void step_in(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);
    size_t len = strlen(step->text), cut = s->cut ? s->cut : len;

    for (size_t at = 0; at < len; at += cut) {
        if (p->closed)
            FAIL("closed before all of the input was read");
        if (!p->reads)
            FAIL("input comes while the wire is not read");
        stage_feed(s, p, step->text + at, len - at < cut ? len - at : cut);
    }
}

static void step_in_repeated(struct stage *s, const struct step *step)
{
    static char block[16 * 1024];
    struct peer *p = stage_named(s, step->wire);

    memset(block, 'x', sizeof(block));
    for (int64_t left = step->number; left > 0 && p->reads;) {
        size_t n = left < (int64_t)sizeof(block) ? (size_t)left : sizeof(block);

        stage_feed(s, p, block, n);
        left -= (int64_t)n;
    }
}

static void show_bytes(const char *title, const void *ptr, size_t len)
{
    print_message("%s (%zu bytes):\n%.*s\n", title, len, (int)(len > 3000 ? 3000 : len),
                  (const char *)ptr);
}

/* Where a chunk ends depends on how the input was cut: chunks of one message are
 * written as one. */
static void merge_chunks(struct buf *out)
{
    ptrdiff_t end = bytes_search(buf_bytes(out), BYTES("\r\n\r\n"));
    struct bytes rest = bytes_from(buf_bytes(out), end < 0 ? out->len : (size_t)end + 4);
    struct buf merged, content;
    ptrdiff_t eol;

    buf_init(&merged, OUT_BYTES);
    buf_init(&content, OUT_BYTES);
    buf_put(&merged, bytes_until(buf_bytes(out), out->len - rest.len));
    while ((eol = bytes_search(rest, BYTES("\r\n"))) > 0) {
        uint64_t size;

        if (bytes_hex_to_u64(bytes_until(rest, (size_t)eol), &size))
            FAIL("a chunk line that is none");
        if (!size)
            break;
        rest = bytes_from(rest, (size_t)eol + 2);
        buf_put(&content, bytes_until(rest, (size_t)size));
        rest = bytes_from(rest, (size_t)size + 2);
    }
    if (content.len) {
        buf_putf(&merged, "%zx\r\n", content.len);
        buf_put(&merged, buf_bytes(&content));
        buf_put_text(&merged, "\r\n");
    }
    buf_put(&merged, rest);
    buf_clear(out);
    buf_put(out, buf_bytes(&merged));
    buf_release(&merged);
    buf_release(&content);
}

static void step_out(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);
    size_t len = strlen(step->text);

    if (step->kind == STEP_OUT_CHUNKED)
        merge_chunks(&p->out);
    if (p->out.len != len || memcmp(p->out.ptr, step->text, len) != 0) {
        show_bytes("expected", step->text, len);
        show_bytes("was sent", p->out.ptr, p->out.len);
        FAIL("the output differs");
    }
    buf_clear(&p->out);
}

static void step_resolve(struct stage *s, const struct step *step)
{
    struct sockaddr_storage a = {0};
    struct event ev = {.kind = EVENT_RESOLVED};

    if (!s->resolve_count || strcmp(s->resolves[0].host, step->text) != 0)
        FAIL("expected a look-up of %s, was %s", step->text,
             s->resolve_count ? s->resolves[0].host : "none");
    ev.job = s->resolves[0].job;
    memmove(&s->resolves[0], &s->resolves[1], (size_t)(--s->resolve_count) * sizeof(s->resolves[0]));
    if (!step->text2) {
        ev.error = "name or service not known";
    } else {
        struct sockaddr_in *four = (void *)&a;

        four->sin_family = AF_INET;
        inet_pton(AF_INET, step->text2, &four->sin_addr);
        ev.addresses = &a;
        ev.count = 1;
    }
    stage_event(s, ev);
}

static void step_dial(struct stage *s, const struct step *step)
{
    struct peer *p = &s->peers[step->wire];
    struct sockaddr_storage own = {.ss_family = AF_INET};

    if (!s->dial_count || strcmp(s->dials[0].address, step->text) != 0)
        FAIL("expected a dial of %s, was %s", step->text,
             s->dial_count ? s->dials[0].address : "none");
    *p = (struct peer){.number = s->dials[0].number, .out = p->out};
    stage_forget_dial(s, p->number);
    buf_clear(&p->out);
    if (step->kind == STEP_DIAL)
        stage_event(s, (struct event){.kind = EVENT_CONNECTED, .wire = p->number, .address = &own});
    else if (step->kind == STEP_DIAL_BAD)
        stage_event(s, (struct event){
                           .kind = EVENT_DIAL_FAILED, .wire = p->number, .error = step->text2});
}

static void step_wait(struct stage *s, const struct step *step)
{
    int64_t until = s->now_us + step->number * 1000;

    while (s->timer_us <= until) {
        if (s->timer_us > s->now_us)
            s->now_us = s->timer_us;
        s->timer_us = INT64_MAX;
        stage_event(s, (struct event){.kind = EVENT_TIMER});
    }
    s->now_us = until;
}

static void step_flow(struct stage *s, const struct step *step)
{
    if (s->flow_seen == s->flow_count)
        FAIL("expected the flow '%s', there is none", step->text);
    if (strcmp(s->flows[s->flow_seen], step->text) != 0)
        FAIL("expected the flow\n  %s\nit is\n  %s", step->text, s->flows[s->flow_seen]);
    s->flow_seen++;
}

static struct ruleset *stage_rules(struct stage *s, const char *yaml)
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
        buf_init(&text, OUT_BYTES);
        diags_put(&diags, DIAG_SHORT, false, &text);
        FAIL("rules: %s", buf_text(&text));
    }
    diags_release(&diags);
    return rules;
}

static void step_rules(struct stage *s, const struct step *step)
{
    struct ruleset *rules = stage_rules(s, step->text);

    stage_event(s, (struct event){.kind = EVENT_RULES, .rules = rules});
    ruleset_unref(rules);
}

static void step_take(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);

    p->holds = false;
    if (p->unsent) {
        size_t bytes = p->unsent;

        p->unsent = 0;
        stage_event(s, (struct event){.kind = EVENT_SENT, .wire = p->number, .count = bytes});
    }
}

static void expect_peer(struct stage *s, const struct step *step)
{
    const struct peer *p = stage_named(s, step->wire);

    if (step->kind == STEP_FIN && !p->fin)
        FAIL("no FIN was sent");
    if (step->kind == STEP_RST && !p->rst)
        FAIL("no RST was sent");
    if (step->kind == STEP_CLOSED && (!p->closed || p->rst))
        FAIL("it was not closed");
    if (step->kind == STEP_SILENT && (p->out.len || p->fin || p->closed))
        FAIL("it was not left in peace");
    if (step->kind == STEP_READS && p->reads != (step->number != 0))
        FAIL("it is %s", p->reads ? "read from" : "not read from");
    if (step->kind == STEP_OUT_COUNT && (int64_t)p->out.len != step->number)
        FAIL("%zu bytes were sent", p->out.len);
}

static void play_step(struct stage *s, const struct step *step)
{
    s->line = step->line;
    switch (step->kind) {
    case STEP_END:
        break;
    case STEP_ACCEPT:
        step_accept(s, step);
        break;
    case STEP_IN:
        step_in(s, step);
        break;
    case STEP_IN_REPEATED:
        step_in_repeated(s, step);
        break;
    case STEP_EOF:
        stage_event(s, (struct event){.kind = EVENT_EOF,
                                      .wire = stage_named(s, step->wire)->number});
        break;
    case STEP_RESET:
        stage_event(s, (struct event){.kind = EVENT_RESET,
                                      .wire = stage_named(s, step->wire)->number});
        break;
    case STEP_OUT:
    case STEP_OUT_CHUNKED:
        step_out(s, step);
        break;
    case STEP_FIN:
    case STEP_RST:
    case STEP_CLOSED:
    case STEP_SILENT:
    case STEP_READS:
        expect_peer(s, step);
        break;
    case STEP_OUT_COUNT:
        expect_peer(s, step);
        buf_clear(&s->peers[step->wire].out);
        break;
    case STEP_RESOLVE:
        step_resolve(s, step);
        break;
    case STEP_DIAL:
    case STEP_DIAL_BAD:
    case STEP_DIAL_OPEN:
        step_dial(s, step);
        break;
    case STEP_CONNECTED: {
        struct sockaddr_storage own = {.ss_family = AF_INET};

        stage_event(s, (struct event){.kind = EVENT_CONNECTED,
                                      .wire = stage_named(s, step->wire)->number,
                                      .address = &own});
        break;
    }
    case STEP_DIALLED_NOT:
        if (s->dial_count || s->resolve_count)
            FAIL("something was dialled or looked up");
        break;
    case STEP_WAIT:
        step_wait(s, step);
        break;
    case STEP_FLOW:
        step_flow(s, step);
        break;
    case STEP_NO_FLOW:
        if (s->flow_seen != s->flow_count)
            FAIL("there is a flow: %s", s->flows[s->flow_seen]);
        break;
    case STEP_RULES:
        step_rules(s, step);
        break;
    case STEP_DRAIN:
        stage_event(s, (struct event){.kind = EVENT_DRAIN});
        break;
    case STEP_DRAINED:
        if (!engine_drained(s->engine))
            FAIL("it is not drained");
        break;
    case STEP_HOLD:
        stage_named(s, step->wire)->holds = true;
        break;
    case STEP_TAKE:
        step_take(s, step);
        break;
    }
}

/* ---- the stage ---------------------------------------------------------- */

static void stage_settings(struct settings *s)
{
    *s = (struct settings){.limits = {.head_bytes = HTTP_HEAD_BYTES,
                                      .fields = HTTP_FIELDS,
                                      .request_line_bytes = HTTP_REQUEST_LINE_BYTES},
                           .body_capture_bytes = 1 << 20,
                           .capture = true};
    s->timeouts.client_idle = 120 * 1000000;
    s->timeouts.head = 30 * 1000000;
    s->timeouts.peek = 500 * 1000;
    s->timeouts.dns = 5 * 1000000;
    s->timeouts.connect = 10 * 1000000;
    s->timeouts.tls = 10 * 1000000;
    s->timeouts.pool_idle = 60 * 1000000;
}

static void stage_open(struct stage *s, size_t cut,
                       void (*change)(struct settings *settings, struct arena *arena))
{
    struct engine_env env = {.settings = &s->settings, .pool = &s->pool, .seed = 7};

    memset(s, 0, sizeof(*s));
    failing = s;
    s->cut = cut;
    s->now_us = 1000000;
    s->timer_us = INT64_MAX;
    arena_init(&s->arena, OUT_BYTES);
    chunk_pool_init(&s->pool, 16);
    stage_settings(&s->settings);
    if (change)
        change(&s->settings, &s->arena);
    for (int i = 0; i < PLAYBOOK_WIRES; i++)
        buf_init(&s->peers[i].out, OUT_BYTES);
    assert_int_equal(rule_state_new(&s->rule_state), STATUS_OK);
    assert_int_equal(engine_new(&env, NULL, &s->engine), STATUS_OK);
}

static void stage_close_all(struct stage *s)
{
    engine_free(s->engine);
    for (int i = 0; i < PLAYBOOK_WIRES; i++) {
        if (s->peers[i].out.len)
            show_bytes("never expected", s->peers[i].out.ptr, s->peers[i].out.len);
        assert_int_equal(s->peers[i].out.len, 0);
        buf_release(&s->peers[i].out);
    }
    for (int i = s->flow_seen; i < s->flow_count; i++)
        print_message("a flow nobody looked at: %s\n", s->flows[i]);
    assert_int_equal(s->flow_seen, s->flow_count);
    for (int i = 0; i < s->flow_count; i++)
        free(s->flows[i]);
    rule_state_free(s->rule_state);
    assert_int_equal(s->pool.live_bytes, 0);
    chunk_pool_release(&s->pool);
    arena_release(&s->arena);
}

void play(const struct step *steps, size_t count,
          void (*change)(struct settings *settings, struct arena *arena))
{
    static struct stage stage;

    for (size_t cut = 0; cut <= MAX_CUT; cut++) {
        stage_open(&stage, cut, change);
        for (size_t i = 0; i < count; i++)
            play_step(&stage, &steps[i]);
        stage_close_all(&stage);
    }
}
