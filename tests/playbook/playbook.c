#include "playbook.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "http/message.h"
#include "stage.h"

enum {
    MAX_CUT = 64,
    BLOCK_BYTES = 16 * 1024,
    SHOWN_BYTES = 3000,
    FEW_CUTS = 8, /* also played with a late kernel */
};

/* ---- in ----------------------------------------------------------------- */

static void step_accept(struct stage *s, const struct step *step)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *four = (void *)&a;
    struct peer *p = &s->peers[step->wire];

    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons((uint16_t)(STAGE_CLIENT_PORT + step->wire));
    p->number = engine_wire_new(s->engine);
    stage_event(s, (struct event){.kind = EVENT_ACCEPTED, .wire = p->number, .address = &a});
}

static void tls_in(struct stage *s, struct peer *p, const void *bytes, size_t len)
{
    if (!tls_peer_ready(p->tls))
        FAIL("TLS does not stand");
    tls_peer_write(p->tls, bytes_make(bytes, len));
    stage_settle(s);
}

static void step_in(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);
    size_t len = step->len ? step->len : strlen(step->text), cut = s->cut ? s->cut : len;

    if (p->tls) {
        tls_in(s, p, step->text, len);
        return;
    }
    for (size_t at = 0; at < len; at += cut) {
        if (!p->reads)
            stage_settle(s);
        if (p->closed && step->kind == STEP_IN_TILL_CLOSED)
            return;
        if (p->closed)
            FAIL("closed before all of the input was read");
        if (!p->reads)
            FAIL("input comes while the wire is not read");
        stage_feed(s, p, step->text + at, len - at < cut ? len - at : cut);
    }
}

static void feed_block(struct stage *s, struct peer *p, size_t len)
{
    static char block[BLOCK_BYTES];

    memset(block, 'x', sizeof(block));
    if (p->tls)
        tls_in(s, p, block, len);
    else
        stage_feed(s, p, block, len);
}

static size_t block_of(int64_t left)
{
    return left < BLOCK_BYTES ? (size_t)left : BLOCK_BYTES;
}

static void step_in_repeated(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);

    for (int64_t left = step->number; left > 0 && p->reads; left -= BLOCK_BYTES)
        feed_block(s, p, block_of(left));
}

static void check_memory(struct stage *s)
{
    struct engine_stats stats;

    engine_stats(s->engine, &stats);
    if (s->pool.live_bytes > PLAYBOOK_FLOOD_BYTES)
        FAIL("%zu bytes are held", s->pool.live_bytes);
    if (stats.in_flight_bytes > PLAYBOOK_FLOOD_BYTES)
        FAIL("%llu bytes are in flight", (unsigned long long)stats.in_flight_bytes);
}

static void step_flood(struct stage *s, const struct step *step)
{
    struct peer *from = stage_named(s, step->wire), *to = stage_named(s, step->to);
    int stops = 0;

    to->holds = true;
    for (int64_t left = step->number; left > 0;) {
        if (from->reads) {
            feed_block(s, from, block_of(left));
            left -= BLOCK_BYTES;
            check_memory(s);
            continue;
        }
        stops++;
        to->holds = false;
        stage_settle(s);
        to->holds = true;
        if (!from->reads)
            FAIL("it is not read again, with %lld bytes to come", (long long)left);
    }
    if (!stops)
        FAIL("it was never stopped");
    to->holds = false;
}

static void pass_to_timer(struct stage *s)
{
    if (s->timer_us == INT64_MAX)
        FAIL("it waits for nothing");
    if (s->timer_us > s->now_us)
        s->now_us = s->timer_us;
    s->timer_us = INT64_MAX;
    stage_event(s, (struct event){.kind = EVENT_TIMER});
    stage_settle(s);
}

static void step_paced(struct stage *s, const struct step *step)
{
    struct peer *from = stage_named(s, step->wire), *to = stage_named(s, step->to);
    int64_t out = 0, took_us, begin_us = s->now_us, fair_us = step->number / PACED_BYTES_MS * 1000;
    struct engine_stats stats;

    for (int64_t left = step->number; left > 0 || out < step->number;) {
        if (left > 0 && from->reads) {
            feed_block(s, from, block_of(left));
            left -= BLOCK_BYTES;
        } else {
            pass_to_timer(s);
        }
        stage_settle(s);
        out += (int64_t)to->out.len;
        buf_clear(&to->out);
        check_memory(s);
        engine_stats(s->engine, &stats);
        if (stats.in_flight_bytes > WIRE_HIGH_BYTES + BLOCK_BYTES)
            FAIL("%llu bytes are in flight", (unsigned long long)stats.in_flight_bytes);
    }
    took_us = s->now_us - begin_us;
    if (took_us < fair_us * 95 / 100 || took_us > fair_us * 105 / 100)
        FAIL("it took %lld us, not %lld", (long long)took_us, (long long)fair_us);
}

static void step_eof(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);

    stage_settle(s);
    if (p->closed)
        FAIL("closed before its FIN came");
    if (!p->reads)
        FAIL("its FIN comes while the wire is not read");
    p->gone = true;
    stage_event(s, (struct event){.kind = EVENT_EOF, .wire = p->number});
}

static void step_reset(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);

    p->gone = true;
    stage_event(s, (struct event){.kind = EVENT_RESET, .wire = p->number});
}

/* ---- out ---------------------------------------------------------------- */

static void show_bytes(const char *title, const void *ptr, size_t len)
{
    print_message("%s (%zu bytes):\n%.*s\n", title, len,
                  (int)(len > SHOWN_BYTES ? SHOWN_BYTES : len), (const char *)ptr);
}

static void expect_out(struct peer *p, const void *text, size_t len)
{
    if (p->out.len != len || (len && memcmp(p->out.ptr, text, len) != 0)) {
        show_bytes("expected", text, len);
        show_bytes("was sent", p->out.ptr, p->out.len);
        FAIL("the output differs");
    }
    buf_clear(&p->out);
}

/* Where a chunk ends depends on how the input was cut: chunks of one message are
 * written as one. */
static void merge_chunks(struct buf *out)
{
    ptrdiff_t end = bytes_search(buf_bytes(out), BYTES("\r\n\r\n"));
    struct bytes rest = bytes_from(buf_bytes(out), end < 0 ? out->len : (size_t)end + 4);
    struct buf merged, content;
    ptrdiff_t eol;

    buf_init(&merged, STAGE_OUT_BYTES);
    buf_init(&content, STAGE_OUT_BYTES);
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

    if (step->kind == STEP_OUT_CHUNKED)
        merge_chunks(&p->out);
    if (step->kind == STEP_OUT_BEGINS && p->out.len > step->len)
        p->out.len = step->len;
    expect_out(p, step->text, step->len ? step->len : strlen(step->text));
}

static void step_out_any(struct stage *s, const struct step *step)
{
    buf_clear(&stage_named(s, step->wire)->out);
}

static void step_page(struct stage *s, const struct step *step)
{
    struct buf body, text;
    bool asks = strncmp(step->text, "407", 3) == 0;

    buf_init(&body, STAGE_OUT_BYTES);
    buf_init(&text, STAGE_OUT_BYTES);
    buf_putf(&body, "%s\n\n%s\n\nweir: %s\n", step->text, step->text2, step->text3);
    buf_putf(&text,
             "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
             "Cache-Control: no-store\r\n%sContent-Length: %zu\r\n%s\r\n",
             step->text,
             asks ? "Proxy-Authenticate: Basic realm=\"weir\", charset=\"UTF-8\"\r\n" : "",
             body.len, step->closes ? "Connection: close\r\n" : "");
    if (!step->bodiless)
        buf_put(&text, buf_bytes(&body));
    expect_out(stage_named(s, step->wire), text.ptr, text.len);
    buf_release(&body);
    buf_release(&text);
}

static void expect_fin(const struct peer *p)
{
    if (!p->fin)
        FAIL("no FIN was sent");
    if (p->tls && tls_peer_ready(p->tls) && !tls_peer_ended(p->tls))
        FAIL("FIN without close_notify");
}

static void expect_peer(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);

    if (step->kind == STEP_FIN)
        expect_fin(p);
    if (step->kind == STEP_RST && !p->rst)
        FAIL("no RST was sent");
    if (step->kind == STEP_CLOSED && (!p->closed || p->rst))
        FAIL("it was not closed");
    if (step->kind == STEP_SILENT && (p->out.len || p->fin || p->closed))
        FAIL("it was not left in peace");
    if (step->kind == STEP_READS && p->reads != (step->number != 0))
        FAIL("it is %s", p->reads ? "read from" : "not read from");
    if (step->kind == STEP_OUT_COUNT) {
        if ((int64_t)p->out.len != step->number)
            FAIL("%zu bytes were sent", p->out.len);
        buf_clear(&p->out);
    }
}

/* ---- names and dials ---------------------------------------------------- */

static int find_lookup(const struct stage *s, bool seen)
{
    for (int i = 0; i < s->resolve_count; i++) {
        if (s->resolves[i].seen == seen)
            return i;
    }
    return -1;
}

static int expect_lookup(struct stage *s, const struct step *step, bool seen)
{
    int at = find_lookup(s, seen);

    if (at < 0 || strcmp(s->resolves[at].host, step->text) != 0)
        FAIL("expected a look-up of %s, was %s", step->text,
             at < 0 ? "none" : s->resolves[at].host);
    return at;
}

static uint32_t parse_addresses(const char *text, struct sockaddr_storage *ret)
{
    uint32_t count = 0;
    char word[INET6_ADDRSTRLEN];
    int used;

    for (; sscanf(text, "%45s%n", word, &used) == 1; text += used) {
        struct sockaddr_storage a = {0};

        if (inet_pton(AF_INET, word, &((struct sockaddr_in *)(void *)&a)->sin_addr) == 1)
            a.ss_family = AF_INET;
        else if (inet_pton(AF_INET6, word, &((struct sockaddr_in6 *)(void *)&a)->sin6_addr) == 1)
            a.ss_family = AF_INET6;
        else
            FAIL("%s is no address", word);
        ret[count++] = a;
    }
    return count;
}

static void step_not_begun(struct stage *s, const struct step *step)
{
    int at = expect_lookup(s, step, true);
    struct event ev = {.kind = EVENT_RESOLVED, .job = s->resolves[at].job};

    if (!s->resolves[at].unwanted)
        FAIL("it is still wanted");
    memmove(&s->resolves[at], &s->resolves[at + 1],
            (size_t)(--s->resolve_count - at) * sizeof(s->resolves[0]));
    stage_event(s, ev);
}

static void answer_lookup(struct stage *s, int at, const char *addresses)
{
    struct sockaddr_storage found[DNS_ADDRESSES];
    struct event ev = {.kind = EVENT_RESOLVED, .job = s->resolves[at].job};

    memmove(&s->resolves[at], &s->resolves[at + 1],
            (size_t)(--s->resolve_count - at) * sizeof(s->resolves[0]));
    if (addresses) {
        ev.count = parse_addresses(addresses, found);
        ev.addresses = found;
    } else {
        ev.error = "name or service not known";
    }
    stage_event(s, ev);
}

static void step_lookup(struct stage *s, const struct step *step)
{
    int at = expect_lookup(s, step, step->kind == STEP_RESOLVED);

    if (step->kind == STEP_LOOKUP)
        s->resolves[at].seen = true;
    else
        answer_lookup(s, at, step->text2);
}

static void end_dial(struct stage *s, const struct peer *p, const char *error, int64_t own_port)
{
    struct sockaddr_storage own = {.ss_family = AF_INET};
    struct sockaddr_in *four = (void *)&own;
    struct event ev = {.kind = EVENT_CONNECTED, .wire = p->number, .address = &own};

    if (p->closed)
        FAIL("the dial was given up");
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons((uint16_t)own_port);
    if (error) {
        ev.kind = EVENT_DIAL_FAILED;
        ev.error = error;
    }
    stage_event(s, ev);
}

static void step_dial(struct stage *s, const struct step *step)
{
    struct peer *p = &s->peers[step->wire];

    if (!s->dial_count || strcmp(s->dials[0].address, step->text) != 0)
        FAIL("expected a dial of %s, was %s", step->text,
             s->dial_count ? s->dials[0].address : "none");
    tls_peer_free(p->tls);
    *p = (struct peer){.number = s->dials[0].number, .out = p->out};
    stage_forget_dial(s, p->number);
    buf_clear(&p->out);
    if (step->kind == STEP_DIAL)
        end_dial(s, p, NULL, step->number);
    else if (step->kind == STEP_DIAL_BAD)
        end_dial(s, p, step->text2, 0);
    p->closed = step->kind == STEP_DIAL_BAD;
}

static void step_refused(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);

    end_dial(s, p, step->text2, 0);
    p->closed = true;
}

static void step_no_dial(struct stage *s, const struct step *step)
{
    int at = find_lookup(s, false);

    (void)step;
    if (s->dial_count)
        FAIL("%s was dialled", s->dials[0].address);
    if (at >= 0)
        FAIL("%s was looked up", s->resolves[at].host);
}

/* ---- TLS ---------------------------------------------------------------- */

static void step_tls_begin(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);
    struct buf early = p->out;

    if (p->tls)
        FAIL("it speaks TLS already");
    buf_init(&p->out, STAGE_OUT_BYTES);
    p->tls =
        step->kind == STEP_TLS_CLIENT ? tls_peer_client(&step->tls) : tls_peer_origin(&step->tls);
    tls_peer_take(p->tls, buf_bytes(&early), &p->out);
    buf_release(&early);
}

static void expect_tls_ready(const struct peer *p, const char *alpn)
{
    if (!tls_peer_ready(p->tls) || tls_peer_broken(p->tls))
        FAIL("TLS does not stand");
    if (alpn && strcmp(alpn, tls_peer_alpn(p->tls)) != 0)
        FAIL("ALPN is '%s'", tls_peer_alpn(p->tls));
}

static void expect_tls_text(const char *expected, const char *text)
{
    if (strcmp(expected, text) != 0)
        FAIL("of TLS it says '%s'", text);
}

static void expect_tls(struct stage *s, const struct step *step)
{
    struct peer *p = stage_named(s, step->wire);

    if (!p->tls)
        FAIL("it does not speak TLS");
    if (step->kind == STEP_TLS_READY)
        expect_tls_ready(p, step->text);
    if (step->kind == STEP_TLS_BROKEN && !tls_peer_broken(p->tls))
        FAIL("TLS is not broken");
    if (step->kind == STEP_TLS_ALERTED && !tls_peer_alerted(p->tls))
        FAIL("no alert came");
    if (step->kind == STEP_TLS_ALERTED && step->number &&
        tls_peer_alerted(p->tls) != (int)step->number)
        FAIL("the alert is %d", tls_peer_alerted(p->tls));
    if (step->kind == STEP_TLS_WAITS && (tls_peer_ready(p->tls) || tls_peer_broken(p->tls)))
        FAIL("TLS stands or is broken");
    if (step->kind == STEP_TLS_REFUSES)
        expect_tls_text(step->text, tls_peer_verdict(p->tls));
    if (step->kind == STEP_TLS_VERSION)
        expect_tls_text(step->text, tls_peer_version(p->tls));
    if (step->kind == STEP_TLS_RESUMED && tls_peer_resumed(p->tls) != (step->number != 0))
        FAIL("the session was %sresumed", step->number ? "not " : "");
    if (step->kind == STEP_TLS_SPEAK)
        tls_peer_speak(p->tls, &p->out);
    if (step->kind == STEP_TLS_END)
        tls_peer_end(p->tls);
}

/* ---- time, flows, rules, log -------------------------------------------- */

static void step_wait(struct stage *s, const struct step *step)
{
    int64_t until = s->now_us + step->number * 1000;

    while (s->timer_us <= until) {
        if (s->timer_us > s->now_us)
            s->now_us = s->timer_us;
        s->timer_us = INT64_MAX;
        stage_event(s, (struct event){.kind = EVENT_TIMER});
        stage_settle(s);
    }
    s->now_us = until;
}

static void step_flow(struct stage *s, const struct step *step)
{
    size_t len = strlen(step->text) + (step->kind == STEP_FLOW);

    if (s->flow_seen == s->flow_count)
        FAIL("expected the flow '%s', there is none", step->text);
    if (strncmp(s->flows[s->flow_seen], step->text, len) != 0)
        FAIL("expected the flow\n  %s\nit is\n  %s", step->text, s->flows[s->flow_seen]);
    s->flow_seen++;
}

static void step_sentence(struct stage *s, const struct step *step)
{
    if (!s->flow_seen)
        FAIL("no flow was looked at");
    if (strcmp(s->sentences[s->flow_seen - 1], step->text) != 0)
        FAIL("expected the sentence\n  %s\nit is\n  %s", step->text,
             s->sentences[s->flow_seen - 1]);
}

static void step_rules(struct stage *s, const struct step *step)
{
    stage_rules(s, step->text);
}

static void step_log_back(struct stage *s, const struct step *step)
{
    (void)step;
    s->log_held = false;
    for (int i = 0; i < s->log_count; i++) {
        stage_take_log(s, s->logs[i]);
        stage_event(s, (struct event){.kind = EVENT_LOGGED, .log = s->logs[i]});
    }
    s->log_count = 0;
}

/* ---- playing ------------------------------------------------------------ */

static void step_no_flow(struct stage *s, const struct step *step)
{
    (void)step;
    if (s->flow_seen != s->flow_count)
        FAIL("there is a flow: %s", s->flows[s->flow_seen]);
}

static void step_connected(struct stage *s, const struct step *step)
{
    end_dial(s, stage_named(s, step->wire), NULL, 0);
}

static void step_drained(struct stage *s, const struct step *step)
{
    if (engine_drained(s->engine) != (step->number != 0))
        FAIL("it is %sdrained", step->number ? "not " : "");
}

static void step_hold(struct stage *s, const struct step *step)
{
    stage_named(s, step->wire)->holds = step->kind == STEP_HOLD;
}

static void step_log_hold(struct stage *s, const struct step *step)
{
    (void)step;
    s->log_held = true;
}

static void step_job_hold(struct stage *s, const struct step *step)
{
    (void)step;
    s->job_held = true;
}

static void step_job_back(struct stage *s, const struct step *step)
{
    (void)step;
    stage_run_jobs(s);
}

/* Events that carry nothing. */
static void step_bare_event(struct stage *s, const struct step *step)
{
    struct event ev = {.kind = step->kind == STEP_DRAIN      ? EVENT_DRAIN
                               : step->kind == STEP_LOG_FULL ? EVENT_LOG_FULL
                                                             : EVENT_LOG_ROOM};

    stage_event(s, ev);
}

static void (*const players[])(struct stage *s, const struct step *step) = {
    [STEP_ACCEPT] = step_accept,
    [STEP_IN] = step_in,
    [STEP_IN_TILL_CLOSED] = step_in,
    [STEP_EOF] = step_eof,
    [STEP_RESET] = step_reset,
    [STEP_OUT] = step_out,
    [STEP_OUT_CHUNKED] = step_out,
    [STEP_OUT_BEGINS] = step_out,
    [STEP_OUT_ANY] = step_out_any,
    [STEP_OUT_COUNT] = expect_peer,
    [STEP_PAGE] = step_page,
    [STEP_FIN] = expect_peer,
    [STEP_RST] = expect_peer,
    [STEP_CLOSED] = expect_peer,
    [STEP_SILENT] = expect_peer,
    [STEP_RESOLVE] = step_lookup,
    [STEP_LOOKUP] = step_lookup,
    [STEP_NOT_BEGUN] = step_not_begun,
    [STEP_RESOLVED] = step_lookup,
    [STEP_DIAL] = step_dial,
    [STEP_DIAL_BAD] = step_dial,
    [STEP_DIAL_OPEN] = step_dial,
    [STEP_CONNECTED] = step_connected,
    [STEP_REFUSED] = step_refused,
    [STEP_DIALLED_NOT] = step_no_dial,
    [STEP_WAIT] = step_wait,
    [STEP_FLOW] = step_flow,
    [STEP_FLOW_STARTS] = step_flow,
    [STEP_JOB_HOLD] = step_job_hold,
    [STEP_JOB_BACK] = step_job_back,
    [STEP_SENTENCE] = step_sentence,
    [STEP_NO_FLOW] = step_no_flow,
    [STEP_RULES] = step_rules,
    [STEP_DRAIN] = step_bare_event,
    [STEP_DRAINED] = step_drained,
    [STEP_HOLD] = step_hold,
    [STEP_TAKE] = step_hold,
    [STEP_READS] = expect_peer,
    [STEP_IN_REPEATED] = step_in_repeated,
    [STEP_FLOOD] = step_flood,
    [STEP_PACED] = step_paced,
    [STEP_LOG_HOLD] = step_log_hold,
    [STEP_LOG_BACK] = step_log_back,
    [STEP_LOG_FULL] = step_bare_event,
    [STEP_LOG_ROOM] = step_bare_event,
    [STEP_TLS_CLIENT] = step_tls_begin,
    [STEP_TLS_ORIGIN] = step_tls_begin,
    [STEP_TLS_READY] = expect_tls,
    [STEP_TLS_BROKEN] = expect_tls,
    [STEP_TLS_ALERTED] = expect_tls,
    [STEP_TLS_WAITS] = expect_tls,
    [STEP_TLS_REFUSES] = expect_tls,
    [STEP_TLS_VERSION] = expect_tls,
    [STEP_TLS_RESUMED] = expect_tls,
    [STEP_TLS_SPEAK] = expect_tls,
    [STEP_TLS_END] = expect_tls,
};

static void play_step(struct stage *s, const struct step *step)
{
    s->line = step->line;
    players[step->kind](s, step);
    stage_settle(s);
}

static void play_once(const struct step *steps, size_t count, size_t cut, bool late,
                      const struct stage_setup *setup)
{
    static struct stage stage;

    stage_release(&stage); /* a failure left it as it was */
    stage_open(&stage, cut, late, setup);
    for (size_t i = 0; i < count; i++)
        play_step(&stage, &steps[i]);
    stage_close(&stage);
}

static bool speaks_tls(const struct step *steps, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (steps[i].kind == STEP_TLS_CLIENT)
            return true;
    }
    return false;
}

/* Handshakes cost time: scripts with TLS are played with fewer cuts. */
static void play_all(const struct step *steps, size_t count, const struct stage_setup *setup)
{
    bool tls = speaks_tls(steps, count);

    for (size_t cut = 0; cut <= MAX_CUT; cut += tls && cut >= FEW_CUTS ? FEW_CUTS : 1)
        play_once(steps, count, cut, false, setup);
    for (size_t cut = 0; cut < FEW_CUTS; cut += tls ? FEW_CUTS / 2 : 1)
        play_once(steps, count, cut, true, setup);
}

void play_few(const struct step *steps, size_t count)
{
    static const struct stage_setup setup = {0};
    static const size_t cuts[] = {0, 7, MAX_CUT};

    for (size_t i = 0; i < sizeof(cuts) / sizeof(cuts[0]); i++) {
        play_once(steps, count, cuts[i], false, &setup);
        play_once(steps, count, cuts[i], true, &setup);
    }
}

void play(const struct step *steps, size_t count,
          void (*change)(struct settings *settings, struct arena *arena))
{
    play_all(steps, count, &(struct stage_setup){.change = change});
}

void play_slowly(const struct step *steps, size_t count)
{
    play_all(steps, count, &(struct stage_setup){.slow_ca = true});
}
