#include "rules/actions.h"

enum { STEPS = 1000 };

struct sequence_args {
    const struct node *node; /* of the steps, while compiled */
    bool loop;
    uint32_t count;
    struct actions *steps;
};

static const struct config_key sequence_keys[] = {
    {.name = "steps",
     .type = CONFIG_CUSTOM,
     .offset = offsetof(struct sequence_args, node),
     .parse = node_keep,
     .help = "what is done, one step for each firing"},
    {.name = "loop",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct sequence_args, loop),
     .help = "start again after the last step, which else repeats"},
};

static const struct config_section sequence_section = {
    "sequence", sequence_keys, sizeof(sequence_keys) / sizeof(sequence_keys[0])};

/* Only one step is taken, so the most that any step may have is what counts. */
static enum status steps_parse(struct rule_compiler *c, struct sequence_args *a)
{
    uint32_t before = c->effects, most = 0;
    enum status st = STATUS_OK;

    a->steps = arena_alloc(c->arena, a->node->count * sizeof(*a->steps));
    if (!a->steps)
        return STATUS_NO_MEMORY;
    for (const struct node *n = a->node->first; n; n = n->next) {
        c->effects = before;
        st = status_worse(st, actions_parse(c, n, &a->steps[a->count++]));
        most = c->effects > most ? c->effects : most;
    }
    c->effects = most;
    return st;
}

/* Recursion goes one level deep: a sequence in a sequence is refused. */
static enum status sequence_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct sequence_args *a = args;
    enum status st = STATUS_OK;

    if (c->in_sequence) {
        node_key_error(c->reader.diags, n, "a sequence cannot stand in a sequence");
        return STATUS_BAD_CONFIG;
    }
    a->node = n;
    if (n->kind == NODE_MAP)
        st = config_read(&c->reader, &sequence_section, n, a);
    if (!st)
        st = compiler_want(c, a->node, NODE_LIST, "a sequence is a list of steps");
    if (st)
        return st;
    if (a->node->count == 0 || a->node->count > STEPS) {
        node_error(c->reader.diags, a->node, "a sequence has 1 to %d steps", STEPS);
        return STATUS_BAD_CONFIG;
    }
    c->in_sequence = true;
    st = steps_parse(c, a);
    c->in_sequence = false;
    return st;
}

static const struct actions *step_at(const struct sequence_args *a, uint64_t place)
{
    if (a->loop)
        return &a->steps[place % a->count];
    return &a->steps[place < a->count ? place : a->count - 1];
}

static bool sequence_applies(const void *args, const struct rule_view *view, uint64_t place)
{
    const struct sequence_args *a = args;

    return actions_apply_to(step_at(a, place), view, place);
}

static enum status sequence_apply(const void *args, struct firing *f)
{
    const struct sequence_args *a = args;

    return actions_run(step_at(a, f->place), f);
}

/* It always answers when every step does; it may pass when one may. */
static unsigned sequence_traits(const void *args)
{
    const struct sequence_args *a = args;
    unsigned answers = VERB_ANSWERS, passes = 0;

    for (uint32_t i = 0; i < a->count; i++) {
        answers &= a->steps[i].traits;
        passes |= a->steps[i].traits & VERB_PASSES;
    }
    return answers | passes;
}

const struct verb verb_sequence = {
    .name = "sequence",
    .help = "take the next step at each firing; the last one repeats, or `loop: true`",
    .example = "[500, 502, pass]",
    .traits = VERB_TERMINAL,
    .args_size = sizeof(struct sequence_args),
    .parse = sequence_parse,
    .applies = sequence_applies,
    .apply = sequence_apply,
    .traits_of = sequence_traits,
};
