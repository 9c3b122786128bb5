/* facts: what is known of an origin before a client's TLS handshake with us goes
 * on: the ALPN protocol it chose, the names in its certificate, or why it cannot be
 * reached. Per loop, so that no lock is needed; a fact costs one dial a loop. */
#ifndef WEIR_PROXY_CORE_FACTS_H
#define WEIR_PROXY_CORE_FACTS_H

#include "base/bytes.h"
#include "tls/ca.h"

struct engine;
struct failure;
struct route;
struct tlsio;
struct fact;

/* Who waits for a fact; embedded in his struct. */
struct facts_waiter {
    void (*on_facts)(void *self);
    void *self;
    struct fact *fact;
    struct facts_waiter *next;
};

enum { FACTS_BUCKETS = 1024 };

struct facts {
    struct engine *engine;
    struct fact *buckets[FACTS_BUCKETS];
    struct fact *oldest, *newest;
    uint32_t count;
};

void facts_init(struct facts *f, struct engine *e);
void facts_release(struct facts *f);
/* OK: they are known (perhaps: it failed lately). NEED_MORE: it is being dialled,
 * `w` will be called. */
MUST_USE enum status facts_ask(struct facts *f, const struct route *route, struct facts_waiter *w);
void facts_leave(struct facts_waiter *w);
/* The names to mirror, or NULL when unknown. Valid until the next event. */
const struct cert_names *facts_names(struct facts *f, const struct route *route);
/* Why it could not be reached a moment ago, or NULL. */
const struct failure *facts_failure(struct facts *f, const struct route *route);
/* Called by upstreams. */
void facts_learn(struct facts *f, const struct route *route, const struct tlsio *tls);
void facts_fail(struct facts *f, const struct route *route, const struct failure *failure);

#endif
