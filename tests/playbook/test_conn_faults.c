/* Rules that break connections: the TLS of a client, the look-up, the dial. */
#include "playbook.h"

#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"
#define CONNECT_TO(c)                                                                              \
    ACCEPT(c), IN(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"), OUT(c, ESTABLISHED)
#define RULE(then) RULES_ARE("rules:\n  - { name: r, match: a.test, then: " then " }\n")
#define RULE_WHEN(when, then)                                                                      \
    RULES_ARE("rules:\n  - { name: r, match: a.test, when: " when ", then: " then " }\n")
#define BY_RULE "proxy.yaml:2 r"
#define DID_THIS(port) ": a.test:" port " (a rule did this: " BY_RULE ")."
#define GET_CLEAR "GET http://a.test/x HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define GET "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"
#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
#define MEET_CLEAR(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:443"), TLS_ORIGIN(u, "a.test")

/* ---- tls: broken off ---------------------------------------------------- */

#define BROKE(note) "A rule broke the TLS that the client began for a.test (tls: " note ")."

static void closes_after_the_client_hello(void **state)
{
    static const struct step steps[] = {
        RULE("{ tls: close }"),
        CONNECT_TO(C1),
        TLS_CLIENT(C1, "a.test"),
        TLS_WAITS(C1),
        FIN(C1),
        NO_DIAL,
        FLOW("refused a.test:443 0 aborted_by_rule [" BY_RULE
             ": tls: closed after the ClientHello]"),
        SENTENCE(BROKE("closed after the ClientHello")),
        PEER_EOF(C1),
        CLOSED(C1),
        NO_FLOW,
    };
    (void)state;
    PLAY(steps);
}

static void is_silent_after_the_client_hello(void **state)
{
#define STALLS                                                                                     \
    RULE("{ tls: stall }"), CONNECT_TO(C1), TLS_CLIENT(C1, "a.test"), TLS_WAITS(C1), NO_DIAL,      \
        FLOW("refused a.test:443 0 aborted_by_rule [" BY_RULE                                      \
             ": tls: silent after the ClientHello]"),                                              \
        SENTENCE(BROKE("silent after the ClientHello"))
    static const struct step steps[] = {
        STALLS, WAIT(599000), TLS_WAITS(C1), SILENT(C1), WAIT(1000), CLOSED(C1), NO_FLOW,
    };
    static const struct step leaving[] = {
        STALLS, WAIT(1000), PEER_EOF(C1), CLOSED(C1), NO_FLOW,
    };
    static const struct step draining[] = {STALLS, DRAIN_NOW, RST(C1), DRAINED};
    (void)state;
    PLAY(steps);
    PLAY(leaving);
    PLAY(draining);
}

static void answers_the_client_hello_by_an_alert(void **state)
{
    static const struct step steps[] = {
        RULE("{ tls: alert 40 }"),
        CONNECT_TO(C1),
        TLS_CLIENT(C1, "a.test"),
        TLS_BROKEN(C1),
        TLS_ALERTED_BY(C1, 40),
        FIN(C1),
        NO_DIAL,
        FLOW("refused a.test:443 0 aborted_by_rule [" BY_RULE
             ": tls: fatal alert after the ClientHello: 40]"),
        SENTENCE(BROKE("fatal alert after the ClientHello: 40")),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    static const struct step other[] = {
        RULE("{ tls: alert 112 }"),
        CONNECT_TO(C1),
        TLS_CLIENT(C1, "a.test"),
        TLS_ALERTED_BY(C1, 112),
        FIN(C1),
        FLOW_STARTS("refused a.test:443 0 aborted_by_rule ["),
    };
    (void)state;
    PLAY(steps);
    PLAY(other);
}

/* A second fault has no say any more; the flow tells of those that acted. */
static void breaks_off_at_the_first_rule_that_does(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { match: a.test, then: { tls: no_alpn } }\n"
                  "  - { match: a.test, then: { tls: alert 50 } }\n"
                  "  - { match: a.test, then: { tls: close } }\n"),
        CONNECT_TO(C1),
        TLS_CLIENT(C1, "a.test"),
        TLS_ALERTED_BY(C1, 50),
        FIN(C1),
        FLOW("refused a.test:443 0 aborted_by_rule [proxy.yaml:2: tls: negotiated no ALPN] "
             "[proxy.yaml:3: tls: fatal alert after the ClientHello: 50]"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- tls: certificates -------------------------------------------------- */

#define REFUSED_FLOW(note)                                                                         \
    FLOW("refused a.test:443 0 aborted_by_rule [" BY_RULE ": tls: showed " note "]"),              \
        SENTENCE("A rule showed the client a faulty certificate for a.test, and it refused it "    \
                 "(" ALERT ").")
#define SHOWS(fault, verdict, note)                                                                \
    {                                                                                              \
        RULE("{ tls: " fault " }"), CONNECT_TO(C1),                                                \
            TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .old = OLD), NO_DIAL,             \
            TLS_BROKEN(C1), TLS_REFUSES(C1, verdict), REFUSED_FLOW(note), FIN(C1), PEER_EOF(C1),   \
            CLOSED(C1), NO_FLOW,                                                                   \
    }

static void shows_certificates_with_a_fault(void **state)
{
#define OLD false
#define ALERT "certificate_expired"
    static const struct step expired[] =
        SHOWS("expired", "certificate has expired", "an expired certificate");
#undef ALERT
#define ALERT "bad_certificate"
    static const struct step not_yet[] =
        SHOWS("not_yet", "certificate is not yet valid", "a certificate that is not valid yet");
    static const struct step wrong_host[] =
        SHOWS("wrong_host", "hostname mismatch", "a certificate of another host");
#undef ALERT
#define ALERT "unknown_ca"
    static const struct step self_signed[] =
        SHOWS("self_signed", "self-signed certificate", "a self-signed certificate");
    static const struct step untrusted[] =
        SHOWS("untrusted", "unable to get local issuer certificate",
              "a certificate of an unknown authority");
#undef OLD
#define OLD true
    static const struct step old[] = SHOWS("untrusted", "unable to get local issuer certificate",
                                           "a certificate of an unknown authority");
#undef OLD
#undef ALERT
    (void)state;
    PLAY(expired);
    PLAY(not_yet);
    PLAY(wrong_host);
    PLAY(self_signed);
    PLAY(untrusted);
    PLAY(old);
    PLAY_SLOWLY(expired);
    PLAY_SLOWLY(not_yet);
    PLAY_SLOWLY(self_signed);
    PLAY_SLOWLY(untrusted);
}

static void let_rejecters_through(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->tls.reject_passthrough = true;
}

/* That it refused a faulty certificate says nothing of weir's CA; and the next one is
 * sound, and is not taken for the faulty one. */
static void shows_a_sound_certificate_when_the_rule_is_over(void **state)
{
    static const struct step steps[] = {
        RULE_WHEN("once", "{ tls: expired }"),
        CONNECT_TO(C1),
        TLS_CLIENT(C1, "a.test"),
        TLS_REFUSES(C1, "certificate has expired"),
        FLOW_STARTS("refused a.test:443 0 aborted_by_rule [" BY_RULE),
        CONNECT_TO(C2),
        TLS_CLIENT(C2, "a.test"),
        MEET(U1),
        TLS_READY(C2),
        TLS_REFUSES(C2, "ok"),
        IN(C2, GET),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C2, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY_WITH(steps, let_rejecters_through);
}

/* A client that takes any certificate gets its answer, and the flow tells. */
static void serves_a_client_that_takes_a_faulty_certificate(void **state)
{
    static const struct step steps[] = {
        RULE("{ tls: expired }"),
        CONNECT_TO(C1),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .careless = true),
        TLS_READY(C1),
        TLS_REFUSES(C1, "certificate has expired"),
        NO_DIAL,
        IN(C1, GET),
        MEET(U1),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2 [" BY_RULE
             ": tls: showed an expired certificate]"),
    };
    (void)state;
    PLAY(steps);
}

/* Some look at the name in a certificate only when the handshake is done. */
static void tells_of_a_client_that_leaves_behind_the_handshake(void **state)
{
    static const struct step steps[] = {
        RULE("{ tls: wrong_host }"),
        CONNECT_TO(C1),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .careless = true),
        TLS_READY(C1),
        TLS_END(C1),
        CLOSED(C1),
        FLOW("refused a.test:443 0 aborted_by_rule [" BY_RULE
             ": tls: showed a certificate of another host]"),
        SENTENCE("A rule showed the client a faulty certificate for a.test, and it left without a "
                 "request."),
    };
    static const struct step limited[] = {
        RULE("{ tls: no_alpn }"),
        CONNECT_TO(C1),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_READY(C1),
        PEER_RESET(C1),
        FLOW("refused a.test:443 0 client_reset [" BY_RULE ": tls: negotiated no ALPN]"),
    };
    (void)state;
    PLAY(steps);
    PLAY(limited);
}

static void tells_of_a_client_that_cannot_do_with_less(void **state)
{
    static const struct step steps[] = {
        RULE("{ tls: max 1.2 }"),
        CONNECT_TO(C1),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .mute = true),
        MEET(U1),
        PEER_EOF(C1),
        FLOW("refused a.test:443 0 aborted_by_rule [" BY_RULE ": tls: spoke TLS 1.2 at most]"),
        SENTENCE("A rule held the client's TLS to less than it could be for a.test, and the "
                 "handshake failed."),
    };
    (void)state;
    PLAY(steps);
}

/* Else a ticket of a sound connection would have the client see no certificate. */
static void resumes_no_sound_session_on_a_faulty_connection(void **state)
{
#define RESUMING                                                                                   \
    CONNECT_TO(C1),                                                                                \
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .resumes = true, .old = OLD),         \
        MEET(U1), TLS_READY(C1), IN(C1, GET), OUT(U1, GET), IN(U1, OK_2), OUT(C1, OK_2),           \
        FLOW("http GET https://a.test/x 200 complete 0/2"), RULE("{ tls: expired }"),              \
        CONNECT_TO(C2),                                                                            \
        TLS_CLIENT_AS(C2, .host = "a.test", .sni = "a.test", .resumes = true, .old = OLD),         \
        TLS_BROKEN(C2), TLS_REFUSES(C2, "certificate has expired"),                                \
        FLOW_STARTS("refused a.test:443 0 aborted_by_rule [")
#define OLD false
    static const struct step steps[] = {RESUMING};
#undef OLD
#define OLD true
    static const struct step old[] = {RESUMING};
#undef OLD
    (void)state;
    PLAY(steps);
    PLAY(old);
}

/* ---- tls: less than could be -------------------------------------------- */

static void chooses_no_alpn(void **state)
{
    static const struct step steps[] = {
        RULE_WHEN("once", "{ tls: no_alpn }"),
        CONNECT_TO(C1),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .alpn = "\x08http/1.1"),
        MEET(U1),
        TLS_READY_WITH(C1, ""),
        IN(C1, GET),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2 [" BY_RULE ": tls: negotiated no ALPN]"),
        CONNECT_TO(C2),
        TLS_CLIENT_AS(C2, .host = "a.test", .sni = "a.test", .alpn = "\x08http/1.1"),
        TLS_READY_WITH(C2, "http/1.1"),
    };
    (void)state;
    PLAY(steps);
}

static void speaks_tls_1_2_at_most(void **state)
{
    static const struct step steps[] = {
        RULE_WHEN("once", "{ tls: max 1.2 }"),
        CONNECT_TO(C1),
        TLS_CLIENT(C1, "a.test"),
        MEET(U1),
        TLS_READY(C1),
        TLS_SPEAKS(C1, "TLSv1.2"),
        IN(C1, GET),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2 [" BY_RULE
             ": tls: spoke TLS 1.2 at most]"),
        CONNECT_TO(C2),
        TLS_CLIENT(C2, "a.test"),
        TLS_READY(C2),
        TLS_SPEAKS(C2, "TLSv1.3"),
    };
    (void)state;
    PLAY(steps);
}

static void pass_all(struct settings *settings, struct arena *arena)
{
    settings->tls.passthrough.items = arena_alloc(arena, sizeof(struct host_pattern));
    settings->tls.passthrough.items[0] = (struct host_pattern){.host = BYTES("a.test")};
    settings->tls.passthrough.count = 1;
}

static void leaves_tls_alone_that_is_passed_through(void **state)
{
    static const struct step steps[] = {
        RULE("{ tls: close }"),
        CONNECT_TO(C1),
        TLS_CLIENT_AS(C1, .host = "a.test", .sni = "a.test", .knows_origins = true),
        MEET(U1),
        TLS_READY(C1),
        PEER_RESET(C1),
        RST(U1),
        FLOW_STARTS("tunnel a.test:443 0 client_reset "),
    };
    (void)state;
    PLAY_WITH(steps, pass_all);
}

/* ---- dns and connect, in the clear -------------------------------------- */

#define NO_NAME "The host's name could not be resolved"
#define NO_CONNECTION "No connection to the host could be made"

static void fails_a_look_up(void **state)
{
    static const struct step steps[] = {
        RULE("{ dns: fail }"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway", NO_NAME DID_THIS("80"), "dns_failed"),
        FLOW("http GET http://a.test/x 502 dns_failed 0/119 [" BY_RULE ": dns: look-up failed]"),
        SENTENCE(NO_NAME DID_THIS("80")),
        IN(C1, GET_CLEAR),
        PAGE(C1, "502 Bad Gateway", NO_NAME DID_THIS("80"), "dns_failed"),
        NO_DIAL,
        FLOW_STARTS("http GET http://a.test/x 502 dns_failed "),
    };
    (void)state;
    PLAY(steps);
}

static void refuses_a_connection_even_if_one_is_kept(void **state)
{
    static const struct step steps[] = {
        RULE_WHEN("every 2nd", "{ connect: refuse }"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        MEET_CLEAR(U1),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET http://a.test/x 200 complete 0/2"),
        IN(C1, GET_CLEAR),
        NO_DIAL,
        SILENT(U1),
        PAGE(C1, "502 Bad Gateway", NO_CONNECTION DID_THIS("80"), "connect_failed"),
        FLOW_STARTS("http GET http://a.test/x 502 connect_failed 0/"),
        SENTENCE(NO_CONNECTION DID_THIS("80")),
        IN(C1, GET_CLEAR),
        NO_DIAL,
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET http://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void holds_a_look_up_and_then_a_connection(void **state)
{
    static const struct step steps[] = {
        RULE("[dns: delay 1s, connect: delay 500ms]"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        WAIT(1499),
        NO_DIAL,
        WAIT(1),
        MEET_CLEAR(U1),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET http://a.test/x 200 complete 0/2 [" BY_RULE
             ": dns: look-up held 1000.0 ms] [" BY_RULE ": connect: connection held 500.0 ms]"),
        /* It meets every request, whether a connection is kept or not. */
        IN(C1, GET_CLEAR),
        WAIT(1499),
        SILENT(U1),
        NO_DIAL,
        WAIT(1),
        DIAL(U2, "192.0.2.1:80"),
        OUT(U2, GET),
    };
    (void)state;
    PLAY(steps);
}

static void holds_and_then_refuses(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: r, match: a.test, then: { connect: refuse } }\n"
                  "  - { match: a.test, then: { connect: delay 2s } }\n"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        WAIT(1999),
        SILENT(C1),
        WAIT(1),
        PAGE(C1, "502 Bad Gateway", NO_CONNECTION DID_THIS("80"), "connect_failed"),
        NO_DIAL,
        FLOW("http GET http://a.test/x 502 connect_failed 0/125 [" BY_RULE
             ": connect: connection refused] [proxy.yaml:3: connect: connection held 2000.0 ms]"),
    };
    (void)state;
    PLAY(steps);
}

/* The limits of the settings hold for what rules make last, too. */
static void ends_what_hangs_by_the_usual_limits(void **state)
{
    static const struct step hanging[] = {
        RULE("{ connect: hang }"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        WAIT(9999),
        SILENT(C1),
        NO_DIAL,
        WAIT(1),
        PAGE(C1, "504 Gateway Timeout", "Connecting to the host took too long" DID_THIS("80"),
             "connect_timeout"),
        FLOW_STARTS("http GET http://a.test/x 504 connect_timeout "),
    };
    static const struct step slow_dial[] = {
        RULE("{ connect: delay 11s }"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        WAIT(9999),
        SILENT(C1),
        WAIT(1),
        PAGE(C1, "504 Gateway Timeout", "Connecting to the host took too long" DID_THIS("80"),
             "connect_timeout"),
        FLOW_STARTS("http GET http://a.test/x 504 connect_timeout "),
    };
    static const struct step slow_name[] = {
        RULE("[dns: delay 6s, connect: refuse]"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        WAIT(4999),
        SILENT(C1),
        WAIT(1),
        PAGE(C1, "504 Gateway Timeout", "Resolving the host's name took too long" DID_THIS("80"),
             "dns_timeout"),
        FLOW_STARTS("http GET http://a.test/x 504 dns_timeout "),
    };
    (void)state;
    PLAY(hanging);
    PLAY(slow_dial);
    PLAY(slow_name);
}

static void no_connect_limit(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->timeouts.connect = 0;
}

static void hangs_for_ever_where_there_is_no_limit(void **state)
{
    static const struct step steps[] = {
        RULE("{ connect: hang }"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        WAIT(3600000),
        SILENT(C1),
        NO_DIAL,
        PEER_RESET(C1),
        FLOW_STARTS("http GET http://a.test/x 0 client_reset ["),
    };
    (void)state;
    PLAY_WITH(steps, no_connect_limit);
}

static void forgets_a_held_connection_when_the_client_leaves(void **state)
{
    static const struct step steps[] = {
        RULE("{ dns: delay 2s }"),
        ACCEPT(C1),
        IN(C1, GET_CLEAR),
        WAIT(1000),
        PEER_RESET(C1),
        FLOW_STARTS("http GET http://a.test/x 0 client_reset ["),
        WAIT(5000),
        NO_DIAL,
        NO_FLOW,
    };
    (void)state;
    PLAY(steps);
}

static void keeps_the_content_of_a_request_that_is_held(void **state)
{
    static const struct step steps[] = {
        RULE("{ connect: delay 1s }"),
        ACCEPT(C1),
        IN(C1, "POST http://a.test/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabc"),
        WAIT(500),
        IN(C1, "def"),
        NO_DIAL,
        WAIT(500),
        MEET_CLEAR(U1),
        OUT(U1, "POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabcdef"),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW_STARTS("http POST http://a.test/x 200 complete 6/2 ["),
    };
    (void)state;
    PLAY(steps);
}

/* A request that is answered here asks for no connection, so it does not count. */
static void counts_only_who_asks_for_a_connection(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: r, match: a.test, when: once, then: { connect: refuse } }\n"
                  "  - { match: a.test/made, then: 204 }\n"),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/made HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        OUT_BEGINS(C1, "HTTP/1.1 204 "),
        FLOW_STARTS("http GET http://a.test/made 204 "),
        IN(C1, GET_CLEAR),
        NO_DIAL,
        OUT_BEGINS(C1, "HTTP/1.1 502 "),
        FLOW_STARTS("http GET http://a.test/x 502 "),
        IN(C1, GET_CLEAR),
        MEET_CLEAR(U1),
        OUT(U1, GET),
    };
    (void)state;
    PLAY(steps);
}

static void looks_at_the_host_that_a_request_is_sent_to(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: r, match: a.test, then: { connect: refuse } }\n"
                  "  - { match: b.test, then: { forward: 'http://a.test' } }\n"
                  "  - { match: a.test, then: { forward: 'http://c.test' } }\n"),
        ACCEPT(C1),
        IN(C1, "GET http://b.test/x HTTP/1.1\r\nHost: b.test\r\n\r\n"),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway", NO_CONNECTION DID_THIS("80"), "connect_failed"),
        FLOW_STARTS("http GET http://b.test/x 502 connect_failed "),
        IN(C1, GET_CLEAR),
        RESOLVE("c.test", "192.0.2.3"),
        DIAL(U1, "192.0.2.3:80"),
        OUT(U1, GET),
    };
    (void)state;
    PLAY(steps);
}

/* ---- dns and connect, behind CONNECT ------------------------------------ */

/* The client's handshake is made all the same, and nothing is dialled for it. */
static void refuses_a_connection_behind_a_good_handshake(void **state)
{
    static const struct step steps[] = {
        RULE_WHEN("once", "{ connect: refuse }"),
        CONNECT_TO(C1),
        TLS_CLIENT(C1, "a.test"),
        NO_DIAL,
        TLS_READY(C1),
        IN(C1, GET),
        NO_DIAL,
        PAGE(C1, "502 Bad Gateway", NO_CONNECTION DID_THIS("443"), "connect_failed"),
        FLOW_STARTS("http GET https://a.test/x 502 connect_failed 0/"),
        /* What a rule did is no fact about the origin. */
        CONNECT_TO(C2),
        TLS_CLIENT(C2, "a.test"),
        TLS_READY(C2),
        IN(C2, GET),
        MEET(U1),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C2, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

static void breaks_the_dial_of_a_tunnel(void **state)
{
    static const struct step passed[] = {
        RULE("{ connect: refuse }"),
        CONNECT_TO(C1),
        FIN(C1),
        NO_DIAL,
        FLOW("tunnel a.test:443 0 connect_failed 0/0 [" BY_RULE ": connect: connection refused]"),
        SENTENCE(NO_CONNECTION DID_THIS("443")),
    };
    static const struct step raw[] = {
        RULE("{ dns: delay 1s }"),
        CONNECT_TO(C1),
        IN(C1, "!binary nonsense"),
        WAIT(999),
        NO_DIAL,
        WAIT(1),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:443"),
        OUT(U1, "!binary nonsense"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("tunnel a.test:443 0 origin_reset 16/0 [" BY_RULE ": dns: look-up held 1000.0 ms]"),
    };
    static const struct step left[] = {
        RULE("{ connect: hang }"),
        CONNECT_TO(C1),
        IN(C1, "!binary nonsense"),
        WAIT(1000),
        PEER_RESET(C1),
        WAIT(60000),
        NO_DIAL,
        FLOW("refused a.test:443 0 client_reset [" BY_RULE ": connect: connection left hanging]"),
    };
    (void)state;
    PLAY_WITH(passed, pass_all);
    PLAY(raw);
    PLAY(left);
}

/* Who says nothing may wait for the server to speak: that dial is held as well, once. */
static void holds_the_dial_for_a_silent_client(void **state)
{
    static const struct step raw[] = {
        RULE("{ dns: delay 2s }"),
        CONNECT_TO(C1),
        WAIT(500),
        NO_DIAL,
        WAIT(1000),
        IN(C1, "!binary nonsense"),
        WAIT(999),
        NO_DIAL,
        WAIT(1),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:443"),
        OUT(U1, "!binary nonsense"),
        WAIT(5000),
        NO_DIAL,
        PEER_RESET(U1),
        RST(C1),
        FLOW("tunnel a.test:443 0 origin_reset 16/0 [" BY_RULE ": dns: look-up held 2000.0 ms]"),
    };
    static const struct step late_tls[] = {
        RULE_WHEN("once", "{ connect: hang }"),
        CONNECT_TO(C1),
        WAIT(500),
        NO_DIAL,
        WAIT(1000),
        TLS_CLIENT(C1, "a.test"),
        TLS_READY(C1),
        IN(C1, GET),
        MEET(U1),
        OUT(U1, GET),
        IN(U1, OK_2),
        OUT(C1, OK_2),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(raw);
    PLAY(late_tls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(closes_after_the_client_hello),
        cmocka_unit_test(is_silent_after_the_client_hello),
        cmocka_unit_test(answers_the_client_hello_by_an_alert),
        cmocka_unit_test(breaks_off_at_the_first_rule_that_does),
        cmocka_unit_test(shows_certificates_with_a_fault),
        cmocka_unit_test(shows_a_sound_certificate_when_the_rule_is_over),
        cmocka_unit_test(serves_a_client_that_takes_a_faulty_certificate),
        cmocka_unit_test(tells_of_a_client_that_leaves_behind_the_handshake),
        cmocka_unit_test(tells_of_a_client_that_cannot_do_with_less),
        cmocka_unit_test(resumes_no_sound_session_on_a_faulty_connection),
        cmocka_unit_test(chooses_no_alpn),
        cmocka_unit_test(speaks_tls_1_2_at_most),
        cmocka_unit_test(leaves_tls_alone_that_is_passed_through),
        cmocka_unit_test(fails_a_look_up),
        cmocka_unit_test(refuses_a_connection_even_if_one_is_kept),
        cmocka_unit_test(holds_a_look_up_and_then_a_connection),
        cmocka_unit_test(holds_and_then_refuses),
        cmocka_unit_test(ends_what_hangs_by_the_usual_limits),
        cmocka_unit_test(hangs_for_ever_where_there_is_no_limit),
        cmocka_unit_test(forgets_a_held_connection_when_the_client_leaves),
        cmocka_unit_test(keeps_the_content_of_a_request_that_is_held),
        cmocka_unit_test(counts_only_who_asks_for_a_connection),
        cmocka_unit_test(looks_at_the_host_that_a_request_is_sent_to),
        cmocka_unit_test(refuses_a_connection_behind_a_good_handshake),
        cmocka_unit_test(breaks_the_dial_of_a_tunnel),
        cmocka_unit_test(holds_the_dial_for_a_silent_client),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
