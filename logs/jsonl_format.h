/* jsonl_format: a flow as one line of JSON, schema "weir.flow/1", redacted.
 *
 * `url` `status_code` `ok` `reason` `headers` `elapsed` mean what they do in
 * Python's requests, where a response has them. What does not apply is null, a time
 * that does not is -1. A message's `headers` are those that came from the peer;
 * `headers_sent` is there when other end-to-end fields went out than came in. A
 * response made by a rule has `received` null, and its headers are those sent.
 *
 * `body` is the content, decoded, when that is text; `body_base64` the same when it is
 * not. `body_coded` says that it could not be decoded and is what the wire had;
 * `body_cut` that some of it is missing: `body_bytes` is how much passed. Messages of a
 * WebSocket, where there are any, stand in `messages`. flow_read.h reads it all back. */
#ifndef WEIR_LOGS_JSONL_FORMAT_H
#define WEIR_LOGS_JSONL_FORMAT_H

#include "logs/sink.h"

enum {
    JSONL_CONTENT_BYTES = 4 * 1024 * 1024, /* of a decoded body; the rest is cut */
    JSONL_EXPORT_BYTES = 16 * 1024 * 1024, /* the same where there is time */
};

struct jsonl_format {
    struct redactor redactor;
    struct buf content, clean; /* scratch */
    int64_t second;            /* since 1970, the one of `second_text` */
    char second_text[21];      /* "2024-01-02T03:04:05." */
};

void jsonl_format_init(struct jsonl_format *j, const struct redactor *redactor);
/* With another cap of decoded bodies. */
void jsonl_format_init_for(struct jsonl_format *j, const struct redactor *redactor,
                           size_t content_bytes);
void jsonl_format_release(struct jsonl_format *j);
/* Appends one line; when `out` has not the room for it, one without bodies. On
 * failure nothing was added, and `out` is not broken. */
MUST_USE enum status jsonl_put_flow(struct jsonl_format *j, const struct flow *f, struct buf *out);
MUST_USE enum status jsonl_put_gap(const struct log_gap *gap, struct buf *out);

#endif
