/* Entries of a HAR, member by member. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "http/json.h"
#include "logs/har_format.h"
#include "logs/har_parts.h"
#include "make_flow.h"

enum { OUT_BYTES = 128 * 1024 * 1024 };

static struct buf out;

static int begin(void **state)
{
    (void)state;
    buf_init(&out, OUT_BYTES);
    return 0;
}

static int end(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

/* The entry's text; the flow is freed. */
static const char *entry(struct flow *f, bool redacted)
{
    const struct redactor r = {.on = redacted, .key = "0123456789abcdef"};
    struct json_fault fault;
    struct har_format h;

    har_format_init(&h, &r);
    buf_clear(&out);
    assert_int_equal(har_put_flow(&h, f, &out), STATUS_OK);
    har_format_release(&h);
    free_flow(f);
    assert_int_equal(bytes_find(buf_bytes(&out), '\n'), (ptrdiff_t)out.len - 1);
    if (json_check(buf_bytes(&out), &fault))
        fail_msg("%s at %zu of %s", fault.sentence, fault.at, buf_text(&out));
    return buf_text(&out);
}

static void holds(const char *text, const char *part)
{
    if (!strstr(text, part))
        fail_msg("no %s in %s", part, text);
}

static void lacks(const char *text, const char *part)
{
    if (strstr(text, part))
        fail_msg("%s in %s", part, text);
}

static struct head *writable(const struct head *head)
{
    return (struct head *)(uintptr_t)head;
}

static void writes_the_whole_entry(void **state)
{
    struct flow *f = make_http_flow("GET", "/a?b=c%20d&e=%2B", 200, "application/json");

    (void)state;
    make_body(f, &f->response, BYTES("{\"n\":1}"));
    writable(f->request.received)->head_bytes = 123;
    writable(f->response.received)->head_bytes = 45;
    f->timings = (struct flow_timings){5, -1, 2000, 3000, 50, 8001, 700, 0, 13756};
    assert_string_equal(
        entry(f, true),
        "{\"startedDateTime\":\"2023-11-14T22:13:20.123456Z\",\"time\":13.756,"
        "\"request\":{\"method\":\"GET\",\"url\":\"https://api.test/a?b=c%20d&e=%2B\","
        "\"httpVersion\":\"HTTP/1.1\",\"cookies\":[],"
        "\"headers\":[{\"name\":\"Host\",\"value\":\"api.test\"},"
        "{\"name\":\"User-Agent\",\"value\":\"test/1\"}],"
        "\"queryString\":[{\"name\":\"b\",\"value\":\"c d\"},{\"name\":\"e\",\"value\":\"+\"}],"
        "\"headersSize\":123,\"bodySize\":0},"
        "\"response\":{\"status\":200,\"statusText\":\"OK\",\"httpVersion\":\"HTTP/1.1\","
        "\"cookies\":[],\"headers\":[{\"name\":\"Content-Type\",\"value\":\"application/json\"}],"
        "\"content\":{\"size\":7,\"mimeType\":\"application/json\",\"text\":\"{\\\"n\\\":1}\"},"
        "\"redirectURL\":\"\",\"headersSize\":45,\"bodySize\":7,\"_transferSize\":52},"
        "\"cache\":{},\"timings\":{\"blocked\":0.005,\"dns\":-1,\"connect\":5,\"send\":0.05,"
        "\"wait\":8.001,\"receive\":0.7,\"ssl\":3},\"serverIPAddress\":\"127.0.0.1\","
        "\"connection\":\"0-u5\",\"_resourceType\":\"fetch\","
        "\"_weir\":{\"id\":\"01J0000000000000000000000A\",\"loop\":0,\"sequence\":7,"
        "\"kind\":\"http\",\"client\":{\"address\":\"127.0.0.1:51234\",\"connection\":3,"
        "\"reused\":false,\"user\":null,\"tls\":null},"
        "\"upstream\":{\"address\":\"127.0.0.1:9443\",\"connection\":5,\"reused\":false,"
        "\"tls\":null},\"scheme\":\"https\",\"host\":\"api.test\",\"port\":443,"
        "\"request\":{\"captured_bytes\":0,\"content_bytes\":0},"
        "\"response\":{\"captured_bytes\":7,\"content_bytes\":7,\"received\":{\"status_code\":200,"
        "\"ok\":true,\"reason\":\"OK\",\"version\":\"HTTP/1.1\"}},\"status_code\":200,\"ok\":true,"
        "\"timings_us\":{\"blocked\":5,\"dns\":-1,\"connect\":2000,\"tls\":3000,\"send\":50,"
        "\"wait\":8001,\"receive\":700,\"injected\":0,\"total\":13756},\"elapsed_us\":8051,"
        "\"injected\":false,\"rules\":[],\"anomalies\":[],\"reason\":\"complete\",\"error\":null,"
        "\"body_not_captured\":false,\"tunnel\":null}}\n");
}

/* HAR 1.2: send, wait and receive are required and not negative; time leaves ssl out. */
static void puts_times_as_the_format_wants_them(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    const char *text;

    (void)state;
    f->timings = (struct flow_timings){-1, -1, -1, -1, -1, -1, -1, 0, 10};
    text = entry(f, true);
    holds(text, "\"time\":0,");
    holds(text, "{\"blocked\":-1,\"dns\":-1,\"connect\":-1,\"send\":0,\"wait\":0,\"receive\":0,"
                "\"ssl\":-1}");
    f = make_http_flow("GET", "/", 200, NULL);
    f->timings = (struct flow_timings){1000, 2000, -1, -1, 0, 3000, 4000, 250000, 10};
    text = entry(f, true);
    holds(text, "\"time\":260,");
    holds(text, "{\"blocked\":251,\"dns\":2,\"connect\":-1,");
    holds(text, "\"injected\":250000");
}

static void writes_binary_and_coded_bodies(void **state)
{
    static const uint8_t binary[] = {0xff, 0x00};
    static const uint8_t zipped[] = {0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00,
                                     0x00, 0x02, 0x03, 0x4b, 0x04, 0x00, 0x43,
                                     0xbe, 0xb7, 0xe8, 0x01, 0x00, 0x00, 0x00}; /* "a" */
    struct flow *f = make_http_flow("POST", "/", 200, "image/png");
    const char *text;

    (void)state;
    make_body(f, &f->request, bytes_make(binary, sizeof(binary)));
    make_body(f, &f->response, bytes_make(binary, sizeof(binary)));
    text = entry(f, true);
    holds(text, "\"postData\":{\"mimeType\":\"\",\"text\":\"\",\"_encoding\":\"base64\","
                "\"_text64\":\"/wA=\"}");
    holds(text, "\"size\":2,\"mimeType\":\"image/png\",\"text\":\"/wA=\",\"encoding\":\"base64\"}");
    f = make_http_flow("GET", "/", 200, NULL);
    f->response.received = f->response.sent =
        make_head(f, HTTP_RESPONSE, "Content-Encoding: gzip\nContent-Type: text/plain\n");
    make_body(f, &f->response, bytes_make(zipped, sizeof(zipped)));
    text = entry(f, true);
    holds(text, "\"content\":{\"size\":1,\"compression\":-20,\"mimeType\":\"text/plain\","
                "\"text\":\"a\"}");
    holds(text, "\"bodySize\":21");
}

static void writes_cookies_with_their_attributes(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    const char *text;

    (void)state;
    f->request.received = make_head(f, HTTP_REQUEST, "Cookie: a=1; b=x=y;; c\nCookie: d=2\n");
    f->response.received = f->response.sent = make_head(
        f, HTTP_RESPONSE,
        "Set-Cookie: id=7; Path=/x; Expires=Wed, 21-Oct-26 07:28:00 GMT; HttpOnly; SameSite=Lax\n"
        "Set-Cookie: t=8; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Max-Age=60; Secure; "
        "Domain=api.test\n"
        "Set-Cookie: u=9; Expires=never; Max-Age=-1\nSet-Cookie: v=10\n");
    text = entry(f, false);
    holds(text, "\"cookies\":[{\"name\":\"a\",\"value\":\"1\"},{\"name\":\"b\",\"value\":\"x=y\"},"
                "{\"name\":\"\",\"value\":\"c\"},{\"name\":\"d\",\"value\":\"2\"}]");
    holds(text, "{\"name\":\"id\",\"value\":\"7\",\"path\":\"/x\","
                "\"expires\":\"2026-10-21T07:28:00.000000Z\",\"httpOnly\":true,\"secure\":false,"
                "\"sameSite\":\"Lax\"}");
    holds(text, "{\"name\":\"t\",\"value\":\"8\",\"domain\":\"api.test\","
                "\"expires\":\"2023-11-14T22:14:20.000000Z\",\"httpOnly\":false,\"secure\":true}");
    holds(text, "\"expires\":\"1970-01-01T00:00:00.000000Z\"");
    holds(text, "{\"name\":\"v\",\"value\":\"10\",\"httpOnly\":false,\"secure\":false}");
}

static void reads_the_dates_of_cookies(void **state)
{
    static const struct {
        const char *text;
        int64_t second; /* -1: it is none */
    } rows[] = {
        {"Wed, 21 Oct 2026 07:28:00 GMT", 1792567680},
        {"Wed, 21-Oct-26 07:28:00 GMT", 1792567680},
        {"wed oct 21 07:28:00 2026", 1792567680},
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Wed, 32 Oct 2026 07:28:00 GMT", -1},
        {"Wed, 21 Oct 2026 24:00:00 GMT", -1},
        {"21 Oct 1600 00:00:00", -1},
        {"Oct 2026 07:28:00", -1},
        {"", -1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t second = -1;

        if (har_cookie_date(bytes_of(rows[i].text), &second))
            second = -1;
        if (second != rows[i].second)
            fail_msg("%s is %lld", rows[i].text, (long long)second);
    }
}

static void keeps_exchanges_that_failed(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 0, NULL);
    const char *text;

    (void)state;
    f->response = (struct flow_message){0};
    f->status = 0;
    f->error = true;
    f->sentence = "The origin reset the connection.";
    text = entry(f, true);
    holds(text, "\"response\":{\"status\":0,\"statusText\":\"\",");
    holds(text, "\"content\":{\"size\":0,\"mimeType\":\"x-unknown\"}");
    holds(text, "\"bodySize\":-1,\"_transferSize\":0,"
                "\"_error\":\"The origin reset the connection.\"}");
    f = make_http_flow("GET", "/", 0, NULL);
    f->response = (struct flow_message){0};
    f->error = true;
    f->sentence = "It wants https://a.test/?token=S3cr3tS3cr3t instead.";
    lacks(entry(f, true), "S3cr3tS3cr3t");
}

static void keeps_tunnels_and_refusals_with_a_url(void **state)
{
    struct flow *f = make_flow(FLOW_TUNNEL);
    const char *text;

    (void)state;
    text = entry(f, true);
    holds(text, "\"method\":\"CONNECT\",\"url\":\"https://api.test:443\"");
    holds(text, "\"kind\":\"tunnel\"");
    f = make_flow(FLOW_REFUSED);
    f->host = BYTES("");
    holds(entry(f, true), "\"url\":\"about:blank\"");
}

static void leaves_brackets_and_fragments_out(void **state)
{
    struct flow *f = make_http_flow("GET", "/a#b", 200, NULL);
    const char *text;

    (void)state;
    f->upstream = BYTES("[::1]:8443");
    text = entry(f, true);
    holds(text, "\"serverIPAddress\":\"::1\"");
    holds(text, "\"url\":\"https://api.test/a\"");
    f = make_http_flow("GET", "/", 200, NULL);
    f->upstream = BYTES("");
    f->upstream_connection = 0;
    text = entry(f, true);
    lacks(text, "serverIPAddress");
    holds(text, "\"connection\":\"0-c3\"");
}

static void names_the_type_of_a_resource(void **state)
{
    static const struct {
        const char *dest, *type, *name;
    } rows[] = {
        {"Sec-Fetch-Dest: empty\n", "text/html", "fetch"},
        {"Sec-Fetch-Dest: style\n", "text/plain", "stylesheet"},
        {NULL, "text/html; charset=utf-8", "document"},
        {NULL, "application/javascript", "script"},
        {NULL, "image/png", "image"},
        {NULL, "font/woff2", "font"},
        {NULL, "video/mp4", "media"},
        {NULL, NULL, "other"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct flow *f = make_http_flow("GET", "/", 200, rows[i].type);

        f->request.received = make_head(f, HTTP_REQUEST, rows[i].dest);
        assert_string_equal(har_resource_type(f), rows[i].name);
        free_flow(f);
    }
}

static void goes_without_bodies_when_the_text_is_full(void **state)
{
    static const struct redactor none;
    struct flow *f = make_http_flow("GET", "/", 200, "text/plain");
    struct har_format h;
    struct buf small;

    (void)state;
    make_body(f, &f->response, BYTES("0123456789"));
    har_format_init(&h, &none);
    buf_clear(&out);
    assert_int_equal(har_put_flow(&h, f, &out), STATUS_OK);
    buf_init(&small, out.len - 1);
    assert_int_equal(har_put_flow(&h, f, &small), STATUS_OK);
    lacks(buf_text(&small), "0123456789");
    holds(buf_text(&small), "\"body_cut\":true");
    buf_release(&small);
    buf_init(&small, 100);
    assert_int_equal(har_put_flow(&h, f, &small), STATUS_LIMIT);
    assert_int_equal(buf_status(&small), STATUS_OK);
    assert_int_equal(small.len, 0);
    buf_release(&small);
    har_format_release(&h);
    free_flow(f);
}

static void is_valid_json_whatever_the_bytes(void **state)
{
    char evil[16] = "";

    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        struct flow *f;
        struct bytes text;
        struct head *head;

        memset(evil, 'a', 12);
        evil[5] = (char)byte;
        f = make_http_flow(evil, evil, 999, evil);
        text = arena_copy(&f->arena, bytes_of(evil));
        head = make_head(f, HTTP_RESPONSE, "Set-Cookie: a\nLocation: b\n");
        head->reason = text;
        head->fields.items[0].value = head->fields.items[1].value = text;
        assert_int_equal(fields_append(&f->arena, &head->fields, text, text), STATUS_OK);
        f->response.received = head;
        f->host = f->scheme = f->client = f->user = f->upstream = text;
        make_body(f, &f->response, text);
        make_body(f, &f->request, text);
        f->reason = f->sentence = evil;
        f->error = true;
        make_rule(f, evil, evil);
        (void)entry(f, byte & 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(writes_the_whole_entry, begin, end),
        cmocka_unit_test_setup_teardown(puts_times_as_the_format_wants_them, begin, end),
        cmocka_unit_test_setup_teardown(writes_binary_and_coded_bodies, begin, end),
        cmocka_unit_test_setup_teardown(writes_cookies_with_their_attributes, begin, end),
        cmocka_unit_test_setup_teardown(reads_the_dates_of_cookies, begin, end),
        cmocka_unit_test_setup_teardown(keeps_exchanges_that_failed, begin, end),
        cmocka_unit_test_setup_teardown(keeps_tunnels_and_refusals_with_a_url, begin, end),
        cmocka_unit_test_setup_teardown(leaves_brackets_and_fragments_out, begin, end),
        cmocka_unit_test_setup_teardown(names_the_type_of_a_resource, begin, end),
        cmocka_unit_test_setup_teardown(goes_without_bodies_when_the_text_is_full, begin, end),
        cmocka_unit_test_setup_teardown(is_valid_json_whatever_the_bytes, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
