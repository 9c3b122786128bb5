#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "logs/pcapng.h"
#include "make_flow.h"

enum { OUT_BYTES = 8 * 1024 * 1024, BIG_BYTES = 300 * 1000, PACKETS = 4096 };

static const struct redactor redacts = {.on = true, .key = "0123456789abcdef"};
static const struct redactor keeps = {.on = false};

/* ---- an own reader, strict --------------------------------------------------------------------
 */

struct packet {
    struct bytes bytes, data, comment;
    bool v6, from_client;
    uint16_t client_port;
    uint8_t flags;
    uint32_t sequence, acknowledged;
    uint64_t time_us;
};

struct capture {
    struct packet packets[PACKETS];
    uint32_t count, secrets;
};

static uint32_t u32_at(const uint8_t *at)
{
    return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static uint32_t big32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static uint16_t big16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t sum(uint32_t start, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++)
        start += i % 2 ? at[i] : (uint32_t)at[i] << 8;
    while (start >> 16)
        start = (start & 0xffff) + (start >> 16);
    return start;
}

static void read_tcp(struct packet *p, const uint8_t *ip, size_t len)
{
    size_t head = p->v6 ? 40 : 20, address = p->v6 ? 16 : 4;
    const uint8_t *tcp = ip + head;
    uint32_t pseudo = sum(6 + (uint32_t)(len - head), ip + head - 2 * address, 2 * address);

    assert_int_equal(sum(pseudo, tcp, len - head), 0xffff);
    p->from_client = big16(tcp + 2) == 80;
    p->client_port = big16(p->from_client ? tcp : tcp + 2);
    p->sequence = big32(tcp + 4);
    p->acknowledged = big32(tcp + 8);
    p->flags = tcp[13];
    p->data = bytes_make(tcp + tcp[12] / 16 * 4, len - head - tcp[12] / 16 * 4);
}

static void read_packet(struct capture *c, const uint8_t *body, size_t len)
{
    struct packet *p = &c->packets[c->count++];
    size_t packet_len = u32_at(body + 12), padded = (packet_len + 3) / 4 * 4;
    const uint8_t *ip = body + 20 + 14;

    assert_true(c->count <= PACKETS);
    assert_true(20 + padded <= len);
    assert_int_equal(u32_at(body + 16), packet_len);
    p->time_us = (uint64_t)u32_at(body + 4) << 32 | u32_at(body + 8);
    p->bytes = bytes_make(body + 20, packet_len);
    p->v6 = ip[0] >> 4 == 6;
    if (p->v6)
        assert_int_equal(big16(ip + 4) + 40, packet_len - 14);
    else
        assert_int_equal(sum(0, ip, 20), 0xffff);
    read_tcp(p, ip, packet_len - 14);
    if (20 + padded < len)
        p->comment = bytes_make(body + 24 + padded, u32_at(body + 20 + padded) >> 16);
}

static struct capture *read_capture(struct bytes in)
{
    struct capture *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    assert_int_equal(u32_at(in.ptr), 0x0a0d0d0a);
    while (in.len) {
        uint32_t len = u32_at(in.ptr + 4);

        assert_true(len % 4 == 0 && len >= 12 && len <= in.len);
        assert_int_equal(u32_at(in.ptr + len - 4), len);
        if (u32_at(in.ptr) == 6)
            read_packet(c, in.ptr + 8, len - 12);
        c->secrets += u32_at(in.ptr) == 10;
        in = bytes_from(in, len);
    }
    return c;
}

/* Every byte of a direction stands at its number, from one SYN to the next. */
static void expect_whole_streams(const struct capture *c)
{
    uint32_t next[2] = {0, 0};

    for (uint32_t i = 0; i < c->count; i++) {
        const struct packet *p = &c->packets[i];
        uint32_t *mine = &next[p->from_client];

        assert_true(i == 0 || (p->flags & 2) || p->time_us >= c->packets[i - 1].time_us);
        if (!(p->flags & 2))
            assert_int_equal(p->sequence, *mine);
        if (p->flags & 16)
            assert_int_equal(p->acknowledged, next[!p->from_client]);
        *mine = p->sequence + (uint32_t)p->data.len + ((p->flags & 3) != 0);
    }
}

static void join(const struct capture *c, bool from_client, struct buf *out)
{
    buf_init(out, OUT_BYTES);
    for (uint32_t i = 0; i < c->count; i++)
        if (c->packets[i].from_client == from_client)
            buf_put(out, c->packets[i].data);
}

static void expect_side(const struct capture *c, bool from_client, const char *text)
{
    struct buf joined;

    join(c, from_client, &joined);
    assert_string_equal(buf_text(&joined), text);
    buf_release(&joined);
}

static uint32_t count_flag(const struct capture *c, uint8_t flag)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < c->count; i++)
        count += (c->packets[i].flags & flag) != 0;
    return count;
}

/* The capture of some flows, which are freed. */
static struct capture *capture(const struct redactor *redactor, struct flow **flows, size_t count,
                               struct buf *out)
{
    struct pcapng *p = pcapng_new(redactor);

    assert_non_null(p);
    buf_init(out, OUT_BYTES);
    assert_int_equal(pcapng_begin(p, "weir test", out), STATUS_OK);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(pcapng_flow(p, flows[i], out), STATUS_OK);
        free_flow(flows[i]);
    }
    assert_int_equal(pcapng_end(p, out), STATUS_OK);
    pcapng_free(p);
    return read_capture(buf_bytes(out));
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void writes_an_exchange_as_a_stream(void **state)
{
    struct flow *f = make_http_flow("GET", "/a", 200, "text/plain");
    struct buf out;
    struct capture *c;

    (void)state;
    make_body(f, &f->response, BYTES("hello"));
    make_rule(f, "p.yaml:2 key", "x-api-key: a → S3cr3t");
    make_rule(f, "p.yaml:3 slow", "delay");
    c = capture(&redacts, &f, 1, &out);
    expect_whole_streams(c);
    expect_side(c, true, "GET /a HTTP/1.1\r\nHost: api.test\r\nUser-Agent: test/1\r\n\r\n");
    expect_side(c, false,
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(count_flag(c, 2), 2);
    assert_int_equal(count_flag(c, 1), 2);
    assert_int_equal(c->packets[0].client_port, 51234);
    assert_int_equal(c->packets[0].time_us, 1700000000123456);
    assert_int_equal(c->packets[c->count - 1].time_us, 1700000000123456 + 38000);
    assert_true(bytes_starts_with(c->packets[3].comment, BYTES("flow 01J0000000000000000000000A\n"
                                                               "https://api.test/a\n")));
    assert_true(bytes_ends_with(c->packets[5].comment, BYTES("rule p.yaml:3 slow: delay")));
    assert_true(bytes_search(c->packets[5].comment, BYTES("p.yaml:2 key: x-api-key: ")) > 0);
    assert_true(bytes_search(c->packets[5].comment, BYTES("S3cr3t")) < 0);
    free(c);
    buf_release(&out);
}

static void keeps_the_exchanges_of_a_connection_together(void **state)
{
    struct flow *flows[] = {make_http_flow("GET", "/1", 204, NULL),
                            make_http_flow("GET", "/2", 204, NULL),
                            make_http_flow("GET", "/3", 204, NULL)};
    struct buf out;
    struct capture *c;

    (void)state;
    flows[2]->client_connection = 99;
    c = capture(&redacts, flows, 3, &out);
    assert_int_equal(count_flag(c, 2), 4);
    assert_int_equal(count_flag(c, 1), 4);
    free(c);
    buf_release(&out);
}

static void gives_an_exchange_of_http2_a_stream_of_its_own(void **state)
{
    struct flow *flows[] = {make_http_flow("GET", "/1", 204, NULL),
                            make_http_flow("GET", "/2", 204, NULL)};
    struct buf out;
    struct capture *c;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct head *head = make_head(flows[i], HTTP_REQUEST, "x-a: 1\n");

        head->version = HTTP_2;
        head->method = BYTES("GET");
        head->path = BYTES("/");
        flows[i]->request.received = head;
    }
    c = capture(&redacts, flows, 2, &out);
    assert_int_equal(count_flag(c, 2), 4);
    expect_side(c, true,
                "GET / HTTP/1.1\r\nHost: api.test\r\nx-a: 1\r\n\r\n"
                "GET / HTTP/1.1\r\nHost: api.test\r\nx-a: 1\r\n\r\n");
    expect_whole_streams(c);
    free(c);
    buf_release(&out);
}

static void cuts_large_bodies_into_segments(void **state)
{
    static uint8_t body[BIG_BYTES];
    struct flow *f = make_http_flow("GET", "/big", 200, NULL);
    struct buf out, joined;
    struct capture *c;

    (void)state;
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (uint8_t)(i * 7 + i / 256);
    make_body(f, &f->response, bytes_make(body, sizeof(body)));
    f->response.body.wire_bytes *= 2;
    f->client = BYTES("[::1]:4000");
    c = capture(&keeps, &f, 1, &out);
    expect_whole_streams(c);
    assert_true(c->packets[0].v6);
    for (uint32_t i = 0; i < c->count; i++)
        assert_true(c->packets[i].data.len <= 1440);
    join(c, false, &joined);
    assert_true(bytes_ends_with(buf_bytes(&joined), bytes_make(body, sizeof(body))));
    assert_true(bytes_search(buf_bytes(&joined), BYTES("Content-Length: 300000\r\n")) > 0);
    assert_true(bytes_search(buf_bytes(&out), BYTES("300000 of 600000 bytes")) > 0);
    buf_release(&joined);
    free(c);
    buf_release(&out);
}

static void frames_anew(void **state)
{
    struct flow *f = make_http_flow("POST", "/", 200, NULL);
    struct head *head = make_head(f, HTTP_RESPONSE, "Transfer-Encoding: chunked\nX-A: 1\n");
    struct fields *trailers = arena_alloc(&f->arena, sizeof(*trailers));
    struct buf out;
    struct capture *c;

    (void)state;
    head->status = 200;
    f->response.received = head;
    make_fields(&f->arena, trailers, "X-Sum: 5\n");
    f->response.trailers = trailers;
    make_body(f, &f->response, BYTES("hello"));
    make_body(f, &f->request, BYTES("abc"));
    c = capture(&redacts, &f, 1, &out);
    expect_side(c, true,
                "POST / HTTP/1.1\r\nHost: api.test\r\nUser-Agent: test/1\r\n"
                "Content-Length: 3\r\n\r\nabc");
    expect_side(c, false,
                "HTTP/1.1 200 OK\r\nX-A: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                "5\r\nhello\r\n0\r\nX-Sum: 5\r\n\r\n");
    free(c);
    buf_release(&out);
}

static void leaves_a_head_without_content_its_length(void **state)
{
    struct flow *f = make_http_flow("HEAD", "/", 200, NULL);
    struct head *head = make_head(f, HTTP_RESPONSE, "Content-Length: 7\n");
    struct buf out;
    struct capture *c;

    (void)state;
    head->status = 200;
    f->response.received = head;
    c = capture(&redacts, &f, 1, &out);
    expect_side(c, false, "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n");
    free(c);
    buf_release(&out);
}

static void takes_secrets_out(void **state)
{
    struct flow *f = make_http_flow("POST", "/?token=S3cr3t", 200, "application/json");
    struct head *head = make_head(f, HTTP_REQUEST, "Authorization: Bearer S3cr3t\n");
    struct flow_socket_message message = {.opcode = 1, .data = BYTES("{\"password\":\"S3cr3t\"}")};
    struct buf out;
    struct capture *c;

    (void)state;
    head->method = BYTES("POST");
    head->path = BYTES("/?token=S3cr3t");
    f->request.received = head;
    f->messages = &message;
    make_body(f, &f->response, BYTES("{\"password\":\"S3cr3t\"}"));
    make_rule(f, "\x1b[2J", "authorization: Bearer S3cr3t");
    c = capture(&redacts, &f, 1, &out);
    assert_int_equal(bytes_search(buf_bytes(&out), BYTES("S3cr3t")), -1);
    assert_true(bytes_search(buf_bytes(&out), BYTES("rule \\e[2J: ")) > 0);
    free(c);
    buf_release(&out);
}

static void holds_no_more_streams_than_it_may(void **state)
{
    struct pcapng *p = pcapng_new(&redacts);
    struct buf out;
    struct capture *c;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(pcapng_begin(p, "t", &out), STATUS_OK);
    for (uint64_t i = 1; i <= 300; i++) {
        struct flow *f = make_http_flow("GET", "/", 204, NULL);

        f->client_connection = i;
        assert_int_equal(pcapng_flow(p, f, &out), STATUS_OK);
        free_flow(f);
    }
    assert_int_equal(pcapng_end(p, &out), STATUS_OK);
    pcapng_free(p);
    c = read_capture(buf_bytes(&out));
    assert_int_equal(count_flag(c, 2), 600);
    assert_int_equal(count_flag(c, 1), 600);
    free(c);
    buf_release(&out);
}

static void carries_the_secrets_of_tls(void **state)
{
    struct pcapng *p = pcapng_new(&redacts);
    struct buf out;
    struct capture *c;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(pcapng_begin(p, "t", &out), STATUS_OK);
    assert_int_equal(pcapng_secrets(p, BYTES("CLIENT_RANDOM 01 02\n"), &out), STATUS_OK);
    c = read_capture(buf_bytes(&out));
    assert_int_equal(c->secrets, 1);
    free(c);
    pcapng_free(p);
    buf_release(&out);
}

static void has_nothing_of_a_tunnel(void **state)
{
    struct pcapng *p = pcapng_new(&redacts);
    struct flow *f = make_flow(FLOW_TUNNEL);
    struct buf out;

    (void)state;
    buf_init(&out, OUT_BYTES);
    assert_int_equal(pcapng_flow(p, f, &out), STATUS_NOT_FOUND);
    assert_int_equal(out.len, 0);
    free_flow(f);
    pcapng_free(p);
    buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_an_exchange_as_a_stream),
        cmocka_unit_test(keeps_the_exchanges_of_a_connection_together),
        cmocka_unit_test(gives_an_exchange_of_http2_a_stream_of_its_own),
        cmocka_unit_test(cuts_large_bodies_into_segments),
        cmocka_unit_test(frames_anew),
        cmocka_unit_test(leaves_a_head_without_content_its_length),
        cmocka_unit_test(takes_secrets_out),
        cmocka_unit_test(holds_no_more_streams_than_it_may),
        cmocka_unit_test(carries_the_secrets_of_tls),
        cmocka_unit_test(has_nothing_of_a_tunnel),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
