/* draft: a request as it would go on, with what the rules that fired so far have
 * changed. `match` looks at the request as received, `then` at this. */
#ifndef WEIR_RULES_DRAFT_H
#define WEIR_RULES_DRAFT_H

#include "base/buf.h"
#include "rules/body_edit.h"
#include "rules/ruleset.h"

struct draft {
    bool made; /* when the first rule fires */
    struct head head;
    struct rule_target target;
    struct body_draft body; /* of what the view has */
};

void draft_init(struct draft *d);
void draft_release(struct draft *d);
/* As received; nothing when it is made already. The bytes stay shared with the view. */
MUST_USE enum status draft_make(struct draft *d, struct arena *arena, const struct rule_view *view);
MUST_USE enum status draft_edit(struct draft *d, struct arena *arena, const struct head_edit *edit);

/* "a.test", "[::1]:8080": without the port that the scheme implies. */
void target_authority_put(struct buf *out, const struct rule_target *target);
/* scheme://authority, and `path` unless it is "*". */
void target_url_put(struct buf *out, const struct rule_target *target, struct bytes path);

#endif
