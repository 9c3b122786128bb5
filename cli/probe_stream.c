#include "cli/probe_stream.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "cli/probe.h"

enum { READ_BYTES = 16 * 1024 };

void probe_stream_init(struct probe_stream *s, int fd)
{
    const struct timeval limit = {.tv_sec = PROBE_SECONDS};

    *s = (struct probe_stream){.fd = fd};
    chunk_pool_init(&s->pool, 4);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
}

static enum status send_all(int fd, struct bytes text)
{
    while (text.len) {
        ssize_t sent = send(fd, text.ptr, text.len, MSG_NOSIGNAL);

        if (sent < 0 && errno != EINTR)
            return STATUS_IO;
        text = bytes_from(text, sent > 0 ? (size_t)sent : 0);
    }
    return STATUS_OK;
}

/* What the TLS end has to say. */
static enum status flush(struct probe_stream *s)
{
    struct slice_queue *out = tlsio_out(s->tls);
    enum status st = STATUS_OK;

    while (!st && out->bytes) {
        struct slice first = slice_queue_first(out);

        st = send_all(s->fd, slice_bytes(first));
        slice_queue_consume(out, first.len);
    }
    return st;
}

void probe_stream_close(struct probe_stream *s)
{
    if (s->tls) {
        tlsio_close(s->tls);
        (void)!flush(s);
        tlsio_free(s->tls);
    }
    chunk_pool_release(&s->pool);
    close(s->fd);
}

/* END: the peer's FIN. */
static enum status receive(struct probe_stream *s, struct buf *out)
{
    uint8_t *room = buf_room(out, READ_BYTES);
    ssize_t len;

    if (!room)
        return buf_status(out);
    do
        len = recv(s->fd, room, READ_BYTES, 0);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return STATUS_IO;
    buf_added(out, (size_t)len);
    return len ? STATUS_OK : STATUS_END;
}

/* More ciphertext for the TLS end; its FIN too. */
static enum status feed(struct probe_stream *s)
{
    struct buf in;
    enum status st;

    buf_init(&in, READ_BYTES);
    st = receive(s, &in);
    if (st == STATUS_END) {
        tlsio_feed_eof(s->tls);
        st = STATUS_OK;
    } else if (!st) {
        st = tlsio_feed(s->tls, slice_of(buf_bytes(&in)));
    }
    buf_release(&in);
    return st;
}

static enum status handshake(struct probe_stream *s)
{
    enum status st = STATUS_NEED_MORE;

    while (st == STATUS_NEED_MORE) {
        enum status sent;

        st = tlsio_handshake(s->tls);
        sent = flush(s);
        if (st == STATUS_NEED_MORE && sent)
            return sent;
        if (st == STATUS_NEED_MORE && (sent = feed(s)))
            return sent;
    }
    return st;
}

enum status probe_stream_connect(struct probe_stream *s, struct tls_shared *shared,
                                 const struct tls_target *target)
{
    enum status st = tlsio_connect(shared, &s->pool, target, &s->tls);

    return st ? st : handshake(s);
}

enum status probe_stream_accept(struct probe_stream *s, struct tls_shared *shared,
                                struct leaf *leaf)
{
    uint8_t binding[TLS_BINDING_BYTES];
    enum status st = tls_binding(BYTES("probe"), 0, BYTES(""), binding);

    if (!st)
        st = tlsio_accept(shared, &s->pool, leaf, BYTES(""), binding, &s->tls);
    return st ? st : handshake(s);
}

static enum status write_encrypted(struct probe_stream *s, struct bytes text)
{
    struct slice_queue plain;
    size_t taken;
    enum status st;

    slice_queue_init(&plain);
    st = slice_queue_put(&plain, &s->pool, text);
    while (!st && plain.bytes) {
        st = tlsio_write(s->tls, &plain, &taken);
        if (!st)
            st = flush(s);
    }
    slice_queue_release(&plain);
    return st;
}

enum status probe_stream_write(struct probe_stream *s, struct bytes text)
{
    return s->tls ? write_encrypted(s, text) : send_all(s->fd, text);
}

enum status probe_stream_read(struct probe_stream *s, struct buf *out)
{
    struct slice plain;
    enum status st = STATUS_NEED_MORE;

    if (!s->tls)
        return receive(s, out);
    while ((st = tlsio_read(s->tls, &plain)) == STATUS_NEED_MORE) {
        st = flush(s);
        if (!st)
            st = feed(s);
        if (st)
            return st;
    }
    if (st)
        return st == STATUS_TRUNCATED ? STATUS_END : st;
    buf_put(out, slice_bytes(plain));
    slice_drop(plain);
    return buf_status(out);
}

enum status probe_stream_read_head(struct probe_stream *s, struct buf *out)
{
    enum status st = STATUS_OK;

    while (!st && bytes_search(buf_bytes(out), BYTES("\r\n\r\n")) < 0)
        st = probe_stream_read(s, out);
    return st;
}
