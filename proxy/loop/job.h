/* job: what is done on libuv's pool of threads: names looked up, and work of the
 * engine's own. */
#ifndef WEIR_PROXY_LOOP_JOB_H
#define WEIR_PROXY_LOOP_JOB_H

#include "proxy/loop/driver.h"

/* Addresses of both families in turn, the resolver's first one first (RFC 8305
 * §4). Nothing is cached here. */
void job_resolve(struct driver *d, uint32_t number, const char *host);
/* Nobody waits for this lookup: if it has not begun, it ends now, without an error. */
void job_cancel(struct driver *d, uint32_t number);
void job_run(struct driver *d, uint32_t number, void (*run)(void *argument), void *argument);
/* Asks all to end early; those that run already go on. */
void job_cancel_all(struct driver *d);
/* Forgets lookups that would not end: their memory stays with libuv's thread. */
void job_abandon_all(struct driver *d);

/* Takes turns between the families, in their order, starting with the first one's.
 * Returns how many were taken, at most `max`. */
uint32_t addresses_interleave(const struct addrinfo *all, struct sockaddr_storage *ret_addresses,
                              uint32_t max);

#endif
