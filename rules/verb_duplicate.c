#include "rules/verb.h"

enum { COPIES = 16 }; /* of one verb */

struct duplicate_args {
    int64_t count;
};

static const struct config_key duplicate_keys[] = {
    {.name = "count",
     .type = CONFIG_INT,
     .offset = offsetof(struct duplicate_args, count),
     .min = 1,
     .max = COPIES,
     .help = "how many copies go to the origin, besides the request itself"},
};

static const struct config_section duplicate_section = {
    "duplicate", duplicate_keys, sizeof(duplicate_keys) / sizeof(duplicate_keys[0])};

static enum status duplicate_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct duplicate_args *a = args;
    struct rule_text text;
    enum status st;

    c->effects++;
    a->count = 1;
    if (!n)
        return STATUS_OK;
    st = compiler_of_request(c, n);
    if (st)
        return st;
    if (n->kind == NODE_MAP)
        return config_read(&c->reader, &duplicate_section, n, a);
    st = compiler_text(c, n, &text);
    return st || bytes_equal(text.all, BYTES("true"))
               ? st
               : config_int(&c->reader, n, 1, COPIES, &a->count);
}

static enum status duplicate_apply(const void *args, struct firing *f)
{
    const struct duplicate_args *a = args;
    struct effect *e = firing_effect(f, EFFECT_DUPLICATE);

    if (!e)
        return STATUS_NO_MEMORY;
    e->copies = (uint32_t)a->count;
    return STATUS_OK;
}

const struct verb verb_duplicate = {
    .name = "duplicate",
    .help = "send the request to the origin once more, or N times; what is answered is dropped",
    .example = "2",
    .traits = VERB_BARE,
    .args_size = sizeof(struct duplicate_args),
    .parse = duplicate_parse,
    .apply = duplicate_apply,
};
