/* Requests and responses through the engine: order, framing, persistence, interim
 * responses, upgrades, what may not pass a proxy, and upstream proxies. */
#include "playbook.h"

#include "http/url.h"

#define GET(path) "GET http://a.test" path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define SENT_GET(path) "GET " path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define OK_2(body) "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" body
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")

/* ---- order and persistence ---------------------------------------------- */

static void answers_pipelined_requests_in_their_order(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1") GET("/2") GET("/3")),
        MEET(U1),
        OUT(U1, SENT_GET("/1")),
        IN(U1, OK_2("a1")),
        OUT(C1, OK_2("a1")),
        FLOW("http GET http://a.test/1 200 complete 0/2"),
        OUT(U1, SENT_GET("/2")),
        IN(U1, OK_2("a2")),
        OUT(C1, OK_2("a2")),
        FLOW("http GET http://a.test/2 200 complete 0/2"),
        OUT(U1, SENT_GET("/3")),
        IN(U1, OK_2("a3")),
        OUT(C1, OK_2("a3")),
        FLOW("http GET http://a.test/3 200 complete 0/2"),
        NO_DIAL,
        SILENT(C1),
    };
    (void)state;
    PLAY(steps);
}

static void closes_as_the_client_asked(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, OK_2("hi")),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        PEER_EOF(C1),
        CLOSED(C1),
        SILENT(U1),
    };
    (void)state;
    PLAY(steps);
}

static void dials_again_when_the_origin_closes(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        MEET(U1),
        OUT(U1, SENT_GET("/1")),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        OUT(C1, OK_2("hi")),
        CLOSED(U1),
        FLOW("http GET http://a.test/1 200 complete 0/2"),
        IN(C1, GET("/2")),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/2")),
        IN(U2, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void forgets_a_pooled_connection_in_time(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        MEET(U1),
        OUT(U1, SENT_GET("/1")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/1 204 complete"),
        WAIT(59999),
        SILENT(U1),
        WAIT(1),
        CLOSED(U1),
        SILENT(C1),
        IN(C1, GET("/2")),
        MEET(U2),
        OUT(U2, SENT_GET("/2")),
        PEER_EOF(U2),
        PAGE(C1, "502 Bad Gateway",
             "The origin closed the connection without an answer: a.test:80.", "origin_closed"),
        FLOW("http GET http://a.test/2 502 origin_closed 0/101"),
    };
    (void)state;
    PLAY(steps);
}

static void closes_a_pooled_connection_that_speaks(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        MEET(U1),
        OUT(U1, SENT_GET("/1")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/1 204 complete"),
        IN(U1, "H"),
        CLOSED(U1),
        IN(C1, GET("/2")),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/2")),
        IN(U2, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete"),
        PEER_EOF(U2),
        CLOSED(U2),
        IN(C1, GET("/3")),
        DIAL(U3, "192.0.2.1:80"),
        OUT(U3, SENT_GET("/3")),
        IN(U3, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/3 204 complete"),
        PEER_RESET(U3),
        SILENT(C1),
    };
    (void)state;
    PLAY(steps);
}

static void ends_an_idle_client(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        MEET(U1),
        OUT(U1, SENT_GET("/1")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/1 204 complete"),
        WAIT(119999),
        CLOSED(U1),
        SILENT(C1),
        WAIT(1),
        FIN(C1),
        WAIT(2000),
        CLOSED(C1),
        NO_FLOW,
    };
    (void)state;
    PLAY(steps);
}

/* ---- HTTP/1.0 ----------------------------------------------------------- */

static void serves_http10_and_closes(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc"),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 complete 0/3"),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

static void keeps_http10_alive_when_asked(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, OK_2("hi")),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nhi"),
        SILENT(C1),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
        PEER_EOF(C1),
        FIN(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

static void reads_an_http10_origin_until_it_closes(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.0 200 OK\r\nX-A: b\r\n\r\nall"),
        IN(U1, " of it"),
        PEER_EOF(U1),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nX-A: b\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "9\r\nall of it\r\n0\r\n\r\n"),
        CLOSED(U1),
        SILENT(C1),
        FLOW("http GET http://a.test/ 200 complete 0/9"),
    };
    (void)state;
    PLAY(steps);
}

static void tells_an_http10_origin_host_within_a_connect(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:8080 HTTP/1.0\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        IN(C1, "GET / HTTP/1.0\r\nX-A: b\r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:8080"),
        OUT(U1, "GET / HTTP/1.1\r\nX-A: b\r\nHost: a.test:8080\r\n\r\n"),
        IN(U1, OK_2("hi")),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FIN(C1),
        FLOW("http GET http://a.test:8080/ 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void cannot_tell_http10_of_a_coding_beneath_chunked(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        PAGE_CLOSE(C1, "502 Bad Gateway",
                   "The response has a transfer coding that HTTP/1.0 does not know.",
                   "bad_response"),
        FIN(C1),
        CLOSED(U1),
        FLOW("http GET http://a.test/ 502 bad_response !outer_coding"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- interim responses, Expect, early answers --------------------------- */

#define EXPECTING                                                                                  \
    "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\n"                     \
    "Content-Length: 4\r\n\r\n"
#define SENT_EXPECTING                                                                             \
    "POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"

static void hands_on_100_continue(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, EXPECTING),
        MEET(U1),
        OUT(U1, SENT_EXPECTING),
        IN(U1, "HTTP/1.1 100 Continue\r\n\r\n"),
        OUT(C1, "HTTP/1.1 100 Continue\r\n\r\n"),
        IN(C1, "body"),
        OUT(U1, "body"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http POST http://a.test/ 204 complete 4/0"),
        SILENT(C1),
    };
    (void)state;
    PLAY(steps);
}

static void hands_on_a_final_answer_instead_of_100(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, EXPECTING),
        MEET(U1),
        OUT(U1, SENT_EXPECTING),
        IN(U1, "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n"),
        OUT(C1,
            "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        CLOSED(U1),
        IN(C1, "body"),
        FIN(C1),
        FLOW("http POST http://a.test/ 417 complete 4/0"),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

static void hands_on_every_interim_response(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        OUT(C1, "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        IN(U1, OK_2("hi")),
        OUT(C1, OK_2("hi")),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

/* RFC 9110 §7.6.1, §15.2 */
static void keeps_hop_by_hop_fields_of_interim_responses(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 103 Early Hints\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\nLink: </a>\r\n"
               "Keep-Alive: timeout=5\r\nContent-Length: 5\r\n\r\n"),
        OUT(C1, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        IN(U1, OK_2("hi")),
        OUT(C1, OK_2("hi")),
        FLOW("http GET http://a.test/ 200 complete 0/2 !body_not_allowed"),
    };
    (void)state;
    PLAY(steps);
}

static void keeps_interim_responses_from_http10(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"),
        SILENT(C1),
        IN(U1, OK_2("hi")),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void refuses_a_flood_of_interim_responses(void **state)
{
#define FOUR                                                                                       \
    "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 102 P\r\n\r\n"
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, FOUR FOUR FOUR FOUR),
        SILENT(C1),
        IN(U1, "HTTP/1.1 102 P\r\n\r\n"),
        CLOSED(U1),
        PAGE_CLOSE(C1, "502 Bad Gateway",
                   "The origin's response breaks HTTP's rules and was not passed on: a.test:80 "
                   "(there are too many interim responses).",
                   "bad_response"),
        FIN(C1),
        FLOW("http GET http://a.test/ 502 bad_response 0/152"),
    };
    (void)state;
    PLAY(steps);
}

#define POST_10 "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n"
#define SENT_POST_10 "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n"

static void passes_an_early_answer_and_reads_the_rest(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, POST_10 "01234"),
        MEET(U1),
        OUT(U1, SENT_POST_10 "01234"),
        IN(U1, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"),
        OUT(C1,
            "HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"),
        CLOSED(U1),
        SILENT(C1),
        NO_FLOW,
        IN(C1, "56789"),
        FIN(C1),
        FLOW("http POST http://a.test/ 413 complete 10/2"),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

static void waits_only_so_long_for_the_rest_after_an_early_answer(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, POST_10 "01234"),
        MEET(U1),
        OUT(U1, SENT_POST_10 "01234"),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        FIN(C1),
        FLOW("http POST http://a.test/ 200 complete 5/0"),
        WAIT(2000),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

static void goes_on_sending_while_an_early_answer_runs(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, POST_10 "01234"),
        MEET(U1),
        OUT(U1, SENT_POST_10 "01234"),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nab"),
        IN(C1, "56789"),
        OUT(U1, "56789"),
        IN(U1, "cd"),
        OUT(C1, "cd"),
        FIN(C1),
        FLOW("http POST http://a.test/ 200 complete 10/4"),
        SILENT(U1),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

/* ---- framing ------------------------------------------------------------ */

static void hands_trailers_on_both_ways(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n"
               "Trailer: X-Sum\r\n\r\n3;ext=1\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"),
        MEET(U1),
        OUT_CHUNKED(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n"
                        "Trailer: X-Sum\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"),
        IN(U1,
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n0\r\nX-End: 1\r\n\r\n"),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "2\r\nde\r\n0\r\nX-End: 1\r\n\r\n"),
        FLOW("http POST http://a.test/ 200 complete 3/2"),
    };
    (void)state;
    PLAY(steps);
}

static void keeps_trailers_that_wait_for_a_connection(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:80"),
        WAIT(100),
        CONNECTED(U1),
        OUT_CHUNKED(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http POST http://a.test/ 204 complete 3/0"),
    };
    (void)state;
    PLAY(steps);
}

static void takes_no_content_of_an_answer_to_head(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "HEAD http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        MEET(U1),
        OUT(U1, "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        FLOW("http HEAD http://a.test/ 200 complete"),
        IN(C1, "HEAD http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT(U1, "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\n"),
        OUT(C1, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\nContent-Length: 9\r\n\r\n"),
        FLOW("http HEAD http://a.test/ 304 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void repairs_equal_repeated_lengths(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nHost: a.test\r\n"
               "Content-Length: 2\r\nContent-Length: 2\r\n\r\nhi"),
        MEET(U1),
        OUT(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi"),
        IN(U1, "HTTP/1.1 204 No Content\nX: 1\n\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n"),
        FLOW("http POST http://a.test/ 204 complete 2/0 !repeated_length !bare_lf !repeated_host"),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_pipelined_requests_in_their_order),
        cmocka_unit_test(closes_as_the_client_asked),
        cmocka_unit_test(dials_again_when_the_origin_closes),
        cmocka_unit_test(forgets_a_pooled_connection_in_time),
        cmocka_unit_test(closes_a_pooled_connection_that_speaks),
        cmocka_unit_test(ends_an_idle_client),
        cmocka_unit_test(serves_http10_and_closes),
        cmocka_unit_test(keeps_http10_alive_when_asked),
        cmocka_unit_test(reads_an_http10_origin_until_it_closes),
        cmocka_unit_test(tells_an_http10_origin_host_within_a_connect),
        cmocka_unit_test(cannot_tell_http10_of_a_coding_beneath_chunked),
        cmocka_unit_test(hands_on_100_continue),
        cmocka_unit_test(hands_on_a_final_answer_instead_of_100),
        cmocka_unit_test(hands_on_every_interim_response),
        cmocka_unit_test(keeps_hop_by_hop_fields_of_interim_responses),
        cmocka_unit_test(keeps_interim_responses_from_http10),
        cmocka_unit_test(refuses_a_flood_of_interim_responses),
        cmocka_unit_test(passes_an_early_answer_and_reads_the_rest),
        cmocka_unit_test(waits_only_so_long_for_the_rest_after_an_early_answer),
        cmocka_unit_test(goes_on_sending_while_an_early_answer_runs),
        cmocka_unit_test(hands_trailers_on_both_ways),
        cmocka_unit_test(keeps_trailers_that_wait_for_a_connection),
        cmocka_unit_test(takes_no_content_of_an_answer_to_head),
        cmocka_unit_test(repairs_equal_repeated_lengths),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
