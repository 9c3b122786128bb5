/* listeners: the sockets weir listens on. acceptor: takes connections off them, on
 * the main thread, and gives each to the loop that has the fewest. */
#ifndef WEIR_PROXY_LOOP_ACCEPTOR_H
#define WEIR_PROXY_LOOP_ACCEPTOR_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"

enum {
    LISTENERS = 16,
    LISTEN_BACKLOG = 511,  /* connections the kernel keeps for us */
    ACCEPT_TURN = 64,      /* connections taken in one turn of the loop */
    ACCEPT_PAUSE_MS = 100, /* when there are no descriptors left */
    ACCEPT_BUSY_MS = 1,    /* when a loop has not yet taken what it was given */
    ACCEPT_SPARE = 32,     /* descriptors for logs, control and libuv itself */
    ACCEPT_SPARE_LOOP = 8, /* and for each loop */
};

struct listeners {
    int fds[LISTENERS];                           /* owned */
    struct sockaddr_storage addresses[LISTENERS]; /* the real ones: port 0 is replaced */
    uint32_t count;
};

/* Why it failed: the errno of the address at `at`. */
struct listen_fault {
    uint32_t at;
    int error;
};

/* Binds all or none. A listener on :: takes IPv4 connections too. */
MUST_USE enum status listeners_open(const struct sockaddr_storage *want, uint32_t count,
                                    struct listeners *ret_listeners,
                                    struct listen_fault *ret_fault);
void listeners_close(struct listeners *l);

struct loop;
struct uv_loop_s;
struct acceptor; /* opaque */

/* What the descriptors of this process are for. A client that asks for something takes
 * one for its server too; many that are idle share few. So more than half are for
 * clients, and new ones wait already when both together have taken all. */
struct descriptor_plan {
    uint64_t all, clients, upstreams; /* UINT64_MAX: no limit */
};
struct descriptor_plan acceptor_plan(uint32_t loop_count);

/* Borrowed: all of it outlives the acceptor. */
struct acceptor_env {
    struct uv_loop_s *uv;
    struct loop **loops;
    uint32_t loop_count;
    uint64_t connections; /* clients at once; 0: as many as there are descriptors for */
    void (*say)(void *self, const char *text); /* a message for people */
    void *self;
};

/* Takes over the listeners when it succeeds, and starts. */
MUST_USE enum status acceptor_new(const struct acceptor_env *env, struct listeners *listeners,
                                  struct acceptor **ret_acceptor);
/* Look again: a connection may have gone. */
void acceptor_look(struct acceptor *a);
/* Closes the listeners at once, and frees the acceptor in the next turn of the
 * loop. NULL is fine. */
void acceptor_free(struct acceptor *a);

#endif
