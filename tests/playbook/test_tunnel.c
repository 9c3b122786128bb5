/* CONNECT: tunnels, refusals, and who speaks first. */
#include "playbook.h"

#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

static void relays_what_is_neither_tls_nor_http(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT db.test:5432 HTTP/1.1\r\nHost: db.test:5432\r\n\r\n"),
        OUT(C1, ESTABLISHED),
        IN(C1, "!binary nonsense"),
        RESOLVE("db.test", "192.0.2.7"),
        DIAL(U1, "192.0.2.7:5432"),
        OUT(U1, "!binary nonsense"),
        IN(U1, "ready"),
        OUT(C1, "ready"),
        IN(C1, "bye"),
        OUT(U1, "bye"),
        PEER_EOF(C1),
        FIN(U1),
        IN(U1, "late"),
        OUT(C1, "late"),
        PEER_EOF(U1),
        FIN(C1),
        CLOSED(C1),
        CLOSED(U1),
        FLOW("tunnel db.test:5432 0 tunnel_ended 19/9"),
    };
    (void)state;
    PLAY(steps);
}

static void lets_the_server_speak_first(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT mail.test:25 HTTP/1.1\r\nHost: mail.test:25\r\n\r\n"),
        OUT(C1, ESTABLISHED),
        NO_DIAL,
        WAIT(499),
        NO_DIAL,
        WAIT(1),
        RESOLVE("mail.test", "192.0.2.8"),
        DIAL(U1, "192.0.2.8:25"),
        IN(U1, "220 mail.test\r\n"),
        OUT(C1, "220 mail.test\r\n"),
        IN(C1, "EHLO me\r\n"),
        OUT(U1, "EHLO me\r\n"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("tunnel mail.test:25 0 origin_reset 9/15"),
    };
    (void)state;
    PLAY(steps);
}

#define QUIET                                                                                      \
    ACCEPT(C1), IN(C1, "CONNECT mail.test:25 HTTP/1.1\r\nHost: mail.test:25\r\n\r\n"),             \
        OUT(C1, ESTABLISHED), WAIT(500), RESOLVE("mail.test", "192.0.2.8")

static void tells_how_a_server_that_may_speak_first_is_lost(void **state)
{
    static const struct step resetting[] = {
        QUIET,
        DIAL(U1, "192.0.2.8:25"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("tunnel mail.test:25 0 origin_reset 0/0"),
    };
    static const struct step closing[] = {
        QUIET,        DIAL(U1, "192.0.2.8:25"),
        PEER_EOF(U1), FIN(C1),
        CLOSED(U1),   FLOW("tunnel mail.test:25 0 origin_closed 0/0"),
    };
    static const struct step refusing[] = {
        QUIET,
        DIAL_FAILS(U1, "192.0.2.8:25", "connection refused"),
        FIN(C1),
        FLOW("tunnel mail.test:25 0 connect_failed 0/0"),
        SENTENCE("No connection to the host could be made: mail.test:25 (connection refused)."),
    };
    static const struct step silent[] = {
        QUIET,        DIAL(U1, "192.0.2.8:25"),
        WAIT(119999), SILENT(C1),
        SILENT(U1),   WAIT(1),
        FIN(C1),      FLOW("refused mail.test:25 0 client_idle"),
        PEER_EOF(C1), CLOSED(C1),
        CLOSED(U1),
    };
    static const struct step leaving[] = {
        QUIET,        DIAL(U1, "192.0.2.8:25"),
        PEER_EOF(C1), CLOSED(C1),
        CLOSED(U1),   FLOW("refused mail.test:25 0 client_closed"),
    };
    static const struct step leaving_early[] = {
        QUIET,
        DIAL_OPEN(U1, "192.0.2.8:25"),
        PEER_RESET(C1),
        CLOSED(U1),
        FLOW("refused mail.test:25 0 client_reset"),
    };
    (void)state;
    PLAY(resetting);
    PLAY(closing);
    PLAY(refusing);
    PLAY(silent);
    PLAY(leaving);
    PLAY(leaving_early);
}

static void sees_what_a_late_client_says(void **state)
{
    static const struct step http[] = {
        QUIET,
        DIAL(U1, "192.0.2.8:25"),
        IN(C1, "GET /p HTTP/1.1\r\nHost: mail.test\r\n\r\n"),
        CLOSED(U1),
        DIAL(U2, "192.0.2.8:25"),
        OUT(U2, "GET /p HTTP/1.1\r\nHost: mail.test\r\n\r\n"),
        IN(U2, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\n"),
        FLOW("http GET http://mail.test:25/p 204 complete"),
    };
    static const struct step raw[] = {
        QUIET,
        DIAL(U1, "192.0.2.8:25"),
        IN(C1, "\x01raw"),
        OUT(U1, "\x01raw"),
        IN(U1, "back"),
        OUT(C1, "back"),
        PEER_RESET(C1),
        RST(U1),
        FLOW("tunnel mail.test:25 0 client_reset 4/4"),
    };
    static const struct step undialled[] = {
        QUIET,
        DIAL_OPEN(U1, "192.0.2.8:25"),
        IN(C1, "\x01raw"),
        CONNECTED(U1),
        OUT(U1, "\x01raw"),
        PEER_RESET(U1),
        RST(C1),
        FLOW("tunnel mail.test:25 0 origin_reset 4/0"),
    };
    /* A beginning that might still be HTTP, and then the server speaks. */
    static const struct step half[] = {
        QUIET,
        DIAL(U1, "192.0.2.8:25"),
        IN(C1, "EHLO"),
        SILENT(U1),
        IN(U1, "220 hi\r\n"),
        OUT(C1, "220 hi\r\n"),
        OUT(U1, "EHLO"),
        PEER_RESET(C1),
        RST(U1),
        FLOW("tunnel mail.test:25 0 client_reset 4/8"),
    };
    (void)state;
    PLAY(http);
    PLAY(raw);
    PLAY(undialled);
    PLAY(half);
}

static void reads_http_within_a_connect(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:80 HTTP/1.1\r\nHost: a.test:80\r\n\r\n"),
        OUT(C1, ESTABLISHED),
        IN(C1, "GET /p HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:80"),
        OUT(U1, "GET /p HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\n"),
        FLOW("http GET http://a.test/p 204 complete"),
    };
    (void)state;
    PLAY(steps);
}

static void accept_user(struct settings *settings, struct arena *arena)
{
    (void)arena;
    settings->auth = BYTES("me:secret");
}

static void refuses_connect_without_credentials(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        NO_DIAL,
        PAGE_CLOSE(C1, "407 Proxy Authentication Required",
                   "This proxy asks for a user name and a password.", "auth_required"),
        FIN(C1),
        FLOW("refused a.test:443 407 auth_required"),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY_WITH(steps, accept_user);
}

static void takes_connect_with_credentials(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"
               "Host: a.test:443\r\n\r\n"),
        OUT(C1, ESTABLISHED),
        PEER_EOF(C1),
        CLOSED(C1),
        FLOW("refused a.test:443 0 client_closed"),
    };
    (void)state;
    PLAY_WITH(steps, accept_user);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relays_what_is_neither_tls_nor_http),
        cmocka_unit_test(lets_the_server_speak_first),
        cmocka_unit_test(tells_how_a_server_that_may_speak_first_is_lost),
        cmocka_unit_test(sees_what_a_late_client_says),
        cmocka_unit_test(reads_http_within_a_connect),
        cmocka_unit_test(refuses_connect_without_credentials),
        cmocka_unit_test(takes_connect_with_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
