/* body_file: the file that `respond: file` names, read whole at load. */
#ifndef WEIR_RULES_BODY_FILE_H
#define WEIR_RULES_BODY_FILE_H

#include "rules/compiler.h"

/* Relative names start at the compiler's folder. At most RULE_BODY_BYTES; a regular
 * file. What is wrong is a diagnostic at `text`. The bytes live in the ruleset. */
MUST_USE enum status body_file_load(struct rule_compiler *c, const struct rule_text *text,
                                    struct bytes *ret_content);
/* All that is behind a descriptor. LIMIT: as much as `out` may hold, or more; IO: errno
 * tells. */
MUST_USE enum status body_file_read(int fd, struct buf *out);
/* By the name's ending; application/octet-stream when unknown. Static. */
struct bytes body_file_media_type(struct bytes name);

#endif
