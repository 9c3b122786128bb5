/* har_format: a flow as an entry of a HAR 1.2, redacted, on one line. docs/exchange.md has
 * it field by field. What the format has no place for stands in `_weir`, in the words of
 * jsonl_format.h, so that flow_read.h makes the same flow of it again. */
#ifndef WEIR_LOGS_HAR_FORMAT_H
#define WEIR_LOGS_HAR_FORMAT_H

#include "logs/jsonl_format.h"

enum {
    HAR_CONTENT_BYTES = 16 * 1024 * 1024, /* of a decoded body; the rest is cut */
    HAR_ENTRY_BYTES = 64 * 1024 * 1024,   /* a longer entry goes without its bodies */
};

struct har_format {
    struct jsonl_format json;
    struct buf url; /* redacted, without fragment */
};

void har_format_init(struct har_format *h, const struct redactor *redactor);
void har_format_release(struct har_format *h);
/* Appends one entry, without anything around it; when `out` has not the room for it, one
 * without bodies. On failure nothing was added, and `out` is not broken. */
MUST_USE enum status har_put_flow(struct har_format *h, const struct flow *f, struct buf *out);

/* A file is the head; entries, all but the first with HAR_BETWEEN before them; the foot.
 * Each of them ends with its line, and no entry has a line feed in it. */
#define HAR_BETWEEN ","
void har_put_head(struct buf *out);
/* `lost` (NULL: none is known of) is what its writer could not keep. */
void har_put_foot(const struct log_gap *lost, struct buf *out);

#endif
