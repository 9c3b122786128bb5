/* head_edits: does what EDIT_HEAD effects ask for. */
#ifndef WEIR_PROXY_CORE_HEAD_EDITS_H
#define WEIR_PROXY_CORE_HEAD_EDITS_H

#include "base/buf.h"
#include "rules/effect.h"

/* Room for a note on what changed ("x-a: 1 → 2"). */
enum { EDIT_NOTE_BYTES = 512 };

/* `note` is cleared and filled. The edit's bytes are copied into `a`. */
MUST_USE enum status head_edit_apply(struct arena *a, const struct head_edit *edit,
                                     struct head *head, struct buf *note);

#endif
