#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/replay_change.h"
#include "make_flow.h"

static void expect_fault(const char *text, const char *sentence)
{
    struct replay_changes c;
    char error[REPLAY_ERROR_TEXT] = "";

    replay_changes_init(&c);
    assert_true(replay_changes_add(&c, text, error) < 0);
    if (!strstr(error, sentence))
        fail_msg("'%s': '%s'", text, error);
    assert_int_equal(c.count, 0);
    replay_changes_release(&c);
}

static struct flow *changed(const char *const *texts)
{
    struct flow *f = make_http_flow("GET", "/a", 200, NULL);
    struct replay_changes *c = calloc(1, sizeof(*c));
    char error[REPLAY_ERROR_TEXT] = "";

    assert_non_null(c);
    replay_changes_init(c);
    for (; *texts; texts++)
        assert_int_equal(replay_changes_add(c, *texts, error), STATUS_OK);
    assert_int_equal(replay_changes_apply(c, f), STATUS_OK);
    replay_changes_release(c);
    free(c);
    return f;
}

static void changes_the_url(void **state)
{
    const char *const texts[] = {"url=http://B.test:81/x?y#z", NULL};
    struct flow *f = changed(texts);
    struct buf url;

    (void)state;
    buf_init(&url, 1024);
    flow_put_url(f, &url);
    assert_string_equal(buf_text(&url), "http://b.test:81/x?y");
    buf_release(&url);
    free_flow(f);
}

static void changes_method_headers_and_body(void **state)
{
    const char *const texts[] = {"method=PUT", "header.X-A=1", "header.user-agent",
                                 "body=a=b",   "header.x-b=",  NULL};
    struct flow *f = changed(texts);
    const struct head *head = f->request.received;

    (void)state;
    assert_true(bytes_equal(head->method, BYTES("PUT")));
    assert_true(bytes_equal(fields_value(&head->fields, BYTES("x-a")), BYTES("1")));
    assert_true(fields_find_name(&head->fields, BYTES("x-b"), 0) >= 0);
    assert_int_equal(fields_find_name(&head->fields, BYTES("user-agent"), 0), -1);
    assert_int_equal(f->request.body.captured_bytes, 3);
    assert_false(flow_body_cut(&f->request.body));
    free_flow(f);
}

static void leaves_the_recorded_head_alone(void **state)
{
    const char *const texts[] = {"method=PUT", NULL};
    struct flow *f = changed(texts);

    (void)state;
    assert_true(bytes_equal(f->request.sent->method, BYTES("GET")));
    free_flow(f);
}

static void says_what_is_wrong(void **state)
{
    (void)state;
    expect_fault("path=/x", "method=, url=, body= or header.NAME=");
    expect_fault("header.=x", "method=, url=");
    expect_fault("method", "wants a value");
    expect_fault("method=A B", "no method");
    expect_fault("method=CONNECT", "no method");
    expect_fault("url=/relative", "takes a URL");
    expect_fault("url=ftp://a.test/", "takes a URL");
    expect_fault("header.x=a\nb", "line breaks");
    expect_fault("body=@/nowhere/at/all", "cannot read '/nowhere/at/all'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_the_url),
        cmocka_unit_test(changes_method_headers_and_body),
        cmocka_unit_test(leaves_the_recorded_head_alone),
        cmocka_unit_test(says_what_is_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
