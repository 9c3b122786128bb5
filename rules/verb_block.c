#include "rules/answer.h"
#include "rules/verb.h"

enum { BLOCK_STATUS = 403 };

static enum status block_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    int64_t status = BLOCK_STATUS;
    enum status st = STATUS_OK;

    c->effects++;
    if (n)
        st = config_int(&c->reader, n, 400, 599, &status);
    return st ? st : answer_of_status(c, n, status, args);
}

static enum status block_apply(const void *args, struct firing *f)
{
    return answer_make(args, f);
}

const struct verb verb_block = {
    .name = "block",
    .help = "answer 403, or the status given, and never contact the server",
    .example = "451",
    .traits = VERB_TERMINAL | VERB_BARE | VERB_ANSWERS,
    .args_size = sizeof(struct answer_plan),
    .parse = block_parse,
    .apply = block_apply,
};
