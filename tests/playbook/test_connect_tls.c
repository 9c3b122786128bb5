/* CONNECT with TLS that weir ends itself. */
#include "playbook.h"

#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"

static void opens_tls_and_shows_what_is_in_it(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n"),
        OUT(C1, ESTABLISHED),
        TLS_CLIENT(C1, "a.test"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:443"),
        TLS_ORIGIN(U1, "a.test"),
        TLS_READY(U1),
        TLS_READY(C1),
        IN(C1, "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        NO_DIAL,
        OUT(U1, "GET /x HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"),
        FLOW("http GET https://a.test/x 200 complete 0/2"),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens_tls_and_shows_what_is_in_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
