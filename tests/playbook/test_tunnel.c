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
        cmocka_unit_test(reads_http_within_a_connect),
        cmocka_unit_test(refuses_connect_without_credentials),
        cmocka_unit_test(takes_connect_with_credentials),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
