/* Clients that break off or break the rules, and the drain. */
#include "playbook.h"

#include <stdio.h>
#include <string.h>

#define GET(path) "GET http://a.test" path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define SENT_GET(path) "GET " path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define ASK(c, u) ACCEPT(c), IN(c, GET("/")), MEET(u), OUT(u, SENT_GET("/"))

#define LONG_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"
/* A connection to the origin that stands in the pool. */
#define WARM(c, u)                                                                                 \
    ASK(c, u), IN(u, NO_CONTENT), OUT(c, NO_CONTENT), FLOW("http GET http://a.test/ 204 complete")

/* ---- clients that break off --------------------------------------------- */

#define HALF_POST "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nhalf"
#define SENT_HALF_POST "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\nhalf"

static void leaves_a_flow_for_every_client_that_leaves(void **state)
{
    static const struct step at_once[] = {
        ACCEPT(C1), PEER_EOF(C1), FIN(C1), CLOSED(C1), FLOW("refused - 0 client_closed"),
    };
    static const struct step at_once_by_reset[] = {
        ACCEPT(C1),
        PEER_RESET(C1),
        FLOW("refused - 0 client_reset"),
    };
    static const struct step in_the_head[] = {
        ACCEPT(C1),     IN(C1, "GET http://a.te"),
        PEER_EOF(C1),   FIN(C1),
        CLOSED(C1),     FLOW("refused - 0 client_truncated"),
        ACCEPT(C2),     IN(C2, "GET http://a.te"),
        PEER_RESET(C2), FLOW("refused - 0 client_reset"),
    };
    static const struct step in_the_body[] = {
        ACCEPT(C1),
        IN(C1, HALF_POST),
        MEET(U1),
        OUT(U1, SENT_HALF_POST),
        PEER_EOF(C1),
        RST(C1),
        CLOSED(U1),
        FLOW("http POST http://a.test/ 0 client_truncated 4/0"),
        ACCEPT(C2),
        IN(C2, HALF_POST),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_HALF_POST),
        PEER_RESET(C2),
        RST(U2),
        FLOW("http POST http://a.test/ 0 client_reset 4/0"),
    };
    static const struct step in_the_answer[] = {
        ASK(C1, U1),
        IN(U1, LONG_ANSWER "half"),
        OUT(C1, LONG_ANSWER "half"),
        PEER_RESET(C1),
        RST(U1),
        FLOW("http GET http://a.test/ 200 client_reset 0/4"),
    };
    static const struct step in_peace[] = {
        WARM(C1, U1), PEER_EOF(C1), FIN(C1), CLOSED(C1), NO_FLOW, SILENT(U1),
    };
    static const struct step after_connect[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        PEER_RESET(C1),
        FLOW("refused a.test:443 0 client_reset"),
    };
    static const struct step in_a_dial[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        IN(C1, "\x01"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:443"),
        PEER_RESET(C1),
        CLOSED(U1),
        FLOW("refused a.test:443 0 client_reset"),
    };
    static const struct step a_second_connect[] = {
        WARM(C1, U1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        PEER_EOF(C1),
        CLOSED(C1),
        FLOW("refused a.test:443 0 client_closed"),
    };
    (void)state;
    PLAY(at_once);
    PLAY(at_once_by_reset);
    PLAY(in_the_head);
    PLAY(in_the_body);
    PLAY(in_the_answer);
    PLAY(in_peace);
    PLAY(after_connect);
    PLAY(in_a_dial);
    PLAY(a_second_connect);
}

/* `nc -N` and others say all they have to say, and then wait for the answer. */
static void answers_a_client_that_has_said_all(void **state)
{
    static const struct step steps[] = {
        ASK(C1, U1),
        PEER_EOF(C1),
        SILENT(C1),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FIN(C1),
        CLOSED(C1),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        SILENT(U1),
    };
    /* Its FIN comes while the answer waits for it to read. */
    static const struct step late[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        HOLD(C1),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"),
        IN(U1, "hi"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        PEER_EOF(C1),
        TAKE(C1),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FIN(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
    PLAY(late);
}

static void ends_slow_clients(void **state)
{
    static const struct step in_the_head[] = {
        ACCEPT(C1),
        WAIT(100000),
        IN(C1, "GET http"),
        WAIT(20000),
        IN(C1, "://a.te"),
        WAIT(9999),
        SILENT(C1),
        WAIT(1),
        PAGE_CLOSE(C1, "408 Request Timeout", "The client took too long to send its request.",
                   "client_slow"),
        FIN(C1),
        FLOW("refused - 408 client_slow"),
        WAIT(2000),
        CLOSED(C1),
    };
    static const struct step in_the_body[] = {
        ACCEPT(C1),
        IN(C1, HALF_POST),
        MEET(U1),
        OUT(U1, SENT_HALF_POST),
        WAIT(119999),
        SILENT(C1),
        WAIT(1),
        CLOSED(U1),
        PAGE_CLOSE(C1, "408 Request Timeout", "The client took too long to send its request.",
                   "client_slow"),
        FIN(C1),
        FLOW("http POST http://a.test/ 408 client_slow 4/86"),
    };
    static const struct step silent[] = {
        ACCEPT(C1), WAIT(119999), SILENT(C1), WAIT(1), FIN(C1), FLOW("refused - 0 client_idle"),
        WAIT(1999), WAIT(1),      CLOSED(C1),
    };
    static const struct step deaf[] = {
        ASK(C1, U1),
        HOLD(C1),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        OUT_BEGINS(C1, "HTTP/1.1 200 OK"),
        WAIT(120000),
        WAIT(119999),
        READS(C1, 1),
        WAIT(1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(in_the_head);
    PLAY(in_the_body);
    PLAY(silent);
    PLAY(deaf);
}

/* ---- refusals ----------------------------------------------------------- */

struct refusal {
    const char *request, *status, *sentence, *word, *anomaly;
};

static void leaves_one_flow_for_each_refusal(void **state)
{
    static const struct refusal refusals[] = {
        {"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n"
         "Transfer-Encoding: chunked\r\n\r\n",
         "400 Bad Request", "Content-Length and Transfer-Encoding together", "bad_request",
         "!length_and_coding"},
        {"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: +1\r\n\r\n",
         "400 Bad Request", "Content-Length is not one decimal number", "bad_request",
         "!bad_length"},
        {"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: x\r\n\r\n",
         "400 Bad Request", "Transfer-Encoding does not end in one chunked", "bad_request",
         "!bad_coding"},
        {"GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX : y\r\n\r\n", "400 Bad Request",
         "white space before a field's colon", "bad_request", "!space_before_colon"},
        {"GET http://a.test/ HTTP/1.1\r\n\r\n", "400 Bad Request",
         "Host is missing, differs, or is not an authority", "bad_request", "!bad_host"},
        {"GET http://a.test/ HTTP/1.1\r\nHost: a.test\nX: y\r\n\r\n", "400 Bad Request",
         "a line ended in LF alone", "bad_request", "!bare_lf"},
        {"GET http://u@a.test/ HTTP/1.1\r\n", "400 Bad Request", "the request target is not valid",
         "bad_request", "!bad_target"},
        {"CONNECT a.test HTTP/1.1\r\n", "400 Bad Request", "the request target is not valid",
         "bad_request", "!bad_target"},
        {"GET http://a.test/\r\n", "400 Bad Request", "the start line is not one of HTTP/1",
         "bad_request", "!bad_start_line"},
        {"GET http://a.test/ HTTP/2.0\r\n", "505 HTTP Version Not Supported",
         "the version of HTTP is not 1.0 or 1.1", "bad_request", "!bad_start_line"},
    };
    static struct step steps[] = {
        ACCEPT(C1),
        {.kind = STEP_IN, .wire = C1},
        NO_DIAL,
        {.kind = STEP_PAGE, .wire = C1, .closes = true},
        FIN(C1),
        {.kind = STEP_FLOW},
        {.kind = STEP_SENTENCE},
        PEER_EOF(C1),
        CLOSED(C1),
    };
    static char flow[256];

    (void)state;
    for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
        const struct refusal *r = &refusals[i];

        steps[1].text = r->request;
        steps[3].text = r->status;
        steps[3].text2 = r->sentence;
        steps[3].text3 = r->word;
        snprintf(flow, sizeof(flow), "refused - %.3s %s %s", r->status, r->word, r->anomaly);
        steps[5].text = flow;
        steps[6].text = r->sentence;
        steps[1].line = steps[3].line = steps[5].line = steps[6].line = 10000 + (int)i;
        PLAY(steps);
    }
}

static void be_lenient(struct settings *settings, struct arena *arena)
{
    settings->lenient.items = arena_alloc(arena, sizeof(struct host_pattern));
    settings->lenient.items[0] = (struct host_pattern){.host = BYTES("odd.test")};
    settings->lenient.count = 1;
}

static void passes_untidy_requests_to_lenient_hosts_only(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://odd.test/ HTTP/1.1\r\nHost: odd.test\nX : y\r\n\r\n"),
        RESOLVE("odd.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:80"),
        OUT(U1, "GET / HTTP/1.1\r\nHost: odd.test\r\nX: y\r\n\r\n"),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\n"),
        FLOW("http GET http://odd.test/ 204 complete !bare_lf !space_before_colon"),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\n\r\n"
               "GET http://a.test/2 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        NO_DIAL,
        PAGE_CLOSE(C1, "400 Bad Request", "The request breaks HTTP's rules and was refused.",
                   "bad_request"),
        FIN(C1),
        FLOW("refused GET a.test:80 400 bad_request 0/85 !bare_lf"),
    };
    (void)state;
    PLAY_WITH(steps, be_lenient);
}

static void refuses_a_bad_chunk_in_a_request(void **state)
{
    static const struct step early[] = {
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
               "2\r\nhi\r\n"),
        MEET(U1),
        OUT_CHUNKED(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "2\r\nhi\r\n"),
        IN(C1, "Z"),
        CLOSED(U1),
        PAGE_CLOSE(C1, "400 Bad Request", "a chunk line or its end is not valid", "bad_request"),
        FIN(C1),
        FLOW("http POST http://a.test/ 400 bad_request 2/73 !bad_chunk"),
        SENTENCE("a chunk line or its end is not valid"),
    };
    static const struct step late[] = {
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
               "2\r\nhi\r\n"),
        MEET(U1),
        OUT_CHUNKED(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "2\r\nhi\r\n"),
        IN(U1, LONG_ANSWER),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\n"),
        IN(C1, "Z"),
        CLOSED(U1),
        RST(C1),
        FLOW("http POST http://a.test/ 200 bad_request 2/0 !bad_chunk"),
    };
    static const struct step answered[] = {
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
               "2\r\nhi\r\n"),
        MEET(U1),
        OUT_CHUNKED(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "2\r\nhi\r\n"),
        IN(U1, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"),
        CLOSED(U1),
        IN(C1, "Z"),
        OUT(C1,
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"),
        FIN(C1), /* no RST: it would take the answer with it */
        FLOW("http POST http://a.test/ 413 bad_request 2/2 !bad_chunk"),
    };
    (void)state;
    PLAY(early);
    PLAY(late);
    PLAY(answered);
}

static void sends_an_answer_out_before_the_end_of_a_broken_request(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { match: a.test, then: { delay: 1s } }\n"),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"
               "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbo"),
        WAIT(1000),
        MEET(U1),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        PEER_EOF(C1),
        IN(U1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
        OUT_CHUNKED(C1,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/2"),
        FLOW_STARTS("http POST http://a.test/ 0 client_truncated 2/0"),
    };
    (void)state;
    PLAY(steps);
}

static void limits_the_size_of_heads(void **state)
{
    static char line[HTTP_REQUEST_LINE_BYTES + 1], head[HTTP_HEAD_BYTES + 1];
    static const struct step long_line[] = {
        ACCEPT(C1),
        IN(C1, line),
        PAGE_CLOSE(C1, "414 URI Too Long", "the request line is too long", "head_too_large"),
        FIN(C1),
        FLOW("refused - 414 head_too_large !too_large"),
    };
    static const struct step long_head[] = {
        ACCEPT(C1),
        IN(C1, head),
        PAGE_CLOSE(C1, "431 Request Header Fields Too Large", "the head is too large",
                   "head_too_large"),
        FIN(C1),
        FLOW("refused - 431 head_too_large !too_large"),
    };
    static const struct step response[] = {
        ASK(C1, U1),
        IN(U1, head),
        CLOSED(U1),
        PAGE(C1, "502 Bad Gateway",
             "The origin's response breaks HTTP's rules and was not passed on: a.test:80 "
             "(the head is too large).",
             "bad_response"),
        FLOW("http GET http://a.test/ 502 bad_response 0/137"),
    };

    (void)state;
    memset(line, 'x', sizeof(line) - 1);
    memcpy(line, "GET http://a.test/", 18);
    PLAY(long_line);
    memset(head, 'x', sizeof(head) - 1);
    memcpy(head, "GET http://a.test/ HTTP/1.1\r\nX: ", 32);
    PLAY(long_head);
    memset(head, 'x', sizeof(head) - 1);
    memcpy(head, "HTTP/1.1 200 OK\r\nX: ", 20);
    PLAY(response);
}

/* ---- the drain ---------------------------------------------------------- */

static void finishes_what_runs_and_ends(void **state)
{
    static const struct step steps[] = {
        WARM(C1, U1),
        ACCEPT(C2),
        IN(C2, GET("/2")),
        OUT(U1, SENT_GET("/2")),
        ACCEPT(C3),
        IN(C3, GET("/3")),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/3")),
        IN(U2, LONG_ANSWER "half"),
        OUT(C3, LONG_ANSWER "half"),
        DRAIN_NOW,
        FIN(C1),
        NOT_DRAINED,
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        OUT(C2, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FIN(C2),
        CLOSED(U1),
        FLOW("http GET http://a.test/2 200 complete 0/2"),
        IN(U2, "done!"),
        OUT(C3, "done!"),
        FIN(C3),
        FLOW("http GET http://a.test/3 200 complete 0/9"),
        PEER_EOF(C1),
        PEER_EOF(C2),
        NOT_DRAINED,
        WAIT(2000),
        CLOSED(C3),
        DRAINED,
    };
    (void)state;
    PLAY(steps);
}

static void serves_one_more_request_of_a_late_client(void **state)
{
    static const struct step steps[] = {
        DRAIN_NOW,
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FIN(C1),
        CLOSED(U1),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        PEER_EOF(C1),
        DRAINED,
    };
    (void)state;
    PLAY(steps);
}

static void leaves_flows_of_what_a_second_drain_cuts_off(void **state)
{
    static const struct step steps[] = {
        ASK(C1, U1),
        IN(U1, LONG_ANSWER "half"),
        OUT(C1, LONG_ANSWER "half"),
        ACCEPT(C2),
        IN(C2, "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n\x01"),
        OUT(C2, "HTTP/1.1 200 Connection established\r\n\r\n"),
        RESOLVE("db.test", "192.0.2.7"),
        DIAL(U2, "192.0.2.7:5432"),
        OUT(U2, "\x01"),
        ACCEPT(C3),
        IN(C3, "GET http"),
        DRAIN_NOW,
        FIN(C3),
        FLOW("refused - 0 shut_down"),
        SILENT(C1),
        SILENT(C2),
        DRAIN_NOW,
        RST(C1),
        RST(C2),
        RST(C3),
        CLOSED(U1),
        CLOSED(U2),
        DRAINED,
        FLOW("tunnel db.test:5432 0 shut_down 1/0"),
        FLOW("http GET http://a.test/ 200 shut_down 0/4"),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_a_flow_for_every_client_that_leaves),
        cmocka_unit_test(answers_a_client_that_has_said_all),
        cmocka_unit_test(ends_slow_clients),
        cmocka_unit_test(leaves_one_flow_for_each_refusal),
        cmocka_unit_test(passes_untidy_requests_to_lenient_hosts_only),
        cmocka_unit_test(refuses_a_bad_chunk_in_a_request),
        cmocka_unit_test(sends_an_answer_out_before_the_end_of_a_broken_request),
        cmocka_unit_test(limits_the_size_of_heads),
        cmocka_unit_test(finishes_what_runs_and_ends),
        cmocka_unit_test(serves_one_more_request_of_a_late_client),
        cmocka_unit_test(leaves_flows_of_what_a_second_drain_cuts_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
