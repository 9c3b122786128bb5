#include "rules/answer.h"
#include "rules/verb.h"

static enum status redirect_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    c->effects++;
    return answer_parse_redirect(c, n, args);
}

static enum status redirect_apply(const void *args, struct firing *f)
{
    return answer_make(args, f);
}

const struct verb verb_redirect = {
    .name = "redirect",
    .help = "answer with a redirection and its Location",
    .example = "{ status: 301, to: https://shop.test/ }",
    .traits = VERB_TERMINAL | VERB_ANSWERS,
    .args_size = sizeof(struct answer_plan),
    .parse = redirect_parse,
    .apply = redirect_apply,
};
