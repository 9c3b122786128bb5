#include "rules/json_template.h"

/* A place in two trees that are walked side by side. */
struct copy_level {
    const struct node *from; /* the next child to copy */
    struct node *to;         /* its parent's copy */
    struct node **link;      /* where the copy goes */
};

/* One node with its variables replaced, without its children. */
static enum status node_copy(struct rule_compiler *c, const struct node *from, struct node **ret)
{
    struct node *n = arena_alloc(c->arena, sizeof(*n));
    enum status st = STATUS_OK;

    if (!n)
        return STATUS_NO_MEMORY;
    *n = *from;
    n->first = n->next = NULL;
    if (n->kind == NODE_SCALAR)
        st = config_expand(&c->reader, from, from->text, &n->text);
    if (!st && n->key.len)
        st = config_expand(&c->reader, from, from->key, &n->key);
    if (!st)
        *ret = n;
    return st;
}

/* Without recursion: the loader lets no tree be deeper than CONFIG_DEPTH. */
enum status json_tree_copy(struct rule_compiler *c, const struct node *root, struct node **ret)
{
    struct copy_level levels[CONFIG_DEPTH + 1];
    unsigned depth = 0;
    struct node *copy;
    enum status st = node_copy(c, root, &copy);

    if (st)
        return st;
    *ret = copy;
    levels[0] = (struct copy_level){root->first, copy, &copy->first};
    for (;;) {
        struct copy_level *level = &levels[depth];
        const struct node *from = level->from;

        if (!from) {
            if (depth == 0)
                return STATUS_OK;
            depth--;
            continue;
        }
        st = node_copy(c, from, level->link);
        if (st)
            return st;
        copy = *level->link;
        level->link = &copy->next;
        level->from = from->next;
        if (!from->first)
            continue;
        if (depth == CONFIG_DEPTH)
            return STATUS_LIMIT;
        levels[++depth] = (struct copy_level){from->first, copy, &copy->first};
    }
}

enum status json_template_make(struct rule_compiler *c, const struct node *at,
                               const struct node *tree, const struct template **ret_template)
{
    struct rule_text text = {.node = at};
    struct buf json;
    enum status st;

    buf_init(&json, RULE_BODY_BYTES);
    st = node_put_json(tree, &json);
    if (!st) {
        text.all = arena_copy(c->arena, buf_bytes(&json));
        st = text.all.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buf_release(&json);
    if (st == STATUS_LIMIT)
        return compiler_error(c, &text, text.all, "the JSON is too large or too deep");
    return st ? st : template_parse(c, &text, TEMPLATE_JSON, ret_template);
}

enum status json_template_parse(struct rule_compiler *c, const struct node *n,
                                const struct template **ret_template)
{
    bool null = n->kind == NODE_SCALAR && bytes_equal(n->text, BYTES("null"));
    struct node *tree;
    enum status st = null ? STATUS_OK : config_present(&c->reader, n);

    if (!st)
        st = json_tree_copy(c, n, &tree);
    return st ? st : json_template_make(c, n, tree, ret_template);
}
