#include "cli/probe_server.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cli/probe_stream.h"

struct probe_client {
    struct probe_server *server;
    int fd;
    pthread_t thread;
};

struct probe_server {
    int fd;
    uint16_t port;
    struct tls_shared *tls;
    struct leaf *leaf;
    pthread_t thread;
    struct probe_client clients[PROBE_CLIENTS];
    uint32_t count; /* the thread's, until it has ended */
    _Atomic bool stopping;
};

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
                             "Content-Length: 30\r\n\r\n" PROBE_SAYS;
_Static_assert(sizeof(PROBE_SAYS) - 1 == 30, "the answer says how long it is");

/* Requests of one connection, one after the other. */
static void *serve_client(void *self)
{
    struct probe_client *c = self;
    struct probe_stream stream;
    struct buf head;
    enum status st = STATUS_OK;

    probe_stream_init(&stream, dup(c->fd));
    buf_init(&head, PROBE_ANSWER_BYTES);
    if (c->server->leaf)
        st = probe_stream_accept(&stream, c->server->tls, c->server->leaf);
    while (!st) {
        buf_clear(&head);
        st = probe_stream_read_head(&stream, &head);
        if (!st)
            st = probe_stream_write(&stream, bytes_of(answer));
    }
    buf_release(&head);
    probe_stream_close(&stream);
    return NULL;
}

static void *serve(void *self)
{
    struct probe_server *s = self;

    while (s->count < PROBE_CLIENTS && !atomic_load(&s->stopping)) {
        struct probe_client *c = &s->clients[s->count];

        *c = (struct probe_client){.server = s, .fd = accept(s->fd, NULL, NULL)};
        if (c->fd < 0)
            break;
        if (pthread_create(&c->thread, NULL, serve_client, c))
            close(c->fd);
        else
            s->count++;
    }
    return NULL;
}

static int listen_anywhere(uint16_t *ret_port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    socklen_t len = sizeof(a);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0)
        return -1;
    if (bind(fd, (const void *)&a, sizeof(a)) || listen(fd, PROBE_CLIENTS) ||
        getsockname(fd, (void *)&a, &len)) {
        close(fd);
        return -1;
    }
    *ret_port = ntohs(a.sin_port);
    return fd;
}

struct probe_server *probe_server_new(struct tls_shared *tls, struct leaf *leaf)
{
    struct probe_server *s = calloc(1, sizeof(*s));

    if (!s)
        return NULL;
    s->tls = tls;
    s->leaf = leaf;
    atomic_init(&s->stopping, false);
    s->fd = listen_anywhere(&s->port);
    if (s->fd >= 0 && pthread_create(&s->thread, NULL, serve, s) == 0)
        return s;
    if (s->fd >= 0)
        close(s->fd);
    free(s);
    return NULL;
}

uint16_t probe_server_port(const struct probe_server *s)
{
    return s->port;
}

/* shutdown() wakes whoever waits in accept() or recv(). */
void probe_server_free(struct probe_server *s)
{
    if (!s)
        return;
    atomic_store(&s->stopping, true);
    shutdown(s->fd, SHUT_RDWR);
    pthread_join(s->thread, NULL);
    for (uint32_t i = 0; i < s->count; i++) {
        shutdown(s->clients[i].fd, SHUT_RDWR);
        pthread_join(s->clients[i].thread, NULL);
        close(s->clients[i].fd);
    }
    close(s->fd);
    free(s);
}
