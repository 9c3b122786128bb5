/* redact_note: what a rule did, redacted: "x-api-key: a → b", "query token: a → b", "body
 * 12 → 14 bytes: a → b". Of a body's change only the part that differs is there, without
 * its name: whether it is a secret, the bodies of the flow tell. */
#ifndef WEIR_LOGS_REDACT_NOTE_H
#define WEIR_LOGS_REDACT_NOTE_H

#include "logs/flow.h"
#include "logs/redact.h"

enum {
    REDACT_NOTE_BODY_BYTES = 1024 * 1024
}; /* looked at for a note; in a longer one all is secret */

/* Appends the note to `out`. */
void redact_put_note(const struct redactor *r, const struct flow *f, struct bytes note,
                     struct buf *out);

#endif
