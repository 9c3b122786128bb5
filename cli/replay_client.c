#include "cli/replay_client.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"

enum {
    US_PER_NS = 1000,
    HANDLES = 2,                       /* of one exchange: its socket and its timer */
    REQUEST_BYTES = 256 * 1024 * 1024, /* the longest that is sent */
    READ_BYTES = 64 * 1024,
};

struct replay_exchange {
    struct replay_client *client;
    void *request;
    uv_tcp_t socket;
    uv_timer_t timer;
    uv_connect_t connecting;
    uv_write_t writing;
    uint32_t open_handles;
    struct codec *codec;
    struct buf out; /* what is sent */
    uint64_t began_ns;
    struct replay_answer answer;
    bool told; /* on_answer() was called */
    bool complete;
};

enum status replay_client_init(struct replay_client *c, const struct sockaddr_storage *proxy)
{
    *c = (struct replay_client){.proxy = *proxy};
    if (h1_scratch_new(HTTP_FIELDS, &c->scratch))
        return STATUS_NO_MEMORY;
    if (uv_loop_init(&c->loop)) {
        h1_scratch_free(c->scratch);
        return STATUS_IO;
    }
    chunk_pool_init(&c->pool, 1);
    return STATUS_OK;
}

void replay_client_release(struct replay_client *c)
{
    (void)uv_loop_close(&c->loop);
    h1_scratch_free(c->scratch);
    chunk_pool_release(&c->pool);
}

/* ---- the end ------------------------------------------------------------------------------- */

static void exchange_free(struct replay_exchange *x)
{
    codec_free(x->codec);
    buf_release(&x->out);
    free(x);
}

static void on_closed(uv_handle_t *handle)
{
    struct replay_exchange *x = handle->data;

    if (--x->open_handles)
        return;
    x->client->active--;
    exchange_free(x);
}

static void exchange_end(struct replay_exchange *x, const char *error)
{
    struct replay_client *c = x->client;

    if (x->told)
        return;
    x->told = true;
    x->answer.elapsed_us = (int64_t)((uv_hrtime() - x->began_ns) / US_PER_NS);
    if (!x->complete)
        snprintf(x->answer.error, sizeof(x->answer.error), "%s", error);
    c->on_answer(c->self, x->request, &x->answer);
    uv_close((uv_handle_t *)&x->socket, on_closed);
    uv_close((uv_handle_t *)&x->timer, on_closed);
}

static void on_timeout(uv_timer_t *timer)
{
    exchange_end(timer->data, "the answer took too long");
}

/* ---- the answer ------------------------------------------------------------------------------ */

static void on_event(void *self, uint32_t stream, const struct message_event *ev)
{
    struct replay_exchange *x = self;

    if (ev->kind == MESSAGE_HEAD) {
        x->answer.status = ev->head->status;
    } else if (ev->kind == MESSAGE_DATA) {
        x->answer.body_bytes += ev->data.len;
        codec_consume(x->codec, stream, ev->data.len);
    } else if (ev->kind == MESSAGE_END) {
        x->complete = true;
    }
}

static void on_credit(void *self, uint32_t stream, size_t content_bytes)
{
    (void)self;
    (void)stream;
    (void)content_bytes;
}

static void on_capacity(void *self)
{
    (void)self;
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    struct replay_exchange *x = handle->data;
    struct chunk *chunk = chunk_new(&x->client->pool, READ_BYTES);

    (void)suggested;
    *buf = uv_buf_init(chunk ? (char *)chunk->data : NULL, chunk ? READ_BYTES : 0);
}

static struct chunk *chunk_of(const uv_buf_t *buf)
{
    return buf->base ? (struct chunk *)(void *)(buf->base - offsetof(struct chunk, data)) : NULL;
}

/* Not complete after all its bytes were taken, or cut short. */
static void take_eof(struct replay_exchange *x)
{
    enum status st = codec_eof(x->codec, true);

    exchange_end(x, st == STATUS_CLOSED ? "the connection was closed without an answer"
                                        : "the answer was cut short");
}

static void take_bytes(struct replay_exchange *x, struct slice in)
{
    while (in.len && !x->complete) {
        size_t used = 0;
        enum status st = codec_feed(x->codec, in, &used);

        if (st || used == 0) {
            exchange_end(x,
                         st == STATUS_NO_MEMORY ? "out of memory" : "the answer is not valid HTTP");
            return;
        }
        in = slice_part(in, used, in.len - used);
    }
    if (x->complete)
        exchange_end(x, "");
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct replay_exchange *x = stream->data;
    struct chunk *chunk = chunk_of(buf);

    if (nread > 0)
        take_bytes(x, (struct slice){chunk->data, (size_t)nread, chunk});
    else if (nread == UV_EOF)
        take_eof(x);
    else if (nread < 0)
        exchange_end(x, nread == UV_ENOBUFS ? "out of memory" : uv_strerror((int)nread));
    chunk_unref(chunk);
}

/* ---- the request ------------------------------------------------------------------------------
 */

static void on_written(uv_write_t *request, int error)
{
    (void)request; /* an answer may come all the same: reading tells */
    (void)error;
}

static void on_connected(uv_connect_t *connecting, int error)
{
    struct replay_exchange *x = connecting->data;
    uv_buf_t out = uv_buf_init((char *)x->out.ptr, (unsigned)x->out.len);

    if (error == UV_ECANCELED)
        return;
    if (!error)
        error = uv_read_start((uv_stream_t *)&x->socket, on_room, on_read);
    if (!error)
        error = uv_write(&x->writing, (uv_stream_t *)&x->socket, &out, 1, on_written);
    if (error)
        exchange_end(x, uv_strerror(error));
}

static void take_out(struct replay_exchange *x)
{
    struct slice_queue *out = codec_out(x->codec);
    struct slice s;

    while ((s = slice_queue_first(out)).len) {
        size_t len = s.len;

        buf_put(&x->out, slice_bytes(s));
        slice_queue_consume(out, len);
        codec_sent(x->codec, len);
    }
}

static enum status serialise(struct replay_exchange *x, const struct head *head, struct bytes body)
{
    const struct message_event begin = {.kind = MESSAGE_HEAD, .head = head};
    const struct message_event data = {.kind = MESSAGE_DATA, .data = slice_of(body)};
    const struct message_event end = {.kind = MESSAGE_END};
    uint32_t stream = codec_open(x->codec);
    enum status st = codec_send(x->codec, stream, &begin);

    if (!st && body.len)
        st = codec_send(x->codec, stream, &data);
    if (!st)
        st = codec_send(x->codec, stream, &end);
    take_out(x);
    return st ? st : buf_status(&x->out);
}

static enum status exchange_new(struct replay_client *c, void *request,
                                struct replay_exchange **ret_exchange)
{
    static const struct codec_user user = {
        .on_event = on_event, .on_credit = on_credit, .on_capacity = on_capacity};
    static const struct codec_limits limits = {.head_bytes = HTTP_HEAD_BYTES,
                                               .fields = HTTP_FIELDS,
                                               .request_line_bytes = HTTP_REQUEST_LINE_BYTES,
                                               .lenient = true};
    struct replay_exchange *x = calloc(1, sizeof(*x));
    enum status st;

    if (!x)
        return STATUS_NO_MEMORY;
    buf_init(&x->out, REQUEST_BYTES);
    x->client = c;
    x->request = request;
    st = h1_codec_new(HTTP_RESPONSE, &limits, c->scratch, &c->pool, &user, x, &x->codec);
    if (st) {
        free(x);
        return st;
    }
    *ret_exchange = x;
    return STATUS_OK;
}

enum status replay_client_send(struct replay_client *c, const struct head *head, struct bytes body,
                               void *request)
{
    struct replay_exchange *x;
    enum status st = exchange_new(c, request, &x);
    int error;

    if (st)
        return st;
    st = serialise(x, head, body);
    if (!st && uv_tcp_init(&c->loop, &x->socket))
        st = STATUS_IO;
    if (st) {
        exchange_free(x);
        return st;
    }
    (void)uv_timer_init(&c->loop, &x->timer); /* cannot fail */
    x->socket.data = x;
    x->timer.data = x;
    x->connecting.data = x;
    x->open_handles = HANDLES;
    x->began_ns = uv_hrtime();
    c->active++;
    (void)uv_timer_start(&x->timer, on_timeout, REPLAY_TIMEOUT_MS, 0);
    error = uv_tcp_connect(&x->connecting, &x->socket, (const struct sockaddr *)&c->proxy,
                           on_connected);
    if (!error)
        return STATUS_OK;
    x->told = true; /* it is told here */
    uv_close((uv_handle_t *)&x->socket, on_closed);
    uv_close((uv_handle_t *)&x->timer, on_closed);
    return STATUS_IO;
}

void replay_client_wait(struct replay_client *c)
{
    (void)uv_run(&c->loop, UV_RUN_ONCE);
}
