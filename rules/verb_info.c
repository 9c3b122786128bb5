/* An interim response before the final one (RFC 9110 §15.2). */
#include "rules/answer.h"
#include "rules/verb.h"

struct info_args {
    struct answer_plan plan;
};

static enum status info_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct info_args *a = args;

    c->effects++;
    return answer_parse_info(c, n, &a->plan);
}

static enum status info_apply(const void *args, struct firing *f)
{
    const struct info_args *a = args;
    struct answer *answer;
    struct effect *e;
    enum status st = answer_new(&a->plan, f, &answer);

    if (!st && f->mark_name)
        st = fields_append(f->arena, &answer->head.fields, bytes_of(f->mark_name), f->mark);
    if (st)
        return st;
    e = firing_effect(f, EFFECT_INFO);
    if (!e)
        return STATUS_NO_MEMORY;
    e->info = &answer->head;
    return STATUS_OK;
}

const struct verb verb_info = {
    .name = "info",
    .help = "send an interim response, as 103 Early Hints, before the final one",
    .example = "{ status: 103, headers: { link: </a.css>; rel=preload } }",
    .args_size = sizeof(struct info_args),
    .parse = info_parse,
    .apply = info_apply,
};
