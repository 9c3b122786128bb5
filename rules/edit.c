#include "rules/edit.h"

#include <string.h>

#include "base/text.h"

struct target_row {
    const char *word;
    bool named;
    bool later;
    enum http_side side;
    enum edit_part part;
};

static const struct target_row targets[] = {
#define TARGET(word, named, side, part) {word, named, false, side, part},
#define TARGET_LATER(word) {word, false, true, HTTP_REQUEST, EDIT_HEADER},
#include "rules/targets.def"
#undef TARGET
#undef TARGET_LATER
};
enum { TARGETS = sizeof(targets) / sizeof(targets[0]) };

/* Where a target stands in the file: at a key, or as a text. */
struct target_place {
    struct rule_compiler *c;
    const struct node *n;
    bool key;
    bool raw;
};

static enum status target_error(const struct target_place *at, const char *text, const char *fault)
{
    if (at->key)
        node_key_error(at->c->reader.diags, at->n, "'%s' %s", text, fault);
    else
        node_error(at->c->reader.diags, at->n, "'%s' %s", text, fault);
    return STATUS_BAD_CONFIG;
}

static const struct target_row *target_find(struct bytes text)
{
    for (size_t i = 0; i < TARGETS; i++) {
        size_t len = strlen(targets[i].word);

        if (bytes_starts_with(text, bytes_of(targets[i].word)) &&
            (text.len == len || text.ptr[len] == '.'))
            return &targets[i];
    }
    return NULL;
}

static enum status target_unknown(const struct target_place *at, struct bytes text)
{
    const char *words[TARGETS];
    struct bytes stem = text;
    ptrdiff_t dot = bytes_find(text, '.'), second;
    const char *near;

    for (size_t i = 0; i < TARGETS; i++)
        words[i] = targets[i].word;
    second = dot < 0 ? -1 : bytes_find(bytes_from(text, (size_t)dot + 1), '.');
    if (second >= 0) /* the name that follows says nothing about the word */
        stem = bytes_until(text, (size_t)(dot + 1 + second));
    near = text_nearest(stem, words, TARGETS);
    if (near && at->key)
        node_key_error(at->c->reader.diags, at->n, "unknown target '%s', did you mean '%s'?",
                       excerpt(text).text, near);
    else if (near)
        node_error(at->c->reader.diags, at->n, "unknown target '%s', did you mean '%s'?",
                   excerpt(text).text, near);
    else
        return target_error(at, excerpt(text).text,
                            "is not a target, as request.header.x-name or response.status");
    return STATUS_BAD_CONFIG;
}

/* May rules touch this field? */
static enum status field_check(const struct target_place *at, const struct edit *e)
{
    enum field_id id = field_id_of(e->name);
    struct excerpt name = excerpt(e->name);

    if (!http_token_valid(e->name))
        return target_error(at, name.text, "is not a field name (RFC 9110 section 5.1)");
    if (field_rules(id) & FIELD_RULE_FRAMING)
        return target_error(at, name.text,
                            at->raw ? "of one's own is not in this version"
                                    : "is written by weir, which frames the message itself");
    if (field_rules(id) & FIELD_RULE_HOP)
        return target_error(at, name.text,
                            "belongs to one connection and is not passed on (RFC 9110 section "
                            "7.6.1)");
    if (id == FIELD_HOST && e->side == HTTP_REQUEST && e->op == EDIT_REMOVE)
        return target_error(at, name.text, "cannot be removed (RFC 9110 section 7.2)");
    if (id == FIELD_HOST && e->side == HTTP_REQUEST && !at->raw)
        return target_error(at, name.text,
                            "says where the request goes; `raw: true` beside it changes only the "
                            "field");
    return STATUS_OK;
}

/* Fills in side, part and name. */
static enum status target_parse(const struct target_place *at, struct bytes text, struct edit *e)
{
    const struct target_row *row = target_find(text);
    struct bytes name;

    if (!row)
        return target_unknown(at, text);
    if (row->later)
        return target_error(at, excerpt(text).text, "is not in this version");
    name = bytes_from(text, strlen(row->word) + 1);
    e->side = row->side;
    e->part = row->part;
    if (!row->named)
        return text.len == strlen(row->word) ? STATUS_OK : target_unknown(at, text);
    if (name.len == 0)
        return target_error(at, excerpt(text).text, "needs a field's name after a dot");
    e->name = arena_copy(at->c->arena, name);
    if (!e->name.ptr)
        return STATUS_NO_MEMORY;
    return field_check(at, e);
}

/* RFC 9110 §15: another class of framing would need the content to go or to come. */
static enum status status_parse(struct rule_compiler *c, const struct node *n, uint16_t *ret_status)
{
    int64_t status = 0;
    enum status st = config_int(&c->reader, n, 200, 599, &status);

    if (st)
        return st;
    if (http_status_bodiless((unsigned)status) || status == 205) {
        node_error(c->reader.diags, n,
                   "a %d has no content, but the response may; answer with `respond` instead",
                   (int)status);
        return STATUS_BAD_CONFIG;
    }
    *ret_status = (uint16_t)status;
    return STATUS_OK;
}

static enum status edit_parse(const struct target_place *at, struct edit *e)
{
    struct bytes target;
    enum status st = compiler_key(at->c, at->n, &target);

    if (!st)
        st = target_parse(at, target, e);
    if (st)
        return st;
    if (e->op == EDIT_APPEND && e->part != EDIT_HEADER)
        return target_error(at, excerpt(target).text, "is one value; nothing can be appended");
    if (e->part == EDIT_STATUS)
        return status_parse(at->c, at->n, &e->status);
    return template_parse_node(at->c, at->n, TEMPLATE_HEADER, &e->value);
}

static enum status edits_new(struct rule_compiler *c, uint32_t count, struct edits *ret)
{
    ret->items = arena_alloc(c->arena, (count + 1) * sizeof(*ret->items));
    if (!ret->items)
        return STATUS_NO_MEMORY;
    c->effects += count + 1; /* and the mark */
    return STATUS_OK;
}

static bool is_raw_key(const struct node *n)
{
    return bytes_equal(n->key, BYTES("raw"));
}

enum status edits_parse_map(struct rule_compiler *c, const struct node *n, enum edit_op op,
                            struct edits *ret)
{
    struct target_place at = {.c = c, .key = true};
    const struct node *raw;
    enum status st = compiler_want(c, n, NODE_MAP,
                                   "expected a map from targets to values, as "
                                   "{ response.header.x-name: value }");

    if (!st)
        st = edits_new(c, n->count, ret);
    if (st)
        return st;
    raw = node_find(n, "raw");
    if (raw)
        st = config_bool(&c->reader, raw, &at.raw);
    for (at.n = n->first; at.n; at.n = at.n->next) {
        struct edit *e = &ret->items[ret->count];

        if (is_raw_key(at.n))
            continue;
        e->op = op;
        st = status_worse(st, edit_parse(&at, e));
        ret->count++;
    }
    if (!st && ret->count == 0) {
        node_error(c->reader.diags, n, "nothing is changed here");
        return STATUS_BAD_CONFIG;
    }
    return st;
}

static enum status remove_parse(const struct target_place *at, struct edit *e)
{
    struct rule_text text;
    enum status st = compiler_text(at->c, at->n, &text);

    e->op = EDIT_REMOVE;
    if (!st)
        st = target_parse(at, text.all, e);
    if (!st && e->part != EDIT_HEADER)
        st = target_error(at, excerpt(text.all).text, "cannot be removed");
    return st;
}

enum status edits_parse_list(struct rule_compiler *c, const struct node *n, struct edits *ret)
{
    struct target_place at = {.c = c, .n = n};
    enum status st = edits_new(c, n->kind == NODE_LIST ? n->count : 1, ret);

    if (st)
        return st;
    if (n->kind != NODE_LIST)
        return remove_parse(&at, &ret->items[ret->count++]);
    for (at.n = n->first; at.n; at.n = at.n->next)
        st = status_worse(st, remove_parse(&at, &ret->items[ret->count++]));
    if (!st && ret->count == 0) {
        node_error(c->reader.diags, n, "nothing is removed here");
        return STATUS_BAD_CONFIG;
    }
    return st;
}

static enum status edit_apply(const struct edit *e, struct firing *f)
{
    struct head_edit edit = {
        .side = e->side, .op = e->op, .part = e->part, .name = e->name, .status = e->status};
    enum status st = e->value ? template_render(e->value, f, &edit.value) : STATUS_OK;

    if (st == STATUS_REFUSED)
        return firing_skip(f, "rule_skipped: a header value to be set held a line feed or another "
                              "control");
    if (st == STATUS_LIMIT)
        return firing_skip(f, "rule_skipped: a header value to be set was too long");
    return st ? st : firing_edit(f, edit);
}

enum status edits_apply(const struct edits *e, struct firing *f)
{
    for (uint32_t i = 0; i < e->count; i++) {
        enum status st = edit_apply(&e->items[i], f);

        if (st)
            return st;
    }
    return STATUS_OK;
}
