#include "rules/rendezvous.h"
#include "rules/verb.h"

enum { GATHER_MAX = 1000, GATHER_TIMEOUT_US = 5 * 1000 * 1000 };
enum gather_order { GATHER_TOGETHER, GATHER_REVERSE };

struct gather_args {
    int64_t count;
    int64_t timeout_us;
    int order;
};

static const char *const orders[] = {"together", "reverse", NULL}; /* as enum gather_order */

static const struct config_key gather_keys[] = {
    {.name = "count",
     .type = CONFIG_INT,
     .offset = offsetof(struct gather_args, count),
     .min = 2,
     .max = GATHER_MAX,
     .help = "how many requests are waited for"},
    {.name = "order",
     .type = CONFIG_WORD,
     .offset = offsetof(struct gather_args, order),
     .words = orders,
     .help = "together, or reverse: the last one first"},
    {.name = "timeout",
     .type = CONFIG_DURATION,
     .offset = offsetof(struct gather_args, timeout_us),
     .min = 1,
     .max = DELAY_MAX_US,
     .help =
         "for how long the first one waits at most; then all that are there go; 5s when absent"},
};

static const struct config_section gather_section = {"gather", gather_keys,
                                                     sizeof(gather_keys) / sizeof(gather_keys[0])};

static enum status gather_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct gather_args *a = args;
    enum status st;

    c->effects++;
    a->timeout_us = GATHER_TIMEOUT_US;
    st = compiler_of_request(c, n);
    if (st)
        return st;
    if (n->kind != NODE_MAP)
        return config_int(&c->reader, n, 2, GATHER_MAX, &a->count);
    if (!node_find(n, "count")) {
        node_error(c->reader.diags, n, "'count' is missing: how many requests are waited for?");
        return STATUS_BAD_CONFIG;
    }
    return config_read(&c->reader, &gather_section, n, a);
}

static enum status gather_apply(const void *args, struct firing *f)
{
    const struct gather_args *a = args;
    struct effect *e = firing_effect(f, EFFECT_GATHER);

    if (!e)
        return STATUS_NO_MEMORY;
    e->gather = (struct gather){.rendezvous = f->rendezvous,
                                .count = (uint32_t)a->count,
                                .reverse = a->order == GATHER_REVERSE,
                                .timeout_us = a->timeout_us};
    return STATUS_OK;
}

const struct verb verb_gather = {
    .name = "gather",
    .help = "hold so many requests, and let them go together or in reverse order",
    .example = "3",
    .args_size = sizeof(struct gather_args),
    .parse = gather_parse,
    .apply = gather_apply,
};
