/* head_edit: does what an EDIT_HEAD effect asks for: to the head that the core sends
 * on, and to the draft that later rules look at. What is not named stays as it came,
 * byte for byte. */
#ifndef WEIR_RULES_HEAD_EDIT_H
#define WEIR_RULES_HEAD_EDIT_H

#include "base/buf.h"
#include "rules/effect.h"

/* Room for a note on what changed ("x-a: 1 → 2"). */
enum { EDIT_NOTE_BYTES = 512 };

/* `note` is cleared and filled. The edit's bytes are copied into `a`; the head's field
 * list must be its own. */
MUST_USE enum status head_edit_apply(struct arena *a, const struct head_edit *edit,
                                     struct head *head, struct buf *note);

/* The same for an edit of the trailer section, whose field list must be its own. */
MUST_USE enum status trailer_edit_apply(struct arena *a, const struct head_edit *edit,
                                        struct fields *trailers, struct buf *note);

#endif
