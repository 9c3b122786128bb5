/* flow_redact: a copy of a whole record without its secrets, for a store that is to have
 * none. */
#ifndef WEIR_LOGS_FLOW_REDACT_H
#define WEIR_LOGS_FLOW_REDACT_H

#include "logs/flow.h"
#include "logs/redact.h"

/* A copy in an arena of its own, to be freed with flow_free(), after or before `from`: it
 * shares nothing with it but static texts. Heads, targets, trailers, interim responses,
 * messages of WebSockets, notes, tags and the sentence are redacted; addresses, hosts,
 * SNI and times are not. Bodies that are text are decoded and redacted, and marked as
 * decoded; others stay as they passed, but where they cannot be decoded and may be text:
 * these are dropped, and marked as cut. NO_MEMORY; LIMIT: over FLOW_MAKE_BYTES. */
MUST_USE enum status flow_redact(const struct flow *from, const struct redactor *r,
                                 struct flow **ret_flow);

#endif
