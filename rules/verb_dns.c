#include "rules/conn_fault.h"
#include "rules/verb.h"

static enum status dns_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    return fault_parse(c, "dns", n, args);
}

const struct verb verb_dns = {
    .name = "dns",
    .help = "fail, or delay T: the look-up of the origin's name fails, or is held",
    .example = "fail",
    .traits = VERB_AT_DIAL,
    .args_size = sizeof(struct fault_args),
    .parse = dns_parse,
    .apply = fault_apply,
};
