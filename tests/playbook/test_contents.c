/* Rules that look at contents, change them, and see responses. */
#include "playbook.h"

#define MEET(u) RESOLVE("a.test", "192.0.2.1"), DIAL(u, "192.0.2.1:80")
#define RULE(text) RULES_ARE("rules:\n  - { name: r, " text " }\n")
#define MARK "x-weir-rule: r\r\n"
#define POST_HEAD(length)                                                                          \
    "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nContent-Length: " length "\r\n"
#define SENT_HEAD(length) "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " length "\r\n"
#define GET "GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\n"
#define SENT_GET "GET / HTTP/1.1\r\nHost: a.test\r\n"
#define OK(length) "HTTP/1.1 200 OK\r\nContent-Length: " length "\r\n"
#define NO_STORE "Cache-Control: no-store\r\n"
#define SWAP "then: { replace: { response.body: { find: aa, with: b } } }"

/* ---- requests --------------------------------------------------------------- */

static void lets_a_request_go_whose_content_does_not_match(void **state)
{
    static const struct step steps[] = {
        RULE("match: { url: a.test, body: ~sku }, then: { respond: { status: 404 } }"),
        ACCEPT(C1),
        IN(C1, POST_HEAD("4") "\r\nbo"),
        NO_DIAL,
        IN(C1, "dy"),
        MEET(U1),
        OUT(U1, SENT_HEAD("4") "\r\nbody"),
        IN(U1, OK("0") "\r\n"),
        OUT(C1, OK("0") "\r\n"),
        FLOW("http POST http://a.test/ 200 complete 4/0"),
    };
    (void)state;
    PLAY(steps);
}

static void answers_by_what_the_content_says(void **state)
{
    static const struct step steps[] = {
        RULE("match: { url: a.test, body: ~sku }, then: { respond: { status: 204 } }"),
        ACCEPT(C1),
        IN(C1, POST_HEAD("4") "\r\nskus"),
        NO_DIAL,
        OUT(C1, "HTTP/1.1 204 No Content\r\nDate: Mon, 21 Sep 2026 14:13:21 GMT\r\n" MARK "\r\n"),
        FLOW("http POST http://a.test/ 204 answered_by_rule 4/0 [proxy.yaml:2 r: answered 204]"),
    };
    (void)state;
    PLAY(steps);
}

static void tells_the_client_to_continue_whose_content_it_wants(void **state)
{
    static const struct step steps[] = {
        RULE("match: { url: a.test, body: ~sku }, then: { respond: { status: 404 } }"),
        ACCEPT(C1),
        IN(C1, POST_HEAD("4") "Expect: 100-continue\r\n\r\n"),
        OUT(C1, "HTTP/1.1 100 Continue\r\n\r\n"),
        NO_DIAL,
        IN(C1, "body"),
        MEET(U1),
        OUT(U1, SENT_HEAD("4") "\r\nbody"),
        IN(U1, OK("0") "\r\n"),
        OUT(C1, OK("0") "\r\n"),
        FLOW("http POST http://a.test/ 200 complete 4/0"),
    };
    (void)state;
    PLAY(steps);
}

static void sends_a_changed_request_with_its_new_length(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, then: { replace: { request.body: { find: aa, with: b } } }"),
        ACCEPT(C1),
        IN(C1, POST_HEAD("5") "Content-MD5: x\r\n\r\naa-aa"),
        MEET(U1),
        OUT(U1, SENT_HEAD("3") "\r\nb-b"),
        IN(U1, OK("0") "\r\n"),
        OUT(C1, OK("0") "\r\n"),
        FLOW("http POST http://a.test/ 200 complete 5/0 [proxy.yaml:2 r: body 5 → 3 bytes: aa-aa → "
             "b-b]"),
    };
    (void)state;
    PLAY(steps);
}

static void gives_a_content_to_a_request_that_had_none(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, then: { set: { request.body: new } }"),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "Content-Length: 3\r\n\r\nnew"),
        IN(U1, OK("0") "\r\n"),
        OUT(C1, OK("0") "\r\n"),
        FLOW("http GET http://a.test/ 200 complete [proxy.yaml:2 r: body 0 → 3 bytes:  → new]"),
    };
    (void)state;
    PLAY(steps);
}

static void sends_a_changed_chunked_request_with_its_length(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, then: { append: { request.body: '!' } }"),
        ACCEPT(C1),
        IN(C1, "POST http://a.test/ HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
               "3\r\nabc\r\n0\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_HEAD("4") "\r\nabc!"),
        IN(U1, OK("0") "\r\n"),
        OUT(C1, OK("0") "\r\n"),
        FLOW("http POST http://a.test/ 200 complete 3/0 [proxy.yaml:2 r: body 3 → 4 bytes:  → !]"),
    };
    (void)state;
    PLAY(steps);
}

static void lets_a_content_go_that_is_too_large_to_hold(void **state)
{
    static const struct step steps[] = {
        RULE("match: { url: a.test, body: ~sku }, then: { respond: { status: 404 } }"),
        ACCEPT(C1),
        IN(C1, POST_HEAD("9437184") "\r\n"),
        IN_REPEATED(C1, 8 * 1024 * 1024),
        NO_DIAL,
        IN_REPEATED(C1, 1),
        MEET(U1),
        OUT_ANY(U1),
        IN_REPEATED(C1, 1024 * 1024 - 1),
        OUT_ANY(U1),
    };
    (void)state;
    PLAY_FEW(steps);
}

static void puts_trailers_to_a_request(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, then: { set: { request.trailer.x-sum: 9 } }"),
        ACCEPT(C1),
        IN(C1, POST_HEAD("2") "\r\nab"),
        MEET(U1),
        OUT_CHUNKED(U1, "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                        "2\r\nab\r\n0\r\nx-sum: 9\r\n\r\n"),
        IN(U1, OK("0") "\r\n"),
        OUT(C1, OK("0") "\r\n"),
        FLOW("http POST http://a.test/ 200 complete 2/0 [proxy.yaml:2 r: trailer x-sum: (none) → "
             "9]"),
    };
    (void)state;
    PLAY(steps);
}

/* ---- responses ---------------------------------------------------------------- */

static void changes_a_response_by_its_status(void **state)
{
    static const struct step steps[] = {
        RULE("match: { url: a.test, response: { status: 5xx } }, then: { set: { response.status: "
             "200 } }"),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\nx"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n" MARK "\r\nx"),
        FLOW("http GET http://a.test/ 200 complete 0/1 [proxy.yaml:2 r: x-weir-rule: + r] "
             "[proxy.yaml:2 r: status 503 → 200]"),
    };
    (void)state;
    PLAY(steps);
}

static void replaces_a_response_by_an_answer(void **state)
{
    static const struct step steps[] = {
        RULE("match: { url: a.test, response: { status: 5xx } }, then: { respond: { status: 204 } "
             "}"),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, "HTTP/1.1 503 Busy\r\nContent-Length: 1\r\n\r\n"),
        OUT(C1, "HTTP/1.1 204 No Content\r\nDate: Mon, 21 Sep 2026 14:13:21 GMT\r\n" MARK "\r\n"),
        FLOW("http GET http://a.test/ 204 answered_by_rule [proxy.yaml:2 r: answered 204]"),
    };
    (void)state;
    PLAY(steps);
}

static void changes_the_content_of_a_response(void **state)
{
    static const struct step steps[] = {
        RULE("match: { url: a.test, response: { status: 200 } }, " SWAP),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nETag: \"e\"\r\nLast-Modified: x\r\nAccept-Ranges: bytes\r\n"
               "Cache-Control: max-age=9\r\nContent-Length: 5\r\n\r\naa-"),
        SILENT(C1),
        IN(U1, "aa"),
        OUT(C1, "HTTP/1.1 200 OK\r\n" NO_STORE "Content-Length: 3\r\n" MARK "\r\nb-b"),
        FLOW("http GET http://a.test/ 200 complete 0/5 [proxy.yaml:2 r: body 5 → 3 bytes: aa-aa → "
             "b-b]"),
    };
    (void)state;
    PLAY(steps);
}

static void asks_for_the_whole_of_what_it_may_change(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, " SWAP),
        ACCEPT(C1),
        IN(C1, GET "Range: bytes=1-2\r\nIf-Range: \"a\"\r\nIf-None-Match: \"a\"\r\n"
                   "If-Modified-Since: x\r\nAccept-Encoding: gzip, dcb;q=0.5, br\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "Accept-Encoding: gzip, br\r\n\r\n"),
        IN(U1, OK("1") "\r\nx"),
        OUT(C1, OK("1") "\r\nx"),
        FLOW("http GET http://a.test/ 200 complete 0/1 [proxy.yaml:2 r: request: Range removed, "
             "If-Range removed, If-None-Match removed, If-Modified-Since removed, Accept-Encoding "
             "gzip, dcb;q=0.5, br → gzip, br] [proxy.yaml:2 r: body as it was: nothing to change]"),
    };
    (void)state;
    PLAY(steps);
}

/* "aa-aa" by gzip */
#define GZIPPED                                                                                    \
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x4b\x4c\xd4\x4d\x4c\x04\x00\x1d\xe7\x2c\x97\x05\x00" \
    "\x00\x00"

static void changes_a_coded_content_and_sends_it_plain(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, " SWAP),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN_BYTES(U1,
                 "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 25\r\n\r\n" GZIPPED),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n" MARK NO_STORE "\r\nb-b"),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/25 [proxy.yaml:2 r: body 5 → 3 bytes"),
    };
    (void)state;
    PLAY(steps);
}

static void leaves_a_part_of_a_content_alone(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, " SWAP),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: "
               "2\r\n\r\naa"),
        OUT(C1, "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\nContent-Length: "
                "2\r\n\r\naa"),
        FLOW("http GET http://a.test/ 206 complete 0/2 [proxy.yaml:2 r: rule_skipped: the response "
             "is a part of the content (206)]"),
    };
    (void)state;
    PLAY(steps);
}

static void leaves_a_coding_alone_that_it_does_not_know(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, " SWAP),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Encoding: dcb\r\nContent-Length: 2\r\n\r\naa"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Encoding: dcb\r\nContent-Length: 2\r\n\r\naa"),
        FLOW("http GET http://a.test/ 200 complete 0/2 [proxy.yaml:2 r: rule_skipped: the content "
             "has a coding that weir cannot undo]"),
    };
    (void)state;
    PLAY(steps);
}

static void lets_an_event_stream_flow(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, " SWAP),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\naa"),
        OUT(C1,
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\naa"),
    };
    (void)state;
    PLAY(steps);
}

static void tells_no_length_of_a_head_it_would_change(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, " SWAP),
        ACCEPT(C1),
        IN(C1, "HEAD http://a.test/ HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        MEET(U1),
        OUT(U1, "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nX: y\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nX: y\r\n\r\n"),
        FLOW(
            "http HEAD http://a.test/ 200 complete [proxy.yaml:2 r: rule_skipped: the response has "
            "no content]"),
    };
    (void)state;
    PLAY(steps);
}

static void changes_an_answer_of_its_own_too(void **state)
{
    static const struct step steps[] = {
        RULES_ARE("rules:\n"
                  "  - { name: r, match: a.test, " SWAP " }\n"
                  "  - { name: s, match: a.test, then: { respond: { text: xaax } } }\n"),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        NO_DIAL,
        OUT(C1, "HTTP/1.1 200 OK\r\nDate: Mon, 21 Sep 2026 14:13:21 GMT\r\n"
                "Content-Type: text/plain; charset=utf-8\r\nx-weir-rule: s\r\n"
                "Content-Length: 3\r\nx-weir-rule: r\r\n\r\nxbx"),
        FLOW("http GET http://a.test/ 200 answered_by_rule 0/3 [proxy.yaml:3 s: answered 200] "
             "[proxy.yaml:2 r: body 4 → 3 bytes: aa → b]"),
    };
    (void)state;
    PLAY(steps);
}

static void sends_an_answer_that_frames_itself_wrongly(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, then: { respond: { raw: true, status: 200, headers: { "
             "Content-Length: 9 }, text: short } }"),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"),
        FIN(C1),
        FLOW("http GET http://a.test/ 200 answered_by_rule [proxy.yaml:2 r: answered 200]"),
    };
    (void)state;
    PLAY(steps);
}

static void keeps_caches_out_of_it(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, then: { cache: off, compression: off }"),
        ACCEPT(C1),
        IN(C1, GET "If-None-Match: \"a\"\r\nAccept-Encoding: gzip\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "Accept-Encoding: identity\r\nCache-Control: no-cache\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nExpires: x\r\nContent-Length: 0\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n" MARK NO_STORE "\r\n"),
        FLOW_STARTS("http GET http://a.test/ 200 complete [proxy.yaml:2 r: "),
    };
    (void)state;
    PLAY(steps);
}

static void lets_caches_keep_it_for_so_long(void **state)
{
    static const struct step steps[] = {
        RULE("match: { url: a.test, response: { status: 200 } }, then: { cache: 1h }"),
        ACCEPT(C1),
        IN(C1, GET "If-None-Match: \"a\"\r\n\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "If-None-Match: \"a\"\r\n\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nPragma: x\r\nContent-Length: 0\r\n\r\n"),
        OUT(C1, "HTTP/1.1 200 OK\r\nETag: \"a\"\r\nContent-Length: 0\r\n" MARK
                "Cache-Control: max-age=3600\r\n\r\n"),
        FLOW_STARTS("http GET http://a.test/ 200 complete [proxy.yaml:2 r: "),
    };
    (void)state;
    PLAY(steps);
}

static void answers_with_a_trailer_section(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, then: { respond: { text: made, trailers: { x-sum: 1 } } }"),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nDate: Mon, 21 Sep 2026 14:13:21 GMT\r\n"
                        "Content-Type: text/plain; charset=utf-8\r\n" MARK
                        "Transfer-Encoding: chunked\r\n\r\n4\r\nmade\r\n0\r\nx-sum: 1\r\n\r\n"),
        FLOW("http GET http://a.test/ 200 answered_by_rule 0/4 [proxy.yaml:2 r: answered 200]"),
    };
    (void)state;
    PLAY(steps);
}

static void edits_the_trailers_of_a_response(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, then: { set: { response.trailer.x-sum: 2 } }"),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n"
               "Y: z\r\n\r\n"),
        OUT_CHUNKED(C1, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" MARK
                        "\r\n1\r\na\r\n0\r\nX-Sum: 2\r\nY: z\r\n\r\n"),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/1 [proxy.yaml:2 r: "),
    };
    (void)state;
    PLAY(steps);
}

/* ---- off the loop ---------------------------------------------------------------- */

#define SLOW_SWAP "then: { replace: { request.body: { find: ~a+, with: b } } }"

static void changes_a_request_off_the_loop(void **state)
{
    static const struct step steps[] = {
        JOB_HOLD,
        RULE("match: a.test, " SLOW_SWAP),
        ACCEPT(C1),
        IN(C1, POST_HEAD("5") "\r\naa-aa"),
        NO_DIAL,
        JOB_BACK,
        MEET(U1),
        OUT(U1, SENT_HEAD("3") "\r\nb-b"),
        IN(U1, OK("0") "\r\n"),
        OUT(C1, OK("0") "\r\n"),
        FLOW("http POST http://a.test/ 200 complete 5/0 [proxy.yaml:2 r: body 5 → 3 bytes: aa-aa → "
             "b-b]"),
    };
    (void)state;
    PLAY(steps);
}

static void keeps_an_exchange_whose_client_goes_until_its_job_is_back(void **state)
{
    static const struct step steps[] = {
        JOB_HOLD,   RULE("match: a.test, " SLOW_SWAP),
        ACCEPT(C1), IN(C1, POST_HEAD("5") "\r\naa-aa"),
        NO_DIAL,    PEER_RESET(C1),
        JOB_BACK,   FLOW_STARTS("http POST http://a.test/ "),
        NO_DIAL,
    };
    (void)state;
    PLAY(steps);
}

static void changes_a_response_off_the_loop(void **state)
{
    static const struct step steps[] = {
        JOB_HOLD,
        RULE("match: a.test, then: { patch: { response.body: { ops: [{ op: remove, path: /a }] } } "
             "}"),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, OK("13") "\r\n{\"a\":1,\"b\":2}"),
        SILENT(C1),
        JOB_BACK,
        OUT(C1, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n" MARK NO_STORE "\r\n{\"b\":2}"),
        FLOW_STARTS("http GET http://a.test/ 200 complete 0/13 [proxy.yaml:2 r: body 13 → 7 bytes"),
    };
    (void)state;
    PLAY(steps);
}

static void changes_an_answer_off_the_loop(void **state)
{
    static const struct step steps[] = {
        JOB_HOLD,
        RULE("match: a.test, then: [replace: { response.body: { find: ~a+, with: b } }, respond: { "
             "text: aa-aa }]"),
        ACCEPT(C1),
        IN(C1, POST_HEAD("2") "\r\nxy"),
        SILENT(C1),
        JOB_BACK,
        OUT(C1, "HTTP/1.1 200 OK\r\nDate: Mon, 21 Sep 2026 14:13:21 GMT\r\n"
                "Content-Type: text/plain; charset=utf-8\r\nContent-Length: 3\r\n" MARK "\r\nb-b"),
        FLOW_STARTS("http POST http://a.test/ 200 answered_by_rule 2/3 "),
    };
    (void)state;
    PLAY(steps);
}

static void ends_with_a_job_outside(void **state)
{
    static const struct step steps[] = {
        JOB_HOLD, RULE("match: a.test, " SLOW_SWAP), ACCEPT(C1), IN(C1, POST_HEAD("5") "\r\naa-aa"),
        NO_DIAL,
    };
    (void)state;
    PLAY(steps);
}

static void fails_when_the_origin_dies_within_a_content_that_is_held(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, " SWAP),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, OK("5") "\r\naa"),
        SILENT(C1),
        PEER_EOF(U1),
        OUT_BEGINS(C1, "HTTP/1.1 502 "),
        FLOW_STARTS("http GET http://a.test/ 502 "),
    };
    (void)state;
    PLAY(steps);
}

static void gives_up_what_it_held_when_the_client_goes(void **state)
{
    static const struct step steps[] = {
        RULE("match: a.test, " SWAP),
        ACCEPT(C1),
        IN(C1, GET "\r\n"),
        MEET(U1),
        OUT(U1, SENT_GET "\r\n"),
        IN(U1, OK("5") "\r\naa"),
        PEER_RESET(C1),
        RST(U1),
        FLOW_STARTS("http GET http://a.test/ "),
    };
    (void)state;
    PLAY(steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lets_a_request_go_whose_content_does_not_match),
        cmocka_unit_test(answers_by_what_the_content_says),
        cmocka_unit_test(tells_the_client_to_continue_whose_content_it_wants),
        cmocka_unit_test(sends_a_changed_request_with_its_new_length),
        cmocka_unit_test(gives_a_content_to_a_request_that_had_none),
        cmocka_unit_test(sends_a_changed_chunked_request_with_its_length),
        cmocka_unit_test(lets_a_content_go_that_is_too_large_to_hold),
        cmocka_unit_test(puts_trailers_to_a_request),
        cmocka_unit_test(changes_a_response_by_its_status),
        cmocka_unit_test(replaces_a_response_by_an_answer),
        cmocka_unit_test(changes_the_content_of_a_response),
        cmocka_unit_test(asks_for_the_whole_of_what_it_may_change),
        cmocka_unit_test(changes_a_coded_content_and_sends_it_plain),
        cmocka_unit_test(leaves_a_part_of_a_content_alone),
        cmocka_unit_test(leaves_a_coding_alone_that_it_does_not_know),
        cmocka_unit_test(lets_an_event_stream_flow),
        cmocka_unit_test(tells_no_length_of_a_head_it_would_change),
        cmocka_unit_test(changes_an_answer_of_its_own_too),
        cmocka_unit_test(sends_an_answer_that_frames_itself_wrongly),
        cmocka_unit_test(keeps_caches_out_of_it),
        cmocka_unit_test(lets_caches_keep_it_for_so_long),
        cmocka_unit_test(answers_with_a_trailer_section),
        cmocka_unit_test(edits_the_trailers_of_a_response),
        cmocka_unit_test(changes_a_request_off_the_loop),
        cmocka_unit_test(keeps_an_exchange_whose_client_goes_until_its_job_is_back),
        cmocka_unit_test(changes_a_response_off_the_loop),
        cmocka_unit_test(changes_an_answer_off_the_loop),
        cmocka_unit_test(ends_with_a_job_outside),
        cmocka_unit_test(fails_when_the_origin_dies_within_a_content_that_is_held),
        cmocka_unit_test(gives_up_what_it_held_when_the_client_goes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
