/* Flows that stay open are shown before their end, if a sink asks for it. */
#include "playbook.h"

#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define GET "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define SENT_GET "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define PUT "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n"
#define SENT_PUT "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n"
#define HEAD(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n"
#define CONNECT "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n"
#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

static void show(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->live = true;
}

static void shows_a_stream_while_it_is_open(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET),
        MEET(U1),
        OUT(U1, SENT_GET),
        IN(U1, HEAD("15") "first"),
        OUT(C1, HEAD("15") "first"),
        WAIT(99),
        NO_FLOW,
        WAIT(1),
        FLOW("live http GET http://a.test/ 200 open 0/5"),
        FLOW("data response first"),
        IN(U1, "again"),
        OUT(C1, "again"),
        FLOW("data response again"),
        WAIT(1000),
        NO_FLOW,
        IN(U1, "final"),
        OUT(C1, "final"),
        FLOW("data response final"),
        FLOW("http GET http://a.test/ 200 complete 0/15"),
        IN(C1, GET), /* nothing of it is left */
        OUT(U1, SENT_GET),
        IN(U1, HEAD("2") "ok"),
        OUT(C1, HEAD("2") "ok"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        WAIT(1000),
        NO_FLOW,
    };
    (void)state;
    PLAY_WITH(steps, show);
}

static void shows_a_request_that_comes_slowly_and_waits_long(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, PUT "01234"),
        MEET(U1),
        OUT(U1, SENT_PUT "01234"),
        WAIT(100),
        FLOW("live http PUT http://a.test/ 0 open 5/0"),
        FLOW("data request 01234"),
        IN(C1, "56789"),
        OUT(U1, "56789"),
        FLOW("data request 56789"),
        WAIT(5000),
        NO_FLOW,
        PEER_RESET(C1),
        RST(U1),
        FLOW_STARTS("http PUT http://a.test/ 0 client_reset 10/0"),
    };
    (void)state;
    PLAY_WITH(steps, show);
}

static void says_nothing_early_of_short_flows(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET),
        MEET(U1),
        WAIT(99),
        OUT(U1, SENT_GET),
        IN(U1, HEAD("2") "ok"),
        OUT(C1, HEAD("2") "ok"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        WAIT(1000),
        NO_FLOW,
    };
    (void)state;
    PLAY_WITH(steps, show);
}

static void says_nothing_early_when_no_sink_asks(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET),
        MEET(U1),
        OUT(U1, SENT_GET),
        WAIT(1000),
        NO_FLOW,
        IN(U1, HEAD("2") "ok"),
        OUT(C1, HEAD("2") "ok"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void shows_each_when_its_own_time_has_come(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET),
        MEET(U1),
        OUT(U1, SENT_GET),
        WAIT(60),
        ACCEPT(C2),
        IN(C2, PUT),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_PUT),
        WAIT(20),
        ACCEPT(C3),
        IN(C3, GET),
        DIAL(U3, "192.0.2.1:80"),
        OUT(U3, SENT_GET),
        WAIT(19),
        NO_FLOW,
        WAIT(1),
        FLOW("live http GET http://a.test/ 0 open"),
        PEER_RESET(C2), /* of those that wait the first one */
        RST(U2),
        FLOW("http PUT http://a.test/ 0 client_reset"),
        WAIT(79),
        NO_FLOW,
        WAIT(1),
        FLOW("live http GET http://a.test/ 0 open"),
        PEER_RESET(C1),
        FLOW("http GET http://a.test/ 0 client_reset"),
        PEER_RESET(C3),
        FLOW("http GET http://a.test/ 0 client_reset"),
    };
    (void)state;
    PLAY_WITH(steps, show);
}

static void shows_what_rules_have_done_so_far(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { name: slow, match: a.test, then: [tag: odd, delay: { response: 1s }] }\n"),
        ACCEPT(C1),
        IN(C1, GET),
        MEET(U1),
        OUT(U1, SENT_GET),
        IN(U1, HEAD("2") "ok"),
        WAIT(100),
        FLOW_STARTS("live http GET http://a.test/ 0 open "),
        OUT_ANY(C1),
        WAIT(900),
        OUT(C1, HEAD("2") "ok"),
        FLOW_STARTS("data response ok"),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/2 "),
    };
    (void)state;
    PLAY_WITH(steps, show);
}

static void forgets_what_a_rule_keeps_out_of_the_log_later(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { name: quiet, match: { host: a.test, response: { status: 200 } },\n"
                  "      then: { log: off } }\n"),
        ACCEPT(C1),
        IN(C1, GET),
        MEET(U1),
        OUT(U1, SENT_GET),
        WAIT(100),
        FLOW("live http GET http://a.test/ 0 open"),
        IN(U1, HEAD("2") "ok"),
        OUT(C1, HEAD("2") "ok"),
        FLOW("forget"),
        IN(C1, PUT "0123456789"),
        OUT(U1, SENT_PUT "0123456789"),
        IN(U1, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        OUT(C1, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        FLOW("http PUT http://a.test/ 404 complete 10/0"),
    };
    (void)state;
    PLAY_WITH(steps, show);
}

static void shows_a_tunnel_and_its_end_as_one_flow(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, CONNECT),
        OUT(C1, ESTABLISHED),
        IN(C1, "!binary nonsense"),
        RESOLVE("db.test", "192.0.2.7"),
        DIAL(U1, "192.0.2.7:5432"),
        OUT(U1, "!binary nonsense"),
        WAIT(99),
        NO_FLOW,
        WAIT(1),
        FLOW("live tunnel db.test:5432 0 open 16/0"),
        IN(U1, "ready"),
        OUT(C1, "ready"),
        NO_FLOW,
        PEER_EOF(C1),
        FIN(U1),
        PEER_EOF(U1),
        FIN(C1),
        CLOSED(C1),
        CLOSED(U1),
        FLOW("tunnel db.test:5432 0 tunnel_ended 16/5"),
    };
    (void)state;
    PLAY_WITH(steps, show);
}

static void shows_no_tunnel_that_ended_at_once(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, CONNECT),
        OUT(C1, ESTABLISHED),
        IN(C1, "!binary nonsense"),
        RESOLVE("db.test", "192.0.2.7"),
        DIAL(U1, "192.0.2.7:5432"),
        OUT(U1, "!binary nonsense"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("tunnel db.test:5432 0 origin_reset 16/0"),
        WAIT(1000),
        NO_FLOW,
    };
    (void)state;
    PLAY_WITH(steps, show);
}

/* The end overtakes nothing: records go out in their order, however late they come back. */
static void survives_a_log_that_gives_nothing_back(void **state)
{
    static const struct step steps[] = {
        LOG_HOLD,
        ACCEPT(C1),
        IN(C1, GET),
        MEET(U1),
        OUT(U1, SENT_GET),
        WAIT(100),
        IN(U1, HEAD("2") "ok"),
        OUT(C1, HEAD("2") "ok"),
        PEER_RESET(C1),
        DRAIN_NOW,
        NOT_DRAINED,
        LOG_BACK,
        DRAINED,
        FLOW("live http GET http://a.test/ 0 open"),
        FLOW("data response ok"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
    };
    (void)state;
    PLAY_WITH(steps, show);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_a_stream_while_it_is_open),
        cmocka_unit_test(shows_a_request_that_comes_slowly_and_waits_long),
        cmocka_unit_test(says_nothing_early_of_short_flows),
        cmocka_unit_test(says_nothing_early_when_no_sink_asks),
        cmocka_unit_test(shows_each_when_its_own_time_has_come),
        cmocka_unit_test(shows_what_rules_have_done_so_far),
        cmocka_unit_test(forgets_what_a_rule_keeps_out_of_the_log_later),
        cmocka_unit_test(shows_a_tunnel_and_its_end_as_one_flow),
        cmocka_unit_test(shows_no_tunnel_that_ended_at_once),
        cmocka_unit_test(survives_a_log_that_gives_nothing_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
