/* The engine without memory: no crash, no leak, no hang; one exchange may be lost, and
 * what comes after it must be served again. */
#include <arpa/inet.h>
#include <string.h>

#include "scarce_memory.h"
#include "stage.h"

enum { QUEUE_PLACES = 64, ROUNDS = 64, HOUR_US = 1000000 * 60 };

#define CLIENT_PORT 50001

struct talk {
    struct stage stage;
    bool answered[PLAYBOOK_WIRES];
    const char *answer;
    bool tls;
    bool endless; /* a tunnel: it ends when its peers say so */
};

/* ---- a world that answers by itself ------------------------------------- */

static void answer_lookups(struct stage *s)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *four = (void *)&a;

    four->sin_family = AF_INET;
    inet_pton(AF_INET, "192.0.2.1", &four->sin_addr);
    while (s->resolve_count) {
        uint32_t job = s->resolves[--s->resolve_count].job;

        stage_event(
            s, (struct event){.kind = EVENT_RESOLVED, .job = job, .addresses = &a, .count = 1});
    }
}

static void answer_dials(struct talk *t)
{
    struct stage *s = &t->stage;
    struct sockaddr_storage own = {.ss_family = AF_INET};

    for (int i = U1; s->dial_count && i < PLAYBOOK_WIRES; i++) {
        struct peer *p = &s->peers[i];

        if (p->number)
            continue;
        p->number = s->dials[0].number;
        stage_forget_dial(s, p->number);
        if (t->tls)
            p->tls = tls_peer_origin(&(struct tls_role){.host = "a.test"});
        stage_event(s, (struct event){.kind = EVENT_CONNECTED, .wire = p->number, .address = &own});
    }
}

static void say(struct stage *s, struct peer *p, const char *text)
{
    if (p->closed)
        return;
    if (p->tls && tls_peer_ready(p->tls))
        tls_peer_write(p->tls, bytes_of(text));
    else if (!p->tls && p->reads)
        stage_feed(s, p, text, strlen(text));
    stage_settle(s);
}

static void answer_requests(struct talk *t)
{
    for (int i = U1; i < PLAYBOOK_WIRES; i++) {
        struct peer *p = &t->stage.peers[i];

        if (!p->number || t->answered[i] || !p->out.len)
            continue;
        t->answered[i] = true;
        buf_clear(&p->out);
        say(&t->stage, p, t->answer);
        t->answered[i] = false;
        buf_clear(&p->out);
    }
}

static void let_go_on(struct talk *t)
{
    for (int i = 0; i < ROUNDS; i++) {
        stage_settle(&t->stage);
        answer_lookups(&t->stage);
        answer_dials(t);
        answer_requests(t);
    }
}

static void pass_time(struct stage *s, int64_t us)
{
    int64_t until = s->now_us + us;
    int fired = 0;

    while (s->timer_us <= until) {
        assert_true(++fired < 10000);
        s->now_us = s->timer_us > s->now_us ? s->timer_us : s->now_us;
        s->timer_us = INT64_MAX;
        stage_event(s, (struct event){.kind = EVENT_TIMER});
        stage_settle(s);
    }
    s->now_us = until;
}

/* Everything ends by itself, however it stands. */
static void pass_an_hour(struct stage *s)
{
    pass_time(s, INT64_C(60) * HOUR_US);
}

static struct peer *connect_client(struct stage *s, enum side_name name)
{
    struct sockaddr_storage a = {0};
    struct sockaddr_in *four = (void *)&a;
    struct peer *p = &s->peers[name];

    four->sin_family = AF_INET;
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four->sin_port = htons((uint16_t)(CLIENT_PORT + name));
    scarce_arm(stage_arm != NULL);
    p->number = engine_wire_new(s->engine);
    scarce_arm(false);
    if (p->number)
        stage_event(s, (struct event){.kind = EVENT_ACCEPTED, .wire = p->number, .address = &a});
    else
        p->closed = true;
    return p;
}

/* ---- scenarios' begin and end --------------------------------------------- */

#define ASK(host) "GET http://" host "/ HTTP/1.1\r\nHost: " host "\r\n\r\n"

/* A client is served, and served again: what another one's exchange lost is no
 * business of his. */
static void serve(struct talk *t, enum side_name name, const char *request)
{
    struct stage *s = &t->stage;
    struct peer *p = &s->peers[name];
    const char *answer = t->answer;
    bool tls = t->tls;

    stage_arm = NULL;
    if (!p->number)
        connect_client(s, name);
    buf_clear(&p->out);
    t->answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    t->tls = false;
    say(s, p, request);
    let_go_on(t);
    assert_true(bytes_ends_with(buf_bytes(&p->out), BYTES("\r\n\r\nhi")));
    t->answer = answer;
    t->tls = tls;
}

static bool warm;   /* another client was served before */
static int numbers; /* given out before, so that the queue of commands is nearly full */

static struct talk *talk_begin(void (*change)(struct settings *settings, struct arena *arena))
{
    static struct talk talk;

    stage_arm = NULL;
    stage_release(&talk.stage);
    memset(&talk, 0, sizeof(talk));
    stage_open(&talk.stage, 0, false, &(struct stage_setup){.change = change, .unpooled = true});
    talk.answer =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX: y\r\n\r\n";
    for (int i = 0; i < numbers; i++)
        assert_int_not_equal(engine_wire_new(talk.stage.engine), 0);
    if (warm)
        serve(&talk, C3, ASK("old.test"));
    stage_arm = scarce_arm;
    return &talk;
}

static void talk_end(struct talk *t)
{
    struct engine_stats stats;

    serve(t, C3, ASK("old.test"));
    pass_an_hour(&t->stage);
    engine_stats(t->stage.engine, &stats);
    assert_true(t->endless || stats.clients == 0);
    serve(t, C4, ASK("new.test"));
    stage_take_away(&t->stage);
    stage_check_nothing_left(&t->stage);
    stage_release(&t->stage);
    assert_int_equal(t->stage.pool.live_bytes, 0);
}

/* ---- scenarios ---------------------------------------------------------- */

static void a_plain_exchange(void)
{
    struct talk *t = talk_begin(NULL);
    struct peer *p = connect_client(&t->stage, C1);

    say(&t->stage, p,
        "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
        "5\r\nfirst\r\n");
    let_go_on(t);
    say(&t->stage, p, "0\r\nX: y\r\n\r\nGET http://a.test/2 HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let_go_on(t);
    talk_end(t);
}

static void a_tunnel(void)
{
    struct talk *t = talk_begin(NULL);
    struct peer *p = connect_client(&t->stage, C1);

    t->answer = "said by the origin";
    t->endless = true;
    say(&t->stage, p, "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n");
    say(&t->stage, p, "\x01 said by the client");
    let_go_on(t);
    say(&t->stage, p, "and more");
    let_go_on(t);
    talk_end(t);
}

static void show_flows(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->live = true;
}

static void an_exchange_that_is_shown(void)
{
    struct talk *t = talk_begin(show_flows);
    struct peer *p = connect_client(&t->stage, C1);

    t->endless = true; /* where its second part is not read */
    t->answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    say(&t->stage, p, ASK("a.test"));
    let_go_on(t);
    pass_time(&t->stage, 150 * 1000);
    t->answer = "5\r\nagain\r\n0\r\nX: y\r\n\r\n";
    if (t->stage.peers[U1].number)
        say(&t->stage, &t->stage.peers[U1], t->answer);
    let_go_on(t);
    talk_end(t);
}

static void a_tunnel_that_is_shown(void)
{
    struct talk *t = talk_begin(show_flows);
    struct peer *p = connect_client(&t->stage, C1);

    t->answer = "said by the origin";
    t->endless = true;
    say(&t->stage, p, "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n");
    say(&t->stage, p, "\x01 said by the client");
    let_go_on(t);
    pass_time(&t->stage, 150 * 1000);
    talk_end(t);
}

static void an_upgrade(void)
{
    struct talk *t = talk_begin(NULL);
    struct peer *p = connect_client(&t->stage, C1);

    t->endless = true;
    t->answer = "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw";
    say(&t->stage, p,
        "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n"
        "Upgrade: x\r\n\r\n");
    let_go_on(t);
    say(&t->stage, p, "raw too");
    talk_end(t);
}

static void a_tls_exchange(void)
{
    struct talk *t = talk_begin(NULL);
    struct peer *p = connect_client(&t->stage, C1);

    t->tls = true;
    say(&t->stage, p, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    if (!p->closed) {
        buf_clear(&p->out);
        p->tls = tls_peer_client(&(struct tls_role){.host = "a.test", .sni = "a.test"});
        stage_settle(&t->stage);
    }
    let_go_on(t);
    say(&t->stage, p, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let_go_on(t);
    talk_end(t);
}

static void through_a_proxy(struct settings *settings, struct arena *arena)
{
    settings->via = arena_alloc(arena, sizeof(*settings->via));
    settings->via[0] = (struct via_entry){.hosts = {.any = true},
                                          .host = BYTES("192.0.2.9"),
                                          .port = 3128,
                                          .credentials = BYTES("Basic eDp5")};
    settings->via_count = 1;
}

static void a_tunnel_through_a_proxy(void)
{
    struct talk *t = talk_begin(through_a_proxy);
    struct peer *p = connect_client(&t->stage, C1);

    t->endless = true;
    t->answer = "HTTP/1.1 200 OK\r\n\r\n";
    say(&t->stage, p, "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n");
    say(&t->stage, p, "\x01 said by the client");
    let_go_on(t);
    talk_end(t);
}

static void refusals(void)
{
    struct talk *t = talk_begin(NULL);
    struct peer *p = connect_client(&t->stage, C1);

    t->answer = "220 no HTTP\r\n";
    say(&t->stage, p, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let_go_on(t);
    say(&t->stage, p, "GET /own HTTP/1.1\r\nHost: a.test\r\n\r\n");
    say(&t->stage, p, "GET http://a.test/ HTTP/1.1\r\nHost : a.test\r\n\r\n");
    let_go_on(t);
    talk_end(t);
}

static struct ruleset *compile(struct stage *s, const char *yaml)
{
    struct source *source = arena_alloc(&s->arena, sizeof(*source));
    struct diags diags;
    struct config_reader reader = {.arena = &s->arena, .diags = &diags};
    struct node *root = NULL;
    struct ruleset *rules = NULL;

    *source = (struct source){.name = "proxy.yaml", .text = bytes_of(yaml)};
    diags_init(&diags);
    assert_int_equal(node_parse(&s->arena, source, &diags, &root), STATUS_OK);
    assert_int_equal(ruleset_compile(&reader, root, ".", s->rule_state, &rules), STATUS_OK);
    diags_release(&diags);
    return rules;
}

static void rules_at_work(void)
{
    struct talk *t = talk_begin(NULL);
    struct stage *s = &t->stage;
    struct ruleset *rules = compile(
        s, "rules:\n"
           "  - { name: slow, match: a.test, then: [delay: { request: 1s, response: 1s }] }\n"
           "  - { name: edit, match: a.test, then: { set: { response.header.x-a: b, "
           "request.header.x-c: d } } }\n"
           "  - { name: stub, match: a.test/stub, when: per client, then: { respond: { status: "
           "200, json: { path: $(request.path) } } } }\n"
           "  - { name: cut, match: a.test/cut, then: { abort: close } }\n");
    struct peer *p;

    stage_event(s, (struct event){.kind = EVENT_RULES, .rules = rules});
    ruleset_unref(rules);
    p = connect_client(s, C1);
    say(s, p, "POST http://a.test/stub HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");
    let_go_on(t);
    s->now_us += 3000000;
    stage_event(s, (struct event){.kind = EVENT_TIMER});
    say(s, p, "POST http://a.test/pass HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");
    let_go_on(t);
    s->now_us += 3000000;
    stage_event(s, (struct event){.kind = EVENT_TIMER});
    let_go_on(t);
    s->now_us += 3000000;
    stage_event(s, (struct event){.kind = EVENT_TIMER});
    say(s, p, "GET http://a.test/cut HTTP/1.1\r\nHost: a.test\r\n\r\n");
    talk_end(t);
}

static const char breaking_rules[] =
    "rules:\n"
    "  - { name: less,   match: tls.test, then: [tls: no_alpn, tls: max 1.2] }\n"
    "  - { name: alone,  match: tls.test, then: { tls: self_signed } }\n"
    "  - { name: slow,   match: tls.test, when: per client, then: [dns: delay 1s] }\n"
    "  - { name: alert,  match: alert.test, then: { tls: alert 40 } }\n"
    "  - { name: dead,   match: dead.test, then: [connect: delay 1s, connect: refuse] }\n";

static struct peer *open_tls(struct talk *t, enum side_name name, const char *connect,
                             const struct tls_role *role)
{
    struct peer *p = connect_client(&t->stage, name);

    say(&t->stage, p, connect);
    if (!p->closed) {
        buf_clear(&p->out);
        p->tls = tls_peer_client(role);
        stage_settle(&t->stage);
    }
    return p;
}

static void let_a_second_pass(struct talk *t)
{
    let_go_on(t);
    t->stage.now_us += 1000000;
    stage_event(&t->stage, (struct event){.kind = EVENT_TIMER});
    let_go_on(t);
}

static void rules_that_break_connections(void)
{
    struct talk *t = talk_begin(NULL);
    struct stage *s = &t->stage;
    struct ruleset *rules = compile(s, breaking_rules);
    struct peer *p;

    stage_event(s, (struct event){.kind = EVENT_RULES, .rules = rules});
    ruleset_unref(rules);
    p = connect_client(s, C1);
    say(s, p, "GET http://dead.test/ HTTP/1.1\r\nHost: dead.test\r\n\r\n");
    let_a_second_pass(t);
    say(s, p, "CONNECT dead.test:25 HTTP/1.1\r\nHost: dead.test:25\r\n\r\n");
    say(s, p, "\x01 said by the client");
    let_a_second_pass(t);
    open_tls(t, C2, "CONNECT alert.test:443 HTTP/1.1\r\nHost: alert.test:443\r\n\r\n",
             &(struct tls_role){.host = "alert.test", .sni = "alert.test"});
    let_go_on(t);
    talk_end(t);
}

/* As many of the things that hold or copy a message as one rule may ask for. */
static void faults_of_pace_and_shape(void)
{
    struct talk *t = talk_begin(NULL);
    struct stage *s = &t->stage;
    struct ruleset *rules = compile(
        s, "rules:\n"
           "  - { name: pace, match: a.test/pace, then: [info: { headers: { link: $(request.path) "
           "} }, duplicate: 2, gather: { count: 2, order: reverse }, throttle: { request: 1kB/s, "
           "response: 1kB/s }, dribble: { head: true, bytes: 8 }, delay: { chunks: 10ms }, "
           "stall: { after: 2, for: 1s }] }\n"
           "  - { name: cut, match: a.test/cut, then: { truncate: 3 } }\n");
    struct peer *p, *q;

    stage_event(s, (struct event){.kind = EVENT_RULES, .rules = rules});
    ruleset_unref(rules);
    p = connect_client(s, C1);
    q = connect_client(s, C2);
    say(s, p, "POST http://a.test/pace HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");
    say(s, q, "GET http://a.test/pace HTTP/1.1\r\nHost: a.test\r\n\r\n");
    for (int i = 0; i < ROUNDS; i++) {
        let_go_on(t);
        s->now_us += 250000;
        stage_event(s, (struct event){.kind = EVENT_TIMER});
    }
    say(s, q, "GET http://a.test/cut HTTP/1.1\r\nHost: a.test\r\n\r\n");
    let_go_on(t);
    talk_end(t);
}

static void rules_that_spoil_a_handshake(void)
{
    struct talk *t = talk_begin(NULL);
    struct stage *s = &t->stage;
    struct ruleset *rules = compile(s, breaking_rules);
    struct peer *p;

    stage_event(s, (struct event){.kind = EVENT_RULES, .rules = rules});
    ruleset_unref(rules);
    t->tls = true;
    p = open_tls(t, C1, "CONNECT tls.test:443 HTTP/1.1\r\nHost: tls.test:443\r\n\r\n",
                 &(struct tls_role){.host = "tls.test", .sni = "tls.test", .careless = true});
    let_go_on(t);
    say(s, p, "GET / HTTP/1.1\r\nHost: tls.test\r\n\r\n");
    let_a_second_pass(t);
    talk_end(t);
}

static void beginning(void)
{
    static struct stage s;
    struct engine_env env = {
        .settings = &s.settings, .ca = stage_ca(false), .tls = stage_tls(), .pool = &s.pool};
    struct engine *e = NULL;
    enum status st;

    s.settings.limits.fields = HTTP_FIELDS;
    chunk_pool_init(&s.pool, 1);
    scarce_arm(true);
    st = engine_new(&env, NULL, &e);
    scarce_arm(false);
    assert_int_equal(st, scarce_failed() ? STATUS_NO_MEMORY : STATUS_OK);
    engine_free(e);
    chunk_pool_release(&s.pool);
}

static void torture(void (*scenario)(void))
{
    warm = false;
    scarce_play(scenario);
    warm = true;
    scarce_play(scenario);
}

/* ---- tests -------------------------------------------------------------- */

static void begins_or_says_that_it_cannot(void **state)
{
    (void)state;
    scarce_play(beginning);
}

static void survives_a_plain_exchange(void **state)
{
    (void)state;
    torture(a_plain_exchange);
}

static void survives_showing_open_flows(void **state)
{
    (void)state;
    torture(an_exchange_that_is_shown);
    torture(a_tunnel_that_is_shown);
}

static void survives_tunnels(void **state)
{
    (void)state;
    torture(a_tunnel);
    torture(an_upgrade);
    torture(a_tunnel_through_a_proxy);
}

static void survives_a_tls_exchange(void **state)
{
    (void)state;
    torture(a_tls_exchange);
}

static void survives_a_full_queue_of_commands(void **state)
{
    (void)state;
    for (numbers = QUEUE_PLACES / 2; numbers < QUEUE_PLACES; numbers++) {
        scarce_play(a_plain_exchange);
        scarce_play(a_tunnel);
    }
    numbers = 0;
}

static void survives_refusing(void **state)
{
    (void)state;
    torture(refusals);
}

static void survives_rules_at_work(void **state)
{
    (void)state;
    torture(rules_at_work);
    torture(rules_that_break_connections);
    torture(rules_that_spoil_a_handshake);
    torture(faults_of_pace_and_shape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(begins_or_says_that_it_cannot),
        cmocka_unit_test(survives_a_plain_exchange),
        cmocka_unit_test(survives_tunnels),
        cmocka_unit_test(survives_showing_open_flows),
        cmocka_unit_test(survives_a_tls_exchange),
        cmocka_unit_test(survives_a_full_queue_of_commands),
        cmocka_unit_test(survives_refusing),
        cmocka_unit_test(survives_rules_at_work),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
