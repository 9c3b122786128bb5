#include "rules/edit.h"
#include "rules/verb.h"

static enum status set_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    return edits_parse_map(c, n, EDIT_SET, args);
}

static enum status set_apply(const void *args, struct firing *f)
{
    return edits_apply(args, f);
}

const struct verb verb_set = {
    .name = "set",
    .help = "change a field or the status: the first line in its place, others removed",
    .example = "{ response.header.x-name: value }",
    .args_size = sizeof(struct edits),
    .parse = set_parse,
    .apply = set_apply,
};
