#include "rules/edit.h"
#include "rules/verb.h"

static enum status append_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    return edits_parse_map(c, n, EDIT_APPEND, args);
}

static enum status append_apply(const void *args, struct firing *f)
{
    return edits_apply(args, f);
}

const struct verb verb_append = {
    .name = "append",
    .help = "add a line to the fields of that name",
    .example = "{ response.header.set-cookie: a=1 }",
    .args_size = sizeof(struct edits),
    .parse = append_parse,
    .apply = append_apply,
};
