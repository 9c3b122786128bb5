/* Plain HTTP through the engine. */
#include "playbook.h"

static void relays_a_plain_get(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/x?y=1 HTTP/1.1\r\nHost: a.test\r\nX-Odd:  v \r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:80"),
        OUT(U1, "GET /x?y=1 HTTP/1.1\r\nHost: a.test\r\nX-Odd:  v \r\n\r\n"),
        IN(U1, "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nx-up: 1\r\n\r\nhello"),
        OUT(C1, "HTTP/1.1 200 Fine\r\nContent-Length: 5\r\nx-up: 1\r\n\r\nhello"),
        FLOW("http GET http://a.test/x?y=1 200 complete 0/5"),
        SILENT(C1),
        SILENT(U1),
    };
    (void)state;
    PLAY(steps);
}

static void reuses_both_connections(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "GET http://a.test/1 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:80"),
        OUT(U1, "GET /1 HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\n"),
        FLOW("http GET http://a.test/1 204 complete"),
        IN(C1, "POST http://a.test/2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc"),
        NO_DIAL,
        OUT(U1, "POST /2 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc"),
        IN(U1, "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n"),
        OUT_CHUNKED(
            C1, "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nxyz\r\n0\r\n\r\n"),
        FLOW("http POST http://a.test/2 201 complete 3/3"),
    };
    (void)state;
    PLAY(steps);
}

static void says_why_a_host_cannot_be_resolved(void **state)
{
    static const struct step steps[] = {
        ACCEPT(C1),
        IN(C1, "HEAD http://no.test/ HTTP/1.1\r\nHost: no.test\r\n\r\n"),
        RESOLVE_FAILS("no.test"),
        PAGE_HEAD(C1, "502 Bad Gateway",
                  "The host's name could not be resolved: no.test:80 (name or service not known).",
                  "dns_failed"),
        FLOW("http HEAD http://no.test/ 502 dns_failed"),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(relays_a_plain_get),
        cmocka_unit_test(reuses_both_connections),
        cmocka_unit_test(says_why_a_host_cannot_be_resolved),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
