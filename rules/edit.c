#include "rules/edit.h"

#include <string.h>

#include "base/text.h"
#include "rules/json_template.h"
#include "rules/match.h"

enum { EDIT_EFFECTS = 3 }; /* of one edit: a new target, Host and the path of a URL */

struct target_row {
    const char *word;
    bool named;
    enum http_side side;
    enum edit_place place;
    enum edit_part part;
};

static const struct target_row targets[] = {
#define TARGET(word, named, side, place, part) {word, named, side, PLACE_##place, part},
#include "rules/targets.def"
#undef TARGET
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

static enum status name_check(const struct target_place *at, const struct edit *e)
{
    if (e->part == EDIT_TRAILER && field_rules(field_id_of(e->name)) & FIELD_RULE_NO_TRAILER)
        return target_error(at, excerpt(e->name).text,
                            "may not stand in a trailer section (RFC 9110 section 6.5.1)");
    if (e->part == EDIT_HEADER || e->part == EDIT_TRAILER)
        return field_check(at, e);
    if (e->part == EDIT_COOKIE && !http_token_valid(e->name))
        return target_error(at, excerpt(e->name).text,
                            "is not a cookie's name (RFC 6265 section 4.1.1)");
    return STATUS_OK;
}

/* Fills in side, place, part and name. */
static enum status target_parse(const struct target_place *at, struct bytes text, struct edit *e)
{
    const struct target_row *row = target_find(text);
    struct bytes name;

    if (!row)
        return target_unknown(at, text);
    if (row->side == HTTP_REQUEST && at->c->response_pass)
        return target_error(at, excerpt(text).text,
                            "has gone already when a rule matches a response");
    name = bytes_from(text, strlen(row->word) + 1);
    e->side = row->side;
    e->place = row->place;
    e->part = row->part;
    if (!row->named)
        return text.len == strlen(row->word) ? STATUS_OK : target_unknown(at, text);
    if (name.len == 0)
        return target_error(at, excerpt(text).text, "needs a name after a dot");
    e->name = arena_copy(at->c->arena, name);
    if (!e->name.ptr)
        return STATUS_NO_MEMORY;
    return name_check(at, e);
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

/* Of one of several values that may stand beside each other? */
static bool is_listed(const struct edit *e)
{
    return e->place == PLACE_HEAD && (e->part == EDIT_HEADER || e->part == EDIT_COOKIE ||
                                      e->part == EDIT_QUERY || e->part == EDIT_TRAILER);
}

/* A cookie's value ends at a ';'; in a response its attributes follow. */
static const char *value_fault(const struct edit *e, struct bytes value)
{
    if (e->place != PLACE_HEAD)
        return edit_place_fault(e->place, value);
    if (e->part == EDIT_COOKIE && e->side == HTTP_REQUEST && bytes_find(value, ';') >= 0)
        return "holds a ';', which ends a cookie's value";
    return NULL;
}

/* A map or a list is JSON. */
static enum status body_value_parse(struct rule_compiler *c, const struct node *n, struct edit *e)
{
    if (e->side == HTTP_REQUEST)
        c->needs |= e->pattern ? NEEDS_REQUEST_BODY | NEEDS_TIME : NEEDS_REQUEST_BODY;
    else
        c->changes_body = true;
    if (n->kind == NODE_SCALAR)
        return template_parse_node(c, n, TEMPLATE_TEXT, &e->value);
    return json_template_parse(c, n, &e->value);
}

static enum status value_parse(const struct target_place *at, const struct node *n, struct edit *e)
{
    bool query = e->place == PLACE_HEAD && e->part == EDIT_QUERY;
    enum template_use use = query ? TEMPLATE_QUERY : TEMPLATE_HEADER;
    const char *fault = NULL;
    struct bytes fixed;
    enum status st;

    if (e->place == PLACE_BODY)
        return body_value_parse(at->c, n, e);
    if (e->place != PLACE_HEAD)
        use = edit_place_use(e->place);
    st = template_parse_node(at->c, n, use, &e->value);
    if (st)
        return st;
    fixed = template_fixed(e->value);
    if (fixed.ptr && e->op != EDIT_REPLACE)
        fault = value_fault(e, fixed);
    if (!fault)
        return STATUS_OK;
    node_error(at->c->reader.diags, n, "'%s' %s", excerpt(fixed).text, fault);
    return STATUS_BAD_CONFIG;
}

/* The map of `replace`. */
struct replace_form {
    const struct node *find, *with;
};

static const struct config_key replace_keys[] = {
    NODE_KEY(replace_form, find, "what is sought: a text, or ~pattern; every place of it"),
    NODE_KEY(replace_form, with, "what stands there instead"),
};

static const struct config_section replace_section = {"replace", replace_keys, 2};

static enum status find_parse(struct rule_compiler *c, const struct node *n, struct edit *e)
{
    struct rule_text text;
    enum status st = compiler_text(c, n, &text);

    if (st)
        return st;
    if (text.all.len == 0)
        return compiler_error(c, &text, text.all, "what is sought is empty");
    if (!bytes_starts_with(text.all, BYTES("~"))) {
        e->find = arena_copy(c->arena, text.all);
        return e->find.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    c->captures_refused = "in 'find'";
    st = pattern_parse(c, &text, bytes_from(text.all, 1), &e->pattern);
    c->captures_refused = NULL;
    return st;
}

static enum status replace_parse(const struct target_place *at, struct edit *e)
{
    struct replace_form form = {0};
    enum status st = compiler_want(at->c, at->n, NODE_MAP, "expected { find: …, with: … }");

    if (!st)
        st = config_read(&at->c->reader, &replace_section, at->n, &form);
    if (st)
        return st;
    if (!form.find || !form.with) {
        node_error(at->c->reader.diags, at->n, "'%s' is missing", form.find ? "with" : "find");
        return STATUS_BAD_CONFIG;
    }
    st = find_parse(at->c, form.find, e);
    return status_worse(st, value_parse(at, form.with, e));
}

static enum status edit_parse(const struct target_place *at, struct edit *e)
{
    bool is_status;
    struct bytes target;
    enum status st = compiler_key(at->c, at->n, &target);

    if (!st)
        st = target_parse(at, target, e);
    if (st)
        return st;
    is_status = e->place == PLACE_HEAD && e->part == EDIT_STATUS;
    if (e->op == EDIT_APPEND && !is_listed(e) && e->place != PLACE_BODY)
        return target_error(at, excerpt(target).text, "is one value; nothing can be appended");
    if (e->op == EDIT_REPLACE && is_status)
        return target_error(at, excerpt(target).text, "is a number; `set` changes it");
    if (e->op == EDIT_REPLACE)
        return replace_parse(at, e);
    return is_status ? status_parse(at->c, at->n, &e->status) : value_parse(at, at->n, e);
}

static enum status edits_new(struct rule_compiler *c, uint32_t count, struct edits *ret)
{
    ret->items = arena_alloc(c->arena, (count + 1) * sizeof(*ret->items));
    if (!ret->items)
        return STATUS_NO_MEMORY;
    c->effects += EDIT_EFFECTS * count + 1; /* and the mark */
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
    if (!st && !is_listed(e))
        st = target_error(at, excerpt(text.all).text, "cannot be removed");
    return st;
}

enum status edits_parse_list(struct rule_compiler *c, const struct node *n, struct edits *ret)
{
    struct target_place at = {.c = c, .n = n};
    enum status st;

    if (n->kind == NODE_MAP) {
        node_error(c->reader.diags, n,
                   "expected a target or a list of them, as [request.cookie.id, "
                   "response.header.server]");
        return STATUS_BAD_CONFIG;
    }
    st = edits_new(c, n->kind == NODE_LIST ? n->count : 1, ret);

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

static enum status skip(struct firing *f, struct bytes value, const char *fault)
{
    const char *note = arena_printf(f->arena, "rule_skipped: '%s' %s", excerpt(value).text, fault);

    return note ? firing_skip(f, note) : STATUS_NO_MEMORY;
}

static enum status value_render(const struct edit *e, struct firing *f, struct bytes *ret_value)
{
    enum status st = e->value ? template_render(e->value, f, ret_value) : STATUS_OK;

    if (st == STATUS_REFUSED)
        return firing_skip(f, "rule_skipped: a header value to be set held a line feed or another "
                              "control");
    if (st == STATUS_LIMIT)
        return firing_skip(f, "rule_skipped: a value to be set was too long");
    return st;
}

static struct replacement replacement_of(const struct edit *e, const struct firing *f,
                                         struct bytes with)
{
    return (struct replacement){
        .find = e->find,
        .pattern = e->pattern,
        .with = with,
        .patterns = f->patterns,
        .tick_us = f->view->tick_us,
        .left_us = f->replace_left_us,
    };
}

/* What stands there now, with parts of it replaced. */
static enum status place_replace(const struct edit *e, struct firing *f, struct bytes *value)
{
    struct replacement replacement = replacement_of(e, f, *value);
    struct bytes before;
    struct buf now;
    enum status st;

    buf_init(&now, 4 * (size_t)HTTP_HEAD_BYTES);
    edit_place_put(e->place, f->draft, &now);
    before = arena_copy(f->arena, buf_bytes(&now));
    buf_release(&now);
    st = before.ptr ? replacement_run(&replacement, f->arena, before, value) : STATUS_NO_MEMORY;
    return !st && bytes_equal(before, *value) ? STATUS_END : st;
}

static enum status place_apply(const struct edit *e, struct firing *f, struct bytes value)
{
    enum status st = e->op == EDIT_REPLACE ? place_replace(e, f, &value) : STATUS_OK;
    const char *fault;

    if (st)
        return st == STATUS_END ? STATUS_OK : st; /* nothing was replaced */
    fault = edit_place_fault(e->place, value);
    return fault ? skip(f, value, fault) : edit_place_set(e->place, f, value);
}

static enum status head_apply(const struct edit *e, struct firing *f, struct bytes value)
{
    const char *fault = e->value ? value_fault(e, value) : NULL;
    struct head_edit edit = {.side = e->side,
                             .op = e->op,
                             .part = e->part,
                             .name = e->name,
                             .value = value,
                             .status = e->status};
    struct replacement *replacement;

    if (fault)
        return skip(f, value, fault);
    if (e->op == EDIT_REPLACE) {
        replacement = arena_alloc(f->arena, sizeof(*replacement));
        if (!replacement)
            return STATUS_NO_MEMORY;
        *replacement = replacement_of(e, f, value);
        edit.replacement = replacement;
    }
    return firing_edit(f, edit);
}

static enum status body_apply(const struct edit *e, struct firing *f, struct bytes value)
{
    static const enum body_op ops[] = {
        [EDIT_SET] = BODY_SET, [EDIT_APPEND] = BODY_APPEND, [EDIT_REPLACE] = BODY_REPLACE};
    struct body_edit edit = {.side = e->side, .op = ops[e->op], .value = value};
    struct replacement *replacement;

    if (e->op == EDIT_REPLACE) {
        replacement = arena_alloc(f->arena, sizeof(*replacement));
        if (!replacement)
            return STATUS_NO_MEMORY;
        *replacement = replacement_of(e, f, value);
        edit.replacement = replacement;
    }
    return firing_edit_body(f, edit);
}

static enum status edit_apply(const struct edit *e, struct firing *f)
{
    struct bytes value = {0};
    enum status st = value_render(e, f, &value);

    if (st)
        return st;
    if (e->place == PLACE_BODY)
        return body_apply(e, f, value);
    return e->place == PLACE_HEAD ? head_apply(e, f, value) : place_apply(e, f, value);
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
