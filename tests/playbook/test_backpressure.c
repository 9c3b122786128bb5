/* Slow readers: what is not taken is not read, memory stays bounded, and all goes on
 * when there is room. Both directions, plain, within TLS, in tunnels, under a full
 * log. */
#include "playbook.h"

enum { MUCH = 8 * 1024 * 1024, SOME = 2 * 1024 * 1024, KIB = 1024 };

#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define ASK                                                                                        \
    ACCEPT(C1), IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"), MEET(U1),           \
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
#define MUCH_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 8388608\r\n\r\n"
#define SOME_HEAD "HTTP/1.1 200 OK\r\nContent-Length: 2097152\r\n\r\n"
#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

static void stops_reading_an_origin_at_256_kib(void **state)
{
    static const struct step steps[] = {
        ASK,
        HOLD(C1),
        IN(U1, MUCH_HEAD),
        IN_REPEATED(U1, 255 * KIB),
        READS(U1, 1),
        IN_REPEATED(U1, 1 * KIB),
        READS(U1, 0),
        PEER_RESET(C1),
        RST(U1),
        OUT_BEGINS(C1, MUCH_HEAD),
        FLOW("http GET http://a.test/ 200 client_reset 0/262144"),
    };
    (void)state;
    PLAY(steps);
}

static void reads_an_origin_again_under_64_kib(void **state)
{
    static const struct step steps[] = {
        ASK,
        IN(U1, MUCH_HEAD),
        OUT(C1, MUCH_HEAD),
        HOLD(C1),
        IN_REPEATED(U1, 64 * KIB),
        IN_REPEATED(U1, 512 * KIB),
        READS(U1, 0),
        TAKE(C1),
        READS(U1, 1),
        OUT_COUNT(C1, 256 * KIB),
        PEER_RESET(U1),
        RST(C1),
        FLOW("http GET http://a.test/ 200 origin_reset 0/262144"),
    };
    (void)state;
    PLAY(steps);
}

static void passes_a_long_body_in_constant_memory(void **state)
{
    static const struct step down[] = {
        ASK,
        IN(U1, MUCH_HEAD),
        OUT(C1, MUCH_HEAD),
        FLOOD(U1, C1, MUCH),
        OUT_COUNT(C1, MUCH),
        FLOW("http GET http://a.test/ 200 complete 0/8388608"),
        SILENT(C1),
        SILENT(U1),
    };
    static const struct step up[] = {
        ACCEPT(C1),
        IN(C1, "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8388608\r\n\r\n"),
        MEET(U1),
        OUT(U1, "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8388608\r\n\r\n"),
        FLOOD(C1, U1, MUCH),
        OUT_COUNT(U1, MUCH),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\n"),
        FLOW("http PUT http://a.test/ 204 complete 8388608/0"),
        SILENT(C1),
    };
    (void)state;
    PLAY_FEW(down);
    PLAY_FEW(up);
}

static void holds_an_upload_until_its_connection_stands(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2097152\r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:80"),
        IN_REPEATED(C1, 512 * KIB),
        READS(C1, 0),
        CONNECTED(U1),
        READS(C1, 1),
        OUT_COUNT(U1, 57 + 256 * KIB),
        FLOOD(C1, U1, SOME - 256 * KIB),
        OUT_COUNT(U1, SOME - 256 * KIB),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\n"),
        FLOW("http PUT http://a.test/ 204 complete 2097152/0"),
    };
    (void)state;
    PLAY_FEW(steps);
}

/* The client sees why only after it has sent what it has to send. */
static void reads_on_when_the_origin_of_an_upload_is_gone(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 524288\r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:80"),
        IN_REPEATED(C1, 256 * KIB),
        READS(C1, 0),
        REFUSED(U1, "connection refused"),
        PAGE_CLOSE(C1, "502 Bad Gateway",
                   "No connection to the host could be made: a.test:80 (connection refused).",
                   "connect_failed"),
        READS(C1, 1),
        IN_REPEATED(C1, 256 * KIB),
        FIN(C1),
        FLOW("http PUT http://a.test/ 502 connect_failed 524288/112"),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    static const struct step broken[] = {
        ACCEPT(C1),
        IN(C1, "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 524288\r\n\r\n"),
        MEET(U1),
        OUT(U1, "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 524288\r\n\r\n"),
        HOLD(U1),
        IN_REPEATED(C1, 256 * KIB),
        READS(C1, 0),
        OUT_BEGINS(U1, "xxx"),
        PEER_RESET(U1),
        PAGE_CLOSE(C1, "502 Bad Gateway", "The origin reset the connection: a.test:80.",
                   "origin_reset"),
        IN_REPEATED(C1, 256 * KIB),
        FIN(C1),
        FLOW("http PUT http://a.test/ 502 origin_reset 524288/81"),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    static const struct step too_much[] = {
        ACCEPT(C1),
        IN(C1, "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 8388608\r\n\r\n"),
        RESOLVE_FAILS("a.test"),
        PAGE_CLOSE(C1, "502 Bad Gateway",
                   "The host's name could not be resolved: a.test:80 (name or service not known).",
                   "dns_failed"),
        IN_REPEATED(C1, 1024 * KIB),
        SILENT(C1),
        IN_REPEATED(C1, 1 * KIB),
        FIN(C1),
        FLOW("http PUT http://a.test/ 502 dns_failed 1049600/113"),
        IN_REPEATED(C1, 512 * KIB),
        WAIT(2000),
        CLOSED(C1),
    };
    (void)state;
    PLAY_FEW(steps);
    PLAY_FEW(broken);
    PLAY_FEW(too_much);
}

static void does_not_blame_the_client_for_a_slow_origin(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 524288\r\n\r\n"),
        MEET(U1),
        OUT(U1, "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 524288\r\n\r\n"),
        HOLD(U1),
        IN_REPEATED(C1, 512 * KIB),
        READS(C1, 0),
        WAIT(500000),
        TAKE(U1),
        READS(C1, 1),
        OUT_COUNT(U1, 256 * KIB),
        WAIT(119999),
        SILENT(C1),
        WAIT(120000),
        PAGE_CLOSE(C1, "408 Request Timeout", "The client took too long to send its request.",
                   "client_slow"),
        FIN(C1),
        CLOSED(U1),
        FLOW("http PUT http://a.test/ 408 client_slow 262144/86"),
    };
    (void)state;
    PLAY_FEW(steps);
}

static void gives_no_more_to_a_client_that_pipelines_and_does_not_read(void **state)
{
    static const struct step steps[] = {
        ASK,
        HOLD(C1),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        OUT_BEGINS(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        IN(C1, "GET http://a.test/2 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        SILENT(U1),
        IN_REPEATED(C1, 512 * KIB),
        READS(C1, 0),
        TAKE(C1),
        OUT(U1, "GET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        PEER_RESET(C1),
        RST(U1),
        OUT_ANY(C1),
        FLOW("http GET http://a.test/2 0 client_reset"),
    };
    (void)state;
    PLAY_FEW(steps);
}

/* ---- tunnels ------------------------------------------------------------ */

#define TO_DB                                                                                      \
    ACCEPT(C1), IN(C1, "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n"),             \
        OUT(C1, ESTABLISHED), IN(C1, "\x01")

static void floods_no_tunnel(void **state)
{
    static const struct step steps[] = {
        TO_DB,
        RESOLVE("db.test", "192.0.2.7"),
        DIAL(U1, "192.0.2.7:5432"),
        OUT(U1, "\x01"),
        FLOOD(U1, C1, SOME),
        OUT_COUNT(C1, SOME),
        FLOOD(C1, U1, SOME),
        OUT_COUNT(U1, SOME),
        PEER_EOF(U1),
        FIN(C1),
        PEER_EOF(C1),
        CLOSED(C1),
        FLOW("tunnel db.test:5432 0 tunnel_ended 2097153/2097152"),
    };
    static const struct step undialled[] = {
        TO_DB,
        RESOLVE("db.test", "192.0.2.7"),
        DIAL_OPEN(U1, "192.0.2.7:5432"),
        IN_REPEATED(C1, 512 * KIB),
        READS(C1, 0),
        CONNECTED(U1),
        READS(C1, 1),
        OUT_COUNT(U1, 1 + 64 * KIB),
        PEER_RESET(U1),
        RST(C1),
        FLOW("tunnel db.test:5432 0 origin_reset 65537/0"),
    };
    (void)state;
    PLAY_FEW(steps);
    PLAY_FEW(undialled);
}

static void flushes_a_tunnel_before_its_end(void **state)
{
    static const struct step steps[] = {
        TO_DB,
        RESOLVE("db.test", "192.0.2.7"),
        DIAL(U1, "192.0.2.7:5432"),
        OUT(U1, "\x01"),
        HOLD(C1),
        HOLD(U1),
        IN(C1, "last words"),
        IN(U1, "of both"),
        PEER_EOF(C1),
        PEER_EOF(U1),
        TAKE(C1),
        FIN(C1),
        OUT(C1, "of both"),
        TAKE(U1),
        FIN(U1),
        OUT(U1, "last words"),
        CLOSED(C1),
        CLOSED(U1),
        FLOW("tunnel db.test:5432 0 tunnel_ended 11/7"),
    };
    (void)state;
    PLAY(steps);
}

#define UPGRADE                                                                                    \
    "GET http://a.test/ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n"                     \
    "Upgrade: websocket\r\n\r\n"
#define SENT_UPGRADE                                                                               \
    "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCHED                                                                                   \
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void floods_no_upgrade(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, UPGRADE),
        MEET(U1),
        OUT(U1, SENT_UPGRADE),
        IN(U1, SWITCHED),
        OUT(C1, SWITCHED),
        FLOOD(U1, C1, SOME),
        OUT_COUNT(C1, SOME),
        FLOOD(C1, U1, SOME),
        OUT_COUNT(U1, SOME),
        HOLD(C1),
        HOLD(U1),
        IN(C1, "last words"),
        IN(U1, "of both"),
        PEER_EOF(C1),
        PEER_EOF(U1),
        TAKE(C1),
        OUT(C1, "of both"),
        TAKE(U1),
        OUT(U1, "last words"),
        CLOSED(C1),
        CLOSED(U1),
        FLOW("http GET http://a.test/ws 101 upgraded 2097162/2097159"),
    };
    (void)state;
    PLAY_FEW(steps);
}

/* Nobody waits for it any more; but what was said is not taken back so soon. */
static void gives_up_an_origin_that_does_not_take_the_last_words(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),       IN(C1, UPGRADE),
        MEET(U1),         OUT(U1, SENT_UPGRADE),
        IN(U1, SWITCHED), OUT(C1, SWITCHED),
        HOLD(U1),         IN(C1, "last"),
        IN(C1, " words"), PEER_EOF(C1),
        PEER_EOF(U1),     FIN(C1),
        CLOSED(C1),       FLOW("http GET http://a.test/ws 101 upgraded 10/0"),
        OUT_ANY(U1),      WAIT(119999),
        SILENT(U1),       WAIT(1),
        CLOSED(U1),
    };
    (void)state;
    PLAY(steps);
}

/* ---- TLS ---------------------------------------------------------------- */

#define OVER_TLS                                                                                   \
    ACCEPT(C1), IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),                 \
        OUT(C1, ESTABLISHED), TLS_CLIENT(C1, "a.test"), RESOLVE("a.test", "192.0.2.1"),            \
        DIAL(U1, "192.0.2.1:443"), TLS_ORIGIN(U1, "a.test"), TLS_READY(C1)

static void passes_a_long_body_through_tls_in_constant_memory(void **state)
{
    static const struct step down[] = {
        OVER_TLS,
        IN(C1, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, SOME_HEAD),
        OUT(C1, SOME_HEAD),
        FLOOD(U1, C1, SOME),
        OUT_COUNT(C1, SOME),
        FLOW("http GET https://a.test/ 200 complete 0/2097152"),
        SILENT(C1),
        SILENT(U1),
    };
    static const struct step up[] = {
        OVER_TLS,
        IN(C1, "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2097152\r\n\r\n"),
        OUT(U1, "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2097152\r\n\r\n"),
        FLOOD(C1, U1, SOME),
        OUT_COUNT(U1, SOME),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\n"),
        FLOW("http PUT https://a.test/ 204 complete 2097152/0"),
    };
    (void)state;
    PLAY_FEW(down);
    PLAY_FEW(up);
}

/* ---- the log ------------------------------------------------------------ */

static void reads_no_requests_while_the_log_is_full(void **state)
{
    static const struct step steps[] = {
        ASK,
        LOG_FULL,
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        IN(C1, "GET http://a.test/2 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        SILENT(U1),
        IN_REPEATED(C1, 512 * KIB),
        READS(C1, 0),
        LOG_ROOM,
        OUT(U1, "GET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        PEER_RESET(C1),
        RST(U1),
        FLOW("http GET http://a.test/2 0 client_reset"),
    };
    (void)state;
    PLAY_FEW(steps);
}

/* CONNECT and what comes behind it lie in several pieces that nobody took yet. */
static void keeps_the_order_of_what_waited(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        LOG_FULL,
        IN(C1, "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n"),
        IN(C1, "GE"),
        IN(C1, "T /1 HTTP/1.1\r\nHo"),
        IN(C1, "st: a.test\r\n\r\nGET /2 HT"),
        IN(C1, "TP/1.1\r\nHost: a.test\r\n\r\n"),
        SILENT(C1),
        LOG_ROOM,
        OUT(C1, ESTABLISHED),
        MEET(U1),
        OUT(U1, "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(U1, "GET /2 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n"),
        FLOW("http GET http://a.test/1 204 complete"),
        FLOW("http GET http://a.test/2 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void keeps_flows_whole_while_the_log_holds_them(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - name: edits\n"
                  "    match: GET a.test/edited\n"
                  "    then: { set: { request.header.x-a: edited, response.header.x-b: too } }\n"
                  "  - { name: stub, match: GET a.test/stub, then: { respond: { status: 200, "
                  "text: made } } }\n"),
        LOG_HOLD,
        ACCEPT(C1),
        IN(C1, "GET http://a.test/edited HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        MEET(U1),
        OUT(U1, "GET /edited HTTP/1.1\r\nHost: a.test\r\nx-a: edited\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        OUT_BEGINS(C1, "HTTP/1.1 200 OK\r\n"),
        IN(C1, "GET http://a.test/stub HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT_BEGINS(C1, "HTTP/1.1 200 OK\r\n"),
        NO_FLOW,
        RULES_ARE("rules: []\n"),
        PEER_RESET(C1),
        LOG_BACK,
        FLOW("http GET http://a.test/edited 200 complete 0/2 [proxy.yaml:2 edits: x-a: (none) → "
             "edited] [proxy.yaml:2 edits: x-weir-rule: + edits] [proxy.yaml:2 edits: x-b: (none) "
             "→ too]"),
        FLOW("http GET http://a.test/stub 200 answered_by_rule 0/4 [proxy.yaml:5 stub: answered "
             "200]"),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stops_reading_an_origin_at_256_kib),
        cmocka_unit_test(reads_an_origin_again_under_64_kib),
        cmocka_unit_test(passes_a_long_body_in_constant_memory),
        cmocka_unit_test(holds_an_upload_until_its_connection_stands),
        cmocka_unit_test(reads_on_when_the_origin_of_an_upload_is_gone),
        cmocka_unit_test(does_not_blame_the_client_for_a_slow_origin),
        cmocka_unit_test(gives_no_more_to_a_client_that_pipelines_and_does_not_read),
        cmocka_unit_test(floods_no_tunnel),
        cmocka_unit_test(flushes_a_tunnel_before_its_end),
        cmocka_unit_test(floods_no_upgrade),
        cmocka_unit_test(gives_up_an_origin_that_does_not_take_the_last_words),
        cmocka_unit_test(passes_a_long_body_through_tls_in_constant_memory),
        cmocka_unit_test(reads_no_requests_while_the_log_is_full),
        cmocka_unit_test(keeps_the_order_of_what_waited),
        cmocka_unit_test(keeps_flows_whole_while_the_log_holds_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
