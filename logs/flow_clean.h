/* flow_clean: a flow's messages without their secrets, as they go to somebody else. */
#ifndef WEIR_LOGS_FLOW_CLEAN_H
#define WEIR_LOGS_FLOW_CLEAN_H

#include "logs/flow.h"
#include "logs/redact.h"

/* What became of a content. */
struct flow_cleaned {
    bool changed; /* secrets were taken out */
    bool decoded; /* it is without the codings that its head names */
    bool left;    /* what could not be decoded was left out: nobody knows what is in it */
};

/* What may be looked at of a content before it is shown: all of it decoded, or as far as it
 * can be; what only says to be coded and is text; else nothing. *ret_content, set in any
 * case, points into the flow or into `out`, which is empty at first. Other than OK: there is
 * more, in which secrets may be (STATUS of coding_decode()). */
MUST_USE enum status flow_open_content(const struct flow_message *m, struct buf *out,
                                       struct bytes *ret_content);
/* Appends the captured content as it passed; where a secret stands in it, or it cannot be
 * decoded whole, what flow_open_content() has of it, redacted. On failure `out` may have a
 * part. LIMIT, NO_MEMORY. */
MUST_USE enum status flow_clean_body(const struct redactor *r, const struct flow_message *m,
                                     struct buf *out, struct flow_cleaned *ret_cleaned);
/* Appends a whole message as HTTP/1.1 text (RFC 9112 §2.1), framed by the content that
 * is there: by Content-Length, or chunked where trailers follow. A request is in origin
 * form. `head` and `m` are one of `f`. STATUS of `out`. */
MUST_USE enum status flow_clean_put(const struct redactor *r, const struct flow *f,
                                    const struct flow_message *m, struct buf *out);
/* The same of a head alone, with its framing as it was, and the empty line. */
void flow_clean_put_head(const struct redactor *r, const struct flow *f, const struct head *head,
                         struct buf *out);

#endif
