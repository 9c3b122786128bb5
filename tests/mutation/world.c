#include "world.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { AFTERMATH_US = 6 * 1000000, EVENTS = 10000, RULES_BYTES = 512 };

static const char connect_head[] = "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n";
static struct world *noting; /* whose flows are noted */

bool complain(struct world *w, const char *format, ...)
{
    va_list args;

    if (w->complaint[0])
        return false;
    va_start(args, format);
    (void)vsnprintf(w->complaint, sizeof(w->complaint), format, args);
    va_end(args);
    return false;
}

struct bytes world_out(const struct world *w, int wire)
{
    return buf_bytes(&w->stage.peers[wire].out);
}

/* ---- flows -------------------------------------------------------------- */

static struct bytes note_text(struct noted *n, struct bytes in)
{
    size_t room = sizeof(n->text) - n->text_len;
    uint8_t *at = n->text + n->text_len;

    in.len = in.len < room ? in.len : room;
    if (in.len)
        memcpy(at, in.ptr, in.len);
    n->text_len += in.len;
    return bytes_make(at, in.len);
}

static uint64_t fields_hash(const struct fields *f)
{
    uint64_t hash = READ_HASH_SEED;

    for (uint32_t i = 0; i < f->count; i++) {
        if (read_reframed(f->items[i].name))
            continue;
        hash = read_hash(read_hash(hash, f->items[i].name), BYTES(": "));
        hash = read_hash(read_hash(hash, f->items[i].value), BYTES("\r\n"));
    }
    return hash;
}

static uint64_t body_hash(const struct flow_body *b)
{
    uint64_t hash = READ_HASH_SEED;

    for (uint32_t i = 0; i < b->count; i++)
        hash = read_hash(hash, slice_bytes(b->slices[i]));
    return hash;
}

static void note_request(struct noted *n, const struct flow *f)
{
    const struct head *h = f->request.received;

    n->received = h != NULL;
    n->sent = f->request.sent != NULL;
    n->host = note_text(n, f->host);
    n->request_bytes = f->request.body.wire_bytes;
    n->request_hash = body_hash(&f->request.body);
    if (!h)
        return;
    n->method = note_text(n, h->method);
    n->target = note_text(n, h->target);
    n->version = h->version;
    n->path = note_text(n, h->path);
    if (f->request.sent)
        n->sent_fields_hash = fields_hash(&f->request.sent->fields);
}

/* A refusal may be logged before the exchange that was in its way is buried. */
static struct noted *note_place(struct world *w, uint64_t sequence)
{
    int at = w->flow_count;
    struct noted *n = &w->notes[w->flow_count++];

    for (; at > 0 && w->flows[at - 1]->sequence > sequence; at--)
        w->flows[at] = w->flows[at - 1];
    w->flows[at] = n;
    memset(n, 0, offsetof(struct noted, text));
    n->text_len = 0;
    n->sequence = sequence;
    return n;
}

/* In place of the one that keeps flows as text. No sink of these asks for flows that are open: all
 * that is logged are ends. */
void stage_take_log(struct stage *s, const struct log_event *log)
{
    const struct flow *f = log->flow;
    struct world *w = noting;
    struct noted *n;

    s->told[C1] = true;
    if (w->flow_count == WORLD_FLOWS) {
        complain(w, "more flows than anyone asked for");
        return;
    }
    n = note_place(w, f->sequence);
    n->kind = f->kind;
    n->status = f->status;
    n->error = f->error;
    (void)snprintf(n->reason, sizeof(n->reason), "%s", f->reason);
    note_request(n, f);
    n->answered = f->response.received != NULL;
    n->answer_sent = f->response.sent != NULL;
    n->answer_status = n->answered ? f->response.received->status : 0;
    n->response_bytes = f->response.body.wire_bytes;
    n->response_hash = body_hash(&f->response.body);
    if (f->response.sent)
        n->answer_fields_hash = fields_hash(&f->response.sent->fields);
    for (const struct flow_interim *i = f->interim; i; i = i->next)
        n->interims++;
}

/* ---- names and dials ---------------------------------------------------- */

static const char *address_of(const char *host)
{
    static const struct {
        const char *host, *address;
    } known[] = {{"a.test", "192.0.2.1"}, {"canary.test", "192.0.2.2"}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(host, known[i].host) == 0)
            return known[i].address;
    }
    return NULL;
}

static bool answer_lookups(struct world *w)
{
    struct stage *s = &w->stage;
    bool moved = s->resolve_count > 0;

    while (s->resolve_count) {
        struct sockaddr_storage found = {.ss_family = AF_INET};
        struct event ev = {.kind = EVENT_RESOLVED, .job = s->resolves[0].job, .error = "unknown"};
        const char *address = address_of(s->resolves[0].host);

        memmove(&s->resolves[0], &s->resolves[1],
                (size_t)--s->resolve_count * sizeof(s->resolves[0]));
        if (address) {
            (void)inet_pton(AF_INET, address, &((struct sockaddr_in *)(void *)&found)->sin_addr);
            ev.addresses = &found;
            ev.count = 1;
        }
        stage_event(s, ev);
    }
    return moved;
}

/* Only the origins that are known stand; others refuse. */
static void end_dial(struct world *w, int wire)
{
    struct stage *s = &w->stage;
    struct peer *p = &s->peers[wire];
    struct origin *o = &w->origins[wire];
    struct sockaddr_storage own = {.ss_family = AF_INET};
    struct event ev = {.kind = EVENT_CONNECTED, .wire = s->dials[0].number, .address = &own};

    *p = (struct peer){.number = ev.wire, .out = p->out};
    *o = (struct origin){.asked = -1};
    memcpy(o->address, s->dials[0].address, sizeof(o->address));
    stage_forget_dial(s, ev.wire);
    if (strncmp(o->address, "192.0.2.", 8) != 0 || strstr(o->address, ":443")) {
        p->closed = true;
        ev = (struct event){.kind = EVENT_DIAL_FAILED, .wire = ev.wire, .error = "refused"};
    }
    stage_event(s, ev);
}

static bool answer_dials(struct world *w)
{
    struct stage *s = &w->stage;
    bool moved = s->dial_count > 0;

    while (s->dial_count) {
        int wire = U1;

        while (wire < PLAYBOOK_WIRES && s->peers[wire].number)
            wire++;
        if (wire == PLAYBOOK_WIRES) {
            complain(w, "more dials than anyone asked for");
            stage_take_away(s);
            return false;
        }
        end_dial(w, wire);
    }
    return moved;
}

/* ---- origins ------------------------------------------------------------ */

static unsigned sent_rules(const struct world *w)
{
    return READ_STRICT | (w->mutant->lenient ? READ_CONTROLS : 0);
}

static void make_answer(struct world *w, struct asked *a, const struct read_message *m)
{
    char *text = (char *)a->answer;
    bool head = bytes_equal(m->method, BYTES("HEAD"));
    int len;

    a->answered = true;
    a->eof = false;
    if (a == w->asked) {
        memcpy(a->answer, w->mutant->answer, w->mutant->answer_len);
        a->answer_len = w->mutant->answer_len;
        a->eof = w->mutant->answer_eof;
        return;
    }
    len = snprintf(text, sizeof(a->answer),
                   "HTTP/1.1 200 OK\r\nX-For: %.*s\r\nContent-Length: %zu\r\n\r\n%.*s",
                   (int)m->target.len, (const char *)m->target.ptr, m->target.len,
                   head ? 0 : (int)m->target.len, (const char *)m->target.ptr);
    a->answer_len = (size_t)len;
}

/* An answer that cannot be read to its end ends by a FIN. What comes behind its end
 * comes with it: in a read of its own it might answer the next request. */
static void judge_own_answer(struct world *w, struct asked *a, const struct read_message *request)
{
    static struct read_message m;
    const struct read_asked to = {.head = bytes_equal(request->method, BYTES("HEAD")),
                                  .upgrade = request->upgrade};
    enum reading st;
    size_t at = 0;

    do {
        st = read_response(bytes_make(a->answer, a->answer_len), at,
                           READ_RECEIVED | READ_UNTIDY | READ_CONTROLS, &to, a->eof, &m);
        at = m.end;
    } while (!st && m.status / 100 == 1 && m.status != 101);
    a->answer_end = st ? a->answer_len : m.end;
    if (st)
        a->eof = true;
    if (!st && m.status == 101)
        w->origins[a->wire].raw = true;
}

static struct asked *asked_new(struct world *w, int wire)
{
    struct asked *a = &w->asked[w->asked_count];

    w->origins[wire].asked = w->asked_count++;
    a->wire = wire;
    a->begin = w->origins[wire].at;
    a->lost = w->stage.peers[wire].gone;
    a->early = a->whole = a->answered = a->eof = false;
    a->answer_fed = a->answer_len = 0;
    return a;
}

/* Reads on; a request that is whole is answered, one after the other. */
static bool origin_listen(struct world *w, int wire)
{
    static struct read_message m;
    struct origin *o = &w->origins[wire];
    struct asked *a = o->asked >= 0 ? &w->asked[o->asked] : NULL;
    struct bytes in = world_out(w, wire);
    bool answers;
    enum reading st;

    if (o->bad || o->raw || o->at == in.len || (a && a->whole))
        return false;
    if (!a && w->asked_count == WORLD_REQUESTS)
        return complain(w, "more requests than anyone made");
    st = read_request(in, o->at, sent_rules(w), &m);
    o->bad = st == READING_BAD;
    if (o->bad || !m.head_whole)
        return false;
    if (bytes_equal(m.method, BYTES("CONNECT"))) { /* weir's own, to another proxy */
        o->raw = o->closing = true;
        return true;
    }
    if (!a)
        a = asked_new(w, wire);
    answers = !a->answered && (st == READING_GOOD || w->mutant->early);
    a->whole = st == READING_GOOD;
    a->early = a->early || (answers && !a->whole);
    if (a->whole)
        o->at = m.end;
    if (answers) {
        make_answer(w, a, &m);
        judge_own_answer(w, a, &m);
    }
    return answers || a->whole;
}

static bool origin_speak(struct world *w, int wire)
{
    struct origin *o = &w->origins[wire];
    struct peer *p = &w->stage.peers[wire];
    struct asked *a = o->asked >= 0 ? &w->asked[o->asked] : NULL;
    size_t piece = a == w->asked && w->mutant->answer_piece ? w->mutant->answer_piece : SIZE_MAX;
    bool done = false;
    size_t left;

    if (p->closed || p->gone || !p->reads)
        return false;
    if (a && a->answer_fed < a->answer_len) {
        left = a->answer_len - a->answer_fed;
        piece = piece < left && a->answer_fed + piece < a->answer_end ? piece : left;
        a->answer_fed += piece;
        stage_feed(&w->stage, p, a->answer + a->answer_fed - piece, piece);
        return true;
    }
    if (a && a->answered) {
        o->closing = o->closing || a->eof;
        done = a->whole;
    }
    if (done)
        o->asked = -1;
    if (!o->closing)
        return done;
    p->gone = true;
    stage_event(&w->stage, (struct event){.kind = EVENT_EOF, .wire = p->number});
    return true;
}

/* Until nothing goes on by itself. */
static void settle(struct world *w)
{
    bool moved;
    int events = 0;

    do {
        stage_settle(&w->stage);
        moved = answer_lookups(w);
        moved |= answer_dials(w);
        for (int i = U1; i < PLAYBOOK_WIRES && w->stage.peers[i].number; i++) {
            moved |= origin_listen(w, i);
            moved |= origin_speak(w, i);
        }
        if (++events > EVENTS) {
            complain(w, "it does not come to an end");
            return;
        }
    } while (moved);
}

/* ---- the client --------------------------------------------------------- */

static void client_feed(struct world *w, const void *bytes, size_t len)
{
    stage_feed(&w->stage, &w->stage.peers[C1], bytes, len);
    settle(w);
}

static void client_accept(struct world *w)
{
    struct stage *s = &w->stage;
    struct sockaddr_storage a = {.ss_family = AF_INET};
    struct sockaddr_in *four = (void *)&a;
    struct peer *p = &s->peers[C1];

    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons(STAGE_CLIENT_PORT);
    p->number = engine_wire_new(s->engine);
    stage_event(s, (struct event){.kind = EVENT_ACCEPTED, .wire = p->number, .address = &a});
    settle(w);
    if (w->mutant->way != MUTANT_CONNECT)
        return;
    client_feed(w, connect_head, sizeof(connect_head) - 1);
    w->client_from = p->out.len;
}

static bool client_can_speak(const struct world *w)
{
    const struct peer *p = &w->stage.peers[C1];

    return p->reads && !p->closed && !p->fin && !p->gone;
}

static void client_speak(struct world *w)
{
    const struct mutant *m = w->mutant;
    struct peer *p = &w->stage.peers[C1];

    while (w->client_fed < m->client_len && client_can_speak(w)) {
        size_t left = m->client_len - w->client_fed;
        size_t len = m->piece && m->piece < left ? m->piece : left;

        w->client_fed += len;
        client_feed(w, m->client + w->client_fed - len, len);
    }
    if (m->client_eof && p->reads && !p->closed && !p->gone) {
        p->gone = true;
        stage_event(&w->stage, (struct event){.kind = EVENT_EOF, .wire = p->number});
        settle(w);
    }
}

/* ---- playing ------------------------------------------------------------ */

static void pass_time(struct world *w, int64_t us)
{
    struct stage *s = &w->stage;
    int64_t until = s->now_us + us;

    for (int i = 0; i < EVENTS && s->timer_us <= until; i++) {
        s->now_us = s->timer_us > s->now_us ? s->timer_us : s->now_us;
        s->timer_us = INT64_MAX;
        stage_event(s, (struct event){.kind = EVENT_TIMER});
        settle(w);
    }
    s->now_us = until;
}

static void be_lenient(struct settings *s, struct arena *a)
{
    static struct host_pattern lenient = {.host = BYTES_INIT("a.test")};

    (void)a;
    s->lenient = (struct host_list){&lenient, 1};
}

static void go_via(struct settings *s, struct arena *a)
{
    static struct via_entry via = {
        .hosts = {.any = true}, .host = BYTES_INIT("192.0.2.9"), .port = 3128};

    (void)a;
    s->via = &via;
    s->via_count = 1;
}

static void go_via_leniently(struct settings *s, struct arena *a)
{
    be_lenient(s, a);
    go_via(s, a);
}

void world_play(struct world *w, const struct mutant *m)
{
    static const struct stage_setup setups[] = {
        {0}, {.change = be_lenient}, {.change = go_via}, {.change = go_via_leniently}};
    struct peer *p = &w->stage.peers[C1];
    char rules[RULES_BYTES];

    w->mutant = m;
    w->asked_count = w->flow_count = 0;
    w->client_fed = w->client_from = 0;
    w->complaint[0] = 0;
    noting = w;
    stage_open(&w->stage, 0, m->late, &setups[m->lenient + 2 * (m->way == MUTANT_VIA)]);
    if (m->rules) {
        (void)snprintf(rules, sizeof(rules), "rules:\n  - { match: a.test, then: { %s } }\n",
                       m->rules);
        stage_rules(&w->stage, rules);
    }
    client_accept(w);
    client_speak(w);
    pass_time(w, AFTERMATH_US);
    w->client_ended = p->closed || p->fin || p->rst;
    stage_take_away(&w->stage);
    stage_check_nothing_left(&w->stage);
}

void world_close(struct world *w)
{
    for (int i = 0; i < PLAYBOOK_WIRES; i++)
        buf_clear(&w->stage.peers[i].out);
    stage_close(&w->stage);
}
