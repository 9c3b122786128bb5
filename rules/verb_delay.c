#include "rules/delay_parse.h"
#include "rules/verb.h"

struct delay_args {
    struct delay_range request, response, chunks;
};

/* The map form: of the verb, or of one of its times. */
struct delay_form {
    const struct node *request, *response, *chunks;
    const struct node *from, *to, *normal, *sd, *lognormal, *sigma; /* of one time */
};

static const struct config_key delay_keys[] = {
    NODE_KEY(delay_form, request, "how long the request is held"),
    NODE_KEY(delay_form, response, "how long the response is held"),
    NODE_KEY(delay_form, chunks, "how long each piece of the response's body is held"),
    NODE_KEY(delay_form, from, "the least time"),
    NODE_KEY(delay_form, to, "the most"),
    NODE_KEY(delay_form, normal, "the mean of a normal distribution"),
    NODE_KEY(delay_form, sd, "its standard deviation"),
    NODE_KEY(delay_form, lognormal, "the median of a lognormal distribution"),
    NODE_KEY(delay_form, sigma, "the standard deviation of its logarithm, 0 to 3"),
};
enum { DELAY_KEYS = sizeof(delay_keys) / sizeof(delay_keys[0]), DELAY_SIDES = 3 };

static const struct config_section delay_section = {"delay", delay_keys, DELAY_KEYS};
static const struct config_section range_section = {"delay", delay_keys + DELAY_SIDES,
                                                    DELAY_KEYS - DELAY_SIDES};

/* A text as delay_range_parse() has it. */
static enum status text_parse(struct rule_compiler *c, const struct node *n,
                              struct delay_range *range)
{
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    return st ? st : delay_range_parse(c, &text, text.all, range);
}

static enum status end_parse(struct rule_compiler *c, const struct node *n, int64_t *ret_us)
{
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    return st ? st : delay_time_parse(c, &text, text.all, ret_us);
}

static enum status spread_parse(struct rule_compiler *c, const struct node *n,
                                struct delay_range *range)
{
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    return st ? st : delay_sigma_parse(c, &text, text.all, &range->sigma);
}

static bool is_range(const struct delay_form *f)
{
    return f->from || f->to || f->normal || f->sd || f->lognormal || f->sigma;
}

/* Exactly one of the three pairs. */
static enum status range_parse(struct rule_compiler *c, const struct node *map,
                               const struct delay_form *f, struct delay_range *range)
{
    bool uniform = f->from && f->to, normal = f->normal && f->sd,
         lognormal = f->lognormal && f->sigma;
    int keys = !!f->from + !!f->to + !!f->normal + !!f->sd + !!f->lognormal + !!f->sigma;
    enum status st;

    if (keys != 2 || (!uniform && !normal && !lognormal)) {
        node_error(c->reader.diags, map,
                   "a time is 'from' and 'to', 'normal' and 'sd', or 'lognormal' and 'sigma'");
        return STATUS_BAD_CONFIG;
    }
    range->law = uniform ? DELAY_UNIFORM : normal ? DELAY_NORMAL : DELAY_LOGNORMAL;
    st = end_parse(c, uniform ? f->from : normal ? f->normal : f->lognormal, &range->low_us);
    if (lognormal)
        return status_worse(st, spread_parse(c, f->sigma, range));
    st = status_worse(st, end_parse(c, uniform ? f->to : f->sd, &range->high_us));
    return st || normal ? st : delay_order_check(c, map, range);
}

/* One time: a text, or { from, to }. */
static enum status side_parse(struct rule_compiler *c, const struct node *n,
                              struct delay_range *range)
{
    struct delay_form form = {0};
    enum status st;

    if (n->kind != NODE_MAP)
        return text_parse(c, n, range);
    st = config_read(&c->reader, &range_section, n, &form);
    return st ? st : range_parse(c, n, &form, range);
}

static enum status delay_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct delay_args *a = args;
    struct delay_range *usual = c->response_pass ? &a->response : &a->request;
    struct delay_form form = {0};
    bool sides;
    enum status st;

    c->effects += DELAY_SIDES;
    if (n->kind != NODE_MAP)
        return text_parse(c, n, usual);
    st = config_read(&c->reader, &delay_section, n, &form);
    if (st)
        return st;
    sides = form.request || form.response || form.chunks;
    if (is_range(&form) && !sides)
        return range_parse(c, n, &form, usual);
    if (form.request && c->response_pass) {
        node_key_error(c->reader.diags, form.request,
                       "the request has gone already when a rule matches a response");
        return STATUS_BAD_CONFIG;
    }
    if (is_range(&form) || !sides) {
        node_error(c->reader.diags, n, "expected 'request', 'response', 'chunks', or one time");
        return STATUS_BAD_CONFIG;
    }
    if (form.request)
        st = side_parse(c, form.request, &a->request);
    if (form.response)
        st = status_worse(st, side_parse(c, form.response, &a->response));
    if (form.chunks)
        st = status_worse(st, side_parse(c, form.chunks, &a->chunks));
    return st;
}

static enum status side_apply(const struct delay_range *range, enum http_side side,
                              struct firing *f)
{
    int64_t us = delay_range_draw(range, &f->dice);
    struct effect *e;

    if (us == 0)
        return STATUS_OK;
    e = firing_effect(f, EFFECT_DELAY);
    if (!e)
        return STATUS_NO_MEMORY;
    e->delay.side = side;
    e->delay.us = us;
    return STATUS_OK;
}

/* Each piece draws a time of its own, when it comes. */
static enum status chunks_apply(const struct delay_range *range, struct firing *f)
{
    struct effect *e;

    if (range->low_us == 0 && range->high_us == 0)
        return STATUS_OK;
    e = firing_effect(f, EFFECT_CHUNKS);
    if (!e)
        return STATUS_NO_MEMORY;
    e->chunks.range = range;
    e->chunks.dice = (struct dice){.seed = (uint64_t)firing_draw(f, INT64_MIN, INT64_MAX)};
    return STATUS_OK;
}

static enum status delay_apply(const void *args, struct firing *f)
{
    const struct delay_args *a = args;
    enum status st = side_apply(&a->request, HTTP_REQUEST, f);

    if (!st)
        st = side_apply(&a->response, HTTP_RESPONSE, f);
    return st ? st : chunks_apply(&a->chunks, f);
}

const struct verb verb_delay = {
    .name = "delay",
    .help = "hold the request, { response: T } the response, or { chunks: T } each piece of its "
            "body; T is fixed, `a to b`, normal or lognormal",
    .example = "200ms",
    .args_size = sizeof(struct delay_args),
    .parse = delay_parse,
    .apply = delay_apply,
};
