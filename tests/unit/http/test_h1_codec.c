#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "http/codec.h"

/* What arrives as which event is told by the golden cases; here stands how a
 * connection goes on from one message to the next, and what goes out. */

enum { TEXT_BYTES = 1024 * 1024, BIG = 20 * 1024 };

struct conn {
    struct chunk_pool pool;
    struct h1_scratch *scratch;
    struct codec *codec;
    struct buf events; /* a word for each, content as it is */
    uint32_t stream;   /* of the last event */
    size_t credited;
    bool reusable_at_end;
    void (*on_head)(struct conn *c);
};

static void on_event(void *self, uint32_t stream, const struct message_event *ev)
{
    static const char *const words[] = {"HEAD ",     "INTERIM ", "",       "MESSAGE ",
                                        "TRAILERS ", "END ",     "ABORT ", "TUNNEL "};
    struct conn *c = self;

    c->stream = stream;
    buf_put_text(&c->events, words[ev->kind]);
    if (ev->kind == MESSAGE_DATA) {
        buf_put(&c->events, slice_bytes(ev->data));
        buf_put_byte(&c->events, ' ');
    }
    if (ev->kind == MESSAGE_END)
        c->reusable_at_end = codec_reusable(c->codec);
    if (ev->kind == MESSAGE_HEAD && c->on_head != NULL)
        c->on_head(c);
}

static void on_credit(void *self, uint32_t stream, size_t content_bytes)
{
    struct conn *c = self;

    (void)stream;
    c->credited += content_bytes;
}

static struct conn *conn_new(enum http_side side)
{
    static const struct codec_user user = {on_event, on_credit, NULL};
    static const struct codec_limits limits = {
        .head_bytes = 4096, .fields = 32, .request_line_bytes = 1024};
    struct conn *c = calloc(1, sizeof(*c));

    assert_non_null(c);
    chunk_pool_init(&c->pool, 4);
    buf_init(&c->events, TEXT_BYTES);
    assert_int_equal(h1_scratch_new(32, &c->scratch), STATUS_OK);
    assert_int_equal(h1_codec_new(side, &limits, c->scratch, &c->pool, &user, c, &c->codec),
                     STATUS_OK);
    return c;
}

static int setup_server(void **state)
{
    *state = conn_new(HTTP_REQUEST);
    return 0;
}

static int setup_client(void **state)
{
    *state = conn_new(HTTP_RESPONSE);
    return 0;
}

static int teardown(void **state)
{
    struct conn *c = *state;

    codec_free(c->codec);
    h1_scratch_free(c->scratch);
    buf_release(&c->events);
    assert_int_equal(c->pool.live_bytes, 0);
    chunk_pool_release(&c->pool);
    free(c);
    return 0;
}

/* Feeds all of `text`, of which `left` bytes are not to be taken. */
static enum status feed_but(struct conn *c, const char *text, size_t left)
{
    size_t used = 0;
    enum status st = codec_feed(c->codec, slice_of(bytes_of(text)), &used);

    if (st == STATUS_OK)
        assert_int_equal(used, strlen(text) - left);
    return st;
}

static void feed(struct conn *c, const char *text)
{
    assert_int_equal(feed_but(c, text, 0), STATUS_OK);
}

static void assert_events(struct conn *c, const char *expected)
{
    assert_string_equal(buf_text(&c->events), expected);
    buf_clear(&c->events);
}

/* Takes all that is to be written; it has reached the kernel. */
static void assert_out(struct conn *c, const char *expected)
{
    struct slice_queue *q = codec_out(c->codec);
    size_t all = q->bytes, at = 0;

    assert_int_equal(all, strlen(expected));
    while (q->bytes > 0) {
        struct slice first = slice_queue_first(q);

        assert_memory_equal(first.ptr, expected + at, first.len);
        at += first.len;
        slice_queue_consume(q, first.len);
    }
    codec_sent(c->codec, all);
}

static enum status send_head_of(struct conn *c, const struct head *h)
{
    return codec_send(c->codec, c->stream,
                      &(struct message_event){.kind = MESSAGE_HEAD, .head = h});
}

static enum status send_response(struct conn *c, uint16_t status, enum http_framing framing,
                                 int64_t length)
{
    struct head h = {.side = HTTP_RESPONSE, .status = status, .framing = framing, .length = length};

    return send_head_of(c, &h);
}

static enum status send_request(struct conn *c, const char *method, enum http_framing framing,
                                int64_t length)
{
    struct head h = {.side = HTTP_REQUEST,
                     .method = bytes_of(method),
                     .form = strcmp(method, "CONNECT") == 0 ? TARGET_AUTHORITY : TARGET_ORIGIN,
                     .authority = BYTES("a.test:443"),
                     .path = BYTES("/"),
                     .framing = framing,
                     .length = length};

    return send_head_of(c, &h);
}

static enum status send_data(struct conn *c, const char *text)
{
    return codec_send(
        c->codec, c->stream,
        &(struct message_event){.kind = MESSAGE_DATA, .data = slice_of(bytes_of(text))});
}

static enum status send_kind(struct conn *c, enum message_event_kind kind)
{
    return codec_send(c->codec, c->stream, &(struct message_event){.kind = kind});
}

#define ok(call) assert_int_equal(call, STATUS_OK)
#define refused(call) assert_int_equal(call, STATUS_BAD_INPUT)

static void answer(struct conn *c, uint16_t status)
{
    ok(send_response(c, status, HTTP_NO_BODY, -1));
    ok(send_kind(c, MESSAGE_END));
}

/* A request of the client codec without content, asked whole. */
static void ask(struct conn *c, const char *method)
{
    c->stream = codec_open(c->codec);
    assert_int_not_equal(c->stream, 0);
    ok(send_request(c, method, HTTP_NO_BODY, -1));
    ok(send_kind(c, MESSAGE_END));
    slice_queue_consume(codec_out(c->codec), codec_out(c->codec)->bytes);
    codec_sent(c->codec, SIZE_MAX);
}

#define GET "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
#define OK_2 "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"

static void stops_behind_a_request_until_it_is_answered(void **state)
{
    struct conn *c = *state;

    assert_true(codec_wants_input(c->codec) && codec_idle(c->codec));
    ok(feed_but(c, GET GET, strlen(GET)));
    assert_events(c, "HEAD END ");
    assert_false(codec_wants_input(c->codec));
    assert_false(codec_idle(c->codec));
    ok(feed_but(c, GET, strlen(GET)));
    answer(c, 200);
    assert_true(codec_wants_input(c->codec) && codec_idle(c->codec));
    assert_true(codec_reusable(c->codec));
    assert_int_equal(c->stream, 1);
    feed(c, GET);
    assert_int_equal(c->stream, 2);
}

/* Else a client that never reads makes us pile answers up. */
static void reads_no_further_before_the_content_of_an_answer_has_left(void **state)
{
    struct conn *c = *state;

    feed(c, GET);
    ok(send_response(c, 200, HTTP_LENGTH, 5));
    ok(send_data(c, "hello"));
    ok(send_kind(c, MESSAGE_END));
    assert_false(codec_wants_input(c->codec));
    ok(feed_but(c, GET, strlen(GET)));
    assert_out(c, "HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello");
    assert_int_equal(c->credited, 5);
    assert_true(codec_wants_input(c->codec));
    feed(c, GET);
}

static void answers_a_refused_request_on_stream_0(void **state)
{
    struct conn *c = *state;

    feed(c, GET);
    answer(c, 200);
    assert_out(c, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(feed_but(c, "GET\r\n\r\n", 0), STATUS_BAD_MESSAGE);
    assert_events(c, "HEAD END ");
    refused(send_response(c, 400, HTTP_NO_BODY, -1)); /* stream 1 is over */
    c->stream = 0;
    answer(c, 400);
    assert_out(c, "HTTP/1.1 400 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_false(codec_reusable(c->codec));
    assert_false(codec_wants_input(c->codec));
}

static void repeats_a_refusal(void **state)
{
    struct conn *c = *state;
    const struct codec_fault *fault;

    assert_null(codec_fault(c->codec));
    assert_int_equal(feed_but(c, "GET\r\n", 0), STATUS_BAD_MESSAGE);
    assert_int_equal(feed_but(c, GET, 0), STATUS_BAD_MESSAGE);
    assert_int_equal(codec_eof(c->codec, true), STATUS_BAD_MESSAGE);
    fault = codec_fault(c->codec);
    assert_int_equal(fault->status, 400);
    assert_int_equal(fault->anomaly, HTTP_ANOMALY(BAD_START_LINE));
    assert_events(c, "");
}

static void answers_a_request_whose_content_was_refused(void **state)
{
    struct conn *c = *state;

    assert_int_equal(
        feed_but(c, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx", 0),
        STATUS_BAD_MESSAGE);
    assert_events(c, "HEAD ABORT ");
    answer(c, 400);
    assert_out(c, "HTTP/1.1 400 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
}

static void tells_close_when_draining(void **state)
{
    struct conn *c = *state;

    feed(c, GET);
    codec_drain(c->codec);
    assert_false(codec_reusable(c->codec));
    answer(c, 200);
    assert_out(c, "HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_false(codec_wants_input(c->codec));
}

static void tells_close_once_the_client_has_closed_its_side(void **state)
{
    struct conn *c = *state;

    feed(c, GET);
    ok(codec_eof(c->codec, true));
    answer(c, 204);
    assert_out(c, "HTTP/1.1 204 \r\nConnection: close\r\n\r\n");
}

static void says_nothing_of_a_connection_that_the_caller_closes(void **state)
{
    struct field close = {
        .name = BYTES("connection"), .value = BYTES("close"), .id = FIELD_CONNECTION};
    struct head h = {.side = HTTP_RESPONSE, .status = 200, .fields = {&close, 1, 1}};
    struct conn *c = *state;

    feed(c, GET);
    ok(send_head_of(c, &h));
    ok(send_kind(c, MESSAGE_END));
    assert_out(c, "HTTP/1.1 200 \r\nconnection: close\r\nContent-Length: 0\r\n\r\n");
    assert_false(codec_reusable(c->codec));
}

/* RFC 9112 §9.3: what is left of the request would be taken for the next. */
static void closes_behind_an_answer_that_comes_before_the_request_ends(void **state)
{
    struct conn *c = *state;

    feed(c, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nab");
    answer(c, 413);
    assert_out(c, "HTTP/1.1 413 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_false(codec_reusable(c->codec));
    ok(feed_but(c, "cdGET", 3));
    assert_events(c, "HEAD ab cd END ");
    assert_false(codec_wants_input(c->codec));
}

static void answer_at_once(struct conn *c)
{
    answer(c, 200);
}

static void goes_on_when_answered_from_within_the_head(void **state)
{
    struct conn *c = *state;

    c->on_head = answer_at_once;
    feed(c, GET GET);
    assert_events(c, "HEAD END HEAD END ");
    assert_out(c, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n"
                  "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
    assert_true(codec_idle(c->codec));
}

/* RFC 9112 §9.3, appendix C.2.2 */
static void tells_keep_alive_to_http10(void **state)
{
    struct conn *c = *state;

    feed(c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    answer(c, 200);
    assert_out(c, "HTTP/1.1 200 \r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n");
    feed(c, "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    ok(send_response(c, 200, HTTP_CHUNKED, -1));
    ok(send_data(c, "abc"));
    ok(send_kind(c, MESSAGE_END));
    assert_out(c, "HTTP/1.1 200 \r\nConnection: close\r\n\r\nabc");
    assert_false(codec_reusable(c->codec));
}

static void sends_chunks(void **state)
{
    struct field sum = {.name = BYTES("X-Sum"), .value = BYTES("1")};
    struct fields trailers = {&sum, 1, 1};
    struct message_event ev = {.kind = MESSAGE_TRAILERS, .trailers = &trailers};
    struct conn *c = *state;

    feed(c, GET);
    ok(send_response(c, 200, HTTP_UNTIL_CLOSE, -1));
    ok(send_data(c, "0123456789abcdef"));
    ok(send_data(c, ""));
    ok(send_data(c, "x"));
    ok(codec_send(c->codec, c->stream, &ev));
    ok(send_kind(c, MESSAGE_END));
    assert_out(c, "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n10\r\n0123456789abcdef\r\n"
                  "1\r\nx\r\n0\r\nX-Sum: 1\r\n\r\n");
    assert_int_equal(c->credited, 17);
}

static void puts_a_head_and_little_content_into_one_block(void **state)
{
    struct conn *c = *state;

    feed(c, GET);
    ok(send_response(c, 200, HTTP_CHUNKED, -1));
    ok(send_data(c, "little"));
    ok(send_kind(c, MESSAGE_END));
    assert_int_equal(codec_out(c->codec)->count, 1);
}

static void refers_to_much_content_where_it_lies(void **state)
{
    struct conn *c = *state;
    struct chunk *chunk = chunk_new(&c->pool, BIG);
    struct message_event ev = {.kind = MESSAGE_DATA};
    struct iovec iov[4];

    assert_non_null(chunk);
    memset(chunk->data, 'x', BIG);
    ev.data = (struct slice){chunk->data, chunk->cap, chunk};
    feed(c, GET);
    ok(send_response(c, 200, HTTP_LENGTH, chunk->cap));
    ok(codec_send(c->codec, c->stream, &ev));
    assert_int_equal(chunk->refs, 2);
    assert_int_equal(slice_queue_iov(codec_out(c->codec), iov, 4), 2);
    assert_ptr_equal(iov[1].iov_base, chunk->data);
    chunk_unref(chunk);
}

/* Whatever the pieces in which it leaves. */
static void credits_content_exactly(void **state)
{
    struct conn *c = *state;

    for (size_t piece = 1; piece < 300; piece += 7) {
        struct slice_queue *q = codec_out(c->codec);
        size_t content = 0;

        c->credited = 0;
        feed(c, GET);
        ok(send_response(c, 200, HTTP_CHUNKED, -1));
        for (int i = 0; i < 20; i++) {
            ok(send_data(c, "some content"));
            content += strlen("some content");
        }
        ok(send_kind(c, MESSAGE_END));
        while (q->bytes > 0) {
            size_t len = q->bytes < piece ? q->bytes : piece;

            slice_queue_consume(q, len);
            codec_sent(c->codec, len);
            assert_true(c->credited <= content);
            assert_true(q->bytes == 0 || c->credited < content);
        }
        assert_int_equal(c->credited, content);
    }
}

static void credits_in_proportion(void **state)
{
    struct conn *c = *state;
    char text[1001] = {0};
    size_t head;

    memset(text, 'a', 1000);
    feed(c, GET);
    ok(send_response(c, 200, HTTP_LENGTH, 1000));
    head = codec_out(c->codec)->bytes;
    ok(send_data(c, text));
    ok(send_kind(c, MESSAGE_END));
    codec_sent(c->codec, (head + 1000) / 2);
    assert_in_range(c->credited, 450, 550);
    slice_queue_consume(codec_out(c->codec), head + 1000);
    codec_sent(c->codec, head + 1000 - (head + 1000) / 2);
    assert_int_equal(c->credited, 1000);
}

static void refuses_events_out_of_order(void **state)
{
    struct conn *c = *state;

    refused(send_response(c, 200, HTTP_NO_BODY, -1)); /* nothing was asked */
    refused(send_data(c, "x"));
    refused(send_kind(c, MESSAGE_END));
    feed(c, GET);
    refused(send_data(c, "x"));
    refused(send_data(c, ""));
    refused(send_kind(c, MESSAGE_END));
    refused(send_kind(c, MESSAGE_TUNNEL));
    refused(send_kind(c, MESSAGE_MESSAGE));
    refused(send_request(c, "GET", HTTP_NO_BODY, -1));
    refused(send_response(c, 100, HTTP_NO_BODY, -1));
    refused(send_response(c, 101, HTTP_NO_BODY, -1)); /* nobody asked for it */
    c->stream = 2;
    refused(send_response(c, 200, HTTP_NO_BODY, -1));
    c->stream = 1;
    answer(c, 200);
    refused(send_response(c, 200, HTTP_NO_BODY, -1));
    refused(send_kind(c, MESSAGE_END));
    assert_out(c, "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
}

static void refuses_other_content_than_was_told(void **state)
{
    struct conn *c = *state;

    feed(c, GET);
    ok(send_response(c, 200, HTTP_LENGTH, 3));
    refused(send_data(c, "abcd"));
    ok(send_data(c, "ab"));
    refused(send_kind(c, MESSAGE_END));
    refused(send_data(c, "cd"));
    ok(send_data(c, "c"));
    refused(send_data(c, "d"));
    ok(send_kind(c, MESSAGE_END));
    assert_out(c, "HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\nabc");
}

/* RFC 9110 §6.4.1 */
static void refuses_content_where_none_is_allowed(void **state)
{
    struct conn *c = *state;

    feed(c, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
    ok(send_response(c, 200, HTTP_LENGTH, 3));
    refused(send_data(c, "abc"));
    ok(send_kind(c, MESSAGE_END));
    assert_out(c, "HTTP/1.1 200 \r\nContent-Length: 3\r\n\r\n");
    feed(c, GET);
    ok(send_response(c, 304, HTTP_CHUNKED, -1));
    refused(send_data(c, "abc"));
    ok(send_kind(c, MESSAGE_END));
    assert_out(c, "HTTP/1.1 304 \r\nTransfer-Encoding: chunked\r\n\r\n");
    feed(c, GET);
    ok(send_response(c, 204, HTTP_LENGTH, 3));
    refused(send_data(c, "abc"));
    ok(send_kind(c, MESSAGE_END));
    assert_out(c, "HTTP/1.1 204 \r\n\r\n");
    assert_true(codec_reusable(c->codec));
}

static void sends_interim_answers_before_the_final_one(void **state)
{
    struct head h = {.side = HTTP_RESPONSE, .status = 100, .reason = BYTES("Continue")};
    struct message_event ev = {.kind = MESSAGE_INTERIM, .head = &h};
    struct conn *c = *state;

    feed(c, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n");
    ok(codec_send(c->codec, c->stream, &ev));
    feed(c, "x");
    answer(c, 200);
    refused(codec_send(c->codec, c->stream, &ev));
    assert_out(c, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n");
    feed(c, GET);
    h.status = 200;
    refused(codec_send(c->codec, c->stream, &ev));
    h.status = 101;
    refused(codec_send(c->codec, c->stream, &ev));
}

static void turns_into_a_tunnel_both_ways(void **state)
{
    struct conn *c = *state;

    ok(feed_but(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\nearly", 5));
    ok(send_response(c, 200, HTTP_NO_BODY, -1));
    ok(send_kind(c, MESSAGE_TUNNEL));
    assert_true(codec_wants_input(c->codec));
    feed(c, "early");
    ok(send_data(c, "late"));
    assert_events(c, "HEAD END early ");
    assert_out(c, "HTTP/1.1 200 \r\n\r\nlate");
    assert_int_equal(c->credited, 4);
    assert_false(codec_reusable(c->codec));
    ok(codec_eof(c->codec, true));
    assert_events(c, "END ");
    ok(send_data(c, "r"));
    ok(send_kind(c, MESSAGE_END));
    refused(send_data(c, "x"));
    assert_out(c, "r");
}

static void switch_at_once(struct conn *c)
{
    ok(send_response(c, 200, HTTP_NO_BODY, -1));
}

/* So that the owner may take the bytes behind it elsewhere. */
static void takes_nothing_behind_the_head_that_switches(void **state)
{
    struct conn *c = *state;

    c->on_head = switch_at_once;
    ok(feed_but(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\nraw", 3));
    feed(c, "raw");
    assert_events(c, "HEAD END raw ");
}

static void closes_behind_a_refused_connect(void **state)
{
    struct conn *c = *state;

    feed(c, "CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n");
    answer(c, 403);
    assert_out(c, "HTTP/1.1 403 \r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    assert_false(codec_reusable(c->codec));
    ok(feed_but(c, "raw", 3));
}

static void an_aborted_answer_ends_the_connection(void **state)
{
    struct conn *c = *state;

    feed(c, GET);
    ok(send_response(c, 200, HTTP_CHUNKED, -1));
    ok(send_data(c, "x"));
    ok(send_kind(c, MESSAGE_ABORT));
    refused(send_kind(c, MESSAGE_END));
    assert_false(codec_reusable(c->codec));
    assert_out(c, "HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n");
}

static void asks_one_request_after_another(void **state)
{
    struct conn *c = *state;

    assert_true(codec_idle(c->codec) && codec_reusable(c->codec));
    ask(c, "GET");
    assert_int_equal(c->stream, 1);
    assert_int_equal(codec_open(c->codec), 0);
    feed(c, OK_2);
    assert_true(c->reusable_at_end);
    assert_true(codec_idle(c->codec));
    ask(c, "GET");
    assert_int_equal(c->stream, 2);
    feed(c, OK_2);
    assert_events(c, "HEAD hi END HEAD hi END ");
}

/* RFC 9112 §6.3: how an answer is framed depends on what was asked. */
static void remembers_the_method_of_each_request(void **state)
{
    struct conn *c = *state;

    ask(c, "HEAD");
    feed(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
    ask(c, "GET");
    feed(c, OK_2);
    assert_events(c, "HEAD END HEAD hi END ");
}

static void takes_bytes_that_nobody_asked_for_as_a_fault(void **state)
{
    struct conn *c = *state;

    ask(c, "GET");
    feed(c, OK_2);
    assert_int_equal(feed_but(c, "x", 0), STATUS_BAD_MESSAGE);
    assert_int_equal(codec_fault(c->codec)->anomaly, HTTP_ANOMALY(EXCESS_BYTES));
    assert_int_equal(codec_open(c->codec), 0);
    assert_events(c, "HEAD hi END "); /* the answer itself was whole */
}

/* At END the owner may put the connection back into its pool. */
static void knows_of_excess_bytes_before_it_tells_of_the_end(void **state)
{
    struct conn *c = *state;

    ask(c, "GET");
    assert_int_equal(feed_but(c, OK_2 "x", 0), STATUS_BAD_MESSAGE);
    assert_false(c->reusable_at_end);
}

static void is_not_reusable_before_the_request_is_sent(void **state)
{
    struct conn *c = *state;

    c->stream = codec_open(c->codec);
    ok(send_request(c, "POST", HTTP_LENGTH, 4));
    ok(send_data(c, "ab"));
    feed(c, "HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n");
    assert_events(c, "HEAD END ");
    assert_false(c->reusable_at_end);
    assert_int_equal(codec_open(c->codec), 0);
    ok(send_data(c, "cd"));
    ok(send_kind(c, MESSAGE_END));
    assert_false(codec_reusable(c->codec)); /* its content has not left */
    assert_out(c, "POST / HTTP/1.1\r\nContent-Length: 4\r\n\r\nabcd");
    assert_true(codec_reusable(c->codec));
    assert_int_equal(codec_open(c->codec), 2);
}

static void is_not_reusable_once_a_request_was_aborted(void **state)
{
    struct conn *c = *state;

    c->stream = codec_open(c->codec);
    ok(send_request(c, "POST", HTTP_CHUNKED, -1));
    ok(send_kind(c, MESSAGE_ABORT));
    feed(c, OK_2);
    assert_false(codec_reusable(c->codec));
    assert_int_equal(codec_open(c->codec), 0);
}

static void is_not_reusable_after_close_or_eof(void **state)
{
    struct conn *c = *state;

    ask(c, "GET");
    feed(c, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(codec_open(c->codec), 0);
    ok(codec_eof(c->codec, true));
    assert_false(codec_wants_input(c->codec));
}

static void an_idle_connection_may_be_closed(void **state)
{
    struct conn *c = *state;

    ask(c, "GET");
    feed(c, OK_2);
    ok(codec_eof(c->codec, false));
    assert_false(codec_reusable(c->codec));
    assert_null(codec_fault(c->codec));
}

/* What has not begun to be answered may be asked again on another connection. */
static void tells_a_close_before_the_answer_from_one_within(void **state)
{
    struct conn *c = *state, *other = conn_new(HTTP_RESPONSE);
    void *other_state = other;

    ask(c, "GET");
    assert_int_equal(codec_eof(c->codec, true), STATUS_CLOSED);
    assert_events(c, "ABORT ");
    ask(other, "GET");
    feed(other, "H");
    assert_int_equal(codec_eof(other->codec, true), STATUS_TRUNCATED);
    assert_events(other, "ABORT ");
    teardown(&other_state);
}

static void takes_nothing_behind_an_answer_that_switches(void **state)
{
    struct conn *c = *state;

    c->stream = codec_open(c->codec);
    ok(send_request(c, "CONNECT", HTTP_NO_BODY, -1));
    ok(send_kind(c, MESSAGE_END));
    assert_out(c, "CONNECT a.test:443 HTTP/1.1\r\n\r\n");
    ok(feed_but(c, "HTTP/1.1 200 OK\r\n\r\nraw", 3));
    assert_events(c, "HEAD TUNNEL ");
    feed(c, "raw");
    ok(send_data(c, "up"));
    assert_out(c, "up");
    ok(send_kind(c, MESSAGE_END));
    ok(codec_eof(c->codec, true));
    assert_events(c, "raw END ");
    assert_false(codec_reusable(c->codec));
}

static void sends_on_raw_once_the_request_that_switched_is_ended(void **state)
{
    struct conn *c = *state;

    c->stream = codec_open(c->codec);
    ok(send_request(c, "CONNECT", HTTP_NO_BODY, -1));
    feed(c, "HTTP/1.1 200 OK\r\n\r\n");
    refused(send_data(c, "up"));
    ok(send_kind(c, MESSAGE_END));
    ok(send_data(c, "up"));
    assert_out(c, "CONNECT a.test:443 HTTP/1.1\r\n\r\nup");
}

#define SERVER(test) cmocka_unit_test_setup_teardown(test, setup_server, teardown)
#define CLIENT(test) cmocka_unit_test_setup_teardown(test, setup_client, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER(stops_behind_a_request_until_it_is_answered),
        SERVER(reads_no_further_before_the_content_of_an_answer_has_left),
        SERVER(answers_a_refused_request_on_stream_0),
        SERVER(repeats_a_refusal),
        SERVER(answers_a_request_whose_content_was_refused),
        SERVER(tells_close_when_draining),
        SERVER(tells_close_once_the_client_has_closed_its_side),
        SERVER(says_nothing_of_a_connection_that_the_caller_closes),
        SERVER(closes_behind_an_answer_that_comes_before_the_request_ends),
        SERVER(goes_on_when_answered_from_within_the_head),
        SERVER(tells_keep_alive_to_http10),
        SERVER(sends_chunks),
        SERVER(puts_a_head_and_little_content_into_one_block),
        SERVER(refers_to_much_content_where_it_lies),
        SERVER(credits_content_exactly),
        SERVER(credits_in_proportion),
        SERVER(refuses_events_out_of_order),
        SERVER(refuses_other_content_than_was_told),
        SERVER(refuses_content_where_none_is_allowed),
        SERVER(sends_interim_answers_before_the_final_one),
        SERVER(turns_into_a_tunnel_both_ways),
        SERVER(takes_nothing_behind_the_head_that_switches),
        SERVER(closes_behind_a_refused_connect),
        SERVER(an_aborted_answer_ends_the_connection),
        CLIENT(asks_one_request_after_another),
        CLIENT(remembers_the_method_of_each_request),
        CLIENT(takes_bytes_that_nobody_asked_for_as_a_fault),
        CLIENT(knows_of_excess_bytes_before_it_tells_of_the_end),
        CLIENT(is_not_reusable_before_the_request_is_sent),
        CLIENT(is_not_reusable_once_a_request_was_aborted),
        CLIENT(is_not_reusable_after_close_or_eof),
        CLIENT(an_idle_connection_may_be_closed),
        CLIENT(tells_a_close_before_the_answer_from_one_within),
        CLIENT(takes_nothing_behind_an_answer_that_switches),
        CLIENT(sends_on_raw_once_the_request_that_switched_is_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
