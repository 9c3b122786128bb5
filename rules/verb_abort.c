#include "rules/verb.h"

struct abort_args {
    int how; /* enum abort_kind */
    const struct node *whole;
};

static const char *const kinds[] = {"close", "reset", "hang", NULL}; /* as enum abort_kind */

static enum status how_parse(struct rule_compiler *c, const struct node *n, int *ret_how)
{
    static const char *const later[] = {"empty", "bad_chunk", "garbage", NULL};
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    for (size_t i = 0; !st && later[i]; i++) {
        if (bytes_equal(text.all, bytes_of(later[i])))
            return compiler_error(c, &text, text.all, "'%s' is not in this version", later[i]);
    }
    return st ? st : config_word(&c->reader, n, kinds, ret_how);
}

static enum status how_keep(const struct config_reader *r, const struct node *n, void *field)
{
    return config_word(r, n, kinds, field);
}

static const struct config_key abort_keys[] = {
    {.name = "how",
     .type = CONFIG_CUSTOM,
     .offset = offsetof(struct abort_args, how),
     .parse = how_keep,
     .help = "close (FIN), reset (RST) or hang"},
    {.name = "whole", .type = CONFIG_LATER},
};

static const struct config_section abort_section = {"abort", abort_keys,
                                                    sizeof(abort_keys) / sizeof(abort_keys[0])};

static enum status abort_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct abort_args *a = args;

    c->effects++;
    if (n->kind == NODE_SCALAR)
        return how_parse(c, n, &a->how);
    if (n->kind == NODE_MAP && !node_find(n, "how")) {
        node_error(c->reader.diags, n, "'how' is missing: close, reset or hang");
        return STATUS_BAD_CONFIG;
    }
    return config_read(&c->reader, &abort_section, n, a);
}

static enum status abort_apply(const void *args, struct firing *f)
{
    const struct abort_args *a = args;
    struct effect *e = firing_effect(f, EFFECT_ABORT);

    if (!e)
        return STATUS_NO_MEMORY;
    e->abort = (enum abort_kind)a->how;
    return STATUS_END;
}

const struct verb verb_abort = {
    .name = "abort",
    .help = "end the exchange without an answer: close (FIN), reset (RST) or hang",
    .example = "reset",
    .traits = VERB_TERMINAL | VERB_ANSWERS,
    .args_size = sizeof(struct abort_args),
    .parse = abort_parse,
    .apply = abort_apply,
};
