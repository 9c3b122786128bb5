/* JSON contents changed in place: a merge patch (RFC 7396) or a patch (RFC 6902). */
#include "http/json_patch.h"
#include "rules/json_template.h"
#include "rules/match.h"
#include "rules/verb.h"

enum { PATCHES = 2 };

struct patch {
    enum http_side side;
    enum body_op op;
    const struct template *value;
};

struct patch_args {
    uint32_t count;
    struct patch items[PATCHES];
};

struct patch_form {
    const struct node *merge, *ops;
};

static const struct config_key patch_keys[] = {
    NODE_KEY(patch_form, merge, "members to set; null removes (RFC 7396)"),
    NODE_KEY(patch_form, ops, "operations add, remove, replace, move, copy, test (RFC 6902)"),
};

static const struct config_section patch_section = {"patch", patch_keys, 2};

/* What needs nothing of a request is checked now. */
static enum status ops_check(struct rule_compiler *c, const struct node *n,
                             const struct template *value)
{
    struct bytes fixed = template_fixed(value);
    struct json_patch_fault fault = {0};
    struct json_ops ops;
    enum status st = fixed.ptr ? json_ops_parse(c->arena, fixed, &ops, &fault) : STATUS_OK;

    if (!st || st == STATUS_NO_MEMORY)
        return st;
    if (fault.op)
        node_error(c->reader.diags, n, "operation %zu: %s", fault.op, fault.sentence);
    else
        node_error(c->reader.diags, n, "%s", fault.sentence);
    return STATUS_BAD_CONFIG;
}

static enum status form_parse(struct rule_compiler *c, const struct node *n, struct patch *p)
{
    struct patch_form form = {0};
    enum status st = compiler_want(c, n, NODE_MAP, "expected { merge: {…} } or { ops: […] }");

    if (!st)
        st = config_read(&c->reader, &patch_section, n, &form);
    if (st)
        return st;
    if (!form.merge == !form.ops) {
        node_error(c->reader.diags, n, "expected either 'merge' or 'ops'");
        return STATUS_BAD_CONFIG;
    }
    p->op = form.merge ? BODY_MERGE : BODY_OPS;
    if (form.ops && p->side == HTTP_REQUEST)
        c->needs |= NEEDS_TIME;
    st = json_template_parse(c, form.merge ? form.merge : form.ops, &p->value);
    return st || form.merge ? st : ops_check(c, form.ops, p->value);
}

static enum status target_parse(struct rule_compiler *c, const struct node *n, struct patch *p)
{
    static const char *const words[] = {"request.body", "response.body"};

    if (bytes_equal(n->key, BYTES("request.body"))) {
        p->side = HTTP_REQUEST;
        c->needs |= NEEDS_REQUEST_BODY;
        return compiler_of_request(c, n);
    }
    if (bytes_equal(n->key, BYTES("response.body"))) {
        p->side = HTTP_RESPONSE;
        c->changes_body = true;
        return STATUS_OK;
    }
    config_unknown_key(&c->reader, n, words, 2);
    return STATUS_BAD_CONFIG;
}

static enum status patch_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct patch_args *a = args;
    enum status st =
        compiler_want(c, n, NODE_MAP, "expected a map, as { response.body: { merge: {…} } }");

    if (!st && !n->first) {
        node_error(c->reader.diags, n, "nothing is changed here");
        return STATUS_BAD_CONFIG;
    }
    for (n = st ? NULL : n->first; n; n = n->next) {
        struct patch *p = &a->items[a->count < PATCHES ? a->count++ : 0];

        c->effects++;
        st = status_worse(st, target_parse(c, n, p));
        st = status_worse(st, form_parse(c, n, p));
    }
    return st;
}

static enum status patch_apply(const void *args, struct firing *f)
{
    const struct patch_args *a = args;

    for (uint32_t i = 0; i < a->count; i++) {
        struct body_edit edit = {.side = a->items[i].side, .op = a->items[i].op};
        enum status st = template_render(a->items[i].value, f, &edit.value);

        if (st == STATUS_LIMIT)
            return firing_skip(f, "rule_skipped: a patch was too long");
        if (!st)
            st = firing_edit_body(f, edit);
        if (st)
            return st;
    }
    return STATUS_OK;
}

const struct verb verb_patch = {
    .name = "patch",
    .help = "change values of a JSON body in place; every other byte stays",
    .example = "{ response.body: { merge: { price: 0 } } }",
    .args_size = sizeof(struct patch_args),
    .parse = patch_parse,
    .apply = patch_apply,
};
