#include "rules/conn_fault.h"
#include "rules/verb.h"

static enum status connect_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    return fault_parse(c, "connect", n, args);
}

const struct verb verb_connect = {
    .name = "connect",
    .help =
        "refuse, delay T, or hang: the connection to the origin is refused, held, or never comes",
    .example = "refuse",
    .traits = VERB_AT_DIAL,
    .args_size = sizeof(struct fault_args),
    .parse = connect_parse,
    .apply = fault_apply,
};
