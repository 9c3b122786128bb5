#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/flow_make.h"
#include "logs/flow_redact.h"
#include "logs/jsonl_format.h"

#include "make_flow.h"

enum { OUT_BYTES = 1024 * 1024 };

static const struct redactor redactor = {.on = true, .key = "0123456789abcdef"};
static const struct redactor off = {.on = false};

static struct fields *fields_of(struct flow *f, const char *lines)
{
    struct fields *fields = arena_alloc(&f->arena, sizeof(*fields));

    *fields = (struct fields){0};
    make_fields(&f->arena, fields, lines);
    return fields;
}

/* "S3cr3t" stands in every part that may hold one. */
static struct flow *make_secret_flow(void)
{
    struct flow *f = make_http_flow("POST", "/a?token=S3cr3t", 200, "application/json");
    struct head *sent = make_head(f, HTTP_REQUEST, "Authorization: Bearer S3cr3t\n");
    struct flow_interim *interim = arena_alloc(&f->arena, sizeof(*interim));
    struct flow_tag *tag = arena_alloc(&f->arena, sizeof(*tag));
    struct flow_socket_message *message = arena_alloc(&f->arena, sizeof(*message));

    sent->path = sent->target = BYTES("/b?sid=S3cr3t");
    f->request.sent = sent;
    f->request.trailers = fields_of(f, "X-Token: S3cr3t\n");
    f->response.sent = make_head(f, HTTP_RESPONSE, "Set-Cookie: a=S3cr3t; Path=/\n");
    f->response.trailers = fields_of(f, "X-Signature: S3cr3t\n");
    make_body(f, &f->request, BYTES("{\"password\":\"S3cr3t\",\"user\":\"joe\"}"));
    make_body(f, &f->response, BYTES("{\"token\":\"S3cr3t\"}"));
    *interim = (struct flow_interim){
        .head = make_head(f, HTTP_RESPONSE, "Link: </x?sig=S3cr3t>; rel=preload\n")};
    f->interim = interim;
    *tag = (struct flow_tag){.text = "token=S3cr3t"};
    f->tags = tag;
    *message = (struct flow_socket_message){.opcode = 1, .data = BYTES("{\"token\":\"S3cr3t\"}")};
    f->messages = message;
    make_rule(f, "a.yaml:1 x", "x-api-key: S3cr3t → S3cr3t");
    f->sentence = "It ended at https://joe:S3cr3t@a.test/.";
    f->error = true;
    f->client_tls = (struct flow_tls){.version = 0x304, .version_text = "TLSv1.3"};
    f->client_tls.sni = BYTES("api.test");
    return f;
}

static void put_flow(const struct redactor *r, const struct flow *f, struct buf *out)
{
    struct jsonl_format j;

    jsonl_format_init(&j, r);
    assert_int_equal(jsonl_put_flow(&j, f, out), STATUS_OK);
    jsonl_format_release(&j);
}

static void leaves_no_secret_in_any_part(void **state)
{
    struct flow *f = make_secret_flow(), *copy = NULL;
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(flow_redact(f, &redactor, &copy), STATUS_OK);
    free_flow(f); /* the copy shares nothing with it */
    put_flow(&off, copy, &out);
    if (strstr(buf_text(&out), "S3cr3t"))
        fail_msg("%s", buf_text(&out));
    assert_null(memmem(copy->messages->data.ptr, copy->messages->data.len, "S3cr3t", 6));
    assert_true(bytes_equal(copy->client_tls.sni, BYTES("api.test")));
    assert_true(copy->request.body.decoded);
    assert_int_equal(copy->request.body.wire_bytes, 34);
    assert_false(flow_body_cut(&copy->request.body));
    flow_free(copy);
    buf_release(&out);
}

static void says_the_same_as_the_flow_redacted_when_shown(void **state)
{
    struct flow *f = make_secret_flow(), *copy = NULL;
    struct buf a, b;

    (void)state;
    buf_init(&a, OUT_BYTES);
    buf_init(&b, OUT_BYTES);
    f->request.body.captured_bytes = f->request.body.wire_bytes = 0;
    f->request.body.count = 0;
    f->response.body = f->request.body; /* sizes differ, where there is one */
    assert_int_equal(flow_redact(f, &redactor, &copy), STATUS_OK);
    put_flow(&redactor, f, &a);
    put_flow(&off, copy, &b);
    assert_string_equal(buf_text(&b), buf_text(&a));
    buf_clear(&b);
    put_flow(&redactor, copy, &b);
    assert_string_equal(buf_text(&b), buf_text(&a));
    flow_free(copy);
    free_flow(f);
    buf_release(&a);
    buf_release(&b);
}

static void drops_a_text_that_cannot_be_decoded(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, "application/json"), *copy = NULL;
    struct head *response = make_head(f, HTTP_RESPONSE, "Content-Encoding: gzip\n");

    (void)state;
    f->response.received = f->response.sent = response;
    make_body(f, &f->response, BYTES("no gzip, but token=S3cr3t"));
    assert_int_equal(flow_redact(f, &redactor, &copy), STATUS_OK);
    assert_int_equal(copy->response.body.captured_bytes, 0);
    assert_true(flow_body_cut(&copy->response.body));
    flow_free(copy);
    free_flow(f);
}

static void keeps_binary_content(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, "image/png"), *copy = NULL;
    struct bytes wire = {0};
    struct buf joined;

    (void)state;
    buf_init(&joined, OUT_BYTES);
    make_body(f, &f->response, BYTES("\x89PNG\0\0token=S3cr3t"));
    assert_int_equal(flow_redact(f, &redactor, &copy), STATUS_OK);
    assert_int_equal(flow_wire(&copy->response, &joined, &wire), STATUS_OK);
    assert_true(bytes_equal(wire, BYTES("\x89PNG\0\0token=S3cr3t")));
    flow_free(copy);
    free_flow(f);
    buf_release(&joined);
}

static void copies_flows_that_have_hardly_anything(void **state)
{
    struct flow *f = make_flow(FLOW_TUNNEL), *copy = NULL;

    (void)state;
    f->tunnel_up_bytes = 5;
    assert_int_equal(flow_redact(f, &redactor, &copy), STATUS_OK);
    assert_int_equal(copy->kind, FLOW_TUNNEL);
    assert_int_equal(copy->tunnel_up_bytes, 5);
    assert_null(copy->request.received);
    flow_free(copy);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_no_secret_in_any_part),
        cmocka_unit_test(says_the_same_as_the_flow_redacted_when_shown),
        cmocka_unit_test(drops_a_text_that_cannot_be_decoded),
        cmocka_unit_test(keeps_binary_content),
        cmocka_unit_test(copies_flows_that_have_hardly_anything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
