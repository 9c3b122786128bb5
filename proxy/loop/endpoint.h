/* endpoint: socket addresses as people write them, and those of this machine. */
#ifndef WEIR_PROXY_LOOP_ENDPOINT_H
#define WEIR_PROXY_LOOP_ENDPOINT_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/bytes.h"

enum { ENDPOINT_TEXT = 56 }; /* "[v6]:65535" with its NUL; a zone is not shown */

/* "127.0.0.1:8080", "[::1]:8080", "localhost:8080" (127.0.0.1), or only a port
 * (of 127.0.0.1); port 0 is any free one. Else STATUS_BAD_INPUT: no name is
 * looked up, and a wildcard is only taken when it is spelled out. */
MUST_USE enum status endpoint_parse(struct bytes text, struct sockaddr_storage *ret_address);
/* Writes "127.0.0.1:8080" or "[::1]:8080". */
void endpoint_text(const struct sockaddr_storage *a, char text[static ENDPOINT_TEXT]);
uint16_t endpoint_port(const struct sockaddr_storage *a); /* 0 when it has none */
void endpoint_set_port(struct sockaddr_storage *a, uint16_t port);
bool endpoint_is_loopback(const struct sockaddr_storage *a);
/* Of a TCP socket whose end `own` is loopback: a congestion control that paces, as BBR
 * does, starts a timer for nearly each send, a tenth of the cost of a download, where
 * there is no network. Where it cannot be changed, it stays as it is. */
void endpoint_unpace(int fd, const struct sockaddr_storage *own);
bool endpoint_is_wildcard(const struct sockaddr_storage *a); /* 0.0.0.0 or :: */
socklen_t endpoint_len(const struct sockaddr_storage *a);

/* All addresses by which the listeners at `listen` are reached: themselves, for a
 * wildcard every address of this machine, and the wildcard of the same port,
 * which the kernel takes for loopback. At most `max` into `ret_own`; STATUS_LIMIT when
 * there are more, STATUS_IO when the machine's addresses cannot be listed. */
MUST_USE enum status own_addresses(const struct sockaddr_storage *listen, uint32_t count,
                                   struct sockaddr_storage *ret_own, uint32_t max,
                                   uint32_t *ret_count);

#endif
