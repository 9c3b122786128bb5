#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "proxy/loop/acceptor.h"
#include "proxy/loop/endpoint.h"

/* No SO_REUSEPORT: a second weir on the same port must fail, not share it. */
static int listener_open(const struct sockaddr_storage *want, struct sockaddr_storage *ret_real)
{
    const int on = 1, off = 0;
    int fd = socket(want->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t len = sizeof(*ret_real);
    int error;

    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (want->ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    endpoint_unpace(fd, want); /* what is accepted inherits it */
    if (bind(fd, (const struct sockaddr *)want, endpoint_len(want)) || listen(fd, LISTEN_BACKLOG) ||
        getsockname(fd, (struct sockaddr *)ret_real, &len)) {
        error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

enum status listeners_open(const struct sockaddr_storage *want, uint32_t count,
                           struct listeners *ret_listeners, struct listen_fault *ret_fault)
{
    struct listeners l = {.count = 0};

    if (count > LISTENERS) {
        *ret_fault = (struct listen_fault){.at = LISTENERS, .error = E2BIG};
        return STATUS_LIMIT;
    }
    for (uint32_t i = 0; i < count; i++) {
        int fd = listener_open(&want[i], &l.addresses[i]);

        if (fd < 0) {
            *ret_fault = (struct listen_fault){.at = i, .error = errno};
            listeners_close(&l);
            return STATUS_IO;
        }
        l.fds[l.count++] = fd;
    }
    *ret_listeners = l;
    return STATUS_OK;
}

void listeners_close(struct listeners *l)
{
    for (uint32_t i = 0; i < l->count; i++)
        close(l->fds[i]);
    l->count = 0;
}
