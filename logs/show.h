/* show: everything that is known of one flow, as `weir show` tells it: curl's marks before
 * the heads (">" the client sent it, "<" it was sent to the client, "*" is weir's), decoded
 * bodies, what rules changed, how it ended. In the words of console_format.h. */
#ifndef WEIR_LOGS_SHOW_H
#define WEIR_LOGS_SHOW_H

#include "logs/console_format.h"
#include "logs/jsonl_format.h"

enum show_part { SHOW_REQUEST = 1, SHOW_RESPONSE = 2 };

enum {
    SHOW_MESSAGES = 1000,          /* of a WebSocket */
    SHOW_MESSAGE_BYTES = 4 * 1024, /* of each of them */
};

/* Appends; `c` has verbose 2. With parts of both: all of it. */
void show_put_story(struct console_format *c, const struct flow *f, unsigned parts,
                    struct buf *out);
/* Where the time went: a line for each part of it, with its place in the whole. Times that
 * do not apply have none. */
void show_put_timing(struct console_format *c, const struct flow *f, struct buf *out);
/* The record of jsonl_format.h with the response's words of Python's requests besides:
 * `text` (null: it is no text), `json` (parsed, or null) and `json_error` (null, or why it
 * cannot be parsed). On failure nothing was added. */
MUST_USE enum status show_put_json(struct jsonl_format *j, const struct flow *f, struct buf *out);

#endif
