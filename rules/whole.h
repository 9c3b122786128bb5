/* whole: a request that is sure to be answered with its whole content, in a coding that
 * weir can read: what a rule needs that changes the content of the response. */
#ifndef WEIR_RULES_WHOLE_H
#define WEIR_RULES_WHOLE_H

#include "base/buf.h"
#include "http/message.h"

/* Takes from `head`, whose field list must be its own, what asks for a part (RFC 9110
 * §14.2) or for nothing if it is unchanged (§13.1), and the codings that weir cannot
 * decode from Accept-Encoding (§12.5.3). `note` is filled with what changed; it stays
 * empty when nothing did. */
MUST_USE enum status whole_ask(struct arena *a, struct head *head, struct buf *note);

#endif
