#include "rules/verb.h"

static enum status pass_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    (void)args;
    c->effects++;
    if (!n)
        return STATUS_OK;
    node_error(c->reader.diags, n, "'pass' takes no value; write it alone, as `then: pass`");
    return STATUS_BAD_CONFIG;
}

static enum status pass_apply(const void *args, struct firing *f)
{
    (void)args;
    return firing_effect(f, EFFECT_FORWARD) ? STATUS_END : STATUS_NO_MEMORY;
}

const struct verb verb_pass = {
    .name = "pass",
    .help = "send the request on; no later rule is asked about it",
    .traits = VERB_TERMINAL | VERB_BARE | VERB_PASSES,
    .parse = pass_parse,
    .apply = pass_apply,
};
