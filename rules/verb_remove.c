#include "rules/edit.h"
#include "rules/verb.h"

static enum status remove_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    return edits_parse_list(c, n, args);
}

static enum status remove_apply(const void *args, struct firing *f)
{
    return edits_apply(args, f);
}

const struct verb verb_remove = {
    .name = "remove",
    .help = "remove all fields of that name",
    .example = "[request.header.cookie]",
    .args_size = sizeof(struct edits),
    .parse = remove_parse,
    .apply = remove_apply,
};
