#include "base/sizes.h"
#include "rules/verb.h"

#define THROTTLE_MAX_BYTES_S (INT64_C(10) * 1024 * 1024 * 1024)
enum { THROTTLE_SIDES = 2 };

struct throttle_args {
    int64_t bytes_s[THROTTLE_SIDES]; /* by enum http_side; 0: no limit */
};

struct throttle_form {
    const struct node *request, *response;
};

static const struct config_key throttle_keys[] = {
    NODE_KEY(throttle_form, request, "the pace of the upload, as 64KiB/s"),
    NODE_KEY(throttle_form, response, "the pace of the response's body"),
};

static const struct config_section throttle_section = {
    "throttle", throttle_keys, sizeof(throttle_keys) / sizeof(throttle_keys[0])};

static enum status pace_parse(struct rule_compiler *c, const struct node *n, int64_t *ret_bytes_s)
{
    struct rule_text text;
    int64_t bytes_s;
    enum status st = compiler_text(c, n, &text);

    if (st)
        return st;
    if (rate_parse(text.all, &bytes_s) || bytes_s < 1 || bytes_s > THROTTLE_MAX_BYTES_S)
        return compiler_error(
            c, &text, text.all,
            "expected a pace as 64KiB/s, 100kB/s or 2Mbit/s, from 1B/s to 10GiB/s");
    *ret_bytes_s = bytes_s;
    return STATUS_OK;
}

static enum status throttle_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct throttle_args *a = args;
    struct throttle_form form = {0};
    enum status st;

    c->effects += THROTTLE_SIDES;
    if (n->kind != NODE_MAP)
        return pace_parse(c, n, &a->bytes_s[HTTP_RESPONSE]);
    st = config_read(&c->reader, &throttle_section, n, &form);
    if (!st && form.request)
        st = compiler_of_request(c, form.request);
    if (st)
        return st;
    if (!form.request && !form.response) {
        node_error(c->reader.diags, n, "expected 'request', 'response', or a pace as 64KiB/s");
        return STATUS_BAD_CONFIG;
    }
    if (form.request)
        st = pace_parse(c, form.request, &a->bytes_s[HTTP_REQUEST]);
    if (form.response)
        st = status_worse(st, pace_parse(c, form.response, &a->bytes_s[HTTP_RESPONSE]));
    return st;
}

static enum status throttle_apply(const void *args, struct firing *f)
{
    const struct throttle_args *a = args;

    for (int side = 0; side < THROTTLE_SIDES; side++) {
        struct effect *e;

        if (!a->bytes_s[side])
            continue;
        e = firing_effect(f, EFFECT_THROTTLE);
        if (!e)
            return STATUS_NO_MEMORY;
        e->throttle = (struct throttle){(enum http_side)side, a->bytes_s[side]};
    }
    return STATUS_OK;
}

const struct verb verb_throttle = {
    .name = "throttle",
    .help = "limit the pace of the response's body, or { request: R } of the upload",
    .example = "64KiB/s",
    .args_size = sizeof(struct throttle_args),
    .parse = throttle_parse,
    .apply = throttle_apply,
};
