#include <string.h>

#include "rules/answer_build.h"
#include "rules/body_file.h"
#include "rules/json_template.h"

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

static enum status body_json(struct answer_builder *b, const struct node *n)
{
    enum status st = json_template_parse(b->c, n, &b->plan.body);

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
        st = json_tree_copy(b->c, n, &tree);
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
        st = json_template_make(b->c, n, map, &b->plan.body);
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
