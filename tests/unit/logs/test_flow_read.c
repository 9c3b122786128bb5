/* What was exported is read again, and exported again: it has to be the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "logs/flow_read.h"
#include "logs/har_format.h"
#include "make_flow.h"

enum { OUT_BYTES = 64 * 1024 * 1024 };

static const uint8_t gzip[] = {
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0x4b, 0x4c, 0x4a,
    0x4e, 0x49, 0x4d, 0x4b, 0x4c, 0x4a, 0x4e, 0x49, 0x4d, 0x4b, 0x4c, 0x4a, 0x4e,
    0x49, 0x4d, 0x03, 0x00, 0x76, 0x06, 0xef, 0xe3, 0x10, 0x00, 0x00, 0x00}; /* no end is right */

/* ---- the flows --------------------------------------------------------------------- */

static struct flow *plain_get(void)
{
    struct flow *f = make_http_flow("GET", "/a?b=c%20d&e", 200, "application/json");

    make_body(f, &f->response, BYTES("{\"n\":1}"));
    f->timings = (struct flow_timings){5, -1, 2000, 3000, 50, 8001, 700, 0, 13756};
    f->upstream_tls = (struct flow_tls){.version = 0x304,
                                        .version_text = "TLSv1.3",
                                        .cipher = "TLS_AES_128_GCM_SHA256",
                                        .sni = BYTES("api.test"),
                                        .alpn = BYTES("http/1.1"),
                                        .verified = true,
                                        .certificate = BYTES("subject CN=api.test\nuntil 2030")};
    ((struct head *)(uintptr_t)f->request.received)->head_bytes = 123;
    ((struct head *)(uintptr_t)f->response.received)->head_bytes = 45;
    return f;
}

static struct flow *post_of_binary(void)
{
    static const uint8_t binary[] = {0, 1, 2, 0xff, 0xfe};
    struct flow *f = make_http_flow("POST", "/up", 204, NULL);

    f->request.received =
        make_head(f, HTTP_REQUEST, "Host: api.test\nContent-Type: application/octet-stream\n");
    ((struct head *)(uintptr_t)f->request.received)->method = BYTES("POST");
    ((struct head *)(uintptr_t)f->request.received)->target = BYTES("https://api.test/up");
    ((struct head *)(uintptr_t)f->request.received)->path = BYTES("/up");
    make_body(f, &f->request, bytes_make(binary, sizeof(binary)));
    return f;
}

static struct flow *secrets(void)
{
    struct flow *f = make_http_flow("POST", "/login?token=S3cr3t&x=1", 302, "text/html");
    struct head *request = make_head(
        f, HTTP_REQUEST,
        "Host: api.test\nAuthorization: Bearer S3cr3t\nCookie: a=S3cr3t; b=S3cr3t2\n"
        "Content-Type: application/x-www-form-urlencoded\nReferer: https://a.test/?code=S3cr3t\n");

    request->method = BYTES("POST");
    request->target = request->path = BYTES("/login?token=S3cr3t&x=1");
    f->request.received = f->request.sent = request;
    make_body(f, &f->request, BYTES("user=joe&password=S3cr3t"));
    f->response.received = f->response.sent =
        make_head(f, HTTP_RESPONSE,
                  "Set-Cookie: id=S3cr3t; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly; "
                  "Secure; SameSite=Lax\nSet-Cookie: t=S3cr3t; Max-Age=60; Domain=api.test\n"
                  "Location: /?access_token=S3cr3t\nContent-Type: application/json\n");
    ((struct head *)(uintptr_t)f->response.sent)->status = 302;
    make_body(f, &f->response,
              BYTES("{\"refresh_token\":\"S3cr3t\",\"n\":[1,{\"password\":\"S3\"}]}"));
    return f;
}

static struct flow *answered_by_rule(void)
{
    struct flow *f = make_http_flow("GET", "/", 503, "text/plain");

    f->response.received = NULL;
    f->upstream = BYTES("");
    f->upstream_connection = 0;
    f->injected = true;
    f->reason = "answered_by_rule";
    f->timings = (struct flow_timings){-1, -1, -1, -1, -1, -1, -1, 250000, 251000};
    make_rule(f, "proxy.yaml:12 flaky \"checkout\"", "status 200 → 503");
    make_rule(f, "proxy.yaml:14", NULL);
    make_body(f, &f->response, BYTES("busy"));
    return f;
}

static struct flow *changed_on_the_way(void)
{
    struct flow *f = make_http_flow("GET", "/x", 200, "text/plain");
    struct head *sent = make_head(f, HTTP_RESPONSE, "Content-Type: text/plain\nX-New: 1\n");

    sent->status = 500;
    sent->reason = BYTES("Oops");
    f->response.sent = sent;
    f->request.sent = make_head(f, HTTP_REQUEST, "Host: other.test\n");
    f->status = 500;
    make_body(f, &f->response, BYTES("caf\xc3\xa9"));
    f->anomalies = HTTP_ANOMALY(BARE_LF) | HTTP_ANOMALY(REPEATED_LENGTH);
    memcpy(f->duplicate_of, "01J0000000000000000000000B", FLOW_ID_TEXT);
    f->tags = arena_alloc(&f->arena, sizeof(*f->tags));
    f->tags->text = "slow";
    return f;
}

static struct flow *failed(void)
{
    struct flow *f = make_http_flow("GET", "/gone", 502, NULL);

    f->response = (struct flow_message){0};
    f->upstream = BYTES("[::1]:9443");
    f->status = 0;
    f->error = true;
    f->reason = "origin_reset";
    f->sentence = "The origin reset the connection.";
    return f;
}

static struct flow *cut_in_the_middle(void)
{
    struct flow *f = make_http_flow("GET", "/big", 200, "text/plain");

    make_body(f, &f->response, BYTES("the beginning \xe2\x82"));
    f->response.body.wire_bytes = 1000;
    return f;
}

static struct flow *not_captured(void)
{
    struct flow *f = make_http_flow("PUT", "/big", 200, "text/plain");

    f->request.body.wire_bytes = 77;
    f->response.body.wire_bytes = 1000;
    f->body_not_captured = true;
    return f;
}

static struct flow *broken_coding(void)
{
    struct flow *f = make_http_flow("GET", "/z", 200, NULL);

    f->response.received = f->response.sent =
        make_head(f, HTTP_RESPONSE, "Content-Encoding: gzip\nContent-Type: text/plain\n");
    ((struct head *)(uintptr_t)f->response.sent)->status = 200;
    make_body(f, &f->response, bytes_make(gzip, sizeof(gzip)));
    return f;
}

static struct flow *unknown_coding(void)
{
    struct flow *f = make_http_flow("GET", "/y", 200, NULL);

    f->response.received = f->response.sent =
        make_head(f, HTTP_RESPONSE, "Content-Encoding: sponge\nContent-Type: text/plain\n");
    make_body(f, &f->response, BYTES("squeezed"));
    return f;
}

static struct flow *with_trailers_and_interim(void)
{
    struct flow *f = make_http_flow("GET", "/t", 200, NULL);
    struct flow_interim *i = arena_alloc(&f->arena, sizeof(*i));
    struct fields *trailers = arena_alloc(&f->arena, sizeof(*trailers));
    struct head *early = make_head(f, HTTP_RESPONSE, "Link: </a.css>\n");

    early->status = 103;
    early->reason = BYTES("Early Hints");
    *i = (struct flow_interim){.head = early, .injected = true};
    f->interim = i;
    make_fields(&f->arena, trailers, "X-Sum: 1\nX-Auth-Token: S3cr3t\n");
    f->response.trailers = trailers;
    return f;
}

static struct flow *web_socket(void)
{
    static const uint8_t close_code[] = {3, 0xe8};
    struct flow *f = make_http_flow("GET", "/ws", 101, NULL);
    struct flow_socket_message *m = arena_alloc(&f->arena, 3 * sizeof(*m));

    m[0] = (struct flow_socket_message){true, 1, 1700000000123457, BYTES("hello \"you\""), &m[1]};
    m[1] = (struct flow_socket_message){false, 1, 1700000000200000,
                                        BYTES("{\"access_token\":\"S3cr3t\"}"), &m[2]};
    m[2] = (struct flow_socket_message){false, 8, 1700000001000000,
                                        bytes_make(close_code, sizeof(close_code)), NULL};
    f->messages = m;
    return f;
}

static struct flow *tunnel(void)
{
    struct flow *f = make_flow(FLOW_TUNNEL);

    f->scheme = BYTES("tcp");
    f->tunnel_up_bytes = 517;
    f->tunnel_down_bytes = INT64_C(5000000000);
    f->client_tls = (struct flow_tls){
        .version = 0x303, .version_text = "TLSv1.2", .sni = BYTES("api.test"), .ja4 = BYTES("t13")};
    f->status = 200;
    return f;
}

static struct flow *refused(void)
{
    struct flow *f = make_flow(FLOW_REFUSED);

    f->host = f->scheme = BYTES("");
    f->port = 0;
    f->error = true;
    f->reason = "bad_client_hello";
    f->sentence = "The client's TLS ClientHello is broken.";
    return f;
}

static struct flow *asterisk(void)
{
    struct flow *f = make_http_flow("OPTIONS", "*", 200, NULL);

    f->user = BYTES("joe");
    f->client_reused = f->upstream_reused = true;
    f->loop = 3;
    return f;
}

typedef struct flow *make_function(void);

static make_function *const flows[] = {
    plain_get,
    post_of_binary,
    secrets,
    answered_by_rule,
    changed_on_the_way,
    failed,
    cut_in_the_middle,
    not_captured,
    broken_coding,
    unknown_coding,
    with_trailers_and_interim,
    web_socket,
    tunnel,
    refused,
    asterisk,
};

/* ---- there and back ---------------------------------------------------------------- */

static struct redactor redactor(bool on)
{
    return (struct redactor){.on = on, .key = "0123456789abcdef"};
}

static void put_line(const struct flow *f, bool redacted, struct buf *out)
{
    const struct redactor r = redactor(redacted);
    struct jsonl_format j;

    jsonl_format_init(&j, &r);
    assert_int_equal(jsonl_put_flow(&j, f, out), STATUS_OK);
    jsonl_format_release(&j);
}

static void put_entry(const struct flow *f, bool redacted, struct buf *out)
{
    const struct redactor r = redactor(redacted);
    struct har_format h;

    har_format_init(&h, &r);
    assert_int_equal(har_put_flow(&h, f, out), STATUS_OK);
    har_format_release(&h);
}

typedef void put_function(const struct flow *f, bool redacted, struct buf *out);
typedef enum status read_function(struct bytes json, uint64_t number, struct flow **ret_flow,
                                  const char **ret_fault);

static void goes_round(struct flow *f, bool redacted, put_function *put, read_function *read)
{
    struct flow *again = NULL;
    const char *fault = "";
    struct buf first, second;

    buf_init(&first, OUT_BYTES);
    buf_init(&second, OUT_BYTES);
    put(f, redacted, &first);
    if (read(buf_bytes(&first), 1, &again, &fault))
        fail_msg("%s: %s", fault, buf_text(&first));
    put(again, redacted, &second);
    assert_string_equal(buf_text(&first), buf_text(&second));
    if (redacted)
        assert_null(strstr(buf_text(&first), "S3cr3t"));
    flow_free(again);
    free_flow(f);
    buf_release(&first);
    buf_release(&second);
}

static void all_go_round(put_function *put, read_function *read)
{
    for (size_t i = 0; i < sizeof(flows) / sizeof(flows[0]); i++) {
        goes_round(flows[i](), false, put, read);
        goes_round(flows[i](), true, put, read);
    }
}

static void lines_are_the_same_after_an_import(void **state)
{
    (void)state;
    all_go_round(put_line, flow_read_jsonl);
}

static void entries_are_the_same_after_an_import(void **state)
{
    (void)state;
    all_go_round(put_entry, flow_read_har);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_the_same_after_an_import),
        cmocka_unit_test(entries_are_the_same_after_an_import),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
