/* handoff: accepted connections on their way from the acceptor to a loop: a ring
 * with one producer (the main thread) and one consumer (the loop's thread). The
 * producer wakes the consumer by other means. */
#ifndef WEIR_PROXY_LOOP_HANDOFF_H
#define WEIR_PROXY_LOOP_HANDOFF_H

#include <netinet/in.h>
#include <stdatomic.h>

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

enum {
    HANDOFF = 256,    /* connections waiting for one loop; a power of two */
    HANDOFF_LINE = 64 /* bytes: a cache line, so that both ends do not share one */
};

struct accepted {
    int fd; /* owned; non-blocking */
    struct sockaddr_storage from;
};

struct handoff {
    _Alignas(HANDOFF_LINE) _Atomic uint32_t taken; /* written by the consumer only */
    _Alignas(HANDOFF_LINE) _Atomic uint32_t given; /* written by the producer only */
    struct accepted items[HANDOFF];
};

void handoff_init(struct handoff *h);
/* Closes what was never taken. Only when both ends have stopped. */
void handoff_release(struct handoff *h);
/* Producer: is there room for one more? It stays until handoff_give(). */
bool handoff_has_room(const struct handoff *h);
/* Producer. Takes over the descriptor; false (and it stays the caller's) when
 * there is no room. */
bool handoff_give(struct handoff *h, const struct accepted *a);
/* Consumer. The descriptor is the caller's. */
bool handoff_take(struct handoff *h, struct accepted *ret_accepted);

#endif
