/* Rules at work in the engine: answers, delays, edits, ends. */
#include "playbook.h"

#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define GET(path) "GET http://a.test" path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define SENT_GET(path) "GET " path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define POST(length)                                                                               \
    "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: " length "\r\n\r\n"
#define DATE "Date: Mon, 21 Sep 2026 14:13:21 GMT\r\n"
#define MARK(name) "x-weir-rule: " name "\r\n"
#define STUB                                                                                       \
    "rules:\n  - { name: stub, match: a.test, then: { respond: { status: 200, text: made } } }\n"
#define MADE(close)                                                                                \
    "HTTP/1.1 200 OK\r\n" DATE                                                                     \
    "Content-Type: text/plain; charset=utf-8\r\n" MARK("stub") "Content-Length: 4\r\n" close       \
                                                               "\r\nmade"
#define MADE_FLOW(method, sizes)                                                                   \
    "http " method " http://a.test/ 200 answered_by_rule " sizes                                   \
    " [proxy.yaml:2 stub: answered 200]"

/* ---- answers ------------------------------------------------------------ */

static void answers_without_asking_anyone(void **state)
{
    static const struct step steps[] = {
        RULES_ARE(STUB),
        ACCEPT(C1),
        IN(C1, GET("/") GET("/")),
        NO_DIAL,
        OUT(C1, MADE("") MADE("")),
        FLOW(MADE_FLOW("GET", "0/4")),
        FLOW(MADE_FLOW("GET", "0/4")),
        IN(C1, "HEAD http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\n" DATE "Content-Type: text/plain; charset=utf-8\r\n" MARK(
                    "stub") "Content-Length: 4\r\n\r\n"),
        FLOW("http HEAD http://a.test/ 200 answered_by_rule [proxy.yaml:2 stub: answered 200]"),
        NO_DIAL,
        SILENT(C1),
    };
    (void)state;
    PLAY(steps);
}

static void reads_the_request_before_it_answers(void **state)
{
    static const struct step steps[] = {
        RULES_ARE(STUB), ACCEPT(C1),        IN(C1, POST("4") "bo"),         SILENT(C1),
        IN(C1, "dy"),    OUT(C1, MADE("")), FLOW(MADE_FLOW("POST", "4/4")), SILENT(C1),
    };
    (void)state;
    PLAY(steps);
}

static void waits_only_so_long_for_the_request(void **state)
{
    static const struct step steps[] = {
        RULES_ARE(STUB),
        ACCEPT(C1),
        IN(C1, POST("4") "bo"),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "HTTP/1.1 200 OK\r\n" DATE "Content-Type: text/plain; charset=utf-8\r\n" MARK(
                    "stub") "Content-Length: 4\r\nConnection: close\r\n\r\nmade"),
        SILENT(C1),
        IN(C1, "dy"),
        FIN(C1),
        FLOW(MADE_FLOW("POST", "4/4")),
    };
    (void)state;
    PLAY(steps);
}

static void reads_at_most_a_mebibyte_before_it_answers(void **state)
{
    static const struct step steps[] = {
        RULES_ARE(STUB),
        ACCEPT(C1),
        IN(C1, POST("8388608")),
        IN_REPEATED(C1, 1024 * 1024),
        SILENT(C1),
        IN_REPEATED(C1, 1),
        OUT(C1, MADE("Connection: close\r\n")),
        SILENT(C1),
        IN_REPEATED(C1, 1024 * 1024),
        SILENT(C1),
        IN_REPEATED(C1, 1),
        FIN(C1),
        FLOW(MADE_FLOW("POST", "2097154/4")),
    };
    (void)state;
    PLAY_FEW(steps);
}

static void answers_early_where_told(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: stub, match: a.test, then: { respond: { status: 200, text: "
                  "made, early: true } } }\n"),
        ACCEPT(C1),
        IN(C1, POST("4") "b"),
        OUT(C1, MADE("Connection: close\r\n")),
        IN(C1, "ody"),
        FIN(C1),
        FLOW(MADE_FLOW("POST", "4/4")),
    };
    (void)state;
    PLAY(steps);
}

static void answers_at_once_who_expects_100_continue(void **state)
{
    static const struct step steps[] = {
        RULES_ARE(STUB),
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\n"
               "Content-Length: 4\r\n\r\n"),
        OUT(C1, MADE("Connection: close\r\n")),
        PEER_EOF(C1),
        RST(C1),
        FLOW("http POST http://a.test/ 200 client_truncated 0/4 [proxy.yaml:2 stub: answered 200]"),
    };
    (void)state;
    PLAY(steps);
}

static void holds_its_answer(void **state)
{
    static const struct step steps[] = {
        RULES_ARE(
            "rules:\n"
            "  - { name: later, match: a.test, then: [delay: { response: 2s }] }\n"
            "  - { name: stub, match: a.test, then: { respond: { status: 200, text: made } } }\n"),
        ACCEPT(C1),
        IN(C1, POST("2") "hi"),
        WAIT(1999),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "HTTP/1.1 200 OK\r\nDate: Mon, 21 Sep 2026 14:13:21 GMT\r\n"
                "Content-Type: text/plain; charset=utf-8\r\n" MARK(
                    "stub") "Content-Length: 4\r\n\r\nmade"),
        FLOW("http POST http://a.test/ 200 answered_by_rule 2/4 [proxy.yaml:2 later: response held "
             "2000.0 ms] [proxy.yaml:3 stub: answered 200]"),
    };
    static const struct step leaving[] = {
        RULES_ARE("rules:\n"
                  "  - { name: later, match: a.test, then: [delay: { response: 2s }] }\n"
                  "  - { name: stub, match: a.test, then: { respond: 204 } }\n"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        WAIT(1000),
        PEER_RESET(C1),
        FLOW("http GET http://a.test/ 0 client_reset [proxy.yaml:2 later: response held 2000.0 ms] "
             "[proxy.yaml:3 stub: answered 204]"),
        WAIT(2000),
    };
    (void)state;
    PLAY(steps);
    PLAY(leaving);
}

static void plays_a_sequence(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: recovery, match: a.test, then: { sequence: [500, 503, pass] "
                  "} }\n"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        OUT_BEGINS(C1, "HTTP/1.1 500 Internal Server Error\r\n"),
        FLOW_STARTS("http GET http://a.test/ 500 answered_by_rule "),
        IN(C1, GET("/")),
        OUT_BEGINS(C1, "HTTP/1.1 503 Service Unavailable\r\n"),
        FLOW_STARTS("http GET http://a.test/ 503 answered_by_rule "),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete [proxy.yaml:2 recovery: passed]"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- ends --------------------------------------------------------------- */

static void aborts_as_told(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { name: shut, match: a.test/close, then: { abort: close } }\n"
                  "  - { name: rst, match: a.test/reset, then: { abort: reset } }\n"),
        ACCEPT(C1),
        IN(C1, GET("/close")),
        NO_DIAL,
        FIN(C1),
        FLOW("http GET http://a.test/close 0 aborted_by_rule [proxy.yaml:2 shut: connection "
             "closed]"),
        ACCEPT(C2),
        IN(C2, GET("/reset")),
        RST(C2),
        FLOW("http GET http://a.test/reset 0 aborted_by_rule [proxy.yaml:3 rst: connection reset]"),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

static void leaves_a_client_hanging(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: hang, match: a.test, then: { abort: hang } }\n"),
        ACCEPT(C1),
        IN(C1, POST("4") "bo"),
        FLOW("http POST http://a.test/ 0 aborted_by_rule [proxy.yaml:2 hang: left hanging]"),
        IN(C1, "dy and more"),
        WAIT(599999),
        SILENT(C1),
        WAIT(1),
        CLOSED(C1),
    };
    static const struct step patient[] = {
        RULES_ARE("rules:\n  - { name: hang, match: a.test, then: { abort: hang } }\n"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        FLOW("http GET http://a.test/ 0 aborted_by_rule [proxy.yaml:2 hang: left hanging]"),
        ACCEPT(C2),
        IN(C2, GET("/")),
        FLOW("http GET http://a.test/ 0 aborted_by_rule [proxy.yaml:2 hang: left hanging]"),
        ACCEPT(C3),
        IN(C3, GET("/")),
        FLOW("http GET http://a.test/ 0 aborted_by_rule [proxy.yaml:2 hang: left hanging]"),
        PEER_EOF(C1),
        CLOSED(C1),
        PEER_RESET(C2),
        DRAIN_NOW,
        RST(C3),
        DRAINED,
    };
    (void)state;
    PLAY(steps);
    PLAY(patient);
}

/* ---- delays ------------------------------------------------------------- */

static void holds_a_request_for_its_delay(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: slow, match: a.test, then: [delay: 300ms] }\n"),
        ACCEPT(C1),
        IN(C1, POST("4") "body"),
        NO_DIAL,
        WAIT(299),
        NO_DIAL,
        WAIT(1),
        MEET(U1),
        OUT(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW(
            "http POST http://a.test/ 204 complete 4/0 [proxy.yaml:2 slow: request held 300.0 ms]"),
    };
    static const struct step big[] = {
        RULES_ARE("rules:\n  - { name: slow, match: a.test, then: [delay: 300s] }\n"),
        ACCEPT(C1),
        IN(C1, POST("524288")),
        IN_REPEATED(C1, 512 * 1024),
        READS(C1, 0),
        WAIT(299999),
        SILENT(C1),
        WAIT(1),
        MEET(U1),
        READS(C1, 1),
        OUT_ANY(U1),
        IN_REPEATED(C1, 256 * 1024),
        OUT_COUNT(U1, 256 * 1024),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http POST http://a.test/ 204 complete 524288/0 [proxy.yaml:2 slow: request held "
             "300000.0 ms]"),
    };
    static const struct step leaving[] = {
        RULES_ARE("rules:\n  - { name: slow, match: a.test, then: [delay: 300ms] }\n"),
        ACCEPT(C1),
        IN(C1, POST("4") "bo"),
        PEER_EOF(C1),
        RST(C1),
        FLOW("http POST http://a.test/ 0 client_truncated 2/0 [proxy.yaml:2 slow: request held "
             "300.0 ms]"),
        WAIT(300),
        NO_DIAL,
    };
    (void)state;
    PLAY(steps);
    PLAY_FEW(big);
    PLAY(leaving);
}

static void mind_the_body(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->timeouts.body_idle = 1 * 1000000;
}

static void holds_a_response_for_its_delay(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: slow, match: a.test, then: [delay: { response: 5s }] }\n"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 103 Early Hints\r\n\r\n"),
        OUT(C1, "HTTP/1.1 103 Early Hints\r\n\r\n"),
        IN(U1,
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-End: 1\r\n\r\n"),
        SILENT(U1),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                        "\r\n2\r\nhi\r\n0\r\nX-End: 1\r\n\r\n"),
        FLOW("http GET http://a.test/ 200 complete 0/2 [proxy.yaml:2 slow: response held 5000.0 "
             "ms]"),
    };
    static const struct step breaking[] = {
        RULES_ARE("rules:\n  - { name: slow, match: a.test, then: [delay: { response: 5s }] }\n"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf"),
        PEER_RESET(U1),
        PAGE(C1, "502 Bad Gateway", "The origin reset the connection: a.test:80.", "origin_reset"),
        FLOW_STARTS("http GET http://a.test/ 502 origin_reset "),
        WAIT(5000),
        SILENT(C1),
    };
    static const struct step slowly[] = {
        RULES_ARE("rules:\n  - { name: slow, match: a.test, then: [delay: { response: 5s }] }\n"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nbo"),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"
                "\r\nbo"),
        WAIT(1000),
        RST(C1),
        FLOW_STARTS("http GET http://a.test/ 200 body_idle 0/2 "),
    };
    (void)state;
    PLAY(steps);
    PLAY(breaking);
    PLAY_WITH(slowly, mind_the_body);
}

/* ---- edits -------------------------------------------------------------- */

static void changes_heads_both_ways(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - match: a.test\n"
                  "    then:\n"
                  "      - set: { request.header.x-a: new, response.status: 418 }\n"
                  "      - remove: [request.header.x-b]\n"
                  "      - append: { response.header.x-c: two }\n"),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX-A: old\r\nX-B: b\r\n\r\n"),
        MEET(U1),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\nX-A: new\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nX-C: one\r\nContent-Length: 0\r\n\r\n"),
        OUT(C1, "HTTP/1.1 418 (Unused)\r\nX-C: one\r\nContent-Length: 0\r\n" MARK(
                    "proxy.yaml:2") "x-c: two\r\n\r\n"),
        FLOW("http GET http://a.test/ 418 complete [proxy.yaml:2: x-a: old → new]"
             " [proxy.yaml:2: x-b: b removed] [proxy.yaml:2: x-weir-rule: + proxy.yaml:2]"
             " [proxy.yaml:2: status 200 → 418] [proxy.yaml:2: x-c: + two]"),
    };
    (void)state;
    PLAY(steps);
}

static void gives_a_status_with_content_none_where_there_was_none(void **state)
{
#define TO_200 "rules:\n  - { name: ok, match: a.test, then: { set: { response.status: 200 } } }\n"
    static const struct step steps[] = {
        RULES_ARE(TO_200),
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 304 Not Modified\r\nContent-Length: 55\r\nETag: \"a\"\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nETag: \"a\"\r\n" MARK("ok") "\r\n"),
        FLOW("http GET http://a.test/ 200 complete [proxy.yaml:2 ok: x-weir-rule: + ok] "
             "[proxy.yaml:2 ok: status 304 → 200]"),
        IN(C1, "HEAD http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT(U1, "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 404 Not Found\r\nContent-Length: 55\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 55\r\n" MARK("ok") "\r\n"),
        FLOW_STARTS("http HEAD http://a.test/ 200 complete "),
        SILENT(C1),
    };
    (void)state;
    PLAY(steps);
}

static void leaves_a_switch_of_protocols_alone(void **state)
{
    static const struct step steps[] = {
        RULES_ARE(TO_200),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n"
               "Upgrade: x\r\n\r\n"),
        MEET(U1),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
        IN(U1, "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw"),
        OUT(C1,
            "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n" MARK("ok") "\r\nraw"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("http GET http://a.test/ 101 origin_reset 0/3 [proxy.yaml:2 ok: x-weir-rule: + ok] "
             "[proxy.yaml:2 ok: skipped: the protocol is switched]"),
    };
    (void)state;
    PLAY(steps);
}

static void changes_its_own_answers_too(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { name: edits, match: a.test, then: { set: { response.header.x-a: b } } }\n"
                  "  - { name: stub, match: a.test, then: { respond: 204 } }\n"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        OUT(C1, "HTTP/1.1 204 No Content\r\n" DATE MARK("stub") MARK("edits") "x-a: b\r\n\r\n"),
        FLOW("http GET http://a.test/ 204 answered_by_rule [proxy.yaml:3 stub: answered 204] "
             "[proxy.yaml:2 edits: x-weir-rule: + edits] [proxy.yaml:2 edits: x-a: (none) → b]"),
        IN(C1, GET("/")),
        OUT_BEGINS(C1, "HTTP/1.1 204 No Content\r\n"),
        FLOW_STARTS("http GET http://a.test/ 204 answered_by_rule "),
    };
    (void)state;
    PLAY(steps);
}

/* ---- reload ------------------------------------------------------------- */

static void keeps_the_rules_of_what_runs(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: slow, match: a.test, then: [delay: 1s, respond: 204] }\n"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        RULES_ARE("rules: []\n"),
        WAIT(1000),
        OUT_BEGINS(C1, "HTTP/1.1 204 No Content\r\n"),
        FLOW_STARTS("http GET http://a.test/ 204 answered_by_rule "),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- within TLS --------------------------------------------------------- */

static void answers_within_tls(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: stub, match: GET a.test/, then: { respond: { status: 200, "
                  "text: made } } }\n"),
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE_FAILS("a.test"),
        TLS_READY(C1),
        IN(C1, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT(C1, MADE("")),
        FLOW("http GET https://a.test/ 200 answered_by_rule 0/4 [proxy.yaml:2 stub: answered 200]"),
        IN(C1, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n"),
        NO_DIAL,
        OUT_BEGINS(C1, "HTTP/1.1 502 Bad Gateway\r\n"),
        FLOW_STARTS("http POST https://a.test/ 502 dns_failed "),
        TLS_END(C1),
        FIN(C1),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_without_asking_anyone),
        cmocka_unit_test(reads_the_request_before_it_answers),
        cmocka_unit_test(waits_only_so_long_for_the_request),
        cmocka_unit_test(reads_at_most_a_mebibyte_before_it_answers),
        cmocka_unit_test(answers_early_where_told),
        cmocka_unit_test(answers_at_once_who_expects_100_continue),
        cmocka_unit_test(holds_its_answer),
        cmocka_unit_test(plays_a_sequence),
        cmocka_unit_test(aborts_as_told),
        cmocka_unit_test(leaves_a_client_hanging),
        cmocka_unit_test(holds_a_request_for_its_delay),
        cmocka_unit_test(holds_a_response_for_its_delay),
        cmocka_unit_test(changes_heads_both_ways),
        cmocka_unit_test(gives_a_status_with_content_none_where_there_was_none),
        cmocka_unit_test(leaves_a_switch_of_protocols_alone),
        cmocka_unit_test(changes_its_own_answers_too),
        cmocka_unit_test(keeps_the_rules_of_what_runs),
        cmocka_unit_test(answers_within_tls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
