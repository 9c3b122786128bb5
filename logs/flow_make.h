/* flow_make: flow records made outside the core: read back from a store, or imported. */
#ifndef WEIR_LOGS_FLOW_MAKE_H
#define WEIR_LOGS_FLOW_MAKE_H

#include "logs/flow.h"

enum { FLOW_MAKE_BYTES = 192 * 1024 * 1024 }; /* of one such record; the longest two bodies */

/* A record in an arena of its own, with all times -1; NULL when out of memory. Its
 * parts are to be allocated in &flow->arena. */
struct flow *flow_make(enum flow_kind kind);
/* Frees it with all that lies in its arena. NULL is fine. */
void flow_free(struct flow *f);
/* Appends captured content, which is borrowed for the record's life: in its arena, as a
 * rule. wire_bytes is the caller's to set. NO_MEMORY. */
MUST_USE enum status flow_make_content(struct flow *f, struct flow_message *m,
                                       struct bytes content);

#endif
