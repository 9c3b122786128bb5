/* TLS that is left alone, refused or broken off by the client, and what goes on within it. */
#include "playbook.h"

#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"
#define CONNECT_TO(c, host)                                                                        \
    ACCEPT(c), IN(c, "CONNECT " host ":443 HTTP/1.1\r\nHost: " host ":443\r\n\r\n"),               \
        OUT(c, ESTABLISHED)
#define GET "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:443")
/* Both handshakes, and one exchange on the connection that told of the origin. */
#define ONE_EXCHANGE(c, u)                                                                         \
    TLS_READY(c), IN(c, GET), NO_DIAL, OUT(u, GET), IN(u, OK_2), OUT(c, OK_2),                     \
        FLOW("http GET https://a.test/x 200 complete 0/2")

/* ---- left alone --------------------------------------------------------- */

static void pass_banks(struct settings *settings, struct arena *arena)
{
    settings->tls.passthrough.items = arena_alloc(arena, sizeof(struct host_pattern));
    settings->tls.passthrough.items[0] =
        (struct host_pattern){.host = BYTES("bank.test"), .subdomains = true};
    settings->tls.passthrough.count = 1;
}

#define RELAYED(host)                                                                              \
    TLS_ORIGIN(U1, host), TLS_READY(U1), TLS_READY(C1), IN(C1, "said in secret"),                  \
        OUT(U1, "said in secret"), IN(U1, "answered in secret"), OUT(C1, "answered in secret"),    \
        TLS_END(C1), PEER_EOF(C1), FIN(U1), TLS_END(U1), PEER_EOF(U1), CLOSED(C1), CLOSED(U1)

static void leaves_hosts_alone_that_are_listed(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "www.bank.test"),
        RESOLVE("www.bank.test", "192.0.2.4"),
        DIAL(U1, "192.0.2.4:443"),
        TLS_CLIENT_AS(C1, .host = "www.bank.test", .sni = "www.bank.test", .knows_origins = true),
        RELAYED("www.bank.test"),
        FLOW_STARTS("tunnel www.bank.test:443 0 tunnel_ended "),
    };
    static const struct step by_sni[] = {
        CONNECT_TO(C1, "192.0.2.4"),
        TLS_CLIENT_AS(C1, .host = "bank.test", .sni = "bank.test", .knows_origins = true),
        DIAL(U1, "192.0.2.4:443"),
        RELAYED("bank.test"),
        FLOW_STARTS("tunnel 192.0.2.4:443 0 tunnel_ended "),
    };
    (void)state;
    PLAY_WITH(steps, pass_banks);
    PLAY_WITH(by_sni, pass_banks);
}

static void decrypt_shop_only(struct settings *settings, struct arena *arena)
{
    settings->tls.decrypt.items = arena_alloc(arena, sizeof(struct host_pattern));
    settings->tls.decrypt.items[0] = (struct host_pattern){.host = BYTES("a.test")};
    settings->tls.decrypt.count = 1;
}

static void opens_only_what_is_to_be_decrypted(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "b.test"),
        TLS_CLIENT_AS(C1, .host = "b.test", .sni = "b.test", .knows_origins = true),
        RESOLVE("b.test", "192.0.2.4"),
        DIAL(U1, "192.0.2.4:443"),
        RELAYED("b.test"),
        FLOW_STARTS("tunnel b.test:443 0 tunnel_ended "),
    };
    static const struct step listed[] = {
        CONNECT_TO(C1, "a.test"), TLS_CLIENT(C1, "a.test"), MEET(U1),
        TLS_ORIGIN(U1, "a.test"), ONE_EXCHANGE(C1, U1),
    };
    (void)state;
    PLAY_WITH(steps, decrypt_shop_only);
    PLAY_WITH(listed, decrypt_shop_only);
}

static void relays_clients_that_speak_http_2_only(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "b.test"),
        TLS_CLIENT_AS(C1, .host = "b.test", .sni = "b.test", .knows_origins = true,
                      .alpn = "\x02h2"),
        RESOLVE("b.test", "192.0.2.4"),
        DIAL(U1, "192.0.2.4:443"),
        TLS_ORIGIN_AS(U1, .host = "b.test", .alpn = "\x02h2"),
        TLS_READY_WITH(C1, "h2"),
        PEER_RESET(C1),
        RST(U1),
        FLOW_STARTS("tunnel b.test:443 0 client_reset "),
    };
    (void)state;
    PLAY(steps);
}

/* ---- clients that do not know the CA ------------------------------------ */

static void notes_a_client_that_rejects_the_ca(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .distrusts = true),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_BROKEN(C1),
        FLOW("refused a.test:443 0 client_rejected_ca"),
        SENTENCE("The client rejected weir's certificate for a.test (unknown_ca). Let it trust the "
                 "CA (weir trust, or weir ca export), or list the host under tls.passthrough."),
        FIN(C1),
        PEER_EOF(C1),
        CLOSED(C1),
        /* Nothing is let through unless it was told so. */
        CONNECT_TO(C2, "a.test"),
        TLS_CLIENT_AS(C2, .host = "a.test", .sni = "a.test", .distrusts = true, .old = true),
        TLS_BROKEN(C2),
        FLOW("refused a.test:443 0 client_rejected_ca"),
    };
    (void)state;
    PLAY(steps);
}

static void let_rejecters_through(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->tls.reject_passthrough = true;
}

static void lets_a_rejecting_client_through_next_time(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "pinned.test"),
        TLS_CLIENT_AS(C1, .host = "pinned.test", .sni = "pinned.test", .knows_origins = true),
        RESOLVE("pinned.test", "192.0.2.4"),
        DIAL(U1, "192.0.2.4:443"),
        TLS_ORIGIN(U1, "pinned.test"),
        TLS_BROKEN(C1),
        FLOW("refused pinned.test:443 0 client_rejected_ca"),
        CONNECT_TO(C2, "pinned.test"),
        TLS_CLIENT_AS(C2, .host = "pinned.test", .sni = "pinned.test", .knows_origins = true),
        DIAL(U2, "192.0.2.4:443"),
        TLS_ORIGIN(U2, "pinned.test"),
        TLS_READY(C2),
        PEER_RESET(C2),
        RST(U2),
        FLOW_STARTS("tunnel pinned.test:443 0 client_reset "),
    };
    (void)state;
    PLAY_WITH(steps, let_rejecters_through);
}

/* ---- handshakes that break off ------------------------------------------ */

static void notes_clients_that_leave_in_the_handshake(void **state)
{
    static const struct step closing[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .mute = true),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        PEER_EOF(C1),
        FLOW("refused a.test:443 0 client_tls_failed"),
        CLOSED(C1),
    };
    static const struct step resetting[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .mute = true),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        PEER_RESET(C1),
        FLOW("refused a.test:443 0 client_tls_failed"),
        SENTENCE("The TLS handshake with the client failed for a.test: it reset the connection."),
    };
    static const struct step silent[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .mute = true),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        WAIT(9999),
        SILENT(C1),
        WAIT(1),
        FIN(C1),
        FLOW("refused a.test:443 0 client_tls_failed"),
        SENTENCE("The TLS handshake with the client failed for a.test: it took too long."),
        WAIT(2000),
        CLOSED(C1),
    };
    static const struct step before[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .mute = true),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:443"),
        PEER_EOF(C1),
        CLOSED(C1),
        FLOW("refused a.test:443 0 client_closed"),
        CONNECTED(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(U1),
        SILENT(U1),
    };
    (void)state;
    PLAY(closing);
    PLAY(resetting);
    PLAY(silent);
    PLAY(before);
}

static void notes_a_broken_client_hello(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        IN_TILL_CLOSED(C1, "\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00"),
        NO_DIAL,
        CLOSED(C1),
        FLOW("refused a.test:443 0 bad_client_hello"),
    };
    (void)state;
    PLAY(steps);
}

static void relays_half_a_client_hello_in_the_end(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        IN_BYTES(C1, "\x16\x03\x01\x02\x00\x01\x00\x01"),
        WAIT(29999),
        SILENT(C1),
        NO_DIAL,
        WAIT(1),
        MEET(U1),
        OUT_BYTES(U1, "\x16\x03\x01\x02\x00\x01\x00\x01"),
        PEER_EOF(C1),
        FIN(U1),
        PEER_EOF(U1),
        CLOSED(C1),
        FLOW("tunnel a.test:443 0 tunnel_ended 8/0"),
    };
    (void)state;
    PLAY(steps);
}

static void gives_a_slow_client_hello_no_more_time(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        IN_BYTES(C1, "\x16\x03\x01\x02\x00\x01\x00\x01"),
        WAIT(20000),
        IN_BYTES(C1, "\xfc"),
        WAIT(9999),
        NO_DIAL,
        WAIT(1),
        MEET(U1),
        OUT_BYTES(U1, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("tunnel a.test:443 0 origin_reset 9/0"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- within TLS --------------------------------------------------------- */

static void relays_what_is_no_http_within_tls(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(C1),
        IN_BYTES(C1, "\x00\x01 binary"),
        DIAL(U2, "192.0.2.1:443"),
        TLS_ORIGIN(U2, "a.test"),
        OUT_BYTES(U2, "\x00\x01 binary"),
        IN(U2, "and back"),
        OUT(C1, "and back"),
        TLS_END(C1),
        FIN(U2),
        IN(U2, "late"),
        OUT(C1, "late"),
        TLS_END(U2),
        FIN(C1),
        CLOSED(C1),
        CLOSED(U2),
        FLOW("tunnel a.test:443 0 tunnel_ended 9/12"),
        SILENT(U1),
    };
    (void)state;
    PLAY(steps);
}

static void relays_tls_within_tls(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(C1),
        IN_BYTES(C1, "\x16\x03\x01\x00\x05"),
        DIAL(U2, "192.0.2.1:443"),
        TLS_ORIGIN(U2, "a.test"),
        OUT_BYTES(U2, "\x16\x03\x01\x00\x05"),
        PEER_RESET(U2),
        RST(C1),
        FLOW("tunnel a.test:443 0 origin_reset 5/0"),
    };
    (void)state;
    PLAY(steps);
}

static void ends_a_client_that_says_nothing_within_tls(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE_FAILS("a.test"),
        TLS_READY(C1),
        WAIT(119999),
        SILENT(C1),
        WAIT(1),
        FIN(C1),
        FLOW("refused a.test:443 0 client_idle"),
        TLS_END(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

static void refuses_a_bad_request_within_tls(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE_FAILS("a.test"),
        TLS_READY(C1),
        IN(C1, "GET /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\n"
               "Transfer-Encoding: chunked\r\n\r\n"),
        PAGE_CLOSE(C1, "400 Bad Request", "Content-Length and Transfer-Encoding together",
                   "bad_request"),
        FIN(C1),
        FLOW("refused a.test:443 400 bad_request !length_and_coding"),
        SENTENCE("Content-Length and Transfer-Encoding together"),
        TLS_END(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

/* Without close_notify the end of such a body may have been made by anyone. */
static void does_not_take_a_bare_fin_for_the_end_of_a_body(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(C1),
        IN(C1, GET),
        OUT(U1, GET),
        IN(U1, "HTTP/1.1 200 OK\r\n\r\nall"),
        PEER_EOF(U1),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n"),
        FIN(C1),
        FLOW("http GET https://a.test/x 200 origin_truncated 0/3"),
        SENTENCE("The origin closed in the middle of its response: a.test:443 (without TLS "
                 "close_notify)."),
    };
    static const struct step properly[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(C1),
        IN(C1, GET),
        OUT(U1, GET),
        IN(U1, "HTTP/1.1 200 OK\r\n\r\nall"),
        TLS_END(U1),
        OUT_CHUNKED(C1,
                    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nall\r\n0\r\n\r\n"),
        SILENT(C1),
        FLOW("http GET https://a.test/x 200 complete 0/3"),
    };
    (void)state;
    PLAY(steps);
    PLAY(properly);
}

static void finishes_the_answer_for_a_client_that_has_said_all(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(C1),
        IN(C1, GET),
        OUT(U1, GET),
        TLS_END(C1),
        IN(U1, OK_2),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
        FIN(C1),
        CLOSED(C1),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- the drain ---------------------------------------------------------- */

/* What a client waited for may still come: it must not bring the client back. */
static void drains_clients_on_their_way(void **state)
{
    static const struct step for_facts[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:443"),
        DRAIN_NOW,
        FIN(C1),
        FLOW("refused a.test:443 0 shut_down"),
        CONNECTED(U1),
        TLS_ORIGIN(U1, "a.test"),
        CLOSED(U1),
        NOT_DRAINED,
        WAIT(2000),
        CLOSED(C1),
        DRAINED,
    };
    static const struct step in_the_handshake[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .mute = true),
        RESOLVE_FAILS("a.test"),
        DRAIN_NOW,
        FLOW("refused a.test:443 0 shut_down"),
        WAIT(2000),
        CLOSED(C1),
        DRAINED,
    };
    static const struct step within[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE_FAILS("a.test"),
        TLS_READY(C1),
        DRAIN_NOW,
        FIN(C1),
        FLOW("refused a.test:443 0 shut_down"),
        TLS_END(C1),
        CLOSED(C1),
        DRAINED,
    };
    static const struct step for_the_server[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT mail.test:25 HTTP/1.1\r\nHost: mail.test:25\r\n\r\n"),
        OUT(C1, ESTABLISHED),
        WAIT(500),
        RESOLVE("mail.test", "192.0.2.8"),
        DIAL_OPEN(U1, "192.0.2.8:25"),
        DRAIN_NOW,
        CLOSED(U1),
        FIN(C1),
        FLOW("refused mail.test:25 0 shut_down"),
        PEER_EOF(C1),
        DRAINED,
    };
    static const struct step for_a_certificate[] = {
        JOB_HOLD,
        CONNECT_TO(C1, "b.test"),
        TLS_CLIENT(C1, "b.test"),
        RESOLVE_FAILS("b.test"),
        DRAIN_NOW,
        FIN(C1),
        FLOW("refused b.test:443 0 shut_down"),
        JOB_BACK,
        PEER_EOF(C1),
        CLOSED(C1),
        DRAINED,
    };
    (void)state;
    PLAY(for_facts);
    PLAY(in_the_handshake);
    PLAY(within);
    PLAY(for_the_server);
    PLAY_SLOWLY(for_a_certificate);
}

/* It has been given up, and goes on with its handshake all the same. */
static void takes_no_late_handshake(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .mute = true),
        RESOLVE_FAILS("a.test"),
        WAIT(10000),
        FIN(C1),
        FLOW("refused a.test:443 0 client_tls_failed"),
        TLS_SPEAK(C1),
        WAIT(2000),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_hosts_alone_that_are_listed),
        cmocka_unit_test(opens_only_what_is_to_be_decrypted),
        cmocka_unit_test(relays_clients_that_speak_http_2_only),
        cmocka_unit_test(notes_a_client_that_rejects_the_ca),
        cmocka_unit_test(lets_a_rejecting_client_through_next_time),
        cmocka_unit_test(notes_clients_that_leave_in_the_handshake),
        cmocka_unit_test(notes_a_broken_client_hello),
        cmocka_unit_test(relays_half_a_client_hello_in_the_end),
        cmocka_unit_test(gives_a_slow_client_hello_no_more_time),
        cmocka_unit_test(relays_what_is_no_http_within_tls),
        cmocka_unit_test(relays_tls_within_tls),
        cmocka_unit_test(ends_a_client_that_says_nothing_within_tls),
        cmocka_unit_test(refuses_a_bad_request_within_tls),
        cmocka_unit_test(does_not_take_a_bare_fin_for_the_end_of_a_body),
        cmocka_unit_test(finishes_the_answer_for_a_client_that_has_said_all),
        cmocka_unit_test(drains_clients_on_their_way),
        cmocka_unit_test(takes_no_late_handshake),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
