#include "rules/template.h"
#include "rules/verb.h"

enum { TAGS = 32 }; /* of one verb */

struct tag_args {
    uint32_t count;
    const struct template **tags;
};

static enum status one_parse(struct rule_compiler *c, const struct node *n, struct tag_args *a)
{
    const struct template **tag = &a->tags[a->count++];
    enum status st = template_parse_node(c, n, TEMPLATE_HEADER, tag);
    struct bytes fixed = st ? (struct bytes){0} : template_fixed(*tag);

    if (!st && fixed.ptr && fixed.len == 0) {
        node_error(c->reader.diags, n, "a tag is a word");
        return STATUS_BAD_CONFIG;
    }
    return st;
}

static enum status tag_parse(struct rule_compiler *c, const struct node *n, void *args)
{
    struct tag_args *a = args;
    bool list = n->kind == NODE_LIST;
    uint32_t count = list ? n->count : 1;
    enum status st = STATUS_OK;

    if (count == 0 || count > TAGS) {
        node_error(c->reader.diags, n, "expected a tag, or a list of at most %d", TAGS);
        return STATUS_BAD_CONFIG;
    }
    c->effects += count;
    a->tags = arena_alloc(c->arena, count * sizeof(const struct template *));
    if (!a->tags)
        return STATUS_NO_MEMORY;
    if (!list)
        return one_parse(c, n, a);
    for (const struct node *item = n->first; item; item = item->next)
        st = status_worse(st, one_parse(c, item, a));
    return st;
}

static enum status tag_apply(const void *args, struct firing *f)
{
    const struct tag_args *a = args;

    for (uint32_t i = 0; i < a->count; i++) {
        struct bytes tag;
        enum status st = template_render(a->tags[i], f, &tag);
        struct effect *e;

        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            return firing_skip(f, "rule_skipped: a tag was too long or held a control");
        e = firing_effect(f, EFFECT_TAG);
        if (!e)
            return STATUS_NO_MEMORY;
        e->tag = tag;
    }
    return STATUS_OK;
}

const struct verb verb_tag = {
    .name = "tag",
    .help = "put words on the flow, to find it by",
    .example = "checkout",
    .args_size = sizeof(struct tag_args),
    .parse = tag_parse,
    .apply = tag_apply,
};
