#include <string.h>

#include "rules/answer_build.h"
#include "rules/body_file.h"

static enum status media_type_set(struct answer_builder *b, const char *type)
{
    if (!b->has_type)
        b->plan.media_type = bytes_of(type);
    return STATUS_OK;
}

static enum status body_text(struct answer_builder *b, const struct node *n)
{
    enum status st = template_parse_node(b->c, n, TEMPLATE_TEXT, &b->plan.body);

    return st ? st : media_type_set(b, "text/plain; charset=utf-8");
}

static enum status body_html(struct answer_builder *b, const struct node *n)
{
    enum status st = template_parse_node(b->c, n, TEMPLATE_HTML, &b->plan.body);

    return st ? st : media_type_set(b, "text/html; charset=utf-8");
}

static enum status body_file(struct answer_builder *b, const struct node *n)
{
    struct rule_text name;
    struct bytes content;
    enum status st = compiler_text(b->c, n, &name);

    if (!st)
        st = body_file_load(b->c, &name, &content);
    if (!st)
        st = template_literal(b->c, content, TEMPLATE_TEXT, &b->plan.body);
    if (!st && !b->has_type)
        b->plan.media_type = body_file_media_type(name.all);
    return st;
}

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

/* The tree with its variables replaced. Without recursion: the loader lets no tree
 * be deeper than CONFIG_DEPTH. */
static enum status tree_copy(struct rule_compiler *c, const struct node *root, struct node **ret)
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

/* `tree` as JSON, its texts a template. */
static enum status json_template(struct answer_builder *b, const struct node *at,
                                 const struct node *tree)
{
    struct rule_text text = {.node = at};
    struct buf json;
    enum status st;

    buf_init(&json, RULE_BODY_BYTES);
    st = node_put_json(tree, &json);
    if (!st) {
        text.all = arena_copy(b->c->arena, buf_bytes(&json));
        st = text.all.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buf_release(&json);
    if (st == STATUS_LIMIT)
        return compiler_error(b->c, &text, text.all, "the JSON is too large or too deep");
    return st ? st : template_parse(b->c, &text, TEMPLATE_JSON, &b->plan.body);
}

static enum status body_json(struct answer_builder *b, const struct node *n)
{
    bool null = n->kind == NODE_SCALAR && bytes_equal(n->text, BYTES("null"));
    struct node *tree;
    enum status st = null ? STATUS_OK : config_present(&b->c->reader, n);

    if (!st)
        st = tree_copy(b->c, n, &tree);
    if (!st)
        st = json_template(b, n, tree);
    return st ? st : media_type_set(b, "application/json");
}

/* Puts a member in front, unless there is one of that name. */
static enum status member_add(struct answer_builder *b, struct node *map, const char *key,
                              const char *value, bool plain)
{
    struct node *n;

    if (node_find(map, key))
        return STATUS_OK;
    n = arena_alloc(b->c->arena, sizeof(*n));
    if (!n || !value)
        return STATUS_NO_MEMORY;
    *n = (struct node){.kind = NODE_SCALAR, .plain = plain, .source = map->source};
    n->key = bytes_of(key);
    n->text = bytes_of(value);
    n->next = map->first;
    map->first = n;
    map->count++;
    return STATUS_OK;
}

/* Problem details of RFC 9457; a text is the title. */
static enum status body_problem(struct answer_builder *b, const struct node *n)
{
    const struct http_status *known = http_status_find(b->plan.status);
    struct node *tree, *map;
    enum status st = config_present(&b->c->reader, n);

    if (!st)
        st = compiler_want(b->c, n, n->kind == NODE_LIST ? NODE_MAP : n->kind,
                           "a problem is a map with title, detail, type, or a title");
    if (!st)
        st = tree_copy(b->c, n, &tree);
    if (st)
        return st;
    map = tree;
    if (tree->kind == NODE_SCALAR) {
        map = arena_alloc(b->c->arena, sizeof(*map));
        if (!map)
            return STATUS_NO_MEMORY;
        *map = (struct node){.kind = NODE_MAP, .source = n->source, .first = tree, .count = 1};
        tree->key = BYTES("title");
        tree->plain = false;
    }
    st = member_add(b, map, "status", arena_printf(b->c->arena, "%u", (unsigned)b->plan.status),
                    true);
    if (!st)
        st = member_add(b, map, "title", known ? known->phrase : "unknown status", false);
    if (!st)
        st = json_template(b, n, map);
    return st ? st : media_type_set(b, "application/problem+json");
}

enum status answer_body_parse(struct answer_builder *b)
{
    const struct {
        const struct node *at;
        enum status (*parse)(struct answer_builder *b, const struct node *n);
    } kinds[] = {
        {b->form->text, body_text}, {b->form->json, body_json},       {b->form->file, body_file},
        {b->form->html, body_html}, {b->form->problem, body_problem},
    };
    bool found = false;
    enum status st = STATUS_OK;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!kinds[i].at)
            continue;
        if (found) {
            node_key_error(b->c->reader.diags, kinds[i].at,
                           "an answer has one of text, json, file, html, problem");
            st = status_worse(st, STATUS_BAD_CONFIG);
            continue;
        }
        found = true;
        st = status_worse(st, kinds[i].parse(b, kinds[i].at));
    }
    return st;
}
