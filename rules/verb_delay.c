#include <string.h>

#include "base/sizes.h"
#include "rules/verb.h"

#define DELAY_MAX_US (INT64_C(24) * 60 * 60 * 1000 * 1000)
enum { SIGMA_MAX = 3, NORMAL_DRAWS = 12, EXP_HALVINGS = 10, EXP_TERMS = 8 };

/* What a time is drawn from. */
enum delay_law { DELAY_UNIFORM, DELAY_NORMAL, DELAY_LOGNORMAL };

/* UNIFORM: from low to high, fixed when both are equal, 0 is none. NORMAL: low is the
 * mean, high the standard deviation. LOGNORMAL: low is the median, `sigma` the standard
 * deviation of the logarithm. */
struct delay_range {
    enum delay_law law;
    int64_t low_us, high_us;
    double sigma;
};

struct delay_args {
    struct delay_range request, response;
};

/* The map form: of the verb, or of one of its times. */
struct delay_form {
    const struct node *request, *response;
    const struct node *from, *to, *normal, *sd, *lognormal, *sigma; /* of one time */
};

static const struct config_key delay_keys[] = {
    NODE_KEY(delay_form, request, "how long the request is held"),
    NODE_KEY(delay_form, response, "how long the response is held"),
    NODE_KEY(delay_form, from, "the least time"),
    NODE_KEY(delay_form, to, "the most"),
    NODE_KEY(delay_form, normal, "the mean of a normal distribution"),
    NODE_KEY(delay_form, sd, "its standard deviation"),
    NODE_KEY(delay_form, lognormal, "the median of a lognormal distribution"),
    NODE_KEY(delay_form, sigma, "the standard deviation of its logarithm, 0 to 3"),
};
enum { DELAY_KEYS = sizeof(delay_keys) / sizeof(delay_keys[0]), DELAY_SIDES = 2 };

static const struct config_section delay_section = {"delay", delay_keys, DELAY_KEYS};
static const struct config_section range_section = {"delay", delay_keys + DELAY_SIDES,
                                                    DELAY_KEYS - DELAY_SIDES};

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

/* "0.4", without the C library's locale; at most three decimals. */
static enum status sigma_parse(struct rule_compiler *c, const struct rule_text *text,
                               struct bytes in, double *ret_sigma)
{
    ptrdiff_t dot = bytes_find(in, '.');
    struct bytes whole = dot < 0 ? in : bytes_until(in, (size_t)dot);
    struct bytes decimals = dot < 0 ? BYTES("0") : bytes_from(in, (size_t)dot + 1);
    uint64_t units = 0, thousandths = 0;

    if (bytes_to_u64(whole, SIGMA_MAX, &units) || decimals.len > 3 ||
        bytes_to_u64(decimals, 999, &thousandths))
        units = SIGMA_MAX + 1;
    for (size_t i = decimals.len; i < 3; i++)
        thousandths *= 10;
    if (units * 1000 + thousandths > SIGMA_MAX * 1000)
        return compiler_error(c, text, in, "expected a number from 0 to 3, as 0.4");
    *ret_sigma = (double)(units * 1000 + thousandths) / 1000.0;
    return STATUS_OK;
}

/* "normal 300ms sd 50ms", "lognormal 300ms sigma 0.4"; `rest` follows the first word. */
static enum status law_parse(struct rule_compiler *c, const struct rule_text *text,
                             struct bytes rest, struct delay_range *range)
{
    bool normal = range->law == DELAY_NORMAL;
    struct bytes word = normal ? BYTES(" sd ") : BYTES(" sigma ");
    ptrdiff_t at = bytes_search(rest, word);
    struct bytes spread = bytes_trim(bytes_from(rest, (size_t)(at < 0 ? 0 : at) + word.len));
    enum status st;

    if (at < 0)
        return compiler_error(c, text, text->all,
                              "expected normal 300ms sd 50ms, or lognormal 300ms sigma 0.4");
    st = time_parse(c, text, bytes_trim(bytes_until(rest, (size_t)at)), &range->low_us);
    return status_worse(st, normal ? time_parse(c, text, spread, &range->high_us)
                                   : sigma_parse(c, text, spread, &range->sigma));
}

/* "200ms", "200ms to 800ms", "normal …", "lognormal …" */
static enum status text_parse(struct rule_compiler *c, const struct node *n,
                              struct delay_range *range)
{
    static const struct bytes normal = BYTES_INIT("normal "), lognormal = BYTES_INIT("lognormal ");
    struct rule_text text;
    ptrdiff_t to;
    enum status st = compiler_text(c, n, &text);

    if (st)
        return st;
    if (bytes_starts_with(text.all, normal)) {
        range->law = DELAY_NORMAL;
        return law_parse(c, &text, bytes_from(text.all, normal.len), range);
    }
    if (bytes_starts_with(text.all, lognormal)) {
        range->law = DELAY_LOGNORMAL;
        return law_parse(c, &text, bytes_from(text.all, lognormal.len), range);
    }
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

static enum status end_parse(struct rule_compiler *c, const struct node *n, int64_t *ret_us)
{
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    return st ? st : time_parse(c, &text, text.all, ret_us);
}

static enum status spread_parse(struct rule_compiler *c, const struct node *n,
                                struct delay_range *range)
{
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    return st ? st : sigma_parse(c, &text, text.all, &range->sigma);
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
    return st || normal ? st : order_check(c, map, range);
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
    enum status st;

    c->effects += 2;
    if (n->kind != NODE_MAP)
        return text_parse(c, n, usual);
    st = config_read(&c->reader, &delay_section, n, &form);
    if (st)
        return st;
    if (is_range(&form) && !form.request && !form.response)
        return range_parse(c, n, &form, usual);
    if (form.request && c->response_pass) {
        node_key_error(c->reader.diags, form.request,
                       "the request has gone already when a rule matches a response");
        return STATUS_BAD_CONFIG;
    }
    if (is_range(&form) || (!form.request && !form.response)) {
        node_error(c->reader.diags, n, "expected 'request', 'response', or one time");
        return STATUS_BAD_CONFIG;
    }
    if (form.request)
        st = side_parse(c, form.request, &a->request);
    if (form.response)
        st = status_worse(st, side_parse(c, form.response, &a->response));
    return st;
}

/* About normal, mean 0 and deviation 1: twelve even draws added up (Irwin and Hall).
 * Whole numbers and IEEE 754 additions alone, so that every machine draws the same. */
static double normal_draw(struct firing *f)
{
    int64_t sum = 0;

    for (int i = 0; i < NORMAL_DRAWS; i++)
        sum += firing_draw(f, 0, UINT32_MAX);
    return (double)sum / ((double)UINT32_MAX + 1.0) - NORMAL_DRAWS / 2.0;
}

/* e to the power of x, for x under 20 either way: its series for a small part of x,
 * squared as often as x was halved. Ours, since libraries differ in the last bit. */
static double exponential(double x)
{
    double part = x / (1 << EXP_HALVINGS), term = 1.0, sum = 1.0;

    for (int i = 1; i <= EXP_TERMS; i++) {
        term = term * part / i;
        sum = sum + term;
    }
    for (int i = 0; i < EXP_HALVINGS; i++)
        sum = sum * sum;
    return sum;
}

/* Never less than nothing, nor more than a day. */
static int64_t delay_draw(const struct delay_range *range, struct firing *f)
{
    double us = (double)range->low_us, spread;

    switch (range->law) {
    case DELAY_UNIFORM:
        return range->low_us == range->high_us ? range->low_us
                                               : firing_draw(f, range->low_us, range->high_us);
    case DELAY_NORMAL:
        spread = normal_draw(f) * (double)range->high_us; /* apart, lest it be fused with the sum */
        us = us + spread;
        break;
    case DELAY_LOGNORMAL:
        us = us * exponential(normal_draw(f) * range->sigma);
        break;
    }
    if (us < 0)
        return 0;
    return us > (double)DELAY_MAX_US ? DELAY_MAX_US : (int64_t)us;
}

static enum status side_apply(const struct delay_range *range, enum http_side side,
                              struct firing *f)
{
    int64_t us = delay_draw(range, f);
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
    .help = "hold the request, or { response: T } the response; T is fixed, `a to b`, normal or "
            "lognormal",
    .example = "200ms",
    .args_size = sizeof(struct delay_args),
    .parse = delay_parse,
    .apply = delay_apply,
};
