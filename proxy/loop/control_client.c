#include "proxy/loop/control_client.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "http/codec.h"
#include "proxy/loop/unix_socket.h"

enum {
    CLIENT_ARENA_BYTES = 64 * 1024,
    CLIENT_SLAB_BYTES = 16 * 1024,
    CLIENT_FIELDS = 64,
};

/* One request and its answer. */
struct exchange {
    struct chunk_pool pool;
    struct h1_scratch *scratch;
    struct codec *codec;
    uint32_t stream;
    unsigned status;
    struct buf body;
    bool done;
};

static void on_event(void *self, uint32_t stream, const struct message_event *ev)
{
    struct exchange *x = self;

    if (ev->kind == MESSAGE_HEAD) {
        x->status = ev->head->status;
    } else if (ev->kind == MESSAGE_DATA) {
        buf_put(&x->body, slice_bytes(ev->data));
        codec_consume(x->codec, stream, ev->data.len);
    } else if (ev->kind == MESSAGE_END) {
        x->done = true;
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

static enum status exchange_init(struct exchange *x)
{
    static const struct codec_user user = {
        .on_event = on_event, .on_credit = on_credit, .on_capacity = on_capacity};
    static const struct codec_limits limits = {.head_bytes = HTTP_HEAD_BYTES,
                                               .fields = CLIENT_FIELDS,
                                               .request_line_bytes = HTTP_REQUEST_LINE_BYTES};
    enum status st;

    *x = (struct exchange){.status = 0};
    chunk_pool_init(&x->pool, 1);
    buf_init(&x->body, CONTROL_REPLY_BYTES);
    st = h1_scratch_new(CLIENT_FIELDS, &x->scratch);
    if (st)
        return st;
    st = h1_codec_new(HTTP_RESPONSE, &limits, x->scratch, &x->pool, &user, x, &x->codec);
    if (st)
        h1_scratch_free(x->scratch);
    return st;
}

static void exchange_release(struct exchange *x)
{
    codec_free(x->codec);
    h1_scratch_free(x->scratch);
    buf_release(&x->body);
    chunk_pool_release(&x->pool);
}

static enum status exchange_write(struct exchange *x, int fd)
{
    struct slice_queue *out = codec_out(x->codec);
    struct slice s;

    while ((s = slice_queue_first(out)).len) {
        ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return STATUS_IO;
        slice_queue_consume(out, (size_t)n);
        codec_sent(x->codec, (size_t)n);
    }
    return STATUS_OK;
}

static enum status exchange_send(struct exchange *x, const struct head *head, struct bytes body)
{
    struct message_event begin = {.kind = MESSAGE_HEAD, .head = head};
    struct message_event data = {.kind = MESSAGE_DATA, .data = slice_of(body)};
    struct message_event end = {.kind = MESSAGE_END};
    enum status st;

    x->stream = codec_open(x->codec);
    st = codec_send(x->codec, x->stream, &begin);
    if (!st && body.len)
        st = codec_send(x->codec, x->stream, &data);
    return st ? st : codec_send(x->codec, x->stream, &end);
}

static enum status exchange_ask(struct exchange *x, int fd, const struct control_call *call)
{
    char *text = call->body ? json_dumps(call->body, JSON_COMPACT) : NULL;
    struct bytes body = bytes_of(text);
    struct head head = {.side = HTTP_REQUEST,
                        .version = HTTP_1_1,
                        .framing = body.len ? HTTP_LENGTH : HTTP_NO_BODY,
                        .length = body.len ? (int64_t)body.len : -1,
                        .form = TARGET_ORIGIN,
                        .method = bytes_of(call->method),
                        .target = bytes_of(call->target),
                        .path = bytes_of(call->target),
                        .authority = BYTES("weir")};
    struct arena arena;
    enum status st = call->body && !text ? STATUS_NO_MEMORY : STATUS_OK;

    arena_init(&arena, CLIENT_ARENA_BYTES);
    if (!st)
        st = fields_append(&arena, &head.fields, BYTES("Host"), BYTES("weir"));
    if (!st)
        st = fields_append(&arena, &head.fields, BYTES("Connection"), BYTES("close"));
    if (!st)
        st = exchange_send(x, &head, body);
    if (!st)
        st = exchange_write(x, fd);
    arena_release(&arena);
    free(text);
    return st;
}

static enum status exchange_read(struct exchange *x, int fd)
{
    uint8_t slab[CLIENT_SLAB_BYTES];
    size_t used;

    while (!x->done) {
        ssize_t n = recv(fd, slab, sizeof(slab), 0);
        enum status st;

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return STATUS_IO;
        if (n == 0)
            return x->done ? STATUS_OK : STATUS_TRUNCATED;
        st = codec_feed(x->codec, slice_of(bytes_make(slab, (size_t)n)), &used);
        if (st)
            return st;
    }
    return buf_status(&x->body);
}

static enum status exchange_run(int fd, const struct control_call *call,
                                struct control_reply *ret_reply)
{
    struct exchange x;
    enum status st = exchange_init(&x);

    if (st)
        return st;
    st = exchange_ask(&x, fd, call);
    if (!st)
        st = exchange_read(&x, fd);
    if (!st)
        *ret_reply = (struct control_reply){
            .status = x.status,
            .body = json_loadb((const char *)x.body.ptr, x.body.len, 0, NULL),
        };
    exchange_release(&x);
    return st;
}

enum status control_ask(const char *path, const char *method, const char *target, char *error,
                        struct control_reply *ret_reply)
{
    const struct control_call call = {.method = method, .target = target};

    return control_call(path, &call, error, ret_reply);
}

enum status control_call(const char *path, const struct control_call *call, char *error,
                         struct control_reply *ret_reply)
{
    const struct timeval patience = {.tv_sec = CONTROL_REPLY_SECONDS};
    int fd;
    enum status st = unix_connect(path, &fd);

    if (st) {
        snprintf(error, CONTROL_ERROR_TEXT, "cannot connect to %s: %s", path,
                 st == STATUS_NOT_FOUND ? "nobody listens there" : strerror(errno));
        return st;
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    st = exchange_run(fd, call, ret_reply);
    if (st)
        snprintf(error, CONTROL_ERROR_TEXT, "no answer on %s: %s", path, status_sentence(st));
    close(fd);
    return st;
}

static bool is_alive(const char *path)
{
    int fd;

    if (unix_connect(path, &fd))
        return false;
    close(fd);
    return true;
}

void control_find(const char *folder, struct control_instances *found)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;

    while (dir && found->count < CONTROL_INSTANCES && (entry = readdir(dir))) {
        char *path = found->paths[found->count];
        int len;

        if (!bytes_ends_with(bytes_of(entry->d_name), BYTES(".sock")))
            continue;
        len = snprintf(path, CONTROL_PATH_TEXT, "%s/%s", folder, entry->d_name);
        if (len > 0 && len < CONTROL_PATH_TEXT && is_alive(path))
            found->count++;
    }
    if (dir)
        closedir(dir);
}
