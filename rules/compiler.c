#include "rules/compiler.h"

#include <string.h>

#include "base/text.h"
#include "rules/rule_names.h"

enum { VARIABLES_SOUGHT = 100 }; /* for "did you mean" */

enum status status_worse(enum status so_far, enum status st)
{
    if (so_far == STATUS_NO_MEMORY || !st)
        return so_far;
    return st == STATUS_NO_MEMORY || !so_far ? st : so_far;
}

static uint32_t code_points(struct bytes in)
{
    uint32_t count = 0;

    for (size_t i = 0; i < in.len; i++)
        count += (in.ptr[i] & 0xc0) != 0x80;
    return count;
}

static bool within(struct bytes part, struct bytes all)
{
    return part.ptr && all.ptr && (uintptr_t)part.ptr >= (uintptr_t)all.ptr &&
           (uintptr_t)part.ptr + part.len <= (uintptr_t)all.ptr + all.len;
}

/* Where `part` stands in the file: exact when the scalar was written on one line
 * without escapes or variables, else the whole scalar. */
static void place_of(const struct rule_text *text, struct bytes part, struct mark *ret_at,
                     uint32_t *ret_width)
{
    const struct node *n = text->node;
    uint32_t quotes = n->plain ? 0 : 2;
    uint32_t width = n->end.line == n->at.line && n->end.column > n->at.column
                         ? n->end.column - n->at.column
                         : 1;

    *ret_at = n->at;
    *ret_width = width;
    if (!within(part, text->all) || !bytes_equal(text->all, n->text) ||
        width != code_points(n->text) + quotes)
        return;
    ret_at->column +=
        quotes / 2 + code_points(bytes_make(text->all.ptr, (size_t)(part.ptr - text->all.ptr)));
    *ret_width = part.len ? code_points(part) : 1;
}

static void diag_at(struct rule_compiler *c, enum diag_level level, const struct rule_text *text,
                    struct bytes part, const char *format, va_list args)
    __attribute__((format(printf, 5, 0)));

static void diag_at(struct rule_compiler *c, enum diag_level level, const struct rule_text *text,
                    struct bytes part, const char *format, va_list args)
{
    struct mark at;
    uint32_t width;

    place_of(text, part, &at, &width);
    diag_vadd(c->reader.diags, level, text->node->source, at, width, format, args);
}

enum status compiler_error(struct rule_compiler *c, const struct rule_text *text, struct bytes part,
                           const char *format, ...)
{
    va_list args;

    va_start(args, format);
    diag_at(c, DIAG_ERROR, text, part, format, args);
    va_end(args);
    return STATUS_BAD_CONFIG;
}

void compiler_warning(struct rule_compiler *c, const struct rule_text *text, struct bytes part,
                      const char *format, ...)
{
    va_list args;

    va_start(args, format);
    diag_at(c, DIAG_WARNING, text, part, format, args);
    va_end(args);
}

enum status compiler_later(struct rule_compiler *c, const struct node *n)
{
    node_key_error(c->reader.diags, n, "'%s' is not in this version", excerpt(n->key).text);
    return STATUS_BAD_CONFIG;
}

enum status compiler_of_request(struct rule_compiler *c, const struct node *n)
{
    if (!c->response_pass)
        return STATUS_OK;
    node_key_error(c->reader.diags, n,
                   "the request has gone already when a rule matches a response");
    return STATUS_BAD_CONFIG;
}

enum status compiler_key(struct rule_compiler *c, const struct node *n, struct bytes *ret_key)
{
    struct bytes key, copy;
    enum status st = config_expand(&c->reader, n, n->key, &key);

    if (st)
        return st;
    copy = arena_copy(c->arena, key);
    if (!copy.ptr)
        return STATUS_NO_MEMORY;
    *ret_key = copy;
    return STATUS_OK;
}

enum status node_keep(const struct config_reader *r, const struct node *n, void *field)
{
    (void)r;
    *(const struct node **)field = n;
    return STATUS_OK;
}

enum status compiler_want(struct rule_compiler *c, const struct node *n, enum node_kind kind,
                          const char *what)
{
    if (n->kind == kind)
        return STATUS_OK;
    node_error(c->reader.diags, n, "%s", what);
    return STATUS_BAD_CONFIG;
}

enum status compiler_template_text(struct rule_compiler *c, const struct node *n,
                                   struct rule_text *ret_text)
{
    struct rule_text text = {.node = n};
    enum status st = config_text(&c->reader, n, &text.all);

    if (st)
        return st;
    *ret_text = text;
    return STATUS_OK;
}

/* "$(" at `at`: the name that stands there looks like one of ours? */
static bool is_substitution(struct bytes in, size_t at)
{
    struct bytes rest = bytes_from(in, at + 2);

    return rest.len && (byte_lower(rest.ptr[0]) >= 'a' && byte_lower(rest.ptr[0]) <= 'z') &&
           bytes_find(rest, ')') > 0;
}

/* Copies `in` with every `$$(` made `$(`; *ret_bad is where a $(name) is left. */
static enum status text_unescape(struct rule_compiler *c, struct bytes in, struct bytes *ret_out,
                                 struct bytes *ret_bad)
{
    uint8_t *out = arena_alloc(c->arena, in.len + 1);
    size_t len = 0;

    if (!out)
        return STATUS_NO_MEMORY;
    *ret_bad = bytes_make(NULL, 0);
    for (size_t i = 0; i < in.len; i++) {
        if (bytes_starts_with(bytes_from(in, i), BYTES("$$("))) {
            out[len++] = '$';
            out[len++] = '(';
            i += 2;
            continue;
        }
        if (!ret_bad->ptr && bytes_starts_with(bytes_from(in, i), BYTES("$(")) &&
            is_substitution(in, i)) {
            struct bytes rest = bytes_from(in, i);

            *ret_bad = bytes_until(rest, (size_t)bytes_find(rest, ')') + 1);
        }
        out[len++] = in.ptr[i];
    }
    *ret_out = bytes_make(out, len);
    return STATUS_OK;
}

/* `bad` is the whole "$(name)". */
static enum status unknown_variable(struct rule_compiler *c, const struct rule_text *text,
                                    struct bytes bad)
{
    const struct node *vars = c->reader.vars;
    struct bytes name = bytes_until(bytes_from(bad, 2), bad.len > 3 ? bad.len - 3 : 0);
    const char *words[VARIABLES_SOUGHT];
    const char *near;
    size_t count = 0;

    for (const struct node *n = vars && vars->kind == NODE_MAP ? vars->first : NULL; n;
         n = n->next) {
        const char *word = count < VARIABLES_SOUGHT ? arena_text(c->arena, n->key) : NULL;

        if (word)
            words[count++] = word;
    }
    near = text_nearest(name, words, count);
    if (near)
        return compiler_error(c, text, bad, "unknown name '%s', did you mean '$(%s)'?",
                              excerpt(bad).text, near);
    return compiler_error(c, text, bad,
                          "unknown name '%s'; only variables and $(env.NAME) stand here "
                          "(write $$( for a literal $()",
                          excerpt(bad).text);
}

enum status compiler_text(struct rule_compiler *c, const struct node *n, struct rule_text *ret_text)
{
    struct rule_text text;
    struct bytes out, bad;
    enum status st = compiler_template_text(c, n, &text);

    if (st)
        return st;
    if (bytes_search(text.all, BYTES("$(")) < 0) {
        *ret_text = text;
        return STATUS_OK;
    }
    st = text_unescape(c, text.all, &out, &bad);
    if (st)
        return st;
    if (bad.ptr)
        return unknown_variable(c, &text, bad);
    text.all = out;
    *ret_text = text;
    return STATUS_OK;
}

bool compiler_has_variable(const struct rule_compiler *c, struct bytes name)
{
    const struct node *vars = c->reader.vars;

    if (!vars || vars->kind != NODE_MAP)
        return false;
    for (const struct node *n = vars->first; n; n = n->next) {
        if (bytes_equal(n->key, name))
            return true;
    }
    return false;
}

int compiler_find_capture(const struct rule_compiler *c, struct bytes name)
{
    for (uint32_t i = 0; i < c->capture_count; i++) {
        if (bytes_equal(c->captures[i], name))
            return (int)i;
    }
    return -1;
}

enum status compiler_capture(struct rule_compiler *c, const struct rule_text *text,
                             struct bytes name, int *ret_index)
{
    int known = compiler_find_capture(c, name);
    const char *fault = NULL;
    struct bytes copy;

    if (!rule_name_valid(name))
        fault = "is not a name: letters, digits, '_' and '-', and no word of the language";
    else if (compiler_has_variable(c, name))
        fault = "is a variable's name too; take another name";
    else if (c->captures_refused)
        fault = "is captured where nothing is kept: ";
    else if (known >= 0 && c->captures_taken & UINT32_C(1) << known)
        fault = "is captured twice in this rule";
    else if (known < 0 && c->capture_count == RULE_CAPTURES)
        fault = "is one capture too many: a rule has at most 32";
    if (fault)
        return compiler_error(c, text, name, "'%s' %s%s", excerpt(name).text, fault,
                              c->captures_refused ? c->captures_refused : "");
    if (known < 0) {
        copy = arena_copy(c->arena, name);
        if (!copy.ptr)
            return STATUS_NO_MEMORY;
        known = (int)c->capture_count++;
        c->captures[known] = copy;
    }
    c->captures_taken |= UINT32_C(1) << known;
    *ret_index = known;
    return STATUS_OK;
}
