#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "logs/flow_make.h"
#include "logs/flow_pack.h"
#include "make_flow.h"

enum { PACKED_BYTES = 1024 * 1024, FORM_KINDS = 3 };

static struct buf packed(const struct flow *f)
{
    struct buf out;

    buf_init(&out, PACKED_BYTES);
    assert_int_equal(flow_pack(f, &out), STATUS_OK);
    return out;
}

static struct flow *unpacked(struct bytes in)
{
    struct flow *f = NULL;

    assert_int_equal(flow_unpack(in, &f), STATUS_OK);
    return f;
}

static struct flow *packed_and_back(const struct flow *f)
{
    struct buf once = packed(f), twice;
    struct flow *back = unpacked(buf_bytes(&once));

    twice = packed(back);
    assert_int_equal(once.len, twice.len);
    assert_memory_equal(once.ptr, twice.ptr, once.len);
    buf_release(&once);
    buf_release(&twice);
    return back;
}

static void assert_bytes(struct bytes got, const char *expected)
{
    assert_int_equal(got.len, strlen(expected));
    assert_memory_equal(got.ptr, expected, got.len);
}

/* As the core makes it: names and values lie in lines, the head sent on is another one
 * with most of the same. */
static void add_lines(struct flow *f, struct head *h, const char *line, size_t name)
{
    struct bytes all = make_text(&f->arena, line);
    struct field *field;

    assert_int_equal(fields_append(&f->arena, &h->fields, bytes_until(all, name),
                                   bytes_trim(bytes_from(all, name + 1))),
                     STATUS_OK);
    field = &h->fields.items[h->fields.count - 1];
    field->line = all;
}

static struct flow_interim *make_interim(struct flow *f)
{
    struct flow_interim *i = arena_alloc(&f->arena, sizeof(*i));
    struct head *head = make_head(f, HTTP_RESPONSE, "Link: </a>; rel=preload\n");

    head->status = 103;
    head->reason = BYTES("Early Hints");
    *i = (struct flow_interim){.head = head, .injected = true};
    return i;
}

static struct flow_socket_message *make_message(struct flow *f, uint8_t opcode, int64_t after_us)
{
    struct flow_socket_message *m = arena_alloc(&f->arena, sizeof(*m));

    *m = (struct flow_socket_message){
        .from_client = opcode == 1,
        .opcode = opcode,
        .time_us = f->started_us + after_us,
        .data = BYTES("a\0b"),
    };
    return m;
}

static struct flow *make_full_flow(void)
{
    struct flow *f = make_http_flow("POST", "/a?b=c", 503, "text/plain");
    struct head *received = make_head(f, HTTP_REQUEST, NULL), *sent;
    struct fields *trailers = arena_alloc(&f->arena, sizeof(*trailers));
    struct flow_tag *tag = arena_alloc(&f->arena, sizeof(*tag));

    received->method = BYTES("POST");
    received->target = make_text(&f->arena, "http://api.test/a?b=c");
    received->form = TARGET_ABSOLUTE;
    received->scheme = bytes_until(received->target, 4);
    received->authority = bytes_make(received->target.ptr + 7, 8);
    received->path = bytes_from(received->target, 15);
    received->framing = HTTP_CHUNKED;
    received->anomalies = HTTP_ANOMALY_COUNT;
    received->head_bytes = 300;
    received->expect_continue = true;
    add_lines(f, received, "Host: api.test", 4);
    add_lines(f, received, "Proxy-Connection: keep-alive", 16);
    add_lines(f, received, "X-Odd  value", 5);
    received->fields.items[2].never_index = true;
    sent = arena_alloc(&f->arena, sizeof(*sent));
    assert_int_equal(head_fork(&f->arena, received, sent), STATUS_OK);
    fields_remove(&sent->fields, BYTES("Proxy-Connection"));
    assert_int_equal(fields_append(&f->arena, &sent->fields, BYTES("X-New"), BYTES("1")),
                     STATUS_OK);
    f->request.received = received;
    f->request.sent = sent;
    make_fields(&f->arena, trailers, "Checksum: 7\n");
    f->request.trailers = trailers;
    make_body(f, &f->request, BYTES("0123456789"));
    f->request.body.wire_bytes = 20;
    f->response.body.decoded = true;
    f->response.body.cut = true;
    f->response.body.wire_bytes = -1;
    f->interim = make_interim(f);
    f->interim->next = make_interim(f);
    make_rule(f, "proxy.yaml:12 flaky", "status 200 → 503");
    make_rule(f, "proxy.yaml:14", NULL);
    *tag = (struct flow_tag){.text = "slow"};
    f->tags = tag;
    f->messages = make_message(f, 1, 10);
    f->messages->next = make_message(f, 8, -5);
    f->client_tls = (struct flow_tls){.version = 0x304,
                                      .version_text = "TLS 1.3",
                                      .cipher = "TLS_AES_128_GCM_SHA256",
                                      .sni = BYTES("api.test"),
                                      .ja4 = BYTES("t13d"),
                                      .resumed = true};
    f->upstream_tls = (struct flow_tls){.version = 0x303,
                                        .version_text = "TLS 1.2",
                                        .verified = true,
                                        .certificate = BYTES("subject a\nissuer b")};
    f->user = BYTES("ann");
    f->anomalies = 5;
    f->injected = true;
    f->error = true;
    f->keep = FLOW_KEEP_HEADS;
    f->timings = (struct flow_timings){0, 1, 2, -1, 4, 5, INT64_MAX, INT64_MIN, 8};
    memcpy(f->duplicate_of, f->id, sizeof(f->id));
    return f;
}

static void gives_back_what_it_packed(void **state)
{
    struct flow *f = make_full_flow(), *back = packed_and_back(f);
    const struct head *received = back->request.received, *sent = back->request.sent;

    (void)state;
    assert_string_equal(back->id, f->id);
    assert_string_equal(back->duplicate_of, f->id);
    assert_bytes(back->client, "127.0.0.1:51234");
    assert_bytes(back->user, "ann");
    assert_bytes(received->authority, "api.test");
    assert_bytes(received->path, "/a?b=c");
    assert_ptr_equal(received->authority.ptr, received->target.ptr + 7);
    assert_int_equal(received->fields.count, 3);
    assert_bytes(received->fields.items[2].line, "X-Odd  value");
    assert_true(received->fields.items[2].never_index);
    assert_int_equal(received->fields.items[0].id, FIELD_HOST);
    assert_int_equal(received->framing, HTTP_CHUNKED);
    assert_true(received->expect_continue);
    assert_int_equal(sent->fields.count, 3);
    assert_bytes(sent->method, "POST");
    assert_bytes(sent->fields.items[1].name, "X-Odd");
    assert_bytes(sent->fields.items[2].value, "1");
    assert_int_equal(sent->fields.items[2].line.len, 0);
    assert_int_equal(back->request.trailers->count, 1);
    assert_int_equal(back->request.body.captured_bytes, 10);
    assert_int_equal(back->request.body.wire_bytes, 20);
    assert_int_equal(back->request.body.count, 0);
    assert_true(back->response.body.decoded && back->response.body.cut);
    assert_int_equal(back->response.body.wire_bytes, -1);
    assert_ptr_equal(back->response.sent, back->response.received);
    assert_true(back->interim->injected);
    assert_int_equal(back->interim->next->head->status, 103);
    assert_string_equal(back->rules->note, "status 200 → 503");
    assert_null(back->rules->next->note);
    assert_string_equal(back->tags->text, "slow");
    assert_int_equal(back->messages->next->time_us, f->started_us - 5);
    assert_memory_equal(back->messages->data.ptr, "a\0b", 3);
    assert_string_equal(back->client_tls.cipher, "TLS_AES_128_GCM_SHA256");
    assert_null(back->upstream_tls.cipher);
    assert_true(back->upstream_tls.verified && back->client_tls.resumed);
    assert_int_equal(back->timings.receive, INT64_MAX);
    assert_int_equal(back->timings.injected, INT64_MIN);
    assert_int_equal(back->timings.tls, -1);
    assert_string_equal(back->reason, "complete");
    assert_int_equal(back->keep, FLOW_KEEP_HEADS);
    flow_free(back);
    free_flow(f);
}

static void takes_flows_of_every_kind(void **state)
{
    (void)state;
    for (int kind = 0; kind < FORM_KINDS; kind++) {
        struct flow *f = make_flow((enum flow_kind)kind), *back;

        f->tunnel_up_bytes = 7;
        f->reason = kind ? "closed" : NULL;
        f->sentence = NULL;
        back = packed_and_back(f);
        assert_int_equal(back->kind, kind);
        assert_int_equal(back->tunnel_up_bytes, 7);
        assert_null(back->sentence);
        assert_null(back->request.received);
        assert_null(back->response.sent);
        flow_free(back);
        free_flow(f);
    }
}

static void writes_a_head_that_was_passed_on_once(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct head *copy = arena_alloc(&f->arena, sizeof(*copy));
    struct buf same = packed(f), alike;

    (void)state;
    assert_int_equal(head_copy(&f->arena, f->request.received, copy), STATUS_OK);
    f->request.sent = copy;
    alike = packed(f);
    assert_in_range(alike.len, same.len, same.len + 16);
    buf_release(&same);
    buf_release(&alike);
    free_flow(f);
}

static void refuses_a_newer_version(void **state)
{
    struct flow *f = make_full_flow(), *back = NULL;
    struct buf out = packed(f);

    (void)state;
    out.ptr[0]++;
    assert_int_equal(flow_unpack(buf_bytes(&out), &back), STATUS_BAD_INPUT);
    assert_null(back);
    buf_release(&out);
    free_flow(f);
}

static void refuses_what_is_cut_short_or_too_long(void **state)
{
    struct flow *f = make_full_flow(), *back = NULL;
    struct buf out = packed(f);

    (void)state;
    for (size_t len = 0; len < out.len; len++)
        assert_int_equal(flow_unpack(bytes_until(buf_bytes(&out), len), &back), STATUS_BAD_INPUT);
    buf_put_byte(&out, 0);
    assert_int_equal(flow_unpack(buf_bytes(&out), &back), STATUS_BAD_INPUT);
    assert_null(back);
    buf_release(&out);
    free_flow(f);
}

static void takes_no_harm_from_changed_bytes(void **state)
{
    struct flow *f = make_full_flow(), *back = NULL;
    struct buf out = packed(f);

    (void)state;
    for (size_t at = 0; at < out.len; at++) {
        for (unsigned change = 1; change < 256; change <<= 1) {
            out.ptr[at] ^= (uint8_t)change;
            if (flow_unpack(buf_bytes(&out), &back) == STATUS_OK)
                flow_free(back);
            out.ptr[at] ^= (uint8_t)change;
        }
    }
    buf_release(&out);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gives_back_what_it_packed),
        cmocka_unit_test(takes_flows_of_every_kind),
        cmocka_unit_test(writes_a_head_that_was_passed_on_once),
        cmocka_unit_test(refuses_a_newer_version),
        cmocka_unit_test(refuses_what_is_cut_short_or_too_long),
        cmocka_unit_test(takes_no_harm_from_changed_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
