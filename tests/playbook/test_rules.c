/* Rules at work in the engine. */
#include "playbook.h"

static void aborts_as_told(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { name: shut, match: a.test/close, then: { abort: close } }\n"
                  "  - { name: rst, match: a.test/reset, then: { abort: reset } }\n"),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/close HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        NO_DIAL,
        FIN(C1),
        FLOW("http GET http://a.test/close 0 aborted_by_rule [proxy.yaml:2 shut: connection "
             "closed]"),
        ACCEPT(C2),
        IN(C2, "GET http://a.test/reset HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        RST(C2),
        FLOW("http GET http://a.test/reset 0 aborted_by_rule [proxy.yaml:3 rst: connection reset]"),
        PEER_EOF(C1),
        CLOSED(C1),
    };
    (void)state;
    PLAY(steps);
}

static void holds_a_request_for_its_delay(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n  - { name: slow, match: a.test, then: [delay: 300ms] }\n"),
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody"),
        NO_DIAL,
        WAIT(299),
        NO_DIAL,
        WAIT(1),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:80"),
        OUT(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nbody"),
        IN(U1, "HTTP/1.1 204 No Content\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\n\r\n"),
        FLOW(
            "http POST http://a.test/ 204 complete 4/0 [proxy.yaml:2 slow: request held 300.0 ms]"),
    };
    (void)state;
    PLAY(steps);
}

static void changes_heads_both_ways(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - match: a.test\n"
                  "    then:\n"
                  "      - set: { request.header.x-a: new, response.status: 418 }\n"
                  "      - remove: [request.header.x-b]\n"
                  "      - append: { response.header.x-c: two }\n"),
        ACCEPT(C1),
        IN(C1, "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nX-A: old\r\nX-B: b\r\n\r\n"),
        RESOLVE("a.test", "192.0.2.1"),
        DIAL(U1, "192.0.2.1:80"),
        OUT(U1, "GET / HTTP/1.1\r\nHost: a.test\r\nX-A: new\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nX-C: one\r\nContent-Length: 0\r\n\r\n"),
        OUT(C1, "HTTP/1.1 418 (Unused)\r\nX-C: one\r\nContent-Length: 0\r\nx-weir-rule: "
                "proxy.yaml:2\r\nx-c: two\r\n\r\n"),
        FLOW("http GET http://a.test/ 418 complete [proxy.yaml:2: x-a: old → new]"
             " [proxy.yaml:2: x-b: b removed] [proxy.yaml:2: x-weir-rule: + proxy.yaml:2]"
             " [proxy.yaml:2: status 200 → 418]"
             " [proxy.yaml:2: x-c: + two]"),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(aborts_as_told),
        cmocka_unit_test(holds_a_request_for_its_delay),
        cmocka_unit_test(changes_heads_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
