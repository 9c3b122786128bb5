/* What goes wrong: names, dials, origins and clients that break off at every place,
 * stale connections, limits of time and of size, the drain. */
#include "playbook.h"

#include <stdio.h>
#include <string.h>

#define GET(path) "GET http://a.test" path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define SENT_GET(path) "GET " path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define ASK(c, u) ACCEPT(c), IN(c, GET("/")), MEET(u), OUT(u, SENT_GET("/"))

/* ---- names -------------------------------------------------------------- */

static void looks_a_name_up_once_for_all(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        ACCEPT(C2),
        IN(C1, GET("/1")),
        LOOKUP("a.test"),
        IN(C2, GET("/2")),
        NO_DIAL,
        RESOLVED("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:80"),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U1, SENT_GET("/1")),
        OUT(U2, SENT_GET("/2")),
        IN(U2, NO_CONTENT),
        OUT(C2, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/1 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void remembers_names_for_half_a_minute(void **state)
{
    static const struct step steps[] = {
        ASK(C1, U1),
        PEER_EOF(U1),
        PAGE(C1, "502 Bad Gateway",
             "The origin closed the connection without an answer: a.test:80.", "origin_closed"),
        FLOW("http GET http://a.test/ 502 origin_closed 0/101"),
        WAIT(29999),
        IN(C1, GET("/2")),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/2")),
        PEER_RESET(U2),
        PAGE(C1, "502 Bad Gateway", "The origin reset the connection: a.test:80.", "origin_reset"),
        FLOW("http GET http://a.test/2 502 origin_reset 0/81"),
        WAIT(1),
        IN(C1, GET("/3")),
        MEET(U3),
        OUT(U3, SENT_GET("/3")),
        IN(U3, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/3 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void remembers_a_missing_name_for_a_second(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        RESOLVE_FAILS("a.test"),
        PAGE(C1, "502 Bad Gateway",
             "The host's name could not be resolved: a.test:80 (name or service not known).",
             "dns_failed"),
        FLOW("http GET http://a.test/1 502 dns_failed 0/113"),
        WAIT(999),
        IN(C1, GET("/2")),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway",
             "The host's name could not be resolved: a.test:80 (name or service not known).",
             "dns_failed"),
        FLOW("http GET http://a.test/2 502 dns_failed 0/113"),
        WAIT(1),
        IN(C1, GET("/3")),
        MEET(U1),
        OUT(U1, SENT_GET("/3")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/3 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void waits_five_seconds_for_a_name(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        LOOKUP("a.test"),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        PAGE(C1, "504 Gateway Timeout", "Resolving the host's name took too long: a.test:80.",
             "dns_timeout"),
        FLOW("http GET http://a.test/1 504 dns_timeout 0/92"),
        /* The look-up still runs, and serves the next one. */
        IN(C1, GET("/2")),
        NO_DIAL,
        RESOLVED("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:80"),
        OUT(U1, SENT_GET("/2")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

/* Behind names that nobody answers for, others wait for their turn. */
static void begins_no_lookup_that_nobody_waits_for(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        LOOKUP("a.test"),
        PEER_RESET(C1),
        FLOW("http GET http://a.test/1 0 client_reset"),
        NOT_BEGUN("a.test"),
        NO_DIAL,
        ACCEPT(C2),
        IN(C2, GET("/2")),
        MEET(U1),
        OUT(U1, SENT_GET("/2")),
        IN(U1, NO_CONTENT),
        OUT(C2, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete"),
    };
    static const struct step wanted_again[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        LOOKUP("a.test"),
        PEER_RESET(C1),
        FLOW("http GET http://a.test/1 0 client_reset"),
        ACCEPT(C2),
        IN(C2, GET("/2")),
        NO_DIAL,
        NOT_BEGUN("a.test"),
        MEET(U1),
        OUT(U1, SENT_GET("/2")),
        IN(U1, NO_CONTENT),
        OUT(C2, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete"),
    };
    (void)state;
    PLAY(steps);
    PLAY(wanted_again);
}

/* ---- dials -------------------------------------------------------------- */

static void says_why_a_dial_failed(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        RESOLVE("a.test", "192.0.2.1 192.0.2.2"),
        DIAL_FAILS(U1, "192.0.2.1:80", "no route"),
        DIAL_FAILS(U2, "192.0.2.2:80", "connection refused"),
        PAGE(C1, "502 Bad Gateway",
             "No connection to the host could be made: a.test:80 (connection refused).",
             "connect_failed"),
        FLOW("http GET http://a.test/ 502 connect_failed 0/112"),
        SENTENCE("No connection to the host could be made: a.test:80 (connection refused)."),
    };
    (void)state;
    PLAY(steps);
}

static void tries_the_next_address_after_a_quarter_second(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        RESOLVE("a.test", "2001:db8::1 192.0.2.1 192.0.2.2"),
        DIAL_OPEN(U1, "[2001:db8::1]:80"),
        WAIT(249),
        NO_DIAL,
        WAIT(1),
        DIAL_OPEN(U2, "192.0.2.1:80"),
        REFUSED(U1, "unreachable"),
        DIAL_OPEN(U3, "192.0.2.2:80"),
        CONNECTED(U2),
        CLOSED(U3),
        OUT(U2, SENT_GET("/")),
        IN(U2, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void waits_ten_seconds_for_a_connection(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        RESOLVE("a.test", "192.0.2.1 192.0.2.2"),
        DIAL_OPEN(U1, "192.0.2.1:80"),
        WAIT(250),
        DIAL_OPEN(U2, "192.0.2.2:80"),
        WAIT(9749),
        SILENT(C1),
        WAIT(1),
        CLOSED(U1),
        CLOSED(U2),
        PAGE(C1, "504 Gateway Timeout", "Connecting to the host took too long: a.test:80.",
             "connect_timeout"),
        FLOW("http GET http://a.test/ 504 connect_timeout 0/93"),
    };
    (void)state;
    PLAY(steps);
}

static void keeps_a_connection_that_nobody_waits_for_any_more(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 9\r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:80"),
        PEER_EOF(C1),
        RST(C1),
        FLOW("http POST http://a.test/ 0 client_truncated"),
        CONNECTED(U1),
        SILENT(U1),
        ACCEPT(C2),
        IN(C2, GET("/")),
        NO_DIAL,
        OUT(U1, SENT_GET("/")),
        IN(U1, NO_CONTENT),
        OUT(C2, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- our own addresses -------------------------------------------------- */

static void listen_here(struct settings *settings, struct arena *arena)
{
    struct sockaddr_in *four = (void *)&settings->own[0];
    struct sockaddr_in6 *six = (void *)&settings->own[1];

    (void)arena;
    four->sin_family = AF_INET;
    four->sin_port = htons(8080);
    four->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(8080);
    six->sin6_addr = in6addr_loopback;
    settings->own_count = 2;
}

#define OWN_PAGE(target) "The target is this proxy itself: " target "."

static void is_never_its_own_target(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "HEAD http://127.0.0.1:8080/ HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"),
        NO_DIAL,
        PAGE_HEAD(C1, "403 Forbidden", OWN_PAGE("127.0.0.1:8080"), "own_address"),
        FLOW("http HEAD http://127.0.0.1:8080/ 403 own_address"),
        IN(C1, "HEAD http://0.0.0.0:8080/ HTTP/1.1\r\nHost: 0.0.0.0:8080\r\n\r\n"),
        NO_DIAL,
        PAGE_HEAD(C1, "403 Forbidden", OWN_PAGE("0.0.0.0:8080"), "own_address"),
        FLOW("http HEAD http://0.0.0.0:8080/ 403 own_address"),
        IN(C1, "HEAD http://[::ffff:127.0.0.1]:8080/ HTTP/1.1\r\n"
               "Host: [::ffff:127.0.0.1]:8080\r\n\r\n"),
        NO_DIAL,
        PAGE_HEAD(C1, "403 Forbidden", OWN_PAGE("[::ffff:127.0.0.1]:8080"), "own_address"),
        FLOW("http HEAD http://[::ffff:127.0.0.1]:8080/ 403 own_address"),
        IN(C1, "HEAD http://[::]:8080/ HTTP/1.1\r\nHost: [::]:8080\r\n\r\n"),
        NO_DIAL,
        PAGE_HEAD(C1, "403 Forbidden", OWN_PAGE("[::]:8080"), "own_address"),
        FLOW("http HEAD http://[::]:8080/ 403 own_address"),
        IN(C1, "HEAD http://rebind.test:8080/ HTTP/1.1\r\nHost: rebind.test:8080\r\n\r\n"),
        RESOLVE("rebind.test", "192.0.2.1 127.0.0.1"),
        NO_DIAL,
        PAGE_HEAD(C1, "403 Forbidden", OWN_PAGE("rebind.test:8080"), "own_address"),
        FLOW("http HEAD http://rebind.test:8080/ 403 own_address"),
        /* Another port of this machine is nobody's business. */
        IN(C1, "GET http://127.0.0.1:8088/ HTTP/1.1\r\nHost: 127.0.0.1:8088\r\n\r\n"),
        DIAL(U1, "127.0.0.1:8088"),
        OUT(U1, "GET / HTTP/1.1\r\nHost: 127.0.0.1:8088\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://127.0.0.1:8088/ 204 complete"),
    };
    static const struct step connect[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT [::1]:8080 HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n"),
        NO_DIAL,
        PAGE_CLOSE(C1, "403 Forbidden", "The target is this proxy itself.", "own_address"),
        FIN(C1),
        FLOW("refused [::1]:8080 403 own_address"),
        ACCEPT(C2),
        IN(C2, "CONNECT me.test:8080 HTTP/1.1\r\nHost: me.test:8080\r\n\r\n"),
        OUT(C2, "HTTP/1.1 200 Connection established\r\n\r\n"),
        IN(C2, "\x01"),
        RESOLVE("me.test", "127.0.0.1"),
        NO_DIAL,
        FIN(C2),
        FLOW("tunnel me.test:8080 0 own_address 0/0"),
    };
    (void)state;
    PLAY_WITH(steps, listen_here);
    PLAY_WITH(connect, listen_here);
}

static void through_a_proxy(struct settings *settings, struct arena *arena)
{
    settings->via = arena_alloc(arena, sizeof(*settings->via));
    settings->via[0] =
        (struct via_entry){.hosts = {.any = true}, .host = BYTES("192.0.2.9"), .port = 3128};
    settings->via_count = 1;
}

static void refuses_requests_that_it_made_itself(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        DIAL_FROM(U1, "192.0.2.9:3128", C2),
        OUT(U1, GET("/")),
        ACCEPT(C2),
        IN(C2, GET("/")),
        NO_DIAL,
        PAGE(C2, "508 Loop Detected",
             "The request came from this proxy itself: it runs in a circle.", "loop"),
        FLOW("http GET http://a.test/ 508 loop 0/93"),
        IN(C2, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        PAGE_CLOSE(C2, "508 Loop Detected",
                   "The request came from this proxy itself: it runs in a circle.", "loop"),
        FIN(C2),
        FLOW("refused a.test:443 508 loop"),
        PEER_RESET(U1),
        PAGE(C1, "502 Bad Gateway", "The origin reset the connection: a.test:80.", "origin_reset"),
        FLOW("http GET http://a.test/ 502 origin_reset 0/81"),
        /* The number of the port may be another's now. */
        ACCEPT(C3),
        IN(C3, GET("/")),
        DIAL_FROM(U2, "192.0.2.9:3128", C4),
        OUT(U2, GET("/")),
        IN(U2, NO_CONTENT),
        OUT(C3, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete"),
    };
    (void)state;
    PLAY_WITH(steps, through_a_proxy);
}

static void serves_a_client_whose_port_is_that_of_a_connection_to_an_origin(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/1")),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_FROM(U1, "192.0.2.1:80", C2),
        OUT(U1, SENT_GET("/1")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/1 204 complete"),
        ACCEPT(C2),
        IN(C2, GET("/2")),
        OUT(U1, SENT_GET("/2")),
        IN(U1, NO_CONTENT),
        OUT(C2, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void refuses_odd_spellings_of_addresses(void **state)
{
    static const char *const spellings[] = {"2130706433", "0x7f.1",      "127.1",
                                            "0177.0.0.1", "127.0.0.1.1", "[fe80::1%25eth0]"};
    static char request[128];
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, request),
        NO_DIAL,
        PAGE_CLOSE(C1, "400 Bad Request", "the request target is not valid", "bad_request"),
        FIN(C1),
        FLOW("refused - 400 bad_request !bad_target"),
    };

    (void)state;
    for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
        snprintf(request, sizeof(request), "GET http://%s:8080/ HTTP/1.1\r\n", spellings[i]);
        PLAY_WITH(steps, listen_here);
    }
}

/* ---- origins that break off --------------------------------------------- */

#define LONG_ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"

static void says_when_an_origin_closes_before_its_answer(void **state)
{
    static const struct step at_once[] = {
        ASK(C1, U1),
        PEER_EOF(U1),
        CLOSED(U1),
        PAGE(C1, "502 Bad Gateway",
             "The origin closed the connection without an answer: a.test:80.", "origin_closed"),
        FLOW("http GET http://a.test/ 502 origin_closed 0/101"),
        SILENT(C1),
    };
    static const struct step in_the_head[] = {
        ASK(C1, U1),
        IN(U1, "HTTP/1.1 200 O"),
        PEER_EOF(U1),
        PAGE(C1, "502 Bad Gateway", "The origin closed in the middle of its response: a.test:80.",
             "origin_truncated"),
        FLOW("http GET http://a.test/ 502 origin_truncated 0/101"),
        SILENT(C1),
    };
    static const struct step after_interim[] = {
        ASK(C1, U1),
        IN(U1, "HTTP/1.1 103 Early Hints\r\n\r\n"),
        OUT(C1, "HTTP/1.1 103 Early Hints\r\n\r\n"),
        PEER_EOF(U1),
        PAGE(C1, "502 Bad Gateway", "The origin closed in the middle of its response: a.test:80.",
             "origin_truncated"),
        FLOW("http GET http://a.test/ 502 origin_truncated 0/101"),
    };
    static const struct step by_reset[] = {
        ASK(C1, U1),
        IN(U1, "HTTP/1.1 200 OK\r\n"),
        PEER_RESET(U1),
        PAGE(C1, "502 Bad Gateway", "The origin reset the connection: a.test:80.", "origin_reset"),
        FLOW("http GET http://a.test/ 502 origin_reset 0/81"),
    };
    (void)state;
    PLAY(at_once);
    PLAY(in_the_head);
    PLAY(after_interim);
    PLAY(by_reset);
}

static void hands_a_broken_off_body_on_as_such(void **state)
{
    static const struct step with_length[] = {
        ASK(C1, U1),
        IN(U1, LONG_ANSWER "half"),
        OUT(C1, LONG_ANSWER "half"),
        PEER_EOF(U1),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 origin_truncated 0/4"),
        SENTENCE("The origin closed in the middle of its response: a.test:80."),
        WAIT(2000),
        CLOSED(C1),
    };
    static const struct step chunked[] = {
        ASK(C1, U1),
        IN(U1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        PEER_EOF(U1),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 origin_truncated 0/4"),
    };
    static const struct step in_trailers[] = {
        ASK(C1, U1),
        IN(U1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n0\r\nX: "),
        PEER_EOF(U1),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 origin_truncated 0/4"),
    };
    static const struct step by_reset[] = {
        ASK(C1, U1),
        IN(U1, LONG_ANSWER "half"),
        OUT(C1, LONG_ANSWER "half"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("http GET http://a.test/ 200 origin_reset 0/4"),
    };
    static const struct step until_close_by_reset[] = {
        ASK(C1, U1),
        IN(U1, "HTTP/1.1 200 OK\r\n\r\nall"),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("http GET http://a.test/ 200 origin_reset 0/3"),
    };
    (void)state;
    PLAY(with_length);
    PLAY(chunked);
    PLAY(in_trailers);
    PLAY(by_reset);
    PLAY(until_close_by_reset);
}

/* A client of HTTP/1.0 would take a FIN for the proper end. */
static void resets_where_a_fin_would_look_like_the_end(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf"),
        PEER_EOF(U1),
        RST(C1),
        FLOW("http GET http://a.test/ 200 origin_truncated 0/4"),
    };
    static const struct step with_length[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.0\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, LONG_ANSWER "half"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nhalf"),
        PEER_EOF(U1),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 origin_truncated 0/4"),
    };
    (void)state;
    PLAY(steps);
    PLAY(with_length);
}

static void refuses_bad_responses(void **state)
{
#define BAD_RESPONSE(why)                                                                          \
    "The origin's response breaks HTTP's rules and was not passed on: a.test:80 (" why ")."
    static const struct step framing[] = {
        ASK(C1, U1),
        IN_TILL_CLOSED(U1, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\na"),
        CLOSED(U1),
        PAGE(C1, "502 Bad Gateway", BAD_RESPONSE("Content-Length is not one decimal number"),
             "bad_response"),
        FLOW("http GET http://a.test/ 502 bad_response 0/156"),
        SENTENCE(BAD_RESPONSE("Content-Length is not one decimal number")),
    };
    static const struct step no_http[] = {
        ASK(C1, U1),
        IN_TILL_CLOSED(U1, "220 mail.test ESMTP\r\n"),
        CLOSED(U1),
        PAGE(C1, "502 Bad Gateway", BAD_RESPONSE("the start line is not one of HTTP/1"),
             "bad_response"),
        FLOW("http GET http://a.test/ 502 bad_response 0/151"),
    };
    static const struct step chunk[] = {
        ASK(C1, U1),
        IN_TILL_CLOSED(U1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nZ"),
        CLOSED(U1),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n"),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 bad_response 0/4"),
        SENTENCE(BAD_RESPONSE("a chunk line or its end is not valid")),
    };
    (void)state;
    PLAY(framing);
    PLAY(no_http);
    PLAY(chunk);
}

static void reuses_no_connection_that_said_too_much(void **state)
{
    static const struct step steps[] = {
        ASK(C1, U1),
        IN_TILL_CLOSED(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 200 OK\r\n\r\n"),
        CLOSED(U1),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        FLOW("http GET http://a.test/ 200 complete 0/2"),
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

static void mind_the_time(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->timeouts.response_head = 3 * 1000000;
    settings->timeouts.body_idle = 2 * 1000000;
}

#define POST_4 "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\n"
#define SENT_POST_4 "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\n"

static void waits_only_so_long_for_a_response(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, POST_4 "bo"),
        MEET(U1),
        WAIT(1999),
        IN(C1, "dy"),
        OUT(U1, SENT_POST_4 "body"),
        WAIT(2999),
        SILENT(C1),
        WAIT(1),
        CLOSED(U1),
        PAGE(C1, "504 Gateway Timeout", "The origin took too long to answer.", "origin_slow"),
        FLOW("http POST http://a.test/ 504 origin_slow 4/76"),
    };
    (void)state;
    PLAY_WITH(steps, mind_the_time);
}

static void waits_only_so_long_for_an_upload_to_go_on(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "PUT http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1048576\r\n\r\n"),
        MEET(U1),
        HOLD(U1),
        IN_REPEATED(C1, 512 * 1024),
        READS(C1, 0),
        WAIT(1999),
        TAKE(U1),
        HOLD(U1),
        IN_REPEATED(C1, 512 * 1024),
        READS(C1, 0),
        WAIT(1999),
        SILENT(C1),
        WAIT(1),
        OUT_ANY(U1),
        CLOSED(U1),
        PAGE_CLOSE(C1, "504 Gateway Timeout", "The body stood still for too long.", "body_idle"),
        WAIT(5000),
        FIN(C1),
        FLOW_STARTS("http PUT http://a.test/ 504 body_idle "),
    };
    static const struct step slow_client[] = {
        ACCEPT(C1),
        IN(C1, POST_4 "bo"),
        MEET(U1),
        OUT(U1, SENT_POST_4 "bo"),
        WAIT(1999),
        SILENT(C1),
        WAIT(1),
        CLOSED(U1),
        PAGE_CLOSE(C1, "408 Request Timeout", "The client took too long to send its request.",
                   "client_slow"),
        WAIT(5000),
        FIN(C1),
        FLOW("http POST http://a.test/ 408 client_slow 2/86"),
    };
    (void)state;
    PLAY_WITH(steps, mind_the_time);
    PLAY_WITH(slow_client, mind_the_time);
}

static void waits_only_so_long_for_a_body_to_go_on(void **state)
{
    static const struct step steps[] = {
        ASK(C1, U1),
        IN(U1, LONG_ANSWER "1234"),
        OUT(C1, LONG_ANSWER "1234"),
        WAIT(1999),
        IN(U1, "56"),
        OUT(C1, "56"),
        WAIT(1999),
        SILENT(C1),
        WAIT(1),
        RST(C1),
        CLOSED(U1),
        FLOW("http GET http://a.test/ 200 body_idle 0/6"),
    };
    (void)state;
    PLAY_WITH(steps, mind_the_time);
}

/* ---- stale connections -------------------------------------------------- */

#define WARM(c, u)                                                                                 \
    ASK(c, u), IN(u, NO_CONTENT), OUT(c, NO_CONTENT), FLOW("http GET http://a.test/ 204 complete")

static void asks_once_more_on_a_new_connection(void **state)
{
    static const struct step steps[] = {
        WARM(C1, U1),
        IN(C1, GET("/2")),
        OUT(U1, SENT_GET("/2")),
        PEER_EOF(U1),
        CLOSED(U1),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/2")),
        IN(U2, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/2 204 complete"),
    };
    static const struct step only_once[] = {
        WARM(C1, U1),
        IN(C1, GET("/2")),
        OUT(U1, SENT_GET("/2")),
        PEER_RESET(U1),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_GET("/2")),
        PEER_EOF(U2),
        PAGE(C1, "502 Bad Gateway",
             "The origin closed the connection without an answer: a.test:80.", "origin_closed"),
        FLOW("http GET http://a.test/2 502 origin_closed 0/101"),
    };
    static const struct step not_after_a_byte[] = {
        WARM(C1, U1),
        IN(C1, GET("/2")),
        OUT(U1, SENT_GET("/2")),
        IN(U1, "H"),
        PEER_EOF(U1),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway", "The origin closed in the middle of its response: a.test:80.",
             "origin_truncated"),
        FLOW("http GET http://a.test/2 502 origin_truncated 0/101"),
    };
    static const struct step before_the_content[] = {
        WARM(C1, U1),
        IN(C1, "PUT http://a.test/2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\n"),
        OUT(U1, "PUT /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\n"),
        PEER_EOF(U1),
        DIAL_OPEN(U2, "192.0.2.1:80"),
        IN(C1, "hi"),
        CONNECTED(U2),
        OUT(U2, "PUT /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi"),
        IN(U2, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http PUT http://a.test/2 204 complete 2/0"),
    };
    (void)state;
    PLAY(steps);
    PLAY(only_once);
    PLAY(not_after_a_byte);
    PLAY(before_the_content);
}

static void asks_only_once_where_it_might_count_twice(void **state)
{
    static const struct step not_a_post[] = {
        WARM(C1, U1),
        IN(C1, "POST http://a.test/2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n"),
        OUT(U1, "POST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n"),
        PEER_EOF(U1),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway",
             "The origin closed the connection without an answer: a.test:80.", "origin_closed"),
        FLOW("http POST http://a.test/2 502 origin_closed 0/101"),
    };
    static const struct step not_with_content[] = {
        WARM(C1, U1),
        IN(C1, "PUT http://a.test/2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi"),
        OUT(U1, "PUT /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi"),
        PEER_EOF(U1),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway",
             "The origin closed the connection without an answer: a.test:80.", "origin_closed"),
        FLOW("http PUT http://a.test/2 502 origin_closed 2/101"),
    };
    static const struct step not_with_trailers[] = {
        WARM(C1, U1),
        IN(C1,
           "DELETE http://a.test/2 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
           "0\r\nX-Sum: 1\r\n\r\n"),
        OUT(U1, "DELETE /2 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                "0\r\nX-Sum: 1\r\n\r\n"),
        PEER_EOF(U1),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway",
             "The origin closed the connection without an answer: a.test:80.", "origin_closed"),
        FLOW("http DELETE http://a.test/2 502 origin_closed 0/101"),
    };
    (void)state;
    PLAY(not_a_post);
    PLAY(not_with_content);
    PLAY(not_with_trailers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(looks_a_name_up_once_for_all),
        cmocka_unit_test(remembers_names_for_half_a_minute),
        cmocka_unit_test(remembers_a_missing_name_for_a_second),
        cmocka_unit_test(waits_five_seconds_for_a_name),
        cmocka_unit_test(begins_no_lookup_that_nobody_waits_for),
        cmocka_unit_test(says_why_a_dial_failed),
        cmocka_unit_test(tries_the_next_address_after_a_quarter_second),
        cmocka_unit_test(waits_ten_seconds_for_a_connection),
        cmocka_unit_test(keeps_a_connection_that_nobody_waits_for_any_more),
        cmocka_unit_test(is_never_its_own_target),
        cmocka_unit_test(refuses_requests_that_it_made_itself),
        cmocka_unit_test(serves_a_client_whose_port_is_that_of_a_connection_to_an_origin),
        cmocka_unit_test(refuses_odd_spellings_of_addresses),
        cmocka_unit_test(says_when_an_origin_closes_before_its_answer),
        cmocka_unit_test(hands_a_broken_off_body_on_as_such),
        cmocka_unit_test(resets_where_a_fin_would_look_like_the_end),
        cmocka_unit_test(refuses_bad_responses),
        cmocka_unit_test(reuses_no_connection_that_said_too_much),
        cmocka_unit_test(waits_only_so_long_for_a_response),
        cmocka_unit_test(waits_only_so_long_for_an_upload_to_go_on),
        cmocka_unit_test(waits_only_so_long_for_a_body_to_go_on),
        cmocka_unit_test(asks_once_more_on_a_new_connection),
        cmocka_unit_test(asks_only_once_where_it_might_count_twice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
