#include "rules/edit_place.h"
#include "rules/verb.h"

enum { FORWARD_EFFECTS = 3 }; /* the target, Host, and that it is sent on */

struct forward_args {
    const struct template *to;
    bool change_host;
};

struct forward_form {
    const struct node *to;
    int host;
};

static const char *const host_words[] = {"keep", "change", NULL};

static const struct config_key forward_keys[] = {
    NODE_KEY(forward_form, to, "scheme://host[:port]"),
    {.name = "host",
     .type = CONFIG_WORD,
     .offset = offsetof(struct forward_form, host),
     .fallback = "keep",
     .words = host_words,
     .help = "does the field Host change as well?"},
};

static const struct config_section forward_section = {"forward", forward_keys, 2};

static const char *to_fault(struct bytes to)
{
    const char *fault =
        bytes_starts_with(to, BYTES("/")) ? "names no host" : edit_place_fault(PLACE_URL, to);
    ptrdiff_t slashes = bytes_search(to, BYTES("://"));
    ptrdiff_t path = slashes < 0 ? -1 : bytes_find(bytes_from(to, (size_t)slashes + 3), '/');

    if (fault)
        return fault;
    if (bytes_find(to, '?') >= 0 || (path >= 0 && slashes + 3 + path + 1 < (ptrdiff_t)to.len))
        return "has a path; `set: { request.path: … }` changes that";
    return NULL;
}

static enum status to_parse(struct rule_compiler *c, const struct node *n, struct forward_args *a)
{
    enum status st = template_parse_node(c, n, TEMPLATE_URL, &a->to);
    struct bytes fixed = st ? (struct bytes){0} : template_fixed(a->to);
    const char *fault = fixed.ptr ? to_fault(fixed) : NULL;

    if (!fault)
        return st;
    node_error(c->reader.diags, n, "'%s' %s", excerpt(fixed).text, fault);
    return STATUS_BAD_CONFIG;
}

static enum status forward_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct forward_args *a = args;
    struct forward_form form = {.to = n};
    enum status st = compiler_of_request(c, n);

    c->effects += FORWARD_EFFECTS;
    if (st)
        return st;
    if (n->kind == NODE_MAP) {
        form.to = NULL;
        st = config_read(&c->reader, &forward_section, n, &form);
    }
    if (!st && !form.to) {
        node_error(c->reader.diags, n, "'to' is missing: scheme://host[:port]");
        return STATUS_BAD_CONFIG;
    }
    a->change_host = form.host == 1;
    return st ? st : to_parse(c, form.to, a);
}

static enum status forward_apply(const void *args, struct firing *f)
{
    const struct forward_args *a = args;
    struct rule_target target;
    struct bytes to, path;
    enum status st = template_render(a->to, f, &to);

    if (st == STATUS_NO_MEMORY)
        return st;
    if (st || to_fault(to))
        return firing_skip(f, "rule_skipped: what to forward to was no URL");
    st = target_parse_url(f->arena, to, &target, &path);
    if (!st)
        st = firing_redirect(f, &target, !a->change_host);
    if (st)
        return st;
    return firing_effect(f, EFFECT_FORWARD) ? STATUS_END : STATUS_NO_MEMORY;
}

const struct verb verb_forward = {
    .name = "forward",
    .help = "send the request to another server; no later rule is asked about it",
    .example = "https://staging.shop.test:8443",
    .traits = VERB_TERMINAL | VERB_PASSES,
    .args_size = sizeof(struct forward_args),
    .parse = forward_parse,
    .apply = forward_apply,
};
