#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "cli/replay_request.h"
#include "make_flow.h"

static struct flow *request_with(const char *fields)
{
    struct flow *f = make_http_flow("POST", "/a?b", 200, NULL);
    struct head *head = make_head(f, HTTP_REQUEST, fields);

    head->method = BYTES("POST");
    head->path = BYTES("/a?b");
    f->request.received = head;
    return f;
}

static void expect_refusal(struct flow *f, const char *sentence)
{
    struct replay_request r;
    const char *refusal = NULL;

    assert_int_equal(replay_request_make(f, BYTES(""), &r, &refusal), STATUS_REFUSED);
    assert_string_equal(refusal, sentence);
    replay_request_release(&r);
    free_flow(f);
}

static void expect_fields(const struct replay_request *r, const char *lines)
{
    char all[1024] = "";
    size_t at = 0;

    for (uint32_t i = 0; i < r->head.fields.count; i++) {
        const struct field *field = &r->head.fields.items[i];

        at += (size_t)snprintf(all + at, sizeof(all) - at, "%.*s: %.*s\n", (int)field->name.len,
                               (const char *)field->name.ptr, (int)field->value.len,
                               (const char *)field->value.ptr);
    }
    assert_string_equal(all, lines);
}

static void makes_an_absolute_request_for_a_proxy(void **state)
{
    struct flow *f = request_with("Host: api.test\nX-A: 1\nX-A: 2\n");
    struct replay_request r;
    const char *refusal = NULL;

    (void)state;
    make_body(f, &f->request, BYTES("abc"));
    assert_int_equal(replay_request_make(f, BYTES("Basic eA=="), &r, &refusal), STATUS_OK);
    assert_int_equal(r.head.form, TARGET_ABSOLUTE);
    assert_true(bytes_equal(r.head.scheme, BYTES("https")));
    assert_true(bytes_equal(r.head.authority, BYTES("api.test")));
    assert_true(bytes_equal(r.head.path, BYTES("/a?b")));
    assert_int_equal(r.head.length, 3);
    assert_true(bytes_equal(r.body, BYTES("abc")));
    expect_fields(&r, "Host: api.test\nX-A: 1\nX-A: 2\nProxy-Authorization: Basic eA==\n"
                      "Connection: close\n");
    replay_request_release(&r);
    free_flow(f);
}

static void frames_anew(void **state)
{
    struct flow *f = request_with("Content-Length: 9\nTransfer-Encoding: chunked\n"
                                  "Connection: X-Hop\nX-Hop: 1\nExpect: 100-continue\n"
                                  "Content-Encoding: gzip\nX-End: 1\n");
    struct replay_request r;
    const char *refusal = NULL;

    (void)state;
    f->request.body.decoded = true;
    assert_int_equal(replay_request_make(f, BYTES(""), &r, &refusal), STATUS_OK);
    expect_fields(&r, "Host: api.test\nX-End: 1\nConnection: close\n");
    assert_int_equal(r.head.framing, HTTP_LENGTH); /* of a POST */
    assert_int_equal(r.head.length, 0);
    replay_request_release(&r);
    free_flow(f);
}

static void refuses_what_cannot_be_sent_again(void **state)
{
    struct flow *cut = request_with(NULL), *upgrade = request_with(NULL);
    struct head *head = make_head(upgrade, HTTP_REQUEST, NULL);

    (void)state;
    cut->request.body.wire_bytes = 10;
    head->method = BYTES("GET");
    head->path = BYTES("/");
    head->upgrade = true;
    upgrade->request.received = head;
    expect_refusal(cut, "its body was not kept whole");
    expect_refusal(upgrade, "it asked for another protocol");
    expect_refusal(make_flow(FLOW_TUNNEL), "it has no request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_an_absolute_request_for_a_proxy),
        cmocka_unit_test(frames_anew),
        cmocka_unit_test(refuses_what_cannot_be_sent_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
