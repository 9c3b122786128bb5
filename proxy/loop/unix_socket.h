/* unix_socket: a connected or listening unix socket by its path. */
#ifndef WEIR_PROXY_LOOP_UNIX_SOCKET_H
#define WEIR_PROXY_LOOP_UNIX_SOCKET_H

#include "base/status.h"

/* Blocking. STATUS_NOT_FOUND: nobody listens there; STATUS_LIMIT: the path is too
 * long; STATUS_IO. The descriptor is the caller's. */
MUST_USE enum status unix_connect(const char *path, int *ret_fd);
/* Listens with mode 0600. A socket left behind by a process that is gone is
 * removed first. STATUS_EXISTS: somebody listens there; STATUS_LIMIT; STATUS_IO (errno). */
MUST_USE enum status unix_listen(const char *path, int *ret_fd);

#endif
