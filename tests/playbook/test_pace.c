/* Faults of pace: rates, dribbling, pieces with pauses, stalls, cuts. Time is an input, so
 * that all of them are exact. */
#include "playbook.h"

#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define GET "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define SENT_GET "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define RULE(then) RULES_ARE("rules: [{ name: r, match: a.test, then: " then " }]\n")
#define ASK(then) RULE(then), ACCEPT(C1), IN(C1, GET), MEET(U1), OUT(U1, SENT_GET)
#define HEAD(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define TEN "0123456789"
#define FIFTY TEN TEN TEN TEN TEN
#define MADE_HEAD(length)                                                                          \
    "HTTP/1.1 200 OK\r\nDate: Mon, 21 Sep 2026 14:13:21 GMT\r\n"                                   \
    "Content-Type: text/plain; charset=utf-8\r\nx-weir-rule: r\r\nContent-Length: " length         \
    "\r\n\r\n"
#define PUT(length)                                                                                \
    "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: " length "\r\n\r\n"
#define SENT_PUT(length) "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " length "\r\n\r\n"

static void mind_the_body(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->timeouts.body_idle = 1000000;
    settings->timeouts.client_idle = 1000000;
}

/* ---- throttle ------------------------------------------------------------ */

static void lets_a_body_go_at_a_rate(void **state)
{
    static const struct step steps[] = {
        ASK("{ throttle: 1kB/s }"),
        IN(U1, HEAD("50") FIFTY),
        OUT(C1, HEAD("50") TEN TEN),
        WAIT(19),
        SILENT(C1),
        WAIT(1),
        OUT(C1, TEN TEN),
        NO_FLOW,
        WAIT(20),
        OUT(C1, TEN),
        FLOW("http GET http://a.test/ 200 complete 0/50 [proxy.yaml:1 r: response at 1000 B/s]"),
        IN(C1, GET),
        OUT(U1, SENT_GET),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW_STARTS("http GET http://a.test/ 204 complete "),
    };
    static const struct step a_byte_a_tick[] = {
        ASK("{ throttle: 10B/s }"),
        IN(U1, HEAD("3") "abc"),
        OUT(C1, HEAD("3") "a"),
        WAIT(99),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "b"),
        WAIT(100),
        OUT(C1, "c"),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/3 "),
    };
    (void)state;
    PLAY(steps);
    PLAY(a_byte_a_tick);
}

static void gives_no_credit_for_idle_time(void **state)
{
    static const struct step steps[] = {
        ASK("{ throttle: 1kB/s }"),
        IN(U1, HEAD("60") TEN),
        OUT(C1, HEAD("60") TEN),
        WAIT(5000),
        IN(U1, FIFTY),
        OUT(C1, TEN TEN),
        WAIT(20),
        OUT(C1, TEN TEN),
        WAIT(20),
        OUT(C1, TEN),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/60 "),
    };
    (void)state;
    PLAY(steps);
}

static void lets_an_upload_go_at_a_rate(void **state)
{
    static const struct step steps[] = {
        RULE("{ throttle: { request: 1kB/s } }"),
        ACCEPT(C1),
        IN(C1, PUT("50") FIFTY),
        MEET(U1),
        OUT(U1, SENT_PUT("50")),
        WAIT(20), /* it begins when the connection stands */
        OUT(U1, TEN TEN),
        WAIT(20),
        OUT(U1, TEN TEN),
        WAIT(20),
        OUT(U1, TEN),
        IN(U1, HEAD("2") "ok"),
        OUT(C1, HEAD("2") "ok"),
        FLOW("http PUT http://a.test/ 200 complete 50/2 [proxy.yaml:1 r: request at 1000 B/s]"),
    };
    static const struct step answered_early[] = {
        RULE("{ throttle: { request: 1kB/s } }"),
        ACCEPT(C1),
        IN(C1, PUT("60") FIFTY),
        MEET(U1),
        OUT_ANY(U1),
        WAIT(20),
        OUT(U1, TEN TEN),
        IN(U1, NO_CONTENT),
        OUT_BEGINS(C1, "HTTP/1.1 204 No Content\r\n"),
        CLOSED(U1),
        WAIT(100),
        NO_FLOW,
        IN(C1, TEN),
        FLOW_STARTS("http PUT http://a.test/ 204 complete 60/0 "),
    };
    (void)state;
    PLAY(steps);
    PLAY(answered_early);
}

static void lets_answers_of_rules_go_at_a_rate(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { match: a.test, then: [throttle: 1kB/s, throttle: 500B/s] }\n"
                  "  - { name: r, match: a.test, then: { respond: { text: '" TEN TEN TEN
                  "' } } }\n"),
        ACCEPT(C1),
        IN(C1, GET),
        OUT(C1, MADE_HEAD("30") TEN),
        WAIT(19),
        SILENT(C1),
        WAIT(1),
        OUT(C1, TEN),
        WAIT(20),
        OUT(C1, TEN),
        FLOW_STARTS("http GET http://a.test/ 200 answered_by_rule 0/30 "),
    };
    (void)state;
    PLAY(steps);
}

static void is_not_taken_for_an_idle_peer(void **state)
{
    static const struct step steps[] = {
        ASK("{ throttle: 10B/s }"),
        IN(U1, HEAD("50") FIFTY),
        WAIT(4900),
        OUT(C1, HEAD("50") FIFTY),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/50 "),
    };
    static const struct step but_the_origin_is[] = {
        ASK("{ throttle: 10B/s }"),
        IN(U1, HEAD("50") TEN),
        WAIT(900),
        OUT(C1, HEAD("50") TEN),
        WAIT(999),
        SILENT(C1),
        WAIT(1),
        RST(C1),
        FLOW_STARTS("http GET http://a.test/ 200 body_idle 0/10 "),
    };
    static const struct step upload[] = {
        RULE("{ throttle: { request: 10B/s } }"),
        ACCEPT(C1),
        IN(C1, PUT("50") FIFTY),
        MEET(U1),
        WAIT(4920),
        OUT(U1, SENT_PUT("50") FIFTY),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW_STARTS("http PUT http://a.test/ 204 complete 50/0 "),
    };
    (void)state;
    PLAY_WITH(steps, mind_the_body);
    PLAY_WITH(but_the_origin_is, mind_the_body);
    PLAY_WITH(upload, mind_the_body);
}

enum { MUCH = 256 * 1024 * 1024, SOME = 32 * 1024 * 1024 };

static void holds_little_of_a_throttled_body(void **state)
{
    static const struct step steps[] = {
        ASK("{ throttle: 10000KiB/s }"),
        IN(U1, HEAD("268435456")),
        OUT(C1, HEAD("268435456")),
        PACED(U1, C1, MUCH),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/268435456 "),
    };
    static const struct step upload[] = {
        RULE("{ throttle: { request: 10000KiB/s } }"),
        ACCEPT(C1),
        IN(C1, PUT("33554432")),
        MEET(U1),
        OUT(U1, SENT_PUT("33554432")),
        PACED(C1, U1, SOME),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW_STARTS("http PUT http://a.test/ 204 complete 33554432/0 "),
    };
    (void)state;
    PLAY_FEW(steps);
    PLAY_FEW(upload);
}

/* ---- dribble ------------------------------------------------------------- */

static void dribbles_a_body(void **state)
{
    static const struct step steps[] = {
        ASK("{ dribble: 2 B every 100ms }"),
        IN(U1, HEAD("5") "hello"),
        OUT(C1, HEAD("5") "he"),
        WAIT(99),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "ll"),
        WAIT(100),
        OUT(C1, "o"),
        FLOW("http GET http://a.test/ 200 complete 0/5 [proxy.yaml:1 r: body by 2 B every 100 ms]"),
    };
    static const struct step of_two_the_slowest[] = {
        ASK("[dribble: 1 B every 100ms, dribble: 2 B every 300ms]"),
        IN(U1, HEAD("2") "hi"),
        OUT(C1, HEAD("2") "h"),
        WAIT(299),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "i"),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/2 "),
    };
    (void)state;
    PLAY(steps);
    PLAY(of_two_the_slowest);
}

static void dribbles_a_head(void **state)
{
    static const struct step steps[] = {
        ASK("{ dribble: { bytes: 10, every: 1s, head: true } }"),
        IN(U1, HEAD("5") "hello"),
        OUT(C1, "HTTP/1.1 2"),
        WAIT(999),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "00 OK\r\nCon"),
        WAIT(1000),
        OUT(C1, "tent-Lengt"),
        WAIT(1000),
        OUT(C1, "h: 5\r\n\r\nhe"),
        WAIT(1000),
        OUT(C1, "llo"),
        FLOW("http GET http://a.test/ 200 complete 0/5 "
             "[proxy.yaml:1 r: head and body by 10 B every 1.0 s]"),
        IN(C1, GET),
        OUT(U1, SENT_GET),
        IN(U1, NO_CONTENT),
        WAIT(3000),
        OUT(C1, NO_CONTENT),
        FLOW_STARTS("http GET http://a.test/ 204 complete "),
    };
    static const struct step behind_another_answer[] = {
        RULES_ARE("rules: [{ match: a.test/slow, then: { dribble: { head: true } } },\n"
                  "        { match: a.test/slow, then: { respond: 204 } },\n"
                  "        { name: r, match: a.test, then: { respond: { text: whole } } }]\n"),
        ACCEPT(C1),
        HOLD(C1),
        IN(C1, GET "GET http://a.test/slow HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        TAKE(C1),
        OUT(C1, MADE_HEAD("5") "wholeH"),
        FLOW_STARTS("http GET http://a.test/ 200 answered_by_rule "),
        WAIT(100),
        OUT(C1, "T"),
        PEER_RESET(C1),
        FLOW_STARTS("http GET http://a.test/slow 204 client_reset "),
    };
    (void)state;
    PLAY(steps);
    PLAY(behind_another_answer);
}

static void dribbles_within_tls(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { match: a.test, then: { dribble: { bytes: 15, head: true } } }\n"
                  "  - { name: r, match: a.test, then: { respond: 204 } }\n"),
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        TLS_CLIENT(C1, "a.test"),
        TLS_READY(C1),
        IN(C1, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No"),
        WAIT(99),
        SILENT(C1),
        WAIT(1),
        OUT(C1, " Content\r\nDate:"),
        WAIT(1000),
        OUT_BEGINS(C1, " Mon, 21 Sep 2026"),
        FLOW_STARTS("http GET https://a.test/ 204 answered_by_rule "),
    };
    (void)state;
    PLAY(steps);
}

/* ---- delay of chunks ----------------------------------------------------- */

static void holds_each_piece(void **state)
{
    static const struct step steps[] = {
        ASK("{ delay: { chunks: 100ms } }"),
        IN(U1, HEAD("6") "ab"),
        OUT(C1, HEAD("6")),
        WAIT(50),
        IN(U1, "cd"),
        WAIT(49),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "ab"),
        WAIT(99),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "cd"),
        WAIT(500),
        IN(U1, "ef"),
        WAIT(99),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "ef"),
        FLOW("http GET http://a.test/ 200 complete 0/6 "
             "[proxy.yaml:1 r: each piece of the response held]"),
    };
    static const struct step they_add_up[] = {
        ASK("[delay: { chunks: 100ms }, delay: { chunks: 20ms }]"),
        IN(U1, HEAD("30") TEN TEN TEN),
        OUT(C1, HEAD("30")),
        WAIT(119),
        SILENT(C1),
        WAIT(1),
        OUT(C1, TEN TEN TEN),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/30 "),
    };
    static const struct step at_a_rate[] = {
        ASK("[delay: { chunks: 1s }, throttle: 1kB/s]"),
        IN(U1, HEAD("30") TEN TEN TEN),
        OUT(C1, HEAD("30")),
        WAIT(1000),
        OUT(C1, TEN TEN), /* the time it was held is no credit */
        WAIT(20),
        OUT(C1, TEN),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/30 "),
    };
    static const struct step of_an_answer[] = {
        RULE("[delay: { chunks: 1s }, respond: { text: hello }]"),
        ACCEPT(C1),
        IN(C1, GET),
        OUT(C1, MADE_HEAD("5")),
        WAIT(999),
        SILENT(C1),
        WAIT(1),
        OUT_ANY(C1),
        FLOW_STARTS("http GET http://a.test/ 200 answered_by_rule 0/5 "),
    };
    (void)state;
    PLAY(steps);
    PLAY(they_add_up);
    PLAY(at_a_rate);
    PLAY(of_an_answer);
}

/* ---- stall --------------------------------------------------------------- */

static void stalls_until_the_client_leaves(void **state)
{
    static const struct step steps[] = {
        ASK("{ stall: 3 }"),
        IN(U1, HEAD("5") "hello"),
        OUT(C1, HEAD("5") "hel"),
        WAIT(86400000),
        SILENT(C1),
        PEER_EOF(C1),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 aborted_by_rule 0/5 "
             "[proxy.yaml:1 r: stalled after 3 B]"),
    };
    static const struct step reset[] = {
        ASK("stall"),
        IN(U1, HEAD("5") "hello"),
        OUT(C1, HEAD("5")),
        WAIT(10000),
        SILENT(C1),
        PEER_RESET(C1),
        FLOW_STARTS("http GET http://a.test/ 200 client_reset 0/5 "),
    };
    static const struct step shutting_down[] = {
        ASK("stall"),
        IN(U1, HEAD("5") "hello"),
        OUT(C1, HEAD("5")),
        DRAIN_NOW,
        RST(C1),
        FLOW_STARTS("http GET http://a.test/ 200 shut_down 0/5 "),
        DRAINED,
    };
    (void)state;
    PLAY_WITH(steps, mind_the_body);
    PLAY(reset);
    PLAY(shutting_down);
}

static void stalls_for_a_time(void **state)
{
    static const struct step steps[] = {
        ASK("{ stall: { after: 3, for: 5s } }"),
        IN(U1, HEAD("5") "hello"),
        OUT(C1, HEAD("5") "hel"),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "lo"),
        FLOW("http GET http://a.test/ 200 complete 0/5 "
             "[proxy.yaml:1 r: stalled after 3 B for 5.0 s]"),
    };
    static const struct step with_more_to_come[] = {
        ASK("{ stall: { after: 3, for: 5s } }"),
        IN(U1, HEAD("9") "hello"),
        OUT(C1, HEAD("9") "hel"),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "lo"),
        IN(U1, " you"),
        OUT(C1, " you"),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/9 "),
    };
    static const struct step before_the_head[] = {
        ASK("{ stall: { head: true, for: 5s } }"),
        IN(U1, HEAD("5") "hello"),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        OUT(C1, HEAD("5") "hello"),
        FLOW("http GET http://a.test/ 200 complete 0/5 "
             "[proxy.yaml:1 r: stalled before the head for 5.0 s]"),
    };
    static const struct step an_answer[] = {
        RULE("[stall: { after: 2, for: 1s }, stall: { after: 2, for: 3s }, respond: { text: "
             "hello }]"),
        ACCEPT(C1),
        IN(C1, GET),
        OUT(C1, MADE_HEAD("5") "he"),
        WAIT(2999),
        SILENT(C1),
        WAIT(1),
        OUT(C1, "llo"),
        FLOW_STARTS("http GET http://a.test/ 200 answered_by_rule 0/5 "),
    };
    static const struct step too_short[] = {
        ASK("{ stall: 5 }"),
        IN(U1, HEAD("5") "hello"),
        OUT(C1, HEAD("5") "hello"),
        FLOW("http GET http://a.test/ 200 complete 0/5 [proxy.yaml:1 r: stalled after 5 B] "
             "[proxy.yaml:1 r: skipped: the body was too short]"),
    };
    (void)state;
    PLAY_WITH(steps, mind_the_body);
    PLAY_WITH(with_more_to_come, mind_the_body);
    PLAY_WITH(before_the_head, mind_the_body);
    PLAY(an_answer);
    PLAY(too_short);
}

/* ---- truncate ------------------------------------------------------------ */

static void cuts_a_body(void **state)
{
    static const struct step steps[] = {
        ASK("{ truncate: 3 }"),
        IN(U1, HEAD("5") "hel"),
        OUT(C1, HEAD("5") "hel"), /* that there was more to come is known */
        FIN(C1),
        CLOSED(U1),
        FLOW("http GET http://a.test/ 200 aborted_by_rule 0/3 [proxy.yaml:1 r: cut after 3 B]"),
    };
    static const struct step chunked[] = {
        ASK("[truncate: 9, truncate: 3]"),
        IN(U1, CHUNKED "3\r\nhel\r\n"),
        OUT_CHUNKED(C1, CHUNKED "3\r\nhel\r\n"),
        IN_TILL_CLOSED(U1, "1\r\nl\r\n1\r\no\r\n0\r\n\r\n"),
        FIN(C1),
        FLOW_STARTS("http GET http://a.test/ 200 aborted_by_rule 0/4 "),
    };
    static const struct step an_answer[] = {
        RULE("[truncate: 0, respond: { text: hello }]"),
        ACCEPT(C1),
        IN(C1, GET),
        OUT(C1, MADE_HEAD("5")),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 aborted_by_rule [proxy.yaml:1 r: cut after 0 B] "
             "[proxy.yaml:1 r: answered 200]"),
    };
    static const struct step for_http_10[] = {
        RULE("{ truncate: 3 }"),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\nHost: a.test\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET),
        IN(U1, CHUNKED "3\r\nhel\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhel"),
        IN_TILL_CLOSED(U1, "1\r\nl\r\n1\r\no\r\n0\r\n\r\n"),
        RST(C1), /* by FIN it would look complete */
        FLOW_STARTS("http GET http://a.test/ 200 aborted_by_rule 0/4 "),
    };
    (void)state;
    PLAY(steps);
    PLAY(chunked);
    PLAY(an_answer);
    PLAY(for_http_10);
}

static void leaves_a_body_that_is_too_short_to_be_cut(void **state)
{
    static const struct step steps[] = {
        ASK("{ truncate: 5 }"),
        IN(U1, HEAD("5") "hello"),
        OUT(C1, HEAD("5") "hello"),
        FLOW("http GET http://a.test/ 200 complete 0/5 [proxy.yaml:1 r: cut after 5 B] "
             "[proxy.yaml:1 r: skipped: the body was too short]"),
        IN(C1, "HEAD http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT(U1, "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, HEAD("9")),
        OUT(C1, HEAD("9")),
        FLOW_STARTS("http HEAD http://a.test/ 200 complete "),
        SILENT(C1),
    };
    (void)state;
    PLAY(steps);
}

static void leaves_a_switched_protocol_alone(void **state)
{
    static const struct step steps[] = {
        RULE("[throttle: { request: 1B/s, response: 1B/s }, truncate: 1, stall, dribble: { head: "
             "true }]"),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n"
               "Upgrade: x\r\n\r\n"),
        MEET(U1),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
        IN(U1, "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw"),
        OUT(C1, "HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\nraw"),
        IN(C1, "raw too"),
        OUT(U1, "raw too"),
        PEER_RESET(U1),
        RST(C1),
        FLOW_STARTS("http GET http://a.test/ 101 origin_reset 7/3 "),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_a_body_go_at_a_rate),
        cmocka_unit_test(gives_no_credit_for_idle_time),
        cmocka_unit_test(lets_an_upload_go_at_a_rate),
        cmocka_unit_test(lets_answers_of_rules_go_at_a_rate),
        cmocka_unit_test(is_not_taken_for_an_idle_peer),
        cmocka_unit_test(holds_little_of_a_throttled_body),
        cmocka_unit_test(dribbles_a_body),
        cmocka_unit_test(dribbles_a_head),
        cmocka_unit_test(dribbles_within_tls),
        cmocka_unit_test(holds_each_piece),
        cmocka_unit_test(stalls_until_the_client_leaves),
        cmocka_unit_test(stalls_for_a_time),
        cmocka_unit_test(cuts_a_body),
        cmocka_unit_test(leaves_a_body_that_is_too_short_to_be_cut),
        cmocka_unit_test(leaves_a_switched_protocol_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
