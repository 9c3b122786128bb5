#include "rules/verb.h"

struct log_args {
    int keep; /* enum log_keep */
};

static const char *const words[] = {"on", "heads", "off", NULL}; /* as enum log_keep */

static enum status log_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct log_args *a = args;

    c->effects++;
    return config_word(&c->reader, n, words, &a->keep);
}

static enum status log_apply(const void *args, struct firing *f)
{
    const struct log_args *a = args;
    struct effect *e = firing_effect(f, EFFECT_LOG);

    if (!e)
        return STATUS_NO_MEMORY;
    e->keep = (enum log_keep)a->keep;
    return STATUS_OK;
}

const struct verb verb_log = {
    .name = "log",
    .help = "what is recorded of the flow: on, heads without bodies, or off for nothing",
    .example = "off",
    .args_size = sizeof(struct log_args),
    .parse = log_parse,
    .apply = log_apply,
};
