#include <string.h>

#include "base/sizes.h"
#include "rules/verb.h"

#define DELAY_MAX_US (INT64_C(24) * 60 * 60 * 1000 * 1000)

/* Fixed when both are equal; 0 is none. */
struct delay_range {
    int64_t low_us, high_us;
};

struct delay_args {
    struct delay_range request, response;
};

/* The map form: of the verb, or of one of its times. */
struct delay_form {
    const struct node *request, *response, *from, *to;
};

static const struct config_key delay_keys[] = {
    NODE_KEY(delay_form, request, "how long the request is held"),
    NODE_KEY(delay_form, response, "how long the response is held"),
    NODE_KEY(delay_form, from, "the least time"),
    NODE_KEY(delay_form, to, "the most"),
};

static const struct config_section delay_section = {"delay", delay_keys,
                                                    sizeof(delay_keys) / sizeof(delay_keys[0])};
static const struct config_section range_section = {"delay", delay_keys + 2, 2};

static enum status time_parse(struct rule_compiler *c, const struct rule_text *text,
                              struct bytes in, int64_t *ret_us)
{
    int64_t us;

    if (duration_parse(in, &us) || us > DELAY_MAX_US)
        return compiler_error(c, text, in,
                              "expected a time as 200ms or 5s, at most 24h, or `200ms to 800ms`");
    *ret_us = us;
    return STATUS_OK;
}

static enum status order_check(struct rule_compiler *c, const struct node *n,
                               const struct delay_range *range)
{
    if (range->low_us <= range->high_us)
        return STATUS_OK;
    node_error(c->reader.diags, n, "the shorter time comes first");
    return STATUS_BAD_CONFIG;
}

/* "200ms", "200ms to 800ms" */
static enum status text_parse(struct rule_compiler *c, const struct node *n,
                              struct delay_range *range)
{
    struct rule_text text;
    ptrdiff_t to;
    enum status st = compiler_text(c, n, &text);

    if (st)
        return st;
    if (bytes_starts_with(text.all, BYTES("normal")) ||
        bytes_starts_with(text.all, BYTES("lognormal")))
        return compiler_error(c, &text, text.all,
                              "'normal' and 'lognormal' are not in this version");
    to = bytes_search(text.all, BYTES(" to "));
    if (to < 0) {
        st = time_parse(c, &text, text.all, &range->low_us);
        range->high_us = range->low_us;
        return st;
    }
    st = time_parse(c, &text, bytes_trim(bytes_until(text.all, (size_t)to)), &range->low_us);
    st = status_worse(st, time_parse(c, &text, bytes_trim(bytes_from(text.all, (size_t)to + 4)),
                                     &range->high_us));
    return st ? st : order_check(c, n, range);
}

static enum status end_parse(struct rule_compiler *c, const struct node *map, const struct node *n,
                             int64_t *ret_us)
{
    struct rule_text text;
    enum status st = n ? compiler_text(c, n, &text) : STATUS_OK;

    if (n)
        return st ? st : time_parse(c, &text, text.all, ret_us);
    node_error(c->reader.diags, map, "a range has 'from' and 'to'");
    return STATUS_BAD_CONFIG;
}

static enum status range_parse(struct rule_compiler *c, const struct node *map,
                               const struct delay_form *form, struct delay_range *range)
{
    enum status st = end_parse(c, map, form->from, &range->low_us);

    if (!st)
        st = end_parse(c, map, form->to, &range->high_us);
    return st ? st : order_check(c, map, range);
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
    struct delay_form form = {0};
    enum status st;

    c->effects += 2;
    if (n->kind != NODE_MAP)
        return text_parse(c, n, &a->request);
    st = config_read(&c->reader, &delay_section, n, &form);
    if (st)
        return st;
    if ((form.from || form.to) && !form.request && !form.response)
        return range_parse(c, n, &form, &a->request);
    if (form.from || form.to || (!form.request && !form.response)) {
        node_error(c->reader.diags, n, "expected 'request', 'response', or 'from' and 'to'");
        return STATUS_BAD_CONFIG;
    }
    if (form.request)
        st = side_parse(c, form.request, &a->request);
    if (form.response)
        st = status_worse(st, side_parse(c, form.response, &a->response));
    return st;
}

static enum status side_apply(const struct delay_range *range, enum http_side side,
                              struct firing *f)
{
    int64_t us = range->low_us == range->high_us ? range->low_us
                                                 : firing_draw(f, range->low_us, range->high_us);
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

static enum status delay_apply(const void *args, struct firing *f)
{
    const struct delay_args *a = args;
    enum status st = side_apply(&a->request, HTTP_REQUEST, f);

    return st ? st : side_apply(&a->response, HTTP_RESPONSE, f);
}

const struct verb verb_delay = {
    .name = "delay",
    .help = "hold the request, or { response: T } the response; T is fixed or `a to b`",
    .example = "200ms",
    .args_size = sizeof(struct delay_args),
    .parse = delay_parse,
    .apply = delay_apply,
};
