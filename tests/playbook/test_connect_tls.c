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
    (void)state;
    PLAY(garbage);
    PLAY(closing);
    PLAY(resetting);
    PLAY(silent);
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
        cmocka_unit_test(ends_a_client_that_says_nothing_within_tls),
        cmocka_unit_test(refuses_a_bad_request_within_tls),
        cmocka_unit_test(does_not_take_a_bare_fin_for_the_end_of_a_body),
        cmocka_unit_test(finishes_the_answer_for_a_client_that_has_said_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
