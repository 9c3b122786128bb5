/* probe_server: a web server on a free port of the loopback that says one thing. */
#ifndef WEIR_CLI_PROBE_SERVER_H
#define WEIR_CLI_PROBE_SERVER_H

#include "cli/probe.h"

#define PROBE_SAYS "this is weir's own test server"

struct probe_server; /* opaque */

/* With a `leaf` it speaks TLS. Borrows both, until it is freed. NULL: errno says why. */
struct probe_server *probe_server_new(struct tls_shared *tls, struct leaf *leaf);
uint16_t probe_server_port(const struct probe_server *s);
/* Ends its connections and threads. */
void probe_server_free(struct probe_server *s);

#endif
