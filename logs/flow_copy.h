/* flow_copy: a record as it is at this moment, for another thread to read while the flow
 * goes on. */
#ifndef WEIR_LOGS_FLOW_COPY_H
#define WEIR_LOGS_FLOW_COPY_H

#include "logs/flow.h"

/* All of it but the captured content and the messages, of which the copy has none; its
 * wire_bytes tell what has passed. It lies in `arena`, which becomes its own, and shares
 * static text only. NULL when out of memory: the arena, with what it has by then, stays
 * the caller's. */
struct flow *flow_copy(const struct flow *f, struct arena *arena);

#endif
