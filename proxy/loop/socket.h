/* socket: one wire: a TCP connection accepted or dialled. Belongs to its driver;
 * lives until libuv has closed its handle, which is after the engine has given
 * its number to another. */
#ifndef WEIR_PROXY_LOOP_SOCKET_H
#define WEIR_PROXY_LOOP_SOCKET_H

#include "proxy/loop/driver.h"

/* The commands. A number without a socket is ignored: its failure is pending. */
void socket_dial(struct driver *d, uint32_t wire, const struct sockaddr_storage *to);
void socket_send(struct driver *d, uint32_t wire, const struct iovec *iov, int count);
void socket_read(struct driver *d, uint32_t wire, bool on);
void socket_shutdown(struct driver *d, uint32_t wire);
void socket_reset(struct driver *d, uint32_t wire);
void socket_close(struct driver *d, uint32_t wire);

/* Takes over the descriptor, closing it on failure. */
MUST_USE enum status socket_accept(struct driver *d, uint32_t wire, int fd);
/* The next event of a socket that was known at once; false when there is none. */
bool socket_next_pending(struct driver *d, struct event *ret_event);
/* Tells the engine of every client that it was reset. */
void socket_cut_clients(struct driver *d);
/* Resets every wire and forgets its number. */
void socket_reset_all(struct driver *d);
void socket_release_table(struct driver *d);

#endif
