/* flow_pack: a flow as bytes, for the store: all of it but the captured bodies, of which
 * it has the numbers and flags. Versioned; flow_unpack() reads every version up to its own. */
#ifndef WEIR_LOGS_FLOW_PACK_H
#define WEIR_LOGS_FLOW_PACK_H

#include "logs/flow.h"

/* Appends. The status of `out`. */
MUST_USE enum status flow_pack(const struct flow *f, struct buf *out);
/* The record is made by flow_make() and shares nothing with `in`; its bodies say how much
 * was captured, and hold nothing. BAD_INPUT: not such bytes, or of a newer version;
 * NO_MEMORY, also over FLOW_MAKE_BYTES. */
MUST_USE enum status flow_unpack(struct bytes in, struct flow **ret_flow);

#endif
