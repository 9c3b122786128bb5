/* filter_copies: keeps the request that passes, to send it to the origin several times
 * more. It stands next to the origin; the request itself is not held. */
#ifndef WEIR_PROXY_CORE_FILTER_COPIES_H
#define WEIR_PROXY_CORE_FILTER_COPIES_H

#include "proxy/core/filter.h"
#include "rules/effect.h"

enum {
    COPIES_BYTES = 1024 * 1024, /* of a body that is kept */
    COPIES_MAX = 16,            /* of one request, whatever its rules say */
};

/* A DUPLICATE: the copies go when the request has passed whole. */
void filter_copies_take(struct exchange *ex, const struct effect *effect);

#endif
