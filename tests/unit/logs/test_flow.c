#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "make_flow.h"

static void assert_url(const struct flow *f, const char *expected)
{
    struct buf out;

    buf_init(&out, 4096);
    flow_put_url(f, &out);
    assert_string_equal(buf_text(&out), expected);
    buf_release(&out);
}

static void leaves_out_the_port_of_the_scheme(void **state)
{
    struct flow *f = make_http_flow("GET", "/a?b=c", 200, NULL);

    (void)state;
    assert_url(f, "https://api.test/a?b=c");
    f->port = 8443;
    assert_url(f, "https://api.test:8443/a?b=c");
    f->scheme = BYTES("http");
    f->port = 80;
    assert_url(f, "http://api.test/a?b=c");
    f->port = 443;
    assert_url(f, "http://api.test:443/a?b=c");
    free_flow(f);
}

static void puts_brackets_around_ipv6(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);

    (void)state;
    f->host = BYTES("::1");
    assert_url(f, "https://[::1]/");
    f->kind = FLOW_TUNNEL;
    assert_url(f, "[::1]:443");
    free_flow(f);
}

static void has_no_path_for_options_star(void **state)
{
    struct flow *f = make_http_flow("OPTIONS", "*", 200, NULL);

    (void)state;
    assert_url(f, "https://api.test"); /* RFC 9112 §3.3 */
    free_flow(f);
}

static void tunnels_of_absurd_lengths_have_a_sum(void **state)
{
    struct flow *f = make_flow(FLOW_TUNNEL);

    (void)state;
    f->tunnel_up_bytes = 1;
    f->tunnel_down_bytes = 2;
    assert_int_equal(flow_tunnel_bytes(f), 3);
    f->tunnel_up_bytes = f->tunnel_down_bytes = INT64_MAX / 2 + 1;
    assert_int_equal(flow_tunnel_bytes(f), INT64_MAX);
    free_flow(f);
}

static void shows_a_tunnel_as_host_and_port(void **state)
{
    struct flow *f = make_flow(FLOW_TUNNEL);

    (void)state;
    assert_url(f, "api.test:443");
    free_flow(f);
}

static void is_ok_below_400_only(void **state)
{
    struct flow f = {.status = 0};

    (void)state;
    assert_false(flow_ok(&f));
    f.status = 304;
    assert_true(flow_ok(&f));
    f.status = 399;
    assert_true(flow_ok(&f));
    f.status = 400;
    assert_false(flow_ok(&f));
}

static void heads_alike(const char *a, const char *b, bool expected)
{
    struct flow *f = make_flow(FLOW_HTTP);

    assert_int_equal(flow_heads_alike(make_head(f, HTTP_REQUEST, a), make_head(f, HTTP_REQUEST, b)),
                     expected);
    assert_int_equal(flow_heads_alike(make_head(f, HTTP_REQUEST, b), make_head(f, HTTP_REQUEST, a)),
                     expected);
    free_flow(f);
}

static void compares_heads_by_their_end_to_end_fields(void **state)
{
    (void)state;
    heads_alike("A: 1\nB: 2\n", "A: 1\nB: 2\n", true);
    heads_alike("A: 1\nConnection: close\nB: 2\n", "A: 1\nB: 2\n", true);
    heads_alike("A: 1\nContent-Length: 3\n", "Transfer-Encoding: chunked\nA: 1\n", true);
    heads_alike("A: 1\nB: 2\n", "B: 2\nA: 1\n", false);
    heads_alike("A: 1\n", "a: 1\n", false);
    heads_alike("A: 1\n", "A: 2\n", false);
    heads_alike("A: 1\n", "A: 1\nA: 1\n", false);
    heads_alike("", "Connection: close\n", true);
}

static const char plain[] = "the quick brown fox jumps over the lazy dog, "
                            "the quick brown fox jumps over the lazy dog";

/* The same as gzip. */
static const struct bytes gzip = BYTES_INIT(
    "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x2b\xc9\x48\x55\x28\x2c\xcd\x4c\xce\x56\x48\x2a"
    "\xca\x2f\xcf\x53\x48\xcb\xaf\x50\xc8\x2a\xcd\x2d\x28\x56\xc8\x2f\x4b\x2d\x52\x28\x01\x4a"
    "\xe7\x24\x56\x55\x2a\xa4\xe4\xa7\xeb\x80\x79\x44\x2a\x06\x00\xd3\xe1\xca\xb2\x58\x00\x00"
    "\x00");

/* A body in pieces of `piece` bytes. */
static void cut_body(struct flow *f, struct flow_message *m, struct bytes content, size_t piece)
{
    struct slice *slices = arena_alloc(&f->arena, content.len * sizeof(*slices));
    uint32_t count = 0;

    for (size_t at = 0; at < content.len; at += piece)
        slices[count++] = slice_of(bytes_until(bytes_from(content, at), piece));
    m->body = (struct flow_body){.slices = slices,
                                 .count = count,
                                 .cap = count,
                                 .wire_bytes = (int64_t)content.len,
                                 .captured_bytes = (int64_t)content.len};
}

static void decodes_content_that_came_in_pieces(void **state)
{
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    for (size_t piece = 1; piece <= gzip.len; piece++) {
        struct flow *f = make_http_flow("GET", "/", 200, NULL);

        f->response.received = make_head(f, HTTP_RESPONSE, "content-encoding: GZIP\n");
        cut_body(f, &f->response, gzip, piece);
        assert_int_equal(flow_content(&f->response, &out), STATUS_OK);
        assert_string_equal(buf_text(&out), plain);
        buf_clear(&out);
        f->response.body.count--; /* the last piece was not captured */
        if (piece < gzip.len)
            assert_int_equal(flow_content(&f->response, &out), STATUS_TRUNCATED);
        buf_clear(&out);
        free_flow(f);
    }
    buf_release(&out);
}

static void joins_repeated_content_encoding(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    f->response.received =
        make_head(f, HTTP_RESPONSE, "Content-Encoding: identity\nContent-Encoding: gzip\n");
    make_body(f, &f->response, gzip);
    assert_int_equal(flow_content(&f->response, &out), STATUS_OK);
    assert_string_equal(buf_text(&out), plain);
    buf_release(&out);
    free_flow(f);
}

static void views_uncoded_content_without_a_copy(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct bytes content, body = bytes_of(plain);
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    make_body(f, &f->response, body);
    assert_int_equal(flow_content_view(&f->response, &out, &content), STATUS_OK);
    assert_ptr_equal(content.ptr, body.ptr);
    assert_int_equal(content.len, body.len);
    assert_int_equal(out.len, 0);
    buf_release(&out);
    free_flow(f);
}

static void has_nothing_of_a_coding_it_does_not_know(void **state)
{
    struct flow *f = make_http_flow("GET", "/", 200, NULL);
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    f->response.received = make_head(f, HTTP_RESPONSE, "Content-Encoding: rot13\n");
    make_body(f, &f->response, bytes_of(plain));
    assert_int_equal(flow_content(&f->response, &out), STATUS_UNSUPPORTED);
    assert_int_equal(out.len, 0);
    buf_release(&out);
    free_flow(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(leaves_out_the_port_of_the_scheme),
        cmocka_unit_test(puts_brackets_around_ipv6),
        cmocka_unit_test(has_no_path_for_options_star),
        cmocka_unit_test(tunnels_of_absurd_lengths_have_a_sum),
        cmocka_unit_test(shows_a_tunnel_as_host_and_port),
        cmocka_unit_test(is_ok_below_400_only),
        cmocka_unit_test(compares_heads_by_their_end_to_end_fields),
        cmocka_unit_test(decodes_content_that_came_in_pieces),
        cmocka_unit_test(joins_repeated_content_encoding),
        cmocka_unit_test(views_uncoded_content_without_a_copy),
        cmocka_unit_test(has_nothing_of_a_coding_it_does_not_know),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
