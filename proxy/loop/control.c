#include "proxy/loop/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "http/codec.h"
#include "proxy/loop/unix_socket.h"

enum {
    CONTROL_IOV = 16,
    CONTROL_HEAD_BYTES = 16 * 1024,
    CONTROL_FIELDS = 64,
    CONTROL_ARENA_BYTES = 64 * 1024,
    CONTROL_SLAB_BYTES = 16 * 1024,
    CONTROL_FREE_CHUNKS = 4,
};

/* One connection. It lives until libuv has closed its handles and the request it may
 * have asked has been answered. */
struct control_peer {
    uv_pipe_t pipe;
    uv_timer_t idle;
    uv_write_t write;
    uint32_t handles; /* not yet closed */
    bool closing, pumping;
    bool complete;   /* a request has come and was not yet handed over */
    bool asked;      /* it waits for its answer */
    uint32_t stream; /* its number */
    size_t writing_bytes;
    struct codec *codec;
    struct slice_queue held; /* bytes that the codec has not taken yet */
    struct control *control;
    struct control_request request;
};

struct control {
    struct control_env env;
    uv_pipe_t pipe;
    uint32_t handles; /* all not yet closed: the listener and the peers' */
    bool open;        /* the listener */
    bool waiting;     /* a connection waits for its place */
    struct chunk_pool pool;
    struct h1_scratch *scratch;
    struct control_peer *peers[CONTROL_CONNECTIONS];
    uint8_t slab[CONTROL_SLAB_BYTES]; /* where every read goes first */
};

static void control_accept(struct control *c);

/* ---- the life of a peer ---- */

static void peer_free_when_done(struct control_peer *p)
{
    if (p->handles || p->asked)
        return;
    codec_free(p->codec);
    slice_queue_release(&p->held);
    buf_release(&p->request.body);
    free(p);
}

static void on_peer_closed(uv_handle_t *handle)
{
    struct control_peer *p = handle->data;
    struct control *c = p->control;

    c->handles--;
    p->handles--;
    peer_free_when_done(p);
    if (c->waiting && c->open)
        control_accept(c);
}

static void peer_close(struct control_peer *p)
{
    struct control *c = p->control;

    if (p->closing)
        return;
    p->closing = true;
    for (int i = 0; i < CONTROL_CONNECTIONS; i++)
        if (c->peers[i] == p)
            c->peers[i] = NULL;
    uv_close((uv_handle_t *)&p->pipe, on_peer_closed);
    uv_close((uv_handle_t *)&p->idle, on_peer_closed);
}

static void on_idle(uv_timer_t *timer)
{
    peer_close(timer->data);
}

static void peer_watch_idle(struct control_peer *p)
{
    uv_timer_start(&p->idle, on_idle, CONTROL_IDLE_MS, 0);
}

/* ---- what a peer asks ---- */

static void peer_pump(struct control_peer *p);

static void copy_text(char *to, size_t cap, struct bytes from)
{
    size_t len = from.len < cap ? from.len : 0;

    if (len)
        memcpy(to, from.ptr, len);
    to[len] = '\0';
}

static void on_event(void *self, uint32_t stream, const struct message_event *ev)
{
    struct control_peer *p = self;
    struct control_request *r = &p->request;

    if (ev->kind == MESSAGE_HEAD) {
        p->stream = stream;
        copy_text(r->method, sizeof(r->method), ev->head->method);
        copy_text(r->target, sizeof(r->target), ev->head->target);
        buf_clear(&r->body);
    } else if (ev->kind == MESSAGE_DATA) {
        buf_put(&r->body, slice_bytes(ev->data));
        codec_consume(p->codec, stream, ev->data.len);
    } else if (ev->kind == MESSAGE_END) {
        p->complete = true;
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

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct control_peer *p = handle->data;

    (void)suggested;
    *ret_buf = uv_buf_init((char *)p->control->slab, CONTROL_SLAB_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct control_peer *p = stream->data;
    struct bytes in = bytes_make(buf->base, nread > 0 ? (size_t)nread : 0);

    /* One that asks on without waiting for answers may do so up to a limit. */
    if (nread < 0 || p->held.bytes + in.len > CONTROL_BODY_BYTES ||
        slice_queue_put(&p->held, &p->control->pool, in))
        peer_close(p);
    else
        peer_pump(p);
}

/* ---- what it is answered ---- */

static void on_written(uv_write_t *request, int error)
{
    struct control_peer *p = request->handle->data;
    size_t bytes = p->writing_bytes;

    p->writing_bytes = 0;
    if (p->closing)
        return;
    if (error) {
        peer_close(p);
        return;
    }
    slice_queue_consume(codec_out(p->codec), bytes);
    codec_sent(p->codec, bytes);
    peer_pump(p);
}

static void peer_write(struct control_peer *p)
{
    struct iovec iov[CONTROL_IOV];
    uv_buf_t bufs[CONTROL_IOV];
    int count = slice_queue_iov(codec_out(p->codec), iov, CONTROL_IOV);

    for (int i = 0; i < count; i++) {
        bufs[i] = (uv_buf_t){.base = iov[i].iov_base, .len = iov[i].iov_len};
        p->writing_bytes += iov[i].iov_len;
    }
    if (uv_write(&p->write, (uv_stream_t *)&p->pipe, bufs, (unsigned)count, on_written))
        peer_close(p);
}

static enum status peer_send(struct control_peer *p, unsigned status, struct bytes text)
{
    const struct http_status *known = http_status_find(status);
    struct head head = {.side = HTTP_RESPONSE,
                        .version = HTTP_1_1,
                        .framing = HTTP_LENGTH,
                        .length = (int64_t)text.len,
                        .status = (uint16_t)status,
                        .reason = bytes_of(known ? known->phrase : "")};
    struct message_event begin = {.kind = MESSAGE_HEAD, .head = &head};
    struct message_event data = {.kind = MESSAGE_DATA, .data = slice_of(text)};
    struct message_event end = {.kind = MESSAGE_END};
    struct arena arena;
    enum status st;

    arena_init(&arena, CONTROL_ARENA_BYTES);
    st = fields_append(&arena, &head.fields, BYTES("Content-Type"), BYTES("application/json"));
    if (!st)
        st = codec_send(p->codec, p->stream, &begin);
    if (!st && strcmp(p->request.method, "HEAD") != 0)
        st = codec_send(p->codec, p->stream, &data);
    if (!st)
        st = codec_send(p->codec, p->stream, &end);
    arena_release(&arena);
    return st;
}

/* Takes over the reference. */
static void peer_answer(struct control_peer *p, unsigned status, json_t *body)
{
    char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;

    json_decref(body);
    p->asked = false;
    if (!p->closing && peer_send(p, text ? status : 500, bytes_of(text ? text : "{}")))
        peer_close(p);
    free(text);
}

/* ---- the turn of a peer ---- */

static void peer_hand_over(struct control_peer *p)
{
    p->complete = false;
    p->asked = true;
    uv_timer_stop(&p->idle);
    if (buf_status(&p->request.body))
        peer_answer(p, 413, json_pack("{s:s}", "error", "the body is too large"));
    else
        p->control->env.on_request(p->control->env.self, &p->request);
}

static void peer_feed(struct control_peer *p)
{
    size_t used = 0;

    peer_watch_idle(p);
    if (codec_feed(p->codec, slice_queue_first(&p->held), &used))
        peer_close(p);
    else
        slice_queue_consume(&p->held, used);
}

/* One thing that can be done now; false: there is none. */
static bool peer_step(struct control_peer *p)
{
    if (p->closing || p->writing_bytes || p->asked)
        return false;
    if (codec_out(p->codec)->bytes)
        peer_write(p);
    else if (p->complete)
        peer_hand_over(p);
    else if (!codec_wants_input(p->codec) || !p->control->open)
        peer_close(p);
    else if (p->held.bytes)
        peer_feed(p);
    else
        return false;
    return true;
}

static void peer_pump(struct control_peer *p)
{
    p->pumping = true;
    while (peer_step(p))
        continue;
    p->pumping = false;
    if (!p->closing && !p->asked)
        peer_watch_idle(p);
}

void control_answer(struct control_request *request, unsigned status, json_t *body)
{
    char *start = (char *)request - offsetof(struct control_peer, request);
    struct control_peer *p = (struct control_peer *)(void *)start;

    peer_answer(p, status, body);
    if (p->closing)
        peer_free_when_done(p);
    else if (!p->pumping)
        peer_pump(p);
}

/* ---- the listener ---- */

static const struct codec_user codec_user = {
    .on_event = on_event,
    .on_credit = on_credit,
    .on_capacity = on_capacity,
};

static struct control_peer *peer_new(struct control *c)
{
    static const struct codec_limits limits = {
        .head_bytes = CONTROL_HEAD_BYTES,
        .fields = CONTROL_FIELDS,
        .request_line_bytes = CONTROL_HEAD_BYTES,
    };
    struct control_peer *p = calloc(1, sizeof(*p));

    if (!p)
        return NULL;
    if (h1_codec_new(HTTP_REQUEST, &limits, c->scratch, &c->pool, &codec_user, p, &p->codec)) {
        free(p);
        return NULL;
    }
    slice_queue_init(&p->held);
    buf_init(&p->request.body, CONTROL_BODY_BYTES);
    uv_pipe_init(c->env.uv, &p->pipe, 0);
    uv_timer_init(c->env.uv, &p->idle);
    p->pipe.data = p->idle.data = p;
    p->control = c;
    p->handles = 2;
    c->handles += 2;
    return p;
}

static void control_accept(struct control *c)
{
    struct control_peer *p;
    int place = 0;

    while (place < CONTROL_CONNECTIONS && c->peers[place])
        place++;
    c->waiting = place == CONTROL_CONNECTIONS;
    if (c->waiting) /* libuv asks for no more before this one was accepted */
        return;
    p = peer_new(c);
    c->waiting = !p;
    if (!p)
        return;
    c->peers[place] = p;
    if (uv_accept((uv_stream_t *)&c->pipe, (uv_stream_t *)&p->pipe) ||
        uv_read_start((uv_stream_t *)&p->pipe, on_alloc, on_read))
        peer_close(p);
    else
        peer_watch_idle(p);
}

static void on_connection(uv_stream_t *pipe, int error)
{
    if (!error)
        control_accept(pipe->data);
}

static void control_fail(char *error, enum status st, const char *path)
{
    if (st == STATUS_EXISTS)
        snprintf(error, CONTROL_ERROR_TEXT, "another weir answers on %s", path);
    else if (st == STATUS_LIMIT)
        snprintf(error, CONTROL_ERROR_TEXT, "the path is too long for a socket: %s", path);
    else
        snprintf(error, CONTROL_ERROR_TEXT, "cannot listen on %s: %s", path, strerror(errno));
}

static void on_listener_closed(uv_handle_t *handle)
{
    struct control *c = handle->data;

    c->handles--;
}

static enum status control_listen(struct control *c, char *error)
{
    int fd;
    enum status st = unix_listen(c->env.path, &fd);

    if (st) {
        control_fail(error, st, c->env.path);
        return st;
    }
    uv_pipe_init(c->env.uv, &c->pipe, 0);
    c->pipe.data = c;
    c->handles = 1;
    c->open = true;
    if (uv_pipe_open(&c->pipe, fd)) {
        close(fd);
        st = STATUS_IO;
    } else if (uv_listen((uv_stream_t *)&c->pipe, CONTROL_CONNECTIONS, on_connection)) {
        st = STATUS_IO;
    }
    if (st)
        control_fail(error, st, c->env.path);
    return st;
}

enum status control_new(const struct control_env *env, char *error, struct control **ret_control)
{
    struct control *c = calloc(1, sizeof(*c));
    enum status st;

    if (!c || h1_scratch_new(CONTROL_FIELDS, &c->scratch)) {
        free(c);
        snprintf(error, CONTROL_ERROR_TEXT, "out of memory");
        return STATUS_NO_MEMORY;
    }
    c->env = *env;
    chunk_pool_init(&c->pool, CONTROL_FREE_CHUNKS);
    st = control_listen(c, error);
    if (st) {
        control_free(c);
        return st;
    }
    *ret_control = c;
    return STATUS_OK;
}

/* Nothing is to be answered or sent, and nobody up the stack is about to. */
static bool peer_is_idle(const struct control_peer *p)
{
    return !p->asked && !p->writing_bytes && !p->pumping && codec_out(p->codec)->bytes == 0;
}

void control_close(struct control *c)
{
    if (!c || !c->open)
        return;
    c->open = false;
    unlink(c->env.path);
    uv_close((uv_handle_t *)&c->pipe, on_listener_closed);
    for (int i = 0; i < CONTROL_CONNECTIONS; i++)
        if (c->peers[i] && peer_is_idle(c->peers[i]))
            peer_close(c->peers[i]);
}

/* A peer that is answered closes itself once its answer is sent. */
static bool control_sends(const struct control *c)
{
    for (int i = 0; i < CONTROL_CONNECTIONS; i++)
        if (c->peers[i])
            return true;
    return false;
}

void control_flush(struct control *c, uint32_t wait_ms)
{
    for (uint32_t i = 0; c && i < wait_ms && control_sends(c); i++) {
        uv_run(c->env.uv, UV_RUN_NOWAIT);
        if (control_sends(c))
            uv_sleep(1);
    }
}

void control_free(struct control *c)
{
    if (!c)
        return;
    control_close(c);
    for (int i = 0; i < CONTROL_CONNECTIONS; i++)
        if (c->peers[i])
            peer_close(c->peers[i]);
    while (c->handles)
        uv_run(c->env.uv, UV_RUN_NOWAIT);
    h1_scratch_free(c->scratch);
    chunk_pool_release(&c->pool);
    free(c);
}
