#include "rules/answer.h"
#include "rules/verb.h"

static enum status respond_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    c->effects++;
    return answer_parse(c, n, args);
}

static bool respond_applies(const void *args, const struct rule_view *view, uint64_t place)
{
    (void)place;
    return answer_applies(args, view->request);
}

static enum status respond_apply(const void *args, struct firing *f)
{
    return answer_make(args, f);
}

static unsigned respond_traits(const void *args)
{
    const struct answer_plan *plan = args;

    return plan->status == 304 && !plan->force && !plan->raw ? 0 : VERB_ANSWERS;
}

const struct verb verb_respond = {
    .name = "respond",
    .help = "answer with a status, header fields and a body; the origin is not asked",
    .example = "{ status: 503, text: busy }",
    .traits = VERB_TERMINAL,
    .args_size = sizeof(struct answer_plan),
    .parse = respond_parse,
    .applies = respond_applies,
    .apply = respond_apply,
    .traits_of = respond_traits,
};
