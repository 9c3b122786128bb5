/* HARs as others write them, with what each of them does its own way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "logs/flow_read.h"

static const char *fault;

static enum status read_text(const char *json, struct flow **ret_flow)
{
    fault = "";
    return flow_read_har(bytes_of(json), 1, ret_flow, &fault);
}

static struct flow *read_ok(const char *json)
{
    struct flow *f = NULL;

    if (read_text(json, &f))
        fail_msg("%s: %s", fault, json);
    return f;
}

static void equals(struct bytes has, const char *wanted)
{
    if (!bytes_equal(has, bytes_of(wanted)))
        fail_msg("%.*s is not %s", (int)has.len, (const char *)has.ptr, wanted);
}

static struct bytes content_of(const struct flow_message *m)
{
    struct bytes content = {0};
    struct buf none;

    buf_init(&none, 1);
    assert_int_equal(flow_content_view(m, &none, &content), STATUS_OK);
    buf_release(&none);
    return content;
}

/* Pseudo-headers, "h2", set-cookie joined by line feeds, times with an offset, connect with
 * ssl in it, data of WebSockets. */
static void reads_what_chrome_writes(void **state)
{
    struct flow *f = read_ok(
        "{\"_connectionId\":\"99\",\"_initiator\":{\"type\":\"script\"},\"_priority\":\"High\","
        "\"_resourceType\":\"websocket\",\"_webSocketMessages\":[{\"type\":\"send\","
        "\"time\":1700000000.25,\"opcode\":1,\"data\":\"hi\"},{\"type\":\"receive\","
        "\"time\":1700000001,\"opcode\":2,\"data\":\"/wA=\"}],\"cache\":{},\"connection\":\"443\","
        "\"request\":{\"method\":\"GET\",\"url\":\"wss://A.test/ws?x=1#f\",\"httpVersion\":\"h2\","
        "\"headers\":[{\"name\":\":authority\",\"value\":\"a.test\"},{\"name\":\"accept\","
        "\"value\":\"*/*\"}],\"queryString\":[],\"cookies\":[],\"headersSize\":-1,\"bodySize\":0},"
        "\"response\":{\"status\":200,\"statusText\":\"\",\"httpVersion\":\"h2\",\"headers\":["
        "{\"name\":\"set-cookie\",\"value\":\"a=1; Path=/\\nb=2\"},{\"name\":\"content-encoding\","
        "\"value\":\"br\"}],\"cookies\":[],\"content\":{\"size\":5,\"mimeType\":\"text/plain\","
        "\"text\":\"hello\"},\"redirectURL\":\"\",\"headersSize\":-1,\"bodySize\":-1,"
        "\"_transferSize\":300,\"_error\":null},\"serverIPAddress\":\"[::1]\","
        "\"startedDateTime\":\"2023-11-14T23:13:20.123+01:00\",\"time\":30.5,\"timings\":{"
        "\"blocked\":1.5,\"dns\":-1,\"ssl\":10,\"connect\":15.25,\"send\":0.1,\"wait\":9,"
        "\"receive\":4.65,\"_blocked_queueing\":1}}");

    (void)state;
    assert_int_equal(f->kind, FLOW_HTTP);
    assert_int_equal(f->started_us, INT64_C(1700000000123000));
    equals(f->scheme, "https");
    equals(f->host, "a.test");
    assert_int_equal(f->port, 443);
    equals(f->request.received->path, "/ws?x=1");
    assert_int_equal(f->request.received->version, HTTP_2);
    assert_int_equal(f->request.received->fields.count, 1);
    assert_int_equal(f->response.received->fields.count, 3);
    equals(f->response.received->fields.items[1].value, "b=2");
    equals(content_of(&f->response), "hello"); /* for all that it says br */
    assert_false(flow_body_cut(&f->response.body));
    assert_int_equal(f->timings.tls, 10000);
    assert_int_equal(f->timings.connect, 5250);
    assert_int_equal(f->timings.total, 30500);
    equals(f->upstream, "[::1]:443");
    assert_int_equal(f->upstream_connection, 443);
    assert_false(f->error);
    assert_true(f->messages->from_client);
    assert_int_equal(f->messages->time_us, INT64_C(1700000000250000));
    assert_int_equal(f->messages->next->data.len, 2);
    assert_int_equal(strlen(f->id), 26);
    flow_free(f);
}

/* Content left out, though its size is told; a blocked request. */
static void reads_what_firefox_writes(void **state)
{
    struct flow *f = read_ok(
        "{\"startedDateTime\":\"2024-02-29T12:00:00.000-05:30\",\"request\":{\"bodySize\":0,"
        "\"method\":\"GET\",\"url\":\"http://a.test\",\"httpVersion\":\"HTTP/2\",\"headers\":[],"
        "\"cookies\":[],\"queryString\":[],\"headersSize\":310},\"response\":{\"status\":200,"
        "\"statusText\":\"OK\",\"httpVersion\":\"HTTP/2\",\"headers\":[],\"cookies\":[],"
        "\"content\":{\"mimeType\":\"text/html\",\"size\":12345,\"comment\":\"Response bodies are "
        "not included.\"},\"redirectURL\":\"\",\"headersSize\":200,\"bodySize\":4321},\"cache\":{},"
        "\"timings\":{\"blocked\":0,\"dns\":0,\"connect\":0,\"ssl\":0,\"send\":0,\"wait\":5,"
        "\"receive\":0},\"time\":5,\"_securityState\":\"insecure\",\"serverIPAddress\":\"1.2.3.4\","
        "\"connection\":\"80\"}");

    (void)state;
    equals(f->request.received->path, "/");
    assert_int_equal(f->started_us / 1000000, 1709227800);
    assert_int_equal(f->response.body.wire_bytes, 4321);
    assert_int_equal(f->response.body.content_bytes, 12345);
    assert_true(flow_body_cut(&f->response.body));
    assert_int_equal(f->response.received->head_bytes, 200);
    flow_free(f);
    f = read_ok("{\"startedDateTime\":\"2024-02-29T12:00:00Z\",\"request\":{\"method\":\"GET\","
                "\"url\":\"http://a.test/x\",\"headers\":[]},\"response\":{\"status\":0,"
                "\"statusText\":\"\",\"headers\":[],\"content\":{\"size\":0},\"_error\":"
                "\"net::ERR_CONNECTION_RESET\"},\"timings\":{},\"time\":-1}");
    assert_int_equal(f->status, 0);
    assert_null(f->response.received);
    assert_true(f->error);
    assert_string_equal(f->sentence, "net::ERR_CONNECTION_RESET");
    flow_free(f);
}

/* Fields of a form in params and no text; null where nothing applies. */
static void reads_what_charles_writes(void **state)
{
    struct flow *f = read_ok(
        "{\"startedDateTime\":\"2024-01-02T03:04:05.678Z\",\"time\":-1,\"request\":{\"method\":"
        "\"POST\",\"url\":\"http://a.test:8080/form\",\"httpVersion\":\"HTTP/1.1\",\"cookies\":[],"
        "\"headers\":[{\"name\":\"Content-Type\",\"value\":\"application/x-www-form-urlencoded\"}],"
        "\"queryString\":[],\"postData\":{\"mimeType\":\"application/x-www-form-urlencoded\","
        "\"params\":[{\"name\":\"a b\",\"value\":\"1&2\"},{\"name\":\"c\",\"value\":\"\"}]},"
        "\"headersSize\":10,\"bodySize\":-1},\"response\":{\"_charlesStatus\":\"COMPLETE\","
        "\"status\":204,\"statusText\":null,\"httpVersion\":null,\"cookies\":[],\"headers\":[],"
        "\"content\":{\"size\":0,\"mimeType\":null},\"redirectURL\":null,\"headersSize\":0,"
        "\"bodySize\":0},\"serverIPAddress\":null,\"cache\":{},\"timings\":{\"dns\":null,"
        "\"connect\":12,\"ssl\":40,\"send\":1,\"wait\":2,\"receive\":-1}}");

    (void)state;
    equals(content_of(&f->request), "a%20b=1%262&c=");
    assert_int_equal(f->port, 8080);
    assert_int_equal(f->response.received->status, 204);
    assert_int_equal(f->timings.connect, 12000); /* ssl is longer: it stands beside connect */
    assert_int_equal(f->timings.tls, 40000);
    assert_int_equal(f->timings.dns, -1);
    assert_int_equal(f->timings.receive, -1);
    assert_int_equal(f->upstream.len, 0);
    flow_free(f);
}

/* Both text and params; no connection; the size of what passed in place of the decoded
 * one; an empty object for content. */
static void reads_what_mitmproxy_writes(void **state)
{
    struct flow *f = read_ok(
        "{\"startedDateTime\":\"2024-01-02T03:04:05.678901+00:00\",\"time\":123.4,\"request\":{"
        "\"method\":\"POST\",\"url\":\"https://a.test/x\",\"httpVersion\":\"HTTP/1.1\",\"cookies\":"
        "[],\"headers\":[],\"queryString\":[],\"headersSize\":77,\"bodySize\":3,\"postData\":{"
        "\"mimeType\":\"application/x-www-form-urlencoded\",\"text\":\"a=1\",\"params\":[{\"name\":"
        "\"a\",\"value\":\"1\"}]}},\"response\":{\"status\":200,\"statusText\":\"OK\","
        "\"httpVersion\":\"HTTP/1.1\",\"cookies\":[],\"headers\":[{\"name\":\"Content-Encoding\","
        "\"value\":\"gzip\"}],\"content\":{\"size\":3,\"compression\":2,\"mimeType\":\"text/"
        "plain\","
        "\"text\":\"hello\"},\"redirectURL\":\"\",\"headersSize\":50,\"bodySize\":3},\"cache\":{},"
        "\"timings\":{\"connect\":10.5,\"ssl\":20.25,\"send\":1.0,\"receive\":2.0,\"wait\":3.0},"
        "\"serverIPAddress\":\"1.2.3.4\"}");

    (void)state;
    equals(content_of(&f->request), "a=1");
    equals(content_of(&f->response), "hello");
    assert_int_equal(f->response.body.wire_bytes, 3);
    assert_int_equal(f->timings.connect, 10500);
    assert_int_equal(f->upstream_connection, 0);
    assert_int_equal(f->started_us, INT64_C(1704164645678901));
    flow_free(f);
    f = read_ok("{\"request\":{\"method\":\"GET\",\"url\":\"http://a.test/\"},\"response\":{"
                "\"status\":502,\"content\":{}}}");
    assert_int_equal(f->response.received->status, 502);
    flow_free(f);
}

/* base64 in postData, trailers, tags for bodies that are not there. */
static void reads_what_http_toolkit_writes(void **state)
{
    struct flow *f = read_ok(
        "{\"startedDateTime\":\"2024-01-02T03:04:05.678Z\",\"time\":10,\"request\":{\"method\":"
        "\"PUT\",\"url\":\"http://a.test/x\",\"httpVersion\":\"HTTP/1.1\",\"headers\":[],"
        "\"postData\":{\"mimeType\":\"application/octet-stream\",\"text\":\"/wA=\",\"encoding\":"
        "\"base64\"},\"headersSize\":-1,\"bodySize\":2},\"response\":{\"status\":200,"
        "\"statusText\":"
        "\"OK\",\"httpVersion\":\"HTTP/1.1\",\"headers\":[],\"content\":{\"mimeType\":"
        "\"text/"
        "plain\",\"size\":1,\"text\":\"x\"},\"_content\":{},\"headersSize\":-1,\"bodySize\":1,"
        "\"_trailers\":[{\"name\":\"x-sum\",\"value\":\"1\"}]},\"timings\":{\"send\":1,\"wait\":2,"
        "\"receive\":3},\"_pinned\":true}");

    (void)state;
    assert_int_equal(content_of(&f->request).len, 2);
    equals(f->response.trailers->items[0].name, "x-sum");
    assert_int_equal(f->request.body.wire_bytes, 2);
    flow_free(f);
}

static void gives_the_same_record_the_same_id(void **state)
{
    static const char json[] = "{\"startedDateTime\":\"2023-11-14T22:13:20.123Z\",\"request\":{"
                               "\"method\":\"GET\",\"url\":\"http://a.test/\"}}";
    struct flow *a = read_ok(json), *b = read_ok(json), *c = NULL;

    (void)state;
    assert_string_equal(a->id, b->id);
    assert_memory_equal(a->id, "01HF7YAT", 8); /* the time of its start */
    assert_int_equal(flow_read_har(bytes_of(json), 2, &c, &fault), STATUS_OK);
    assert_string_not_equal(a->id, c->id);
    flow_free(a);
    flow_free(b);
    flow_free(c);
}

static void leaves_out_what_http_does_not_allow(void **state)
{
    struct flow *f = read_ok(
        "{\"request\":{\"method\":\"GET\",\"url\":\"http://a.test/\",\"headers\":["
        "{\"name\":\"bad name\",\"value\":\"x\"},{\"name\":\"\",\"value\":\"x\"},{\"name\":1},{},7,"
        "{\"name\":\"a\",\"value\":\"x\\ry\"},{\"name\":\"b\",\"value\":\"x\\u0000y\"},"
        "{\"name\":\"c\",\"value\":\"ok\"},{\"name\":\"d\"}]}}");

    (void)state;
    assert_int_equal(f->request.received->fields.count, 2);
    equals(f->request.received->fields.items[0].name, "c");
    equals(f->request.received->fields.items[1].name, "d");
    flow_free(f);
}

static void keeps_numbers_within_reason(void **state)
{
    struct flow *f = read_ok(
        "{\"startedDateTime\":\"9999-99-99T99:99:99\",\"time\":1e300,\"request\":{\"method\":"
        "\"GET\",\"url\":\"http://a.test/\",\"bodySize\":-7,\"headersSize\":9223372036854775807},"
        "\"response\":{\"status\":99999,\"bodySize\":9223372036854775807,\"content\":{\"size\":-1}}"
        ","
        "\"timings\":{\"wait\":1e300,\"send\":-1e300}}");

    (void)state;
    assert_int_equal(f->started_us, 0);
    assert_int_equal(f->status, 0);
    assert_int_equal(f->request.body.wire_bytes, 0);
    assert_true(f->timings.total > 0 && f->timings.total < INT64_C(10000000000000000));
    flow_free(f);
    f = read_ok("{\"startedDateTime\":\"9999-12-31T23:59:60.999999-99:99\",\"request\":{\"method\":"
                "\"GET\",\"url\":\"http://a.test/\"}}");
    assert_int_equal(f->started_us, INT64_C(253402300799999999)); /* its year has four digits */
    flow_free(f);
}

/* What would stand on lines of its own where a message is written out again. */
static void lets_no_line_into_a_start_line(void **state)
{
    static const char *const targets[] = {"/a b", "/\\r\\nX: 1", "/\\u0000", "/\\u007f", "\\t"};
    struct flow *f;

    (void)state;
    f = read_ok("{\"request\":{\"method\":\"GET\",\"url\":\"http://a.test/\"},\"response\":{"
                "\"status\":200,\"statusText\":\"OK\\r\\nX: 1\"}}");
    equals(f->response.received->reason, "");
    flow_free(f);
    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        char json[512];

        snprintf(json, sizeof(json),
                 "{\"_weir\":{\"kind\":\"http\",\"request\":{\"target\":\"%s\"}},\"request\":"
                 "{\"method\":\"GET\",\"url\":\"http://a.test/\"}}",
                 targets[i]);
        assert_int_equal(read_text(json, &f), STATUS_BAD_INPUT);
        assert_string_equal(fault, "its target has spaces or controls");
    }
    assert_int_equal(read_text("{\"_weir\":{\"kind\":\"http\",\"request\":{\"target\":\"http:\"}},"
                               "\"request\":{\"method\":\"GET\",\"url\":\"http://a/\\nb\"}}",
                               &f),
                     STATUS_BAD_INPUT);
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *json, *fault;
    } rows[] = {
        {"", "it is not a JSON object"},
        {"[]", "it is not a JSON object"},
        {"{\"request\":{\"method\":\"GET\",\"url\":\"http://a/\"}", "it is not a JSON object"},
        {"{}", "there is no request in it"},
        {"{\"request\":{\"url\":\"http://a/\"}}", "there is no method or no url"},
        {"{\"request\":{\"method\":\"GET\",\"url\":\"http://\"}}",
         "its url is not one of http or https"},
        {"{\"request\":{\"method\":\"GET\",\"url\":\"http://a/\"},\"response\":{\"status\":200,"
         "\"content\":{\"text\":\"!\",\"encoding\":\"base64\"}}}",
         "its body is not base64"},
    };
    static const char *const skipped[] = {"data:text/plain,hi", "blob:http://a/1", "about:blank",
                                          "chrome-extension://x/y", "file:///etc/passwd"};
    struct flow *f = NULL;

    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        assert_int_equal(read_text(rows[i].json, &f), STATUS_BAD_INPUT);
        assert_string_equal(fault, rows[i].fault);
    }
    for (size_t i = 0; i < sizeof(skipped) / sizeof(skipped[0]); i++) {
        char json[256];

        snprintf(json, sizeof(json), "{\"request\":{\"method\":\"GET\",\"url\":\"%s\"}}",
                 skipped[i]);
        assert_int_equal(read_text(json, &f), STATUS_END);
    }
}

/* 63 MiB of them would take 5 GiB to be read. */
static void takes_no_more_values_than_it_may(void **state)
{
    static const char start[] =
        "{\"request\":{\"method\":\"GET\",\"url\":\"http://a.test/\"},\"x\":[";
    char *json = malloc(sizeof(start) + 3 * FLOW_READ_VALUES + 8);
    struct flow *f = NULL;
    size_t len = 0;

    (void)state;
    len += (size_t)sprintf(json, "%s", start);
    for (int i = 0; i < FLOW_READ_VALUES / 2; i++) {
        memcpy(json + len, "{},", 3);
        len += 3;
    }
    strcpy(json + len, "{}]}");
    assert_int_equal(read_text(json, &f), STATUS_BAD_INPUT);
    assert_string_equal(fault, "it has more than a million values");
    len = (size_t)sprintf(json, "%s\"\\\"", start); /* what stands in a text is none */
    memset(json + len, ',', 2 * FLOW_READ_VALUES);
    strcpy(json + len + 2 * FLOW_READ_VALUES, "\"]}");
    flow_free(read_ok(json));
    free(json);
}

static void does_not_go_deep(void **state)
{
    enum { DEEP = 100000 };
    struct flow *f = NULL;
    struct buf json;

    (void)state;
    buf_init(&json, 8 * DEEP);
    buf_put_text(&json, "{\"request\":");
    for (int i = 0; i < DEEP; i++)
        buf_put_text(&json, "[");
    assert_int_equal(read_text(buf_text(&json), &f), STATUS_BAD_INPUT);
    buf_release(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_chrome_writes),
        cmocka_unit_test(reads_what_firefox_writes),
        cmocka_unit_test(reads_what_charles_writes),
        cmocka_unit_test(reads_what_mitmproxy_writes),
        cmocka_unit_test(reads_what_http_toolkit_writes),
        cmocka_unit_test(gives_the_same_record_the_same_id),
        cmocka_unit_test(leaves_out_what_http_does_not_allow),
        cmocka_unit_test(keeps_numbers_within_reason),
        cmocka_unit_test(lets_no_line_into_a_start_line),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(takes_no_more_values_than_it_may),
        cmocka_unit_test(does_not_go_deep),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
