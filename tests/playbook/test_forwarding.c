/* What is sent on: what may not pass a proxy, upgrades, upstream proxies and maps. */
#include "playbook.h"

#include "http/url.h"

#define GET(path) "GET http://a.test" path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define SENT_GET(path) "GET " path " HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define OK_2(body) "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n" body
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")

/* ---- what may not pass a proxy ------------------------------------------ */

static void strips_what_is_meant_for_one_hop(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nConnection: X-Mine, keep-alive\r\n"
               "X-Mine: 1\r\nKeep-Alive: 5\r\nProxy-Connection: keep-alive\r\n"
               "Proxy-Authorization: Basic eDp5\r\nTE: gzip\r\n"
               "Upgrade: h2c\r\nHTTP2-Settings: AA\r\nX-Kept: 1\r\n\r\n"),
        MEET(U1),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\nX-Kept: 1\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nConnection: X-Theirs\r\nX-Theirs: 1\r\nKeep-Alive: 5\r\n"
               "Proxy-Authenticate: Basic\r\nContent-Length: 0\r\nVia: 1.1 b\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nVia: 1.1 b\r\n\r\n"),
        FLOW("http GET http://a.test/ 200 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void say_via(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->via_header = true;
}

static void adds_via_when_told(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        MEET(U1),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\nVia: 1.1 weir\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete"),
    };
    (void)state;
    PLAY_WITH(steps, say_via);
}

static void keeps_secrets_out_of_trace(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "TRACE http://a.test/ HTTP/1.1\r\nHost: a.test\r\nCookie: a=1\r\n"
               "Authorization: Basic eDp5\r\nX-A: b\r\nMax-Forwards: 3\r\n\r\n"),
        MEET(U1),
        OUT(U1, "TRACE / HTTP/1.1\r\nHost: a.test\r\nX-A: b\r\nMax-Forwards: 2\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http TRACE http://a.test/ 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

#define LAST_SENTENCE "Max-Forwards is 0: the request ends here, at weir."

/* RFC 9110 §7.6.2 */
static void counts_forwards_of_those_methods_that_ask_for_it(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "OPTIONS http://a.test/ HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 0\r\n\r\n"),
        NO_DIAL,
        PAGE(C1, "200 OK", LAST_SENTENCE, "answered_by_weir"),
        FLOW_STARTS("http OPTIONS http://a.test/ 200 answered_by_weir "),
        IN(C1, "TRACE http://a.test/ HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 00\r\n\r\n"),
        NO_DIAL,
        PAGE(C1, "200 OK", LAST_SENTENCE, "answered_by_weir"),
        FLOW_STARTS("http TRACE http://a.test/ 200 answered_by_weir "),
        IN(C1, "OPTIONS http://a.test/ HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 10\r\n\r\n"),
        MEET(U1),
        OUT(U1, "OPTIONS / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 9\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http OPTIONS http://a.test/ 204 complete"),
        IN(C1, "OPTIONS http://a.test/ HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: -0\r\n\r\n"),
        OUT(U1, "OPTIONS / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: -0\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http OPTIONS http://a.test/ 204 complete"),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 0\r\n\r\n"),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\nMax-Forwards: 0\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void asks_a_whole_server(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "OPTIONS http://a.test HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        MEET(U1),
        OUT(U1, "OPTIONS * HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http OPTIONS http://a.test 204 complete"),
        IN(C1, "OPTIONS http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT(U1, "OPTIONS / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http OPTIONS http://a.test/ 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void puts_the_target_in_the_place_of_host(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://A.test:80/ HTTP/1.1\r\nHost: other.test\r\nX: 1\r\n\r\n"),
        MEET(U1),
        OUT(U1, "GET / HTTP/1.1\r\nHost: A.test:80\r\nX: 1\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete !host_not_target"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- upgrades ----------------------------------------------------------- */

#define UPGRADE                                                                                    \
    "GET http://a.test/ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\n"                     \
    "Upgrade: websocket\r\n\r\n"
#define SENT_UPGRADE                                                                               \
    "GET /ws HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
#define SWITCHED                                                                                   \
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"

static void relays_after_an_upgrade(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, UPGRADE),
        MEET(U1),
        OUT(U1, SENT_UPGRADE),
        IN(U1, SWITCHED "first"),
        OUT(C1, SWITCHED "first"),
        IN(C1, "GET / not HTTP"),
        OUT(U1, "GET / not HTTP"),
        IN(U1, "HTTP/1.1 neither"),
        OUT(C1, "HTTP/1.1 neither"),
        NO_FLOW,
        PEER_EOF(C1),
        FIN(U1),
        IN(U1, "late"),
        OUT(C1, "late"),
        PEER_EOF(U1),
        FIN(C1),
        CLOSED(C1),
        CLOSED(U1),
        FLOW("http GET http://a.test/ws 101 upgraded 14/25"),
    };
    (void)state;
    PLAY(steps);
}

static void relays_what_came_behind_the_request_for_an_upgrade(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, UPGRADE "too early"),
        MEET(U1),
        OUT(U1, SENT_UPGRADE),
        IN(U1, SWITCHED),
        OUT(C1, SWITCHED),
        OUT(U1, "too early"),
        PEER_RESET(C1),
        RST(U1),
        FLOW("http GET http://a.test/ws 101 client_reset 9/0"),
    };
    (void)state;
    PLAY(steps);
}

static void lets_the_origin_finish_an_upgrade_first(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, UPGRADE),
        MEET(U1),
        OUT(U1, SENT_UPGRADE),
        IN(U1, SWITCHED),
        OUT(C1, SWITCHED),
        PEER_EOF(U1),
        FIN(C1),
        IN(C1, "still here"),
        OUT(U1, "still here"),
        PEER_EOF(C1),
        FIN(U1),
        CLOSED(C1),
        CLOSED(U1),
        FLOW("http GET http://a.test/ws 101 upgraded 10/0"),
    };
    (void)state;
    PLAY(steps);
}

static void hands_a_reset_on_within_an_upgrade(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, UPGRADE),
        MEET(U1),
        OUT(U1, SENT_UPGRADE),
        IN(U1, SWITCHED),
        OUT(C1, SWITCHED),
        PEER_RESET(C1),
        RST(U1),
        FLOW("http GET http://a.test/ws 101 client_reset"),
        ACCEPT(C2),
        IN(C2, UPGRADE),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, SENT_UPGRADE),
        IN(U2, SWITCHED),
        OUT(C2, SWITCHED),
        PEER_RESET(U2),
        RST(C2),
        FLOW("http GET http://a.test/ws 101 origin_reset"),
    };
    (void)state;
    PLAY(steps);
}

static void stays_http_when_an_upgrade_is_declined(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, UPGRADE),
        MEET(U1),
        OUT(U1, SENT_UPGRADE),
        IN(U1, OK_2("no")),
        OUT(C1, OK_2("no")),
        FLOW("http GET http://a.test/ws 200 complete 0/2"),
        IN(C1, GET("/")),
        OUT(U1, SENT_GET("/")),
        IN(U1, SWITCHED),
        CLOSED(U1),
        PAGE(C1, "502 Bad Gateway",
             "The origin's response breaks HTTP's rules and was not passed on: a.test:80 "
             "(a protocol was switched that nobody asked for).",
             "bad_response"),
        FLOW("http GET http://a.test/ 502 bad_response 0/161"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- upstream proxies and maps ------------------------------------------ */

static void through_a_proxy(struct settings *settings, struct arena *arena)
{
    struct via_entry *via = arena_alloc(arena, 2 * sizeof(*via));

    via[0] = (struct via_entry){.hosts = {.host = BYTES("direct.test")}, .direct = true};
    via[1] = (struct via_entry){.hosts = {.any = true},
                                .host = BYTES("proxy.test"),
                                .port = 3128,
                                .credentials = BYTES("Basic bWU6c2VjcmV0")};
    settings->via = via;
    settings->via_count = 2;
}

static void asks_an_upstream_proxy(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/x")),
        RESOLVE("proxy.test", "192.0.2.9"),
        DIAL(U1, "192.0.2.9:3128"),
        OUT(U1, "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n"
                "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/x 204 complete"),
        IN(C1, "GET http://direct.test/ HTTP/1.1\r\nHost: direct.test\r\n\r\n"),
        RESOLVE("direct.test", "192.0.2.3"),
        DIAL(U2, "192.0.2.3:80"),
        OUT(U2, "GET / HTTP/1.1\r\nHost: direct.test\r\n\r\n"),
        IN(U2, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://direct.test/ 204 complete"),
    };
    (void)state;
    PLAY_WITH(steps, through_a_proxy);
}

static void asks_an_upstream_proxy_for_what_a_connect_named(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:8080 HTTP/1.1\r\nHost: a.test:8080\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        IN(C1, "GET /x HTTP/1.1\r\nHost: other.test\r\n\r\n"),
        RESOLVE("proxy.test", "192.0.2.9"),
        DIAL(U1, "192.0.2.9:3128"),
        OUT(U1, "GET http://a.test:8080/x HTTP/1.1\r\nHost: other.test\r\n"
                "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test:8080/x 204 complete"),
    };
    (void)state;
    PLAY_WITH(steps, through_a_proxy);
}

#define SENT_CONNECT                                                                               \
    "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n"                                      \
    "Proxy-Authorization: Basic bWU6c2VjcmV0\r\n\r\n"
#define TO_DB                                                                                      \
    ACCEPT(C1), IN(C1, "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n"),             \
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"), IN(C1, "\x01inary"),               \
        RESOLVE("proxy.test", "192.0.2.9"), DIAL(U1, "192.0.2.9:3128"), OUT(U1, SENT_CONNECT)

static void tunnels_through_an_upstream_proxy(void **state)
{
    static const struct step steps[] = {
        TO_DB,
        IN(U1, "HTTP/1.1 200 OK\r\nX: y\r\n\r\nhello"),
        OUT(U1, "\x01inary"),
        OUT(C1, "hello"),
        PEER_EOF(U1),
        FIN(C1),
        PEER_EOF(C1),
        CLOSED(C1),
        CLOSED(U1),
        FLOW("tunnel db.test:5432 0 tunnel_ended 6/5"),
    };
    (void)state;
    PLAY_WITH(steps, through_a_proxy);
}

static void says_why_an_upstream_proxy_refused(void **state)
{
    static const struct step steps[] = {
        TO_DB,
        IN(U1, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"),
        CLOSED(U1),
        FIN(C1),
        FLOW("tunnel db.test:5432 0 via_failed 0/0"),
        SENTENCE("The upstream proxy refused the connection: db.test:5432 (it answered with "
                 "status 407)."),
    };
    static const struct step closing[] = {
        TO_DB,
        PEER_EOF(U1),
        CLOSED(U1),
        FIN(C1),
        FLOW("tunnel db.test:5432 0 via_failed 0/0"),
        SENTENCE("The upstream proxy refused the connection: db.test:5432 (it closed the "
                 "connection)."),
    };
    static const struct step resetting[] = {
        TO_DB,
        PEER_RESET(U1),
        FIN(C1),
        FLOW("tunnel db.test:5432 0 via_failed 0/0"),
        SENTENCE("The upstream proxy refused the connection: db.test:5432 (it reset the "
                 "connection)."),
    };
    static const struct step babbling[] = {
        TO_DB,
        IN(U1, "220 ready\r\n"),
        CLOSED(U1),
        FIN(C1),
        FLOW("tunnel db.test:5432 0 via_failed 0/0"),
        SENTENCE("The upstream proxy refused the connection: db.test:5432 (its answer breaks "
                 "HTTP's rules)."),
    };
    static const struct step silent[] = {
        TO_DB,
        WAIT(9999),
        SILENT(U1),
        WAIT(1),
        CLOSED(U1),
        FIN(C1),
        FLOW("tunnel db.test:5432 0 connect_timeout 0/0"),
        SENTENCE("Connecting to the host took too long: db.test:5432 (the upstream proxy did not "
                 "answer)."),
    };
    (void)state;
    PLAY_WITH(steps, through_a_proxy);
    PLAY_WITH(closing, through_a_proxy);
    PLAY_WITH(resetting, through_a_proxy);
    PLAY_WITH(babbling, through_a_proxy);
    PLAY_WITH(silent, through_a_proxy);
}

static void with_a_map(struct settings *settings, struct arena *arena)
{
    struct map_entry *map = arena_alloc(arena, 2 * sizeof(*map));

    map[0] =
        (struct map_entry){.host = BYTES("a.test"), .to_host = BYTES("127.0.0.1"), .to_port = 9080};
    map[1] = (struct map_entry){.host = BYTES("a.test"), .port = 81, .to_host = BYTES("::1")};
    settings->map = map;
    settings->map_count = 2;
    through_a_proxy(settings, arena);
}

static void follows_the_map(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, GET("/")),
        DIAL(U1, "127.0.0.1:9080"),
        OUT(U1, SENT_GET("/")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test/ 204 complete"),
        IN(C1, "GET http://a.test:81/ HTTP/1.1\r\nHost: a.test:81\r\n\r\n"),
        DIAL(U2, "[::1]:81"),
        OUT(U2, "GET / HTTP/1.1\r\nHost: a.test:81\r\n\r\n"),
        IN(U2, NO_CONTENT),
        OUT(C1, NO_CONTENT),
        FLOW("http GET http://a.test:81/ 204 complete"),
    };
    (void)state;
    PLAY_WITH(steps, with_a_map);
}

/* ---- the proxy itself --------------------------------------------------- */

static void welcomes_at_its_own_address(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "HEAD / HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
                "Cache-Control: no-store\r\n"
                "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n"
                "Content-Length: 601\r\n\r\n"),
        FLOW("http HEAD - 200 answered_by_weir"),
        IN(C1, "GET /favicon.ico HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n"),
        PAGE(C1, "400 Bad Request",
             "This is a proxy: it forwards requests, and has no such page of its own.",
             "not_a_proxy_request"),
        FLOW("http GET - 400 not_a_proxy_request 0/116"),
        NO_DIAL,
    };
    (void)state;
    PLAY(steps);
}

static void refuses_other_schemes(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET ftp://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        NO_DIAL,
        PAGE(C1, "400 Bad Request", "The request does not say where to go.", "bad_target"),
        FLOW("http GET - 400 bad_target 0/73"),
    };
    (void)state;
    PLAY(steps);
}

static void refuses_a_connect_within_a_connect(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        IN(C1, "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n"
               "CONNECT b.test:443 HTTP/1.1\r\nHost: b.test:443\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET("/")),
        IN(U1, NO_CONTENT),
        OUT(C1, NO_CONTENT "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\n"
                           "Cache-Control: no-store\r\nContent-Length: 73\r\nConnection: close\r\n"
                           "\r\n400 Bad Request\n\nThe request does not say where to go.\n\n"
                           "weir: bad_target\n"),
        FIN(C1),
        FLOW("http GET http://a.test/ 204 complete"),
        FLOW("http CONNECT - 400 bad_target 0/73"),
    };
    (void)state;
    PLAY(steps);
}

static void relays_a_connect_to_a_further_proxy(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT proxy.test:3128 HTTP/1.1\r\nHost: proxy.test:3128\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 Connection established\r\n\r\n"),
        IN(C1, "CONNECT httpbin.test:443 HTTP/1.1\r\n\r\n"),
        RESOLVE("proxy.test", "192.0.2.9"),
        DIAL(U1, "192.0.2.9:3128"),
        OUT(U1, "CONNECT httpbin.test:443 HTTP/1.1\r\n\r\n"),
        PEER_RESET(C1),
        RST(U1),
        FLOW("tunnel proxy.test:3128 0 client_reset 37/0"),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strips_what_is_meant_for_one_hop),
        cmocka_unit_test(adds_via_when_told),
        cmocka_unit_test(keeps_secrets_out_of_trace),
        cmocka_unit_test(counts_forwards_of_those_methods_that_ask_for_it),
        cmocka_unit_test(asks_a_whole_server),
        cmocka_unit_test(puts_the_target_in_the_place_of_host),
        cmocka_unit_test(relays_after_an_upgrade),
        cmocka_unit_test(relays_what_came_behind_the_request_for_an_upgrade),
        cmocka_unit_test(lets_the_origin_finish_an_upgrade_first),
        cmocka_unit_test(hands_a_reset_on_within_an_upgrade),
        cmocka_unit_test(stays_http_when_an_upgrade_is_declined),
        cmocka_unit_test(asks_an_upstream_proxy),
        cmocka_unit_test(asks_an_upstream_proxy_for_what_a_connect_named),
        cmocka_unit_test(tunnels_through_an_upstream_proxy),
        cmocka_unit_test(says_why_an_upstream_proxy_refused),
        cmocka_unit_test(follows_the_map),
        cmocka_unit_test(welcomes_at_its_own_address),
        cmocka_unit_test(refuses_other_schemes),
        cmocka_unit_test(refuses_a_connect_within_a_connect),
        cmocka_unit_test(relays_a_connect_to_a_further_proxy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
