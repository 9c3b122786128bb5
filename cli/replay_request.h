/* replay_request: a recorded request as one to a proxy, framed anew (RFC 9112 §3.2.2). */
#ifndef WEIR_CLI_REPLAY_REQUEST_H
#define WEIR_CLI_REPLAY_REQUEST_H

#include "base/buf.h"
#include "logs/flow.h"

struct replay_request {
    struct head head;  /* in the flow's arena, and pointing into it */
    struct bytes body; /* in the flow, or in `joined` */
    struct buf joined;
};

/* `authorization` goes into Proxy-Authorization unless it is empty; borrowed. REFUSED with
 * a static sentence: it cannot be sent again; NO_MEMORY. To be released in any case. */
MUST_USE enum status replay_request_make(struct flow *f, struct bytes authorization,
                                         struct replay_request *r, const char **ret_refusal);
void replay_request_release(struct replay_request *r);

#endif
