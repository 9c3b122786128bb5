#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/json.h"
#include "logs/flow_raw.h"
#include "logs/show.h"
#include "make_flow.h"

enum { OUT_BYTES = 4 * 1024 * 1024 };

static const struct redactor redactor = {.on = true};
static const struct redactor open_redactor = {.on = false};

static struct console_format console(void)
{
    const struct sink_settings settings = {.redactor = redactor, .verbose = 2};
    struct console_format c;

    console_format_init(&c, &settings);
    return c;
}

static void assert_has(const struct buf *out, const char *text)
{
    if (bytes_search(buf_bytes(out), bytes_of(text)) < 0)
        fail_msg("no '%s' in:\n%.*s", text, (int)out->len, (const char *)out->ptr);
}

static void assert_has_not(const struct buf *out, const char *text)
{
    if (bytes_search(buf_bytes(out), bytes_of(text)) >= 0)
        fail_msg("'%s' in:\n%.*s", text, (int)out->len, (const char *)out->ptr);
}

static struct buf story(const struct flow *f, unsigned parts)
{
    struct console_format c = console();
    struct buf out;

    buf_init(&out, OUT_BYTES);
    show_put_story(&c, f, parts, &out);
    assert_int_equal(buf_status(&out), STATUS_OK);
    console_format_release(&c);
    return out;
}

static struct flow *make_post(void)
{
    struct flow *f = make_http_flow("POST", "/login?next=1", 404, "application/json");
    struct head *request = (struct head *)(uintptr_t)f->request.received;

    make_fields(&f->arena, &request->fields,
                "Content-Type: application/x-www-form-urlencoded\nAuthorization: Bearer abc\n");
    make_body(f, &f->request, BYTES("user=J%C3%B6rg+K&password=hunter2&empty=&bare"));
    make_body(f, &f->response, BYTES("{\"a\":1e2,\"token\":\"hunter2\"}"));
    f->number = 7;
    return f;
}

static void tells_the_whole_story(void **state)
{
    struct flow *f = make_post();
    struct flow_tag tag = {.text = "checkout"};
    struct buf out;

    (void)state;
    f->tags = &tag;
    f->anomalies = HTTP_ANOMALY(REPEATED_LENGTH);
    make_rule(f, "proxy.yaml:12 flaky", "status 200 → 404");
    out = story(f, SHOW_REQUEST | SHOW_RESPONSE);
    assert_has(&out, "* flow 7, 01J0000000000000000000000A, 2023-11-14 22:13:20.123456 UTC\n");
    assert_has(&out, "* https://api.test/login?next=1\n* tags checkout\n");
    assert_has(&out, "> POST /login?next=1 HTTP/1.1\n");
    assert_has(&out, "  user = Jörg K\n  password = REDACTED:");
    assert_has(&out, "  empty = \n  bare\n");
    assert_has(&out, "< HTTP/1.1 404 ");
    assert_has(&out, "  {\n    \"a\": 1e2,\n    \"token\": \"REDACTED:");
    assert_has(&out, "* rule proxy.yaml:12 flaky: status 200 → 404\n");
    assert_has(&out, "* repeated_length: ");
    assert_has(&out, "* POST (not safe, not idempotent)");
    assert_has(&out, "* 404 Not Found (client error): ");
    assert_has(&out, "* complete: The exchange is complete.\n");
    assert_has_not(&out, "hunter2");
    buf_release(&out);
    free_flow(f);
}

static void tells_of_one_message_only(void **state)
{
    struct flow *f = make_post();
    struct buf request = story(f, SHOW_REQUEST), response = story(f, SHOW_RESPONSE);

    (void)state;
    assert_has(&request, "> POST");
    assert_has_not(&request, "404");
    assert_has_not(&request, "* flow 7");
    assert_has(&response, "< HTTP/1.1 404");
    assert_has_not(&response, "POST");
    buf_release(&request);
    buf_release(&response);
    free_flow(f);
}

static void tells_what_a_websocket_carried(void **state)
{
    struct flow *f = make_http_flow("GET", "/chat", 101, NULL);
    struct flow_socket_message second = {.opcode = 8, .time_us = f->started_us + 2000000};
    struct flow_socket_message first = {.from_client = true,
                                        .opcode = 1,
                                        .time_us = f->started_us + 1500,
                                        .data = BYTES("{\"password\":\"hunter2\"}\x1b"),
                                        .next = &second};
    struct buf out;

    (void)state;
    f->messages = &first;
    out = story(f, SHOW_REQUEST | SHOW_RESPONSE);
    assert_has(&out, "> text, 23 B, after 1 ms: {\"password\":\"REDACTED:");
    assert_has(&out, "< close, 0 B, after 2.0 s\n");
    assert_has_not(&out, "\x1b");
    buf_release(&out);
    out = story(f, SHOW_RESPONSE);
    assert_has_not(&out, "> text");
    buf_release(&out);
    free_flow(f);
}

static void draws_where_the_time_went(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct console_format c = console();
    struct buf out;

    (void)state;
    f->timings = (struct flow_timings){0, -1, 10000, 20000, 0, 5000, 5000, 40000, 80000};
    buf_init(&out, OUT_BYTES);
    show_put_timing(&c, f, &out);
    assert_string_equal(buf_text(&out),
                        "* injected      40 ms  |####################                    |\n"
                        "* blocked        0 µs  |                                        |\n"
                        "* connect       10 ms  |                    #####               |\n"
                        "* tls           20 ms  |                         ##########     |\n"
                        "* send           0 µs  |                                        |\n"
                        "* wait           5 ms  |                                   ##   |\n"
                        "* receive        5 ms  |                                     ###|\n"
                        "* total         80 ms\n");
    buf_release(&out);
    console_format_release(&c);
    free_flow(f);
}

static void draws_times_that_cannot_be(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct console_format c = console();
    struct buf out;

    (void)state;
    f->timings = (struct flow_timings){INT64_MAX, INT64_MIN, INT64_MAX, -7,       1,
                                       INT64_MAX, 0,         INT64_MAX, INT64_MIN};
    buf_init(&out, OUT_BYTES);
    show_put_timing(&c, f, &out);
    assert_int_equal(buf_status(&out), STATUS_OK);
    buf_release(&out);
    console_format_release(&c);
    free_flow(f);
}

static struct buf in_json(const struct flow *f)
{
    struct jsonl_format j;
    struct json_fault fault;
    struct buf out;

    jsonl_format_init(&j, &redactor);
    buf_init(&out, OUT_BYTES);
    assert_int_equal(show_put_json(&j, f, &out), STATUS_OK);
    assert_int_equal(json_check(buf_bytes(&out), &fault), STATUS_OK);
    jsonl_format_release(&j);
    return out;
}

static void adds_the_words_of_a_response(void **state)
{
    struct flow *f = make_post();
    struct buf out = in_json(f);

    (void)state;
    assert_has(&out, ",\"text\":\"{\\\"a\\\":1e2,\\\"token\\\":\\\"REDACTED:");
    assert_has(&out, ",\"json\":{\"a\":1e2,\"token\":\"REDACTED:");
    assert_has(&out, ",\"json_error\":null}\n");
    buf_release(&out);
    f->response.body.count = 0;
    make_body(f, &f->response, BYTES("{\n\"a\":}"));
    out = in_json(f);
    assert_has(&out, ",\"json\":null,\"json_error\":\"line 2 column 5: ");
    buf_release(&out);
    make_body(f, &f->response, BYTES("\x89PNG\0\xff"));
    out = in_json(f);
    assert_has(&out, ",\"text\":null,\"json\":null,\"json_error\":null}\n");
    buf_release(&out);
    free_flow(f);
}

static struct buf raw(const struct redactor *r, const struct flow *f, enum http_side side,
                      bool *ret_decoded)
{
    struct flow_cleaned cleaned = {0};
    struct buf out;

    buf_init(&out, OUT_BYTES);
    assert_int_equal(flow_put_raw(r, f, side, &out, &cleaned), STATUS_OK);
    *ret_decoded = cleaned.decoded;
    return out;
}

static void gives_messages_as_bytes(void **state)
{
    struct flow *f = make_post();
    bool decoded = true;
    struct buf out = raw(&open_redactor, f, HTTP_REQUEST, &decoded);

    (void)state;
    assert_false(decoded);
    assert_string_equal(buf_text(&out),
                        "POST /login?next=1 HTTP/1.1\r\nHost: api.test\r\nUser-Agent: test/1\r\n"
                        "Content-Type: application/x-www-form-urlencoded\r\n"
                        "Authorization: Bearer abc\r\n\r\n"
                        "user=J%C3%B6rg+K&password=hunter2&empty=&bare");
    buf_release(&out);
    out = raw(&redactor, f, HTTP_REQUEST, &decoded);
    assert_has_not(&out, "hunter2");
    assert_has_not(&out, "Bearer abc");
    assert_has(&out, "&empty=&bare");
    buf_release(&out);
    out = raw(&redactor, f, HTTP_RESPONSE, &decoded);
    assert_has_not(&out, "hunter2");
    assert_has(&out, "HTTP/1.1 404 OK\r\nContent-Type: application/json\r\n\r\n{\"a\":1e2,");
    buf_release(&out);
    free_flow(f);
}

/* {"token":"hunter2"}, by zlib. */
#define CODED                                                                                      \
    "\x78\x9c\xab\x56\x2a\xc9\xcf\x4e\xcd\x53\xb2\x52\xca\x28\xcd\x2b\x49\x2d\x32\x52\xaa\x05\x00" \
    "\x43\x29\x06\xa4"

static void decodes_a_body_that_hides_secrets(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, "application/json");
    bool decoded = false;
    struct buf out;

    (void)state;
    make_fields(&f->arena, &((struct head *)(uintptr_t)f->response.received)->fields,
                "Content-Encoding: deflate\n");
    make_body(f, &f->response, BYTES(CODED));
    out = raw(&open_redactor, f, HTTP_RESPONSE, &decoded);
    assert_false(decoded);
    assert_true(bytes_ends_with(buf_bytes(&out), BYTES(CODED)));
    buf_release(&out);
    out = raw(&redactor, f, HTTP_RESPONSE, &decoded);
    assert_true(decoded);
    assert_has(&out, "{\"token\":\"REDACTED:");
    buf_release(&out);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tells_the_whole_story),
        cmocka_unit_test(tells_of_one_message_only),
        cmocka_unit_test(tells_what_a_websocket_carried),
        cmocka_unit_test(draws_where_the_time_went),
        cmocka_unit_test(draws_times_that_cannot_be),
        cmocka_unit_test(adds_the_words_of_a_response),
        cmocka_unit_test(gives_messages_as_bytes),
        cmocka_unit_test(decodes_a_body_that_hides_secrets),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
