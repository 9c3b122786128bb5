#include "rules/edit.h"
#include "rules/verb.h"

static enum status replace_verb_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    return edits_parse_map(c, n, EDIT_REPLACE, args);
}

static enum status replace_apply(const void *args, struct firing *f)
{
    return edits_apply(args, f);
}

const struct verb verb_replace = {
    .name = "replace",
    .help = "replace every place of a text or ~pattern in a target",
    .example = "{ request.path: { find: /v1/, with: /v2/ } }",
    .args_size = sizeof(struct edits),
    .parse = replace_verb_parse,
    .apply = replace_apply,
};
