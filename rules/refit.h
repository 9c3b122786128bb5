/* refit: the head of a message whose content rules change, or would change: what it
 * may still say of the content. */
#ifndef WEIR_RULES_REFIT_H
#define WEIR_RULES_REFIT_H

#include "http/message.h"

/* How long the content is by now; trailers follow only what is chunked (RFC 9112
 * §7.1.2). */
void refit_frame(struct head *head, size_t content_bytes, bool trailers);
/* Removes what tells of a content that is another one now (RFC 9110 §8.4, RFC 9530). */
void refit_forget_digests(struct head *head);
/* The same for a response, and its validators; nobody is to keep it (RFC 9111 §5.2.2.5),
 * unless a rule has set what caches may do. `received` is the head as it came. NO_MEMORY. */
MUST_USE enum status refit_response(struct arena *a, struct head *head,
                                    const struct head *received);
/* Why no rule looks at the content of this response; NULL: rules may. Static. */
const char *refit_fault(const struct head *response);

#endif
