/* The whole engine: events by letters, with the bytes of clients and origins among
 * them, in any order that a loop could give them. What it asks for must make sense,
 * memory stays bounded, and when all peers are gone nothing is left but the flows:
 * at least one of every connection.
 *
 * The first byte chooses settings. Then, each letter with its digit (modulo what there
 * is): A accept · B bytes for a wire, up to a NUL · H a ClientHello for it · E its FIN ·
 * X its RST · S its kernel takes all · P … takes a part · R a look-up ends · D a dial
 * ends · T time passes · L a flow is written · U other rules · G drain · F the log is full · f
 * it has room. Wires 0-3 are clients, 4-7 were dialled. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "proxy/core/engine.h"
#include "tls/ca.h"

#include "fuzz.h"

enum {
    WIRES = 8,
    CLIENTS = 4,
    ASKED = 64,
    LOGS = 16 * 1024,
    MAX_EVENTS = 4096,     /* from one input */
    MAX_COMMANDS = 100000, /* from one event */
    MAX_BYTES = 16 * 1024 * 1024,
    FIRST_PORT = 50001,

};

#define WALL_US INT64_C(1790000000000000)
#define HOUR_US INT64_C(3600000000)

struct peer {
    uint32_t number; /* 0: none */
    bool dialling, reads, fin, gone;
    size_t unsent;
};

struct world {
    struct engine *engine;
    struct settings settings;
    struct chunk_pool pool;
    struct peer peers[WIRES];
    struct peer others[ASKED]; /* dials that have no place among the peers */
    struct {
        uint32_t job;
        bool unwanted; /* if it has not begun it never will */
    } jobs[ASKED];
    int job_count;
    struct log_event *logs[LOGS];
    int log_count;
    bool told[CLIENTS], accepted[CLIENTS];
    int64_t now_us, timer_us;
    uint64_t events;
};

/* Made once: what is slow to make, and never changes. */
static struct {
    struct ca *ca;
    struct tls_shared *tls;
    struct rule_state *state;
    struct ruleset *rules[2];
} once;

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* ---- made once ---------------------------------------------------------- */

static struct ruleset *compile(const char *yaml)
{
    static struct arena arena;
    struct source *source;
    struct diags diags;
    struct config_reader reader = {.arena = &arena, .diags = &diags};
    struct node *root = NULL;
    struct ruleset *rules = NULL;

    if (!arena.max)
        arena_init(&arena, MAX_BYTES);
    source = arena_alloc(&arena, sizeof(*source));
    require(source != NULL);
    *source = (struct source){.name = "proxy.yaml", .text = bytes_of(yaml)};
    diags_init(&diags);
    require(node_parse(&arena, source, &diags, &root) == STATUS_OK);
    require(ruleset_compile(&reader, root, ".", once.state, &rules) == STATUS_OK);
    diags_release(&diags);
    return rules;
}

static void make_once(void)
{
    char error[TLS_ERROR_TEXT];
    struct tls_settings tls = {.min_version = 0x0303};

    if (once.ca)
        return;
    require(ca_generate("fuzz", WALL_US / 1000000, &once.ca) == STATUS_OK);
    require(tls_shared_new(&tls, error, &once.tls) == STATUS_OK);
    require(rule_state_new(&once.state) == STATUS_OK);
    once.rules[0] = compile(
        "rules:\n"
        "  - { name: stub, match: stub.test, then: { respond: { status: 200, text: x } } }\n"
        "  - { name: cut, match: a.test/cut, then: { abort: reset } }\n"
        "  - { name: shut, match: a.test/shut, then: { abort: close } }\n"
        "  - { name: hang, match: a.test/hang, then: { abort: hang } }\n"
        "  - { name: slow, match: a.test/slow, then: [delay: 1s] }\n"
        "  - { name: late, match: a.test/late, then: [delay: { response: 1s }] }\n"
        "  - { name: edit, match: a.test/edit, then: { set: { response.status: 418, "
        "request.header.x-a: b } } }\n"
        "  - { name: leaf, match: https://a.test, when: every 3rd, then: [tls: self_signed, tls: "
        "max 1.2] }\n"
        "  - { name: alert, match: https://a.test, when: every 4th, then: { tls: alert 40 } }\n"
        "  - { name: dial, match: a.test, when: every 3rd, then: [dns: delay 1s, connect: "
        "refuse] }\n"
        "  - { name: gone, match: a.test, when: every 5th after 2, then: { connect: hang } }\n");
    once.rules[1] = compile("rules:\n"
                            "  - { name: all, match: '/**', then: { sequence: [500, pass] } }\n");
}

static void choose_settings(struct settings *s, uint8_t bits)
{
    static struct host_pattern pass = {.host = BYTES_INIT("bank.test"), .subdomains = true};
    static struct host_pattern odd = {.host = BYTES_INIT("odd.test")};
    static struct via_entry via = {
        .hosts = {.any = true}, .host = BYTES_INIT("192.0.2.9"), .port = 3128};
    struct sockaddr_in *own = (void *)&s->own[0];

    *s = (struct settings){.limits = {.head_bytes = 4096, .fields = 32, .request_line_bytes = 1024},
                           .timeouts = {.client_idle = 9000000,
                                        .head = 5000000,
                                        .peek = 500000,
                                        .dns = 3000000,
                                        .connect = 4000000,
                                        .tls = 4000000,
                                        .response_head = 7000000,
                                        .body_idle = 6000000,
                                        .pool_idle = 8000000},
                           .body_capture_bytes = 4096,
                           .capture = !(bits & 16),
                           .live = bits & 128,
                           .on_full = bits & 32 ? LOG_WAIT : LOG_DROP};
    s->tls.passthrough = (struct host_list){&pass, 1};
    s->tls.dial_lazy = bits & 2;
    s->tls.reject_passthrough = bits & 64;
    s->lenient = bits & 8 ? (struct host_list){&odd, 1} : (struct host_list){NULL, 0};
    s->auth = bits & 1 ? BYTES("me:secret") : (struct bytes){NULL, 0};
    s->via = &via;
    s->via_count = bits & 4 ? 1 : 0;
    s->via_header = bits & 4;
    own->sin_family = AF_INET;
    own->sin_port = htons(8080);
    own->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->own_count = 1;
}

/* ---- commands ----------------------------------------------------------- */

static struct peer *find_peer(struct world *w, uint32_t number)
{
    require(number != 0);
    for (int i = 0; i < WIRES; i++) {
        if (w->peers[i].number == number)
            return &w->peers[i];
    }
    for (int i = 0; i < ASKED; i++) {
        if (w->others[i].number == number)
            return &w->others[i];
    }
    return NULL;
}

static struct peer *known_peer(struct world *w, uint32_t number)
{
    struct peer *p = find_peer(w, number);

    require(p != NULL);
    return p;
}

static void do_dial(struct world *w, const struct command *c)
{
    require(find_peer(w, c->wire) == NULL);
    require(c->address->ss_family == AF_INET || c->address->ss_family == AF_INET6);
    for (int i = 0; i < WIRES - CLIENTS + ASKED; i++) {
        struct peer *p = i < WIRES - CLIENTS ? &w->peers[CLIENTS + i] : &w->others[i - CLIENTS];

        if (p->number)
            continue;
        *p = (struct peer){.number = c->wire, .dialling = true};
        return;
    }
    abort(); /* so many cannot be under way */
}

static void do_send(struct world *w, const struct command *c)
{
    struct peer *p = known_peer(w, c->wire);

    require(!p->dialling && !p->fin && !p->unsent && c->count > 0 && c->count <= ENGINE_IOV);
    for (int i = 0; i < c->count; i++) {
        volatile const uint8_t *bytes = c->iov[i].iov_base;

        require(c->iov[i].iov_len > 0);
        (void)bytes[0];
        (void)bytes[c->iov[i].iov_len - 1];
        p->unsent += c->iov[i].iov_len;
    }
}

static void do_log(struct world *w, struct log_event *log)
{
    const struct flow *f = log->flow;
    ptrdiff_t colon;
    uint64_t port = 0;

    require(w->log_count < LOGS);
    w->logs[w->log_count++] = log;
    if (log->kind != LOG_END)
        return;
    colon = bytes_find(f->client, ':');
    require(f->reason && f->sentence && colon > 0);
    require(bytes_to_u64(bytes_from(f->client, (size_t)colon + 1), UINT16_MAX, &port) == STATUS_OK);
    require(port >= FIRST_PORT && port < FIRST_PORT + CLIENTS);
    w->told[port - FIRST_PORT] = true;
}

static void unwant_lookup(struct world *w, uint32_t job)
{
    for (int i = 0; i < w->job_count; i++) {
        if (w->jobs[i].job == job) {
            w->jobs[i].unwanted = true;
            return;
        }
    }
    abort(); /* it has ended, or never was */
}

static void do_command(struct world *w, const struct command *c)
{
    struct peer *p;

    switch (c->kind) {
    case COMMAND_RESOLVE:
        require(w->job_count < ASKED && c->host[0]);
        w->jobs[w->job_count].unwanted = false;
        w->jobs[w->job_count++].job = c->job;
        break;
    case COMMAND_UNRESOLVE:
        unwant_lookup(w, c->job);
        break;
    case COMMAND_DIAL:
        do_dial(w, c);
        break;
    case COMMAND_SEND:
        do_send(w, c);
        break;
    case COMMAND_READ_ON:
    case COMMAND_READ_OFF:
        p = known_peer(w, c->wire);
        require(!p->dialling && p->reads != (c->kind == COMMAND_READ_ON) && !p->gone);
        p->reads = !p->reads;
        break;
    case COMMAND_SHUTDOWN:
        p = known_peer(w, c->wire);
        require(!p->dialling && !p->fin && !p->unsent);
        p->fin = true;
        break;
    case COMMAND_RESET:
    case COMMAND_CLOSE:
        *known_peer(w, c->wire) = (struct peer){0};
        break;
    case COMMAND_TIMER:
        w->timer_us = c->at_us;
        break;
    case COMMAND_JOB:
        abort(); /* the CA is a fast one */
    case COMMAND_RING:
        break;
    case COMMAND_LOG:
        do_log(w, c->log);
        break;
    }
}

static void give(struct world *w, struct event ev)
{
    struct command c;
    int commands = 0;

    ev.now_us = w->now_us;
    ev.wall_us = w->now_us + WALL_US;
    engine_handle(w->engine, &ev);
    while (engine_next(w->engine, &c)) {
        require(++commands < MAX_COMMANDS);
        do_command(w, &c);
    }
    require(w->pool.live_bytes < MAX_BYTES);
    w->events++;
}

/* ---- events ------------------------------------------------------------- */

static void log_back(struct world *w)
{
    if (w->log_count)
        give(w, (struct event){.kind = EVENT_LOGGED, .log = w->logs[--w->log_count]});
}

static void accept_client(struct world *w, unsigned at)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *four = (void *)&a;
    struct peer *p = &w->peers[at % CLIENTS];

    if (p->number)
        return;
    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons((uint16_t)(FIRST_PORT + at % CLIENTS));
    *p = (struct peer){.number = engine_wire_new(w->engine)};
    require(p->number != 0);
    w->accepted[at % CLIENTS] = true;
    give(w, (struct event){.kind = EVENT_ACCEPTED, .wire = p->number, .address = &a});
}

static void give_bytes(struct world *w, struct peer *p, struct bytes bytes)
{
    struct chunk *c;

    if (!p->number || p->dialling || p->gone || !p->reads || !bytes.len)
        return;
    c = chunk_new(&w->pool, bytes.len);
    require(c != NULL);
    memcpy(c->data, bytes.ptr, bytes.len);
    give(w, (struct event){.kind = EVENT_BYTES,
                           .wire = p->number,
                           .data = {.ptr = c->data, .len = bytes.len, .chunk = c}});
    chunk_unref(c);
}

static void give_sent(struct world *w, struct peer *p, size_t bytes)
{
    if (!p->number || !bytes)
        return;
    p->unsent -= bytes;
    give(w, (struct event){.kind = EVENT_SENT, .wire = p->number, .count = bytes});
}

static void give_end(struct world *w, struct peer *p, enum event_kind kind)
{
    if (!p->number || p->dialling || (kind == EVENT_EOF && (p->gone || !p->reads)))
        return;
    p->gone = true;
    p->reads = kind == EVENT_EOF ? false : p->reads;
    give(w, (struct event){.kind = kind, .wire = p->number});
}

static void end_lookup(struct world *w, unsigned how)
{
    static const char *const hosts[] = {"192.0.2.1", "192.0.2.2", "127.0.0.1"};
    struct sockaddr_storage found[3] = {0};
    struct event ev = {.kind = EVENT_RESOLVED, .error = "not known"};

    if (!w->job_count)
        return;
    ev.job = w->jobs[--w->job_count].job;
    if (w->jobs[w->job_count].unwanted && how % 4 == 0)
        ev.error = NULL;
    for (unsigned i = 0; i < how % 4; i++) {
        struct sockaddr_in *four = (void *)&found[i];

        four->sin_family = AF_INET;
        require(inet_pton(AF_INET, hosts[i], &four->sin_addr) == 1);
    }
    if (how % 4) {
        ev.addresses = found;
        ev.count = how % 4;
    }
    give(w, ev);
}

static void end_dial(struct world *w, struct peer *p, bool stands)
{
    struct sockaddr_storage own = {.ss_family = AF_INET};
    uint32_t number = p->number;

    if (!p->dialling)
        return;
    if (stands) {
        p->dialling = false;
        give(w, (struct event){.kind = EVENT_CONNECTED, .wire = number, .address = &own});
    } else {
        *p = (struct peer){0};
        give(w, (struct event){.kind = EVENT_DIAL_FAILED, .wire = number, .error = "refused"});
    }
}

static void end_first_dial(struct world *w, unsigned how)
{
    for (int i = 0; i < WIRES - CLIENTS + ASKED; i++) {
        struct peer *p = i < WIRES - CLIENTS ? &w->peers[CLIENTS + i] : &w->others[i - CLIENTS];

        if (p->dialling) {
            end_dial(w, p, how & 1);
            return;
        }
    }
}

static void pass_time(struct world *w, int64_t us)
{
    int64_t until = w->now_us + us;

    for (int i = 0; i < MAX_EVENTS && w->timer_us <= until; i++) {
        w->now_us = w->timer_us > w->now_us ? w->timer_us : w->now_us;
        w->timer_us = INT64_MAX;
        give(w, (struct event){.kind = EVENT_TIMER});
    }
    require(w->timer_us > until);
    w->now_us = until;
}

/* One for a.test, without ALPN, as OpenSSL makes it. */
static const uint8_t client_hello[] = {
#include "client_hello.inc"
};

static void play_wire(struct world *w, uint8_t op, unsigned digit, struct bytes text)
{
    struct peer *p = &w->peers[digit % WIRES];

    switch (op) {
    case 'B':
        give_bytes(w, p, text);
        break;
    case 'H':
        give_bytes(w, p, bytes_make(client_hello, sizeof(client_hello)));
        break;
    case 'E':
        give_end(w, p, EVENT_EOF);
        break;
    case 'X':
        give_end(w, p, EVENT_RESET);
        break;
    case 'S':
        give_sent(w, p, p->unsent);
        break;
    case 'P':
        give_sent(w, p, (p->unsent + 1) / 2);
        break;
    default:
        break;
    }
}

static void play_world(struct world *w, uint8_t op, unsigned digit)
{
    static const struct event bare[] = {
        {.kind = EVENT_DRAIN}, {.kind = EVENT_LOG_FULL}, {.kind = EVENT_LOG_ROOM}};

    switch (op) {
    case 'A':
        accept_client(w, digit);
        break;
    case 'R':
        end_lookup(w, digit);
        break;
    case 'D':
        end_first_dial(w, digit);
        break;
    case 'T':
        pass_time(w, INT64_C(1000) << digit % 14);
        break;
    case 'L':
        log_back(w);
        break;
    case 'U':
        give(w, (struct event){.kind = EVENT_RULES,
                               .rules = digit % 3 < 2 ? once.rules[digit % 3] : NULL});
        break;
    case 'G':
        give(w, bare[0]);
        break;
    case 'F':
        give(w, bare[1]);
        break;
    case 'f':
        give(w, bare[2]);
        break;
    default:
        break;
    }
}

static bool takes_wire(uint8_t op)
{
    return op && strchr("BHEXSP", op) != NULL;
}

static void play(struct world *w, struct bytes in)
{
    while (in.len >= 2 && w->events < MAX_EVENTS) {
        uint8_t op = in.ptr[0];
        unsigned digit = (unsigned)in.ptr[1] - '0';
        struct bytes text = {NULL, 0};

        in = bytes_from(in, 2);
        if (op == 'B') {
            ptrdiff_t end = bytes_find(in, 0);

            text = bytes_until(in, end < 0 ? in.len : (size_t)end);
            text = bytes_until(text, CHUNK_LARGE_BYTES);
            in = bytes_from(in, end < 0 ? in.len : (size_t)end + 1);
        }
        if (takes_wire(op))
            play_wire(w, op, digit, text);
        else
            play_world(w, op, digit);
        while (w->log_count > LOGS / 2)
            log_back(w);
    }
}

/* ---- the end ------------------------------------------------------------ */

static void take_all_away(struct world *w)
{
    struct engine_stats stats;

    for (int i = 0; i < WIRES; i++)
        give_end(w, &w->peers[i], EVENT_RESET);
    for (int i = 0; i < ASKED; i++)
        give_end(w, &w->others[i], EVENT_RESET);
    while (w->job_count)
        end_lookup(w, 0);
    for (int i = 0; i < WIRES - CLIENTS + ASKED; i++)
        end_first_dial(w, 0);
    pass_time(w, HOUR_US);
    while (w->job_count)
        end_lookup(w, 0);
    while (w->log_count)
        log_back(w);
    give(w, (struct event){.kind = EVENT_TIMER}); /* the dead are buried now */
    engine_stats(w->engine, &stats);
    require(!stats.clients && !stats.exchanges_open && !stats.in_flight_bytes);
    require(!stats.upstreams && !stats.upstreams_idle);
    for (int i = 0; i < CLIENTS && w->settings.capture; i++)
        require(w->told[i] == w->accepted[i]);
    for (int i = 0; i < WIRES; i++)
        require(!w->peers[i].number);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct world world;
    struct world *w = &world;
    struct engine_env env = {.settings = &w->settings, .pool = &w->pool, .seed = 7};

    if (!len)
        return 0;
    make_once();
    memset(w, 0, sizeof(*w));
    w->now_us = 1000000;
    w->timer_us = INT64_MAX;
    choose_settings(&w->settings, data[0]);
    chunk_pool_init(&w->pool, 4);
    env.ca = once.ca;
    env.tls = once.tls;
    require(engine_new(&env, once.rules[0], &w->engine) == STATUS_OK);
    play(w, bytes_make(data + 1, len - 1));
    take_all_away(w);
    engine_free(w->engine);
    require(w->pool.live_bytes == 0);
    chunk_pool_release(&w->pool);
    return 0;
}
