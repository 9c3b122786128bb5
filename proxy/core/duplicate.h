/* duplicate: a copy of a request on its way to the origin, by a connection of its own.
 * What comes back is read and dropped; it leaves a flow that names the request it is a
 * copy of. It outlives that request's exchange. Trailers are not sent again. */
#ifndef WEIR_PROXY_CORE_DUPLICATE_H
#define WEIR_PROXY_CORE_DUPLICATE_H

#include "proxy/core/exchange.h"

enum {
    DUPLICATES = 1024,               /* at once, in one engine */
    DUPLICATE_US = 60 * 1000 * 1000, /* each takes at most so long */
};

struct duplicate;

/* Sends the exchange's request, as it goes on, with that body, of which it takes
 * references. `rule` is the label of who asked for it. NO_MEMORY; LIMIT: there are too
 * many already. */
MUST_USE enum status duplicate_send(struct exchange *ex, const struct slice_queue *body,
                                    const char *rule);
/* Ends all that are on their way. */
void duplicates_end(struct engine *e);

#endif
