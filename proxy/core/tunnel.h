/* tunnel: relays two wires into each other, raw, with half-close carried over. */
#ifndef WEIR_PROXY_CORE_TUNNEL_H
#define WEIR_PROXY_CORE_TUNNEL_H

#include "proxy/core/close_reason.h"
#include "proxy/core/wire.h"

struct session;
struct tunnel;

/* `client` stays the session's; `origin` becomes the tunnel's. Bytes that came
 * before are in the wires' queues. session_end() is called when both are done.
 * NULL when out of memory. */
struct tunnel *tunnel_new(struct session *s, struct wire *client, struct wire *origin);
/* Bytes of the client that were read before the tunnel was. */
MUST_USE enum status tunnel_client_bytes(struct tunnel *t, struct bytes in);
/* Closes the origin's side; the client's is the session's to close. */
void tunnel_close(struct tunnel *t);
/* How it ended; CLOSE_TUNNEL_ENDED while it has not. */
enum close_reason tunnel_reason(const struct tunnel *t);
uint64_t tunnel_up_bytes(const struct tunnel *t);
uint64_t tunnel_down_bytes(const struct tunnel *t);
void tunnel_free(struct tunnel *t);

#endif
