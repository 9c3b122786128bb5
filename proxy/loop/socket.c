#include "proxy/loop/socket.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proxy/loop/endpoint.h"

enum {
    SOCKET_TABLE_FIRST = 64, /* wire numbers the table begins with */
};

enum socket_state {
    SOCKET_DIALLING,
    SOCKET_OPEN,
    SOCKET_DEAD,    /* the engine was told, or is about to be: CLOSE will come */
    SOCKET_CLOSING, /* the number is another's already; libuv lets go soon */
};

enum socket_pending { PENDING_NONE, PENDING_SENT, PENDING_RESET };

struct socket {
    uv_tcp_t tcp;
    union { /* one at a time: a wire sends only when it is connected */
        uv_connect_t connect;
        uv_write_t write;
    } request;
    struct driver *driver;
    uint32_t wire;
    enum socket_state state;
    enum socket_pending pending;
    bool client, reading;
    bool eof;          /* it was told: there is nothing more to read */
    size_t send_bytes; /* of the SEND under way */
    struct socket *next_pending;
};

/* ---- the table ---- */

static struct socket *socket_at(const struct driver *d, uint32_t wire)
{
    return wire < d->wire_cap ? d->wires[wire] : NULL;
}

static enum status socket_table_reach(struct driver *d, uint32_t wire)
{
    uint32_t cap = d->wire_cap ? d->wire_cap : SOCKET_TABLE_FIRST;
    struct socket **wires;

    if (wire < d->wire_cap)
        return STATUS_OK;
    if (wire >= ENGINE_WIRES)
        return STATUS_LIMIT;
    while (cap <= wire)
        cap *= 2;
    wires = realloc(d->wires, cap * sizeof(*wires));
    if (!wires)
        return STATUS_NO_MEMORY;
    memset(wires + d->wire_cap, 0, (cap - d->wire_cap) * sizeof(*wires));
    d->wires = wires;
    d->wire_cap = cap;
    return STATUS_OK;
}

void socket_release_table(struct driver *d)
{
    free(d->wires);
    d->wires = NULL;
    d->wire_cap = 0;
}

static struct socket *socket_new(struct driver *d, uint32_t wire)
{
    struct socket *s;

    if (socket_table_reach(d, wire))
        return NULL;
    s = calloc(1, sizeof(*s));
    if (!s)
        return NULL;
    if (uv_tcp_init(d->uv, &s->tcp)) {
        free(s);
        return NULL;
    }
    s->tcp.data = s;
    s->driver = d;
    s->wire = wire;
    d->wires[wire] = s;
    d->handles++;
    return s;
}

static void on_closed(uv_handle_t *handle)
{
    struct socket *s = handle->data;

    s->driver->handles--;
    free(s);
}

/* The number is free from now on. */
static void socket_leave(struct socket *s)
{
    struct driver *d = s->driver;

    d->wires[s->wire] = NULL;
    s->state = SOCKET_CLOSING;
    if (s->client)
        d->on_client_gone(d->self);
}

static void socket_end(struct socket *s, bool reset)
{
    const struct linger at_once = {.l_onoff = 1};
    uv_os_fd_t fd;

    socket_leave(s);
    if (reset && uv_tcp_close_reset(&s->tcp, on_closed) == 0)
        return;
    if (reset && uv_fileno((uv_handle_t *)&s->tcp, &fd) == 0)
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
    uv_close((uv_handle_t *)&s->tcp, on_closed);
}

void socket_reset(struct driver *d, uint32_t wire)
{
    struct socket *s = socket_at(d, wire);

    if (s)
        socket_end(s, true);
}

void socket_close(struct driver *d, uint32_t wire)
{
    struct socket *s = socket_at(d, wire);

    if (s)
        socket_end(s, d->cutting);
}

void socket_reset_all(struct driver *d)
{
    for (uint32_t wire = 0; wire < d->wire_cap; wire++)
        socket_reset(d, wire);
}

/* ---- what is known at once ---- */

static void socket_pend(struct socket *s, enum socket_pending what)
{
    struct driver *d = s->driver;

    if (what == PENDING_RESET)
        s->state = SOCKET_DEAD;
    if (s->pending == PENDING_NONE) {
        s->next_pending = NULL;
        *d->pending_end = s;
        d->pending_end = &s->next_pending;
    }
    s->pending = what;
}

/* A socket that was closed meanwhile is still there: libuv lets go of it only in a
 * later phase of its turn. */
bool socket_next_pending(struct driver *d, struct event *ret_event)
{
    while (d->pending) {
        struct socket *s = d->pending;
        enum socket_pending what = s->pending;

        d->pending = s->next_pending;
        if (!d->pending)
            d->pending_end = &d->pending;
        s->pending = PENDING_NONE;
        if (s->state == SOCKET_CLOSING)
            continue;
        *ret_event = (struct event){.kind = what == PENDING_SENT ? EVENT_SENT : EVENT_RESET,
                                    .wire = s->wire,
                                    .count = what == PENDING_SENT ? s->send_bytes : 0};
        return true;
    }
    return false;
}

static void socket_tell_reset(struct socket *s)
{
    struct event ev = {.kind = EVENT_RESET, .wire = s->wire};

    if (s->state == SOCKET_DEAD)
        return;
    s->state = SOCKET_DEAD;
    uv_read_stop((uv_stream_t *)&s->tcp);
    driver_pump(s->driver, &ev);
}

void socket_cut_clients(struct driver *d)
{
    for (uint32_t wire = 0; wire < d->wire_cap; wire++)
        if (d->wires[wire] && d->wires[wire]->client)
            socket_tell_reset(d->wires[wire]);
}

/* ---- reading ---- */

/* libuv asks right before each read: one chunk serves all wires of a loop. */
static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    struct socket *s = handle->data;
    struct driver *d = s->driver;

    (void)suggested;
    if (!d->slab)
        d->slab = chunk_new(&d->pool, CHUNK_LARGE_BYTES);
    *ret_buf = d->slab ? uv_buf_init((char *)d->slab->data, d->slab->cap) : uv_buf_init(NULL, 0);
}

/* Slices that were kept must stay as they are. */
static void driver_renew_slab(struct driver *d)
{
    if (!d->slab || d->slab->refs == 1)
        return;
    chunk_unref(d->slab);
    d->slab = NULL;
}

/* libuv calls it the end, too, when a RST came right behind the last bytes. Only then
 * the kernel still holds the error. */
static bool socket_was_reset(const struct socket *s)
{
    int error = 0;
    socklen_t len = sizeof(error);
    uv_os_fd_t fd;

    return uv_fileno((const uv_handle_t *)&s->tcp, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error != 0;
}

static void on_read(uv_stream_t *stream, ssize_t nread, const uv_buf_t *buf)
{
    struct socket *s = stream->data;
    struct driver *d = s->driver;
    struct event ev = {.kind = EVENT_EOF, .wire = s->wire};

    if (nread == 0) /* EAGAIN in disguise, see uv_read_cb */
        return;
    if (nread == UV_EOF && !socket_was_reset(s)) {
        s->eof = true;
        driver_pump(d, &ev);
        return;
    }
    if (nread < 0) {
        socket_tell_reset(s);
        return;
    }
    ev.kind = EVENT_BYTES;
    ev.data = (struct slice){(const uint8_t *)buf->base, (size_t)nread, d->slab};
    driver_pump(d, &ev);
    driver_renew_slab(d);
}

void socket_read(struct driver *d, uint32_t wire, bool on)
{
    struct socket *s = socket_at(d, wire);

    if (!s || s->state != SOCKET_OPEN || s->eof || s->reading == on)
        return;
    s->reading = on;
    if (!on)
        uv_read_stop((uv_stream_t *)&s->tcp);
    else if (uv_read_start((uv_stream_t *)&s->tcp, on_alloc, on_read))
        socket_pend(s, PENDING_RESET);
}

/* ---- writing ---- */

static void on_written(uv_write_t *request, int error)
{
    struct socket *s = request->handle->data;
    struct event ev = {.kind = EVENT_SENT, .wire = s->wire, .count = s->send_bytes};

    if (s->state != SOCKET_OPEN)
        return;
    if (error)
        socket_tell_reset(s);
    else
        driver_pump(s->driver, &ev);
}

/* What the kernel did not take at once, in one request; libuv copies the vectors. */
static int socket_write_rest(struct socket *s, uv_buf_t *bufs, unsigned count, size_t taken)
{
    unsigned i = 0;

    while (i < count && taken >= bufs[i].len)
        taken -= bufs[i++].len;
    bufs[i].base += taken;
    bufs[i].len -= taken;
    return uv_write(&s->request.write, (uv_stream_t *)&s->tcp, bufs + i, count - i, on_written);
}

/* There is one EVENT_SENT for each SEND, for all of its bytes. */
void socket_send(struct driver *d, uint32_t wire, const struct iovec *iov, int count)
{
    struct socket *s = socket_at(d, wire);
    uv_buf_t bufs[ENGINE_IOV];
    size_t all = 0;
    int taken = 0;

    if (!s || s->state != SOCKET_OPEN)
        return;
    assert(count >= 0 && count <= ENGINE_IOV);
    for (int i = 0; i < count; i++) {
        bufs[i] = (uv_buf_t){.base = iov[i].iov_base, .len = iov[i].iov_len};
        all += iov[i].iov_len;
    }
    s->send_bytes = all;
    if (all)
        taken = uv_try_write((uv_stream_t *)&s->tcp, bufs, (unsigned)count);
    if (taken == UV_EAGAIN)
        taken = 0;
    if (taken < 0)
        socket_pend(s, PENDING_RESET);
    else if ((size_t)taken == all)
        socket_pend(s, PENDING_SENT);
    else if (socket_write_rest(s, bufs, (unsigned)count, (size_t)taken))
        socket_pend(s, PENDING_RESET);
}

/* Not uv_shutdown(): all was sent, so that there is nothing to wait for. */
void socket_shutdown(struct driver *d, uint32_t wire)
{
    struct socket *s = socket_at(d, wire);
    uv_os_fd_t fd;

    if (!s || s->state != SOCKET_OPEN)
        return;
    if (uv_fileno((uv_handle_t *)&s->tcp, &fd) || shutdown(fd, SHUT_WR))
        socket_pend(s, PENDING_RESET);
}

/* ---- accepting and dialling ---- */

enum status socket_accept(struct driver *d, uint32_t wire, int fd)
{
    struct socket *s = socket_new(d, wire);

    if (!s) {
        close(fd);
        return STATUS_NO_MEMORY;
    }
    if (uv_tcp_open(&s->tcp, fd)) {
        close(fd);
        socket_end(s, false);
        return STATUS_IO;
    }
    uv_tcp_nodelay(&s->tcp, 1);
    s->client = true;
    s->state = SOCKET_OPEN;
    return STATUS_OK;
}

static const char *dial_error_text(int error)
{
    switch (error) {
    case UV_ECONNREFUSED:
        return "connection refused";
    case UV_ETIMEDOUT:
        return "timed out";
    case UV_ENETUNREACH:
        return "network unreachable";
    case UV_EHOSTUNREACH:
        return "host unreachable";
    case UV_ECONNRESET:
        return "connection reset";
    case UV_EMFILE:
    case UV_ENFILE:
        return "too many open files";
    case UV_EADDRNOTAVAIL:
        return "no local address or port is free";
    case UV_EACCES:
    case UV_EPERM:
        return "not permitted";
    case UV_EAFNOSUPPORT:
        return "address family not supported";
    case UV_ENOMEM:
    case UV_ENOBUFS:
        return "out of memory";
    default:
        return "could not connect";
    }
}

static void on_connect(uv_connect_t *request, int error)
{
    struct socket *s = request->handle->data;
    struct driver *d = s->driver;
    struct sockaddr_storage own = {0};
    int len = sizeof(own), fd;
    struct event ev = {.kind = EVENT_CONNECTED, .wire = s->wire, .address = &own};

    if (s->state == SOCKET_CLOSING)
        return;
    if (error) {
        ev.kind = EVENT_DIAL_FAILED;
        ev.error = dial_error_text(error);
        socket_end(s, false);
    } else {
        s->state = SOCKET_OPEN;
        uv_tcp_getsockname(&s->tcp, (struct sockaddr *)&own, &len);
        if (uv_fileno((const uv_handle_t *)&s->tcp, &fd) == 0)
            endpoint_unpace(fd, &own);
    }
    driver_pump(d, &ev);
}

void socket_dial(struct driver *d, uint32_t wire, const struct sockaddr_storage *to)
{
    struct event failed = {.kind = EVENT_DIAL_FAILED, .wire = wire};
    struct socket *s = socket_new(d, wire);
    int error = UV_ENOMEM;

    if (s) {
        uv_tcp_nodelay(&s->tcp, 1);
        error =
            uv_tcp_connect(&s->request.connect, &s->tcp, (const struct sockaddr *)to, on_connect);
    }
    if (!error)
        return;
    if (s)
        socket_end(s, false);
    failed.error = dial_error_text(error);
    driver_early(d, &failed);
}
