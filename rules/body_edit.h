/* body_edit: does what an EDIT_BODY effect asks for: changes a message's content, decoded
 * and whole. */
#ifndef WEIR_RULES_BODY_EDIT_H
#define WEIR_RULES_BODY_EDIT_H

#include "base/buf.h"
#include "rules/effect.h"

enum { BODY_NOTE_BYTES = 512 };

/* A content that edit after edit is made to. Owned by the caller. */
struct body_draft {
    struct buf now, spare;
    bool changed; /* `now` counts, and not what was received */
};

void body_draft_init(struct body_draft *d);
void body_draft_release(struct body_draft *d);
/* Is the edit of so much too slow for a loop? */
bool body_edit_is_slow(const struct body_edit *edit, size_t content_bytes);
/* What it is by now. */
struct bytes body_draft_bytes(const struct body_draft *d, struct bytes received);
/* Makes one edit. `note` is cleared and filled: what changed, or why nothing did.
 * *ret_changed tells whether anything did. At most RULE_BODY_BYTES come of it. Only
 * NO_MEMORY fails. `scratch` is for what an edit needs besides, and grows with it. */
MUST_USE enum status body_draft_apply(struct body_draft *d, struct arena *scratch,
                                      const struct body_edit *edit, struct bytes received,
                                      struct buf *note, bool *ret_changed);

#endif
