/* flow_raw: messages as they stood on the wire: the head, serialised again from its
 * fields, and the content as it passed, without the framing of chunks. */
#ifndef WEIR_LOGS_FLOW_RAW_H
#define WEIR_LOGS_FLOW_RAW_H

#include "logs/flow_clean.h"

/* Appends what the client sent, or what it was sent; what was to be sent where nothing
 * came. Nothing when there is no such message. Of its body what flow_clean_body() has: in a
 * content coding in which there are secrets it is written decoded, since they can be taken
 * out only so. NO_MEMORY, LIMIT. */
MUST_USE enum status flow_put_raw(const struct redactor *redactor, const struct flow *f,
                                  enum http_side side, struct buf *out,
                                  struct flow_cleaned *ret_cleaned);

#endif
