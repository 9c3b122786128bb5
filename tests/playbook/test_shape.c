/* Faults of shape: interim responses, copies of requests, requests that wait for each
 * other. */
#include "playbook.h"

#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define GET(path) "GET http://a.test" path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define SENT_GET(path) "GET " path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define POST(length)                                                                               \
    "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: " length "\r\n\r\n"
#define SENT_POST(length) "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " length "\r\n\r\n"
#define RULE(then) RULES_ARE("rules: [{ name: r, match: a.test, then: " then " }]\n")
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define HEAD(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n"
#define HINTS "HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\nx-weir-rule: r\r\n\r\n"
#define SENDS_HINTS "info: { headers: { link: </a.css> } }"

enum { KIB = 1024 };

/* ---- info ---------------------------------------------------------------- */

static void sends_an_interim_response_at_once(void **state)
{
    static const struct step steps[] = {
        RULE("[" SENDS_HINTS ", delay: 1s]"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        OUT(C1, HINTS),
        WAIT(1000),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n" NO_CONTENT),
        OUT(C1, "HTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n" NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete (103 by rule) "
             "[proxy.yaml:1 r: sent 103 before the answer] "
             "[proxy.yaml:1 r: request held 1000.0 ms]"),
    };
    static const struct step before_an_answer[] = {
        RULE("[info: 102, info: 100, respond: 204]"),
        ACCEPT(C1),
        IN(C1, POST("2") "hi"),
        OUT_BEGINS(C1, "HTTP/1.1 102 Processing\r\nx-weir-rule: r\r\n\r\n"
                       "HTTP/1.1 100 Continue\r\nx-weir-rule: r\r\n\r\n"
                       "HTTP/1.1 204 No Content\r\n"),
        FLOW_STARTS("http POST http://a.test/ 204 answered_by_rule 2/0 (102 by rule) "
                    "(100 by rule) "),
        IN(C1, POST("2") "hi"),
        OUT_BEGINS(C1, "HTTP/1.1 102 Processing\r\n"),
        FLOW_STARTS("http POST http://a.test/ 204 answered_by_rule "),
    };
    (void)state;
    PLAY(steps);
    PLAY(before_an_answer);
}

static void sends_none_to_http_10(void **state)
{
    static const struct step steps[] = {
        RULE("[info: 103, respond: 204]"),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\nHost: a.test\r\n\r\n"),
        OUT_BEGINS(C1, "HTTP/1.1 204 No Content\r\n"),
        FIN(C1),
        FLOW("http GET http://a.test/ 204 answered_by_rule [proxy.yaml:1 r: skipped: HTTP/1.0 "
             "knows no interim responses] [proxy.yaml:1 r: answered 204]"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- duplicate ----------------------------------------------------------- */

static void sends_copies(void **state)
{
    static const struct step steps[] = {
        RULE("[duplicate: 2, set: { request.header.x-a: b }]"),
        ACCEPT(C1),
        IN(C1, POST("5") "hello"),
        MEET(U1),
        OUT(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nx-a: b\r\n\r\nhello"),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nx-a: b\r\n\r\nhello"),
        DIAL(U3, "192.0.2.1:80"),
        OUT(U3, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nx-a: b\r\n\r\nhello"),
        IN(U2, HEAD("5") "first"),
        SILENT(C1),
        FLOW("http POST http://a.test/ 200 complete copy 5/5 [proxy.yaml:1 r: a copy]"),
        IN(U1, HEAD("2") "hi"),
        OUT(C1, HEAD("2") "hi"),
        FLOW_STARTS("http POST http://a.test/ 200 complete 5/2 "
                    "[proxy.yaml:1 r: x-a: (none) → b] "
                    "[proxy.yaml:1 r: sent 2 more times, of 2]"),
        PEER_RESET(U3),
        FLOW("http POST http://a.test/ 0 origin_reset copy 5/0 [proxy.yaml:1 r: a copy]"),
        SILENT(C1),
    };
    static const struct step are_bounded[] = {
        RULE("[duplicate: 16, duplicate: 16]"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete [proxy.yaml:1 r: sent 16 more times, of 16]"),
    };
    (void)state;
    PLAY(steps);
    PLAY(are_bounded);
}

static void ends_copies_in_time(void **state)
{
    static const struct step steps[] = {
        RULE("duplicate"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/")),
        IN(U2, HEAD("5") "he"),
        PEER_RESET(C1), /* what becomes of the client is no matter */
        FLOW_STARTS("http GET http://a.test/ 0 client_reset "),
        WAIT(59999),
        NO_FLOW,
        WAIT(1),
        CLOSED(U2),
        FLOW("http GET http://a.test/ 200 origin_slow copy 0/2 [proxy.yaml:1 r: a copy]"),
    };
    static const struct step at_the_end[] = {
        RULE("duplicate"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW_STARTS("http GET http://a.test/ 204 complete "),
        DRAIN_NOW,
        FIN(C1),
        PEER_EOF(C1),
        NOT_DRAINED,
        DRAIN_NOW,
        CLOSED(U2),
        FLOW_STARTS("http GET http://a.test/ 0 shut_down copy "),
        DRAINED,
    };
    (void)state;
    PLAY(steps);
    PLAY(at_the_end);
}

static void copies_no_body_over_a_mebibyte(void **state)
{
    static const struct step steps[] = {
        RULE("duplicate"),
        ACCEPT(C1),
        IN(C1, POST("1048577")),
        MEET(U1),
        OUT(U1, SENT_POST("1048577")),
        IN_REPEATED(C1, 200 * KIB),
        IN_REPEATED(C1, 200 * KIB),
        IN_REPEATED(C1, 200 * KIB),
        IN_REPEATED(C1, 200 * KIB),
        IN_REPEATED(C1, 200 * KIB),
        IN_REPEATED(C1, 24 * KIB + 1),
        NO_DIAL,
        OUT_COUNT(U1, 1048577),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http POST http://a.test/ 204 complete 1048577/0 "
             "[proxy.yaml:1 r: rule_skipped: the body is larger than 1 MiB]"),
    };
    (void)state;
    PLAY_FEW(steps);
}

static void copies_nothing_that_a_rule_answers(void **state)
{
    static const struct step steps[] = {
        RULE("[duplicate: true, respond: 204]"),
        ACCEPT(C1),
        IN(C1, GET("/")),
        OUT_BEGINS(C1, "HTTP/1.1 204 No Content\r\n"),
        NO_DIAL,
        FLOW("http GET http://a.test/ 204 answered_by_rule [proxy.yaml:1 r: answered 204]"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- gather -------------------------------------------------------------- */

#define GATHER(how) RULES_ARE("rules: [{ name: r, match: a.test, then: { gather: " how " } }]\n")

static void lets_requests_go_together(void **state)
{
    static const struct step steps[] = {
        GATHER("3"),
        ACCEPT(C1),
        ACCEPT(C2),
        ACCEPT(C3),
        IN(C1, GET("/")),
        WAIT(1000),
        IN(C2, GET("/")),
        WAIT(1000),
        NO_DIAL,
        IN(C3, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/")),
        DIAL(U3, "192.0.2.1:80"),
        OUT(U3, SENT_GET("/")),
        IN(U1, NO_CONTENT),
        IN(U2, NO_CONTENT),
        IN(U3, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        OUT(C2, NO_CONTENT),
        OUT(C3, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete [proxy.yaml:1 r: held until 3 have come]"),
        FLOW("http GET http://a.test/ 204 complete [proxy.yaml:1 r: held until 3 have come]"),
        FLOW("http GET http://a.test/ 204 complete [proxy.yaml:1 r: held until 3 have come]"),
    };
    static const struct step too_few[] = {
        GATHER("3"),
        ACCEPT(C1),
        ACCEPT(C2),
        IN(C1, POST("4") "bo"),
        WAIT(2000),
        IN(C2, GET("/2")),
        IN(C1, "dy"),
        WAIT(2999),
        NO_DIAL,
        WAIT(1), /* since the first one came */
        MEET(U1),
        OUT(U1, SENT_POST("4") "body"),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/2")),
        IN(U2, NO_CONTENT),
        OUT(C2, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete [proxy.yaml:1 r: held until 3 have come] "
             "[proxy.yaml:1 r: let go before all had come]"),
    };
    (void)state;
    PLAY(steps);
    PLAY(too_few);
}

static void lets_requests_go_in_reverse(void **state)
{
    static const struct step steps[] = {
        GATHER("{ count: 3, order: reverse }"),
        ACCEPT(C1),
        ACCEPT(C2),
        ACCEPT(C3),
        IN(C1, GET("/1")),
        IN(C2, GET("/2")),
        IN(C3, GET("/3")),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:80"),
        WAIT(100),
        NO_DIAL, /* nobody overtakes it */
        CONNECTED(U1),
        OUT(U1, SENT_GET("/3")),
        DIAL_FAILS(U2, "192.0.2.1:80", "connection refused"),
        OUT_BEGINS(C2, "HTTP/1.1 502 Bad Gateway\r\n"),
        FLOW_STARTS("http GET http://a.test/2 502 connect_failed "),
        DIAL(U3, "192.0.2.1:80"),
        OUT(U3, SENT_GET("/1")),
        PEER_RESET(C1),
        FLOW("http GET http://a.test/1 0 client_reset [proxy.yaml:1 r: held until 3 have come, "
             "the last one first]"),
    };
    static const struct step of_answers[] = {
        RULE("[gather: { count: 2, order: reverse }, respond: 204]"),
        ACCEPT(C1),
        ACCEPT(C2),
        IN(C1, GET("/1")),
        IN(C2, GET("/2")),
        OUT_ANY(C1),
        OUT_ANY(C2),
        FLOW_STARTS("http GET http://a.test/2 204 answered_by_rule "),
        FLOW_STARTS("http GET http://a.test/1 204 answered_by_rule "),
    };
    static const struct step one_leaves[] = {
        GATHER("{ count: 3, order: reverse }"),
        ACCEPT(C1),
        ACCEPT(C2),
        ACCEPT(C3),
        IN(C1, GET("/1")),
        IN(C2, GET("/2")),
        IN(C3, GET("/3")),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:80"),
        PEER_RESET(C2),
        FLOW_STARTS("http GET http://a.test/2 0 client_reset "),
        PEER_RESET(C3),
        FLOW_STARTS("http GET http://a.test/3 0 client_reset "),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/1")),
    };
    (void)state;
    PLAY(steps);
    PLAY(of_answers);
    PLAY(one_leaves);
}

static void counts_nobody_who_has_left(void **state)
{
    static const struct step steps[] = {
        GATHER("2"),
        ACCEPT(C1),
        IN(C1, GET("/1")),
        PEER_RESET(C1),
        FLOW_STARTS("http GET http://a.test/1 0 client_reset "),
        ACCEPT(C2),
        IN(C2, GET("/2")),
        NO_DIAL,
        ACCEPT(C3),
        IN(C3, GET("/3")),
        MEET(U1),
        OUT(U1, SENT_GET("/2")),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/3")),
    };
    (void)state;
    PLAY(steps);
}

static void gathers_what_a_rule_answers(void **state)
{
    static const struct step steps[] = {
        RULE("[gather: { count: 2, timeout: 1s }, respond: 204]"),
        ACCEPT(C1),
        ACCEPT(C2),
        IN(C1, GET("/1")),
        WAIT(999),
        SILENT(C1),
        IN(C2, GET("/2")),
        OUT_BEGINS(C1, "HTTP/1.1 204 No Content\r\n"),
        OUT_BEGINS(C2, "HTTP/1.1 204 No Content\r\n"),
        FLOW_STARTS("http GET http://a.test/1 204 answered_by_rule "),
        FLOW_STARTS("http GET http://a.test/2 204 answered_by_rule "),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_an_interim_response_at_once),
        cmocka_unit_test(sends_none_to_http_10),
        cmocka_unit_test(sends_copies),
        cmocka_unit_test(ends_copies_in_time),
        cmocka_unit_test(copies_no_body_over_a_mebibyte),
        cmocka_unit_test(copies_nothing_that_a_rule_answers),
        cmocka_unit_test(lets_requests_go_together),
        cmocka_unit_test(lets_requests_go_in_reverse),
        cmocka_unit_test(counts_nobody_who_has_left),
        cmocka_unit_test(gathers_what_a_rule_answers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
