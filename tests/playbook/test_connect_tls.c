/* CONNECT with TLS that weir ends itself: what is known of the origin first, what is
 * left alone, and every way in which a handshake can fail. */
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

/* ---- opened ------------------------------------------------------------- */

static void opens_tls_and_shows_what_is_in_it(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(U1),
        ONE_EXCHANGE(C1, U1),
        IN(C1, GET),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
        TLS_END(C1),
        FIN(C1),
        WAIT(2000),
        CLOSED(C1),
        SILENT(U1),
    };
    (void)state;
    PLAY(steps);
}

static void opens_old_tls(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .old = true),
        MEET(U1),
        TLS_ORIGIN_AS(U1, .host = "a.test", .old = true),
        TLS_READY(U1),
        ONE_EXCHANGE(C1, U1),
    };
    (void)state;
    PLAY(steps);
}

static void offers_http_1_1_to_both_sides(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .alpn = "\x02h2\x08http/1.1"),
        MEET(U1),
        TLS_ORIGIN_AS(U1, .host = "a.test", .alpn = "\x02h2\x08http/1.1"),
        TLS_READY_WITH(U1, "http/1.1"),
        TLS_READY_WITH(C1, "http/1.1"),
        ONE_EXCHANGE(C1, U1),
    };
    (void)state;
    PLAY(steps);
}

static void takes_a_client_hello_in_one_breath_with_connect(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test",
                      .before = "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        OUT(C1, ESTABLISHED),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        ONE_EXCHANGE(C1, U1),
    };
    (void)state;
    PLAY(steps);
}

static void opens_tls_behind_a_first_exchange(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://b.test/ HTTP/1.1\r\nHost: b.test\r\n\r\n"),
        RESOLVE("b.test", "192.0.2.2"),
        DIAL(U1, "192.0.2.2:80"),
        OUT(U1, "GET / HTTP/1.1\r\nHost: b.test\r\n\r\n"),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET http://b.test/ 200 complete 0/2"),
        HOLD(C1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        OUT(C1, ESTABLISHED),
        TLS_CLIENT(C1, "a.test"),
        MEET(U2),
        TLS_ORIGIN(U2, "a.test"),
        TAKE(C1),
        ONE_EXCHANGE(C1, U2),
    };
    (void)state;
    PLAY(steps);
}

static void resumes_the_sessions_of_clients_and_origins(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        ONE_EXCHANGE(C1, U1),
        TLS_RESUMED(C1, 0),
        TLS_END(U1),
        CLOSED(U1),
        CONNECT_TO(C2, "a.test"),
        TLS_CLIENT_AS(C2, .host = "a.test", .sni = "a.test", .resumes = true),
        TLS_READY(C2),
        TLS_RESUMED(C2, 1),
        IN(C2, GET),
        DIAL(U2, "192.0.2.1:443"),
        TLS_ORIGIN(U2, "a.test"),
        TLS_RESUMED(U2, 1),
        OUT(U2, GET),
        IN(U2, OK_2),
        OUT(C2, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void makes_up_for_a_missing_name(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "192.0.2.5"),
        TLS_CLIENT_AS(C1, .host = "192.0.2.5"),
        DIAL(U1, "192.0.2.5:443"),
        TLS_ORIGIN(U1, "192.0.2.5"),
        TLS_READY(U1),
        TLS_READY(C1),
        CONNECT_TO(C2, "b.test"),
        TLS_CLIENT_AS(C2, .host = "b.test", .sni = "not a name!"),
        RESOLVE("b.test", "192.0.2.2"),
        DIAL(U2, "192.0.2.2:443"),
        TLS_ORIGIN(U2, "b.test"),
        TLS_READY(U2),
        TLS_READY(C2),
        PEER_RESET(C1),
        FLOW("refused 192.0.2.5:443 0 client_reset"),
        TLS_END(C2),
        FLOW("refused b.test:443 0 client_closed"),
        CLOSED(C2),
    };
    (void)state;
    PLAY(steps);
}

static void keeps_the_name_the_client_sent(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "inner.test"),
        MEET(U1),
        TLS_ORIGIN(U1, "inner.test"),
        TLS_READY(U1),
        TLS_READY(C1),
        IN(C1, GET),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void makes_certificates_by_jobs_under_a_slow_ca(void **state)
{
    static const struct step steps[] = {
        JOB_HOLD,
        CONNECT_TO(C1, "slow.test"),
        TLS_CLIENT(C1, "slow.test"),
        RESOLVE_FAILS("slow.test"),
        WAIT(3000),
        SILENT(C1),
        JOB_BACK,
        TLS_READY(C1),
        IN(C1, GET),
        PAGE(C1, "502 Bad Gateway",
             "The host's name could not be resolved: slow.test:443 (name or service not known).",
             "dns_failed"),
        FLOW("http GET https://slow.test/x 502 dns_failed 0/117"),
    };
    static const struct step leaving[] = {
        JOB_HOLD,
        CONNECT_TO(C1, "left.test"),
        TLS_CLIENT(C1, "left.test"),
        RESOLVE_FAILS("left.test"),
        PEER_EOF(C1),
        CLOSED(C1),
        FLOW("refused left.test:443 0 client_closed"),
        JOB_BACK,
    };
    (void)state;
    PLAY_SLOWLY(steps);
    PLAY_SLOWLY(leaving);
}

static void waits_only_so_long_for_a_certificate(void **state)
{
    static const struct step steps[] = {
        JOB_HOLD,
        CONNECT_TO(C1, "late.test"),
        TLS_CLIENT(C1, "late.test"),
        RESOLVE_FAILS("late.test"),
        WAIT(9999),
        SILENT(C1),
        WAIT(1),
        FIN(C1),
        FLOW("refused late.test:443 0 client_tls_failed"),
        SENTENCE("The TLS handshake with the client failed for late.test: it took too long."),
        JOB_BACK,
    };
    (void)state;
    PLAY_SLOWLY(steps);
}

/* ---- the origin first --------------------------------------------------- */

static void waits_two_seconds_for_the_origin(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:443"),
        WAIT(1999),
        SILENT(C1),
        WAIT(1),
        TLS_READY(C1),
        IN(C1, GET),
        DIAL_OPEN(U2, "192.0.2.1:443"),
        CONNECTED(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(U1),
        SILENT(U1),
        CONNECTED(U2),
        TLS_ORIGIN(U2, "a.test"),
        OUT(U2, GET),
        IN(U2, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
        IN(C1, GET),
        OUT(U2, GET),
        PEER_RESET(U2),
        OUT(U1, ""),
        DIAL(U3, "192.0.2.1:443"),
        TLS_ORIGIN(U3, "a.test"),
        OUT(U3, GET),
        IN(U3, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void shares_one_dial_among_handshakes(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        CONNECT_TO(C2, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        LOOKUP("a.test"),
        TLS_CLIENT(C2, "a.test"),
        NO_DIAL,
        RESOLVED("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:443"),
        NO_DIAL,
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(C1),
        TLS_READY(C2),
        CONNECT_TO(C3, "a.test"),
        TLS_CLIENT(C3, "a.test"),
        TLS_READY(C3),
        NO_DIAL,
        PEER_RESET(C1),
        FLOW("refused a.test:443 0 client_reset"),
        PEER_RESET(C2),
        FLOW("refused a.test:443 0 client_reset"),
        PEER_RESET(C3),
        FLOW("refused a.test:443 0 client_reset"),
        SILENT(U1),
    };
    (void)state;
    PLAY(steps);
}

static void says_within_tls_why_the_origin_cannot_be_had(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_FAILS(U1, "192.0.2.1:443", "connection refused"),
        TLS_READY(C1),
        IN(C1, GET),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway",
             "No connection to the host could be made: a.test:443 (connection refused).",
             "connect_failed"),
        FLOW("http GET https://a.test/x 502 connect_failed 0/113"),
        /* Once more, it is tried. */
        IN(C1, GET),
        DIAL(U2, "192.0.2.1:443"),
        TLS_ORIGIN(U2, "a.test"),
        OUT(U2, GET),
        IN(U2, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void forgets_a_failure_after_five_seconds(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_FAILS(U1, "192.0.2.1:443", "connection refused"),
        TLS_READY(C1),
        WAIT(5000),
        IN(C1, GET),
        DIAL(U2, "192.0.2.1:443"),
        TLS_ORIGIN(U2, "a.test"),
        OUT(U2, GET),
        IN(U2, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

#define REFUSED_CERTIFICATE(host, why, size)                                                       \
    TLS_ALERTED(U1), CLOSED(U1), TLS_READY(C1),                                                    \
        IN(C1, "GET / HTTP/1.1\r\nHost: " host "\r\n\r\n"),                                        \
        PAGE(C1, "502 Bad Gateway", "The host's certificate was refused: " host ":443 (" why ").", \
             "certificate_refused"),                                                               \
        FLOW("http GET https://" host "/ 502 certificate_refused 0/" size),                        \
        SENTENCE("The host's certificate was refused: " host ":443 (" why ").")

static void refuses_a_forged_certificate(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "forged.test"),
        TLS_CLIENT(C1, "forged.test"),
        RESOLVE("forged.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:443"),
        TLS_ORIGIN_AS(U1, .host = "forged.test", .forged = true),
        REFUSED_CERTIFICATE("forged.test",
                            "the certificate of forged.test comes from an authority that is not "
                            "known: CN = weir CA stranger (or the origin does not send the "
                            "certificates in between)",
                            "253"),
    };
    (void)state;
    PLAY(steps);
}

static void refuses_a_certificate_for_another_host(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "other.test"),
        TLS_CLIENT(C1, "other.test"),
        RESOLVE("other.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:443"),
        TLS_ORIGIN(U1, "evil.test"),
        REFUSED_CERTIFICATE("other.test",
                            "the certificate of other.test is for other hosts: evil.test", "158"),
    };
    (void)state;
    PLAY(steps);
}

static void refuses_an_expired_certificate(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "expired.test"),
        TLS_CLIENT(C1, "expired.test"),
        RESOLVE("expired.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:443"),
        TLS_ORIGIN_AS(U1, .host = "expired.test", .expired = true),
        TLS_ALERTED(U1),
        TLS_READY(C1),
        PEER_RESET(C1),
        FLOW("refused expired.test:443 0 client_reset"),
    };
    (void)state;
    PLAY(steps);
}

static void trust_forged(struct settings *settings, struct arena *arena)
{
    settings->tls.no_verify.items = arena_alloc(arena, sizeof(struct host_pattern));
    settings->tls.no_verify.items[0] = (struct host_pattern){.host = BYTES("untrue.test")};
    settings->tls.no_verify.count = 1;
}

static void takes_any_certificate_where_told(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "untrue.test"),
        TLS_CLIENT(C1, "untrue.test"),
        RESOLVE("untrue.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:443"),
        TLS_ORIGIN_AS(U1, .host = "evil.test", .forged = true),
        TLS_READY(U1),
        TLS_READY(C1),
        PEER_RESET(C1),
        FLOW("refused untrue.test:443 0 client_reset"),
    };
    (void)state;
    PLAY_WITH(steps, trust_forged);
}

#define BROKEN_ORIGIN(word, sentence, status, size)                                                \
    TLS_READY(C1), IN(C1, GET), PAGE(C1, status, sentence, word),                                  \
        FLOW("http GET https://a.test/x " size)

static void says_how_the_handshake_with_an_origin_failed(void **state)
{
    static const struct step garbage[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        IN_TILL_CLOSED(U1, "HTTP/1.1 400 Bad Request\r\n\r\n"),
        CLOSED(U1),
        TLS_READY(C1),
        PEER_RESET(C1),
        FLOW("refused a.test:443 0 client_reset"),
        TLS_ORIGIN(U1, "a.test"),
    };
    static const struct step closing[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN_AS(U1, .host = "a.test", .mute = true),
        PEER_EOF(U1),
        CLOSED(U1),
        BROKEN_ORIGIN("tls_failed",
                      "The TLS handshake with the host failed: a.test:443 (the origin closed the "
                      "connection in the middle of the TLS handshake).",
                      "502 Bad Gateway", "502 tls_failed 0/157"),
    };
    static const struct step resetting[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN_AS(U1, .host = "a.test", .mute = true),
        PEER_RESET(U1),
        BROKEN_ORIGIN("tls_failed",
                      "The TLS handshake with the host failed: a.test:443 (it reset the "
                      "connection).",
                      "502 Bad Gateway", "502 tls_failed 0/113"),
    };
    static const struct step silent[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_ORIGIN_AS(U1, .host = "a.test", .mute = true),
        WAIT(9999),
        SILENT(U1),
        WAIT(1),
        CLOSED(U1),
        BROKEN_ORIGIN("tls_timeout", "The TLS handshake with the host took too long: a.test:443.",
                      "504 Gateway Timeout", "504 tls_timeout 0/99"),
    };
    /* It does not even take what we say: then nothing is flushed. */
    static const struct step deaf[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL_OPEN(U1, "192.0.2.1:443"),
        HOLD(U1),
        CONNECTED(U1),
        OUT_ANY(U1),
        WAIT(10000),
        CLOSED(U1),
        TLS_READY(C1),
        PEER_RESET(C1),
        FLOW("refused a.test:443 0 client_reset"),
    };
    (void)state;
    PLAY(garbage);
    PLAY(closing);
    PLAY(resetting);
    PLAY(silent);
    PLAY(deaf);
}

static void be_lazy(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->tls.dial_lazy = true;
}

static void dials_late_when_told(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        NO_DIAL,
        TLS_READY(C1),
        IN(C1, GET),
        MEET(U1),
        TLS_ORIGIN(U1, "a.test"),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY_WITH(steps, be_lazy);
}

static void never_dials_a_host_that_rules_answer(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: stub, match: a.test, then: { respond: 204 } }\n"),
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        NO_DIAL,
        TLS_READY(C1),
        IN(C1, GET),
        NO_DIAL,
        OUT(C1, "HTTP/1.1 204 No Content\r\nDate: Mon, 21 Sep 2026 14:13:21 GMT\r\n"
                "x-weir-rule: stub\r\n\r\n"),
        FLOW("http GET https://a.test/x 204 answered_by_rule [proxy.yaml:2 stub: answered 204]"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- through an upstream proxy ------------------------------------------ */

static void through_a_proxy(struct settings *settings, struct arena *arena)
{
    settings->via = arena_alloc(arena, sizeof(*settings->via));
    settings->via[0] =
        (struct via_entry){.hosts = {.any = true}, .host = BYTES("192.0.2.9"), .port = 3128};
    settings->via_count = 1;
}

static void opens_tls_through_an_upstream_proxy(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        DIAL(U1, "192.0.2.9:3128"),
        OUT(U1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\n\r\n"),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(U1),
        ONE_EXCHANGE(C1, U1),
    };
    (void)state;
    PLAY_WITH(steps, through_a_proxy);
}

static void starts_no_tls_before_connect_has_left(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        DIAL_OPEN(U1, "192.0.2.9:3128"),
        HOLD(U1),
        CONNECTED(U1),
        OUT(U1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\n\r\n"),
        SILENT(U1),
        TAKE(U1),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(U1),
        ONE_EXCHANGE(C1, U1),
    };
    (void)state;
    PLAY_WITH(steps, through_a_proxy);
}

/* Bytes in the clear behind the proxy's answer must not pass for the origin's. */
static void takes_nothing_in_the_clear_for_the_origins(void **state)
{
    static const struct step steps[] = {
        CONNECT_TO(C1, "a.test"),
        TLS_CLIENT(C1, "a.test"),
        DIAL(U1, "192.0.2.9:3128"),
        OUT(U1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        IN_TILL_CLOSED(U1, "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
        CLOSED(U1),
        TLS_READY(C1),
        PEER_RESET(C1),
        FLOW("refused a.test:443 0 client_reset"),
        TLS_ORIGIN(U1, "a.test"),
    };
    (void)state;
    PLAY_WITH(steps, through_a_proxy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_tls_and_shows_what_is_in_it),
        cmocka_unit_test(opens_old_tls),
        cmocka_unit_test(offers_http_1_1_to_both_sides),
        cmocka_unit_test(takes_a_client_hello_in_one_breath_with_connect),
        cmocka_unit_test(opens_tls_behind_a_first_exchange),
        cmocka_unit_test(resumes_the_sessions_of_clients_and_origins),
        cmocka_unit_test(makes_up_for_a_missing_name),
        cmocka_unit_test(keeps_the_name_the_client_sent),
        cmocka_unit_test(makes_certificates_by_jobs_under_a_slow_ca),
        cmocka_unit_test(waits_only_so_long_for_a_certificate),
        cmocka_unit_test(waits_two_seconds_for_the_origin),
        cmocka_unit_test(shares_one_dial_among_handshakes),
        cmocka_unit_test(says_within_tls_why_the_origin_cannot_be_had),
        cmocka_unit_test(forgets_a_failure_after_five_seconds),
        cmocka_unit_test(refuses_a_forged_certificate),
        cmocka_unit_test(refuses_a_certificate_for_another_host),
        cmocka_unit_test(refuses_an_expired_certificate),
        cmocka_unit_test(takes_any_certificate_where_told),
        cmocka_unit_test(says_how_the_handshake_with_an_origin_failed),
        cmocka_unit_test(dials_late_when_told),
        cmocka_unit_test(never_dials_a_host_that_rules_answer),
        cmocka_unit_test(opens_tls_through_an_upstream_proxy),
        cmocka_unit_test(starts_no_tls_before_connect_has_left),
        cmocka_unit_test(takes_nothing_in_the_clear_for_the_origins),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
