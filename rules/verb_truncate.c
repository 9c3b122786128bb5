#include "rules/verb.h"

struct truncate_args {
    int64_t after; /* bytes */
};

static const struct config_key truncate_keys[] = {
    {.name = "after",
     .type = CONFIG_SIZE,
     .offset = offsetof(struct truncate_args, after),
     .min = 0,
     .max = INT64_MAX,
     .help = "how many bytes of the body still go out"},
};

static const struct config_section truncate_section = {
    "truncate", truncate_keys, sizeof(truncate_keys) / sizeof(truncate_keys[0])};

static enum status truncate_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct truncate_args *a = args;

    c->effects++;
    if (n->kind != NODE_MAP)
        return config_size(&c->reader, n, &a->after);
    if (!node_find(n, "after")) {
        node_error(c->reader.diags, n, "'after' is missing: how many bytes of the body go out?");
        return STATUS_BAD_CONFIG;
    }
    return config_read(&c->reader, &truncate_section, n, a);
}

static enum status truncate_apply(const void *args, struct firing *f)
{
    const struct truncate_args *a = args;
    struct effect *e = firing_effect(f, EFFECT_CUT);

    if (!e)
        return STATUS_NO_MEMORY;
    e->cut_bytes = a->after;
    return STATUS_OK;
}

const struct verb verb_truncate = {
    .name = "truncate",
    .help = "cut the response's body after so many bytes, and close",
    .example = "10KiB",
    .args_size = sizeof(struct truncate_args),
    .parse = truncate_parse,
    .apply = truncate_apply,
};
