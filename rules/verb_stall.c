#include "rules/verb.h"

struct stall_args {
    int64_t after; /* bytes of the body */
    int64_t time_us;
    bool head;
};

static const struct config_key stall_keys[] = {
    {.name = "after",
     .type = CONFIG_SIZE,
     .offset = offsetof(struct stall_args, after),
     .min = 0,
     .max = INT64_MAX,
     .help = "how many bytes of the body go out before; 0 when absent"},
    {.name = "for",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct stall_args, time_us),
     .min = 1,
     .max = DELAY_MAX_US,
     .help = "then it goes on; never when absent"},
    {.name = "head",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct stall_args, head),
     .help = "not even the head goes out"},
};

static const struct config_section stall_section = {"stall", stall_keys,
                                                    sizeof(stall_keys) / sizeof(stall_keys[0])};

static enum status stall_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct stall_args *a = args;
    enum status st;

    c->effects++;
    if (!n)
        return STATUS_OK;
    if (n->kind != NODE_MAP)
        return config_size(&c->reader, n, &a->after);
    st = config_read(&c->reader, &stall_section, n, a);
    if (st || !a->head || !node_find(n, "after"))
        return st;
    node_error(c->reader.diags, node_find(n, "after"),
               "with 'head: true' nothing goes out before it");
    return STATUS_BAD_CONFIG;
}

static enum status stall_apply(const void *args, struct firing *f)
{
    const struct stall_args *a = args;
    struct effect *e = firing_effect(f, EFFECT_STALL);

    if (!e)
        return STATUS_NO_MEMORY;
    e->stall = (struct stall){.after_bytes = a->head ? STALL_HEAD : a->after, .us = a->time_us};
    return STATUS_OK;
}

const struct verb verb_stall = {
    .name = "stall",
    .help = "stop the response after so many bytes of its body, for a time or for ever",
    .example = "{ after: 10KiB, for: 5s }",
    .traits = VERB_BARE,
    .args_size = sizeof(struct stall_args),
    .parse = stall_parse,
    .apply = stall_apply,
};
