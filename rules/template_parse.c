#include <string.h>

#include "base/text.h"
#include "http/url.h"
#include "rules/match.h"
#include "rules/template_part.h"

enum {
    TEMPLATE_BYTES = RULE_BODY_BYTES,
    UNKNOWN_WORDS = 100, /* to look for what was meant */
};

struct template_parser {
    struct rule_compiler *c;
    const struct rule_text *text;
    enum template_use use;
    bool in_query;
    bool json;                   /* the name at hand stands in $json(…) */
    struct template_part *parts; /* TEMPLATE_PARTS of them */
    uint32_t count;
    struct buf literal; /* the literal part that grows */
};

static enum status part_add(struct template_parser *p, struct template_part part)
{
    if (p->count == TEMPLATE_PARTS)
        return compiler_error(p->c, p->text, p->text->all, "more than %d parts in one text",
                              TEMPLATE_PARTS);
    part.first = p->count == 0;
    part.in_query = p->in_query;
    part.json = p->json && part.kind != TEMPLATE_LITERAL;
    p->parts[p->count++] = part;
    return STATUS_OK;
}

static enum status literal_end(struct template_parser *p)
{
    struct template_part part = {.kind = TEMPLATE_LITERAL};

    if (buf_status(&p->literal))
        return buf_status(&p->literal);
    if (p->literal.len == 0)
        return STATUS_OK;
    if (bytes_find(buf_bytes(&p->literal), '?') >= 0)
        p->in_query = true;
    part.text = arena_copy(p->c->arena, buf_bytes(&p->literal));
    if (!part.text.ptr)
        return STATUS_NO_MEMORY;
    buf_clear(&p->literal);
    return part_add(p, part);
}

static void literal_add(struct template_parser *p, struct bytes in)
{
    if (p->use == TEMPLATE_URL)
        url_put_legal(&p->literal, in, "#[]");
    else if (p->use == TEMPLATE_QUERY)
        percent_encode(in, "", &p->literal);
    else
        buf_put(&p->literal, in);
}

static void word_add(struct template_parser *p, const char **words, size_t *count,
                     struct bytes name)
{
    const char *word = *count < UNKNOWN_WORDS ? arena_text(p->c->arena, name) : NULL;

    if (word)
        words[(*count)++] = word;
}

static enum status unknown_name(struct template_parser *p, struct bytes name)
{
    const struct node *vars = p->c->reader.vars;
    const char *words[UNKNOWN_WORDS];
    size_t count = 0;
    const char *near;

    if (p->c->captures_unsure)
        return STATUS_BAD_CONFIG; /* what is wrong was told where the match stands */
    for (size_t i = 0; i < template_source_count; i++)
        words[count++] = template_sources[i].word;
    for (uint32_t i = 0; i < p->c->capture_count; i++)
        word_add(p, words, &count, p->c->captures[i]);
    for (const struct node *n = vars ? vars->first : NULL; n; n = n->next)
        word_add(p, words, &count, n->key);
    near = text_nearest(name, words, count);
    return compiler_error(
        p->c, p->text, name, "unknown name '%s'%s%s%s (write $$( for a literal $()",
        excerpt(name).text, near ? ", did you mean '" : "", near ? near : "", near ? "'?" : "");
}

/* Does `name` begin with `word`, at its end or before a dot? */
static bool is_word(struct bytes name, const char *word)
{
    size_t len = strlen(word);

    return bytes_starts_with(name, bytes_of(word)) && (name.len == len || name.ptr[len] == '.');
}

/* `name` begins with the word of `source`. */
static enum status sourced_add(struct template_parser *p, const struct template_source *source,
                               struct bytes name)
{
    struct template_part part = {.kind = TEMPLATE_SOURCED, .source = source};

    part.text = bytes_from(name, strlen(source->word) + 1);
    if (source->named && part.text.len == 0)
        return compiler_error(p->c, p->text, name, "'%s' needs a name after a dot", source->word);
    if (!source->named && name.len > strlen(source->word))
        return compiler_error(p->c, p->text, name, "nothing may follow '%s'", source->word);
    if (source->needs & (NEEDS_RESPONSE | NEEDS_RESPONSE_BODY) && !p->c->response_pass)
        return compiler_error(p->c, p->text, name,
                              "'%s' is known only in a rule whose match has 'response'",
                              source->word);
    p->c->needs |= source->needs;
    part.text = arena_copy(p->c->arena, part.text);
    return part.text.ptr ? part_add(p, part) : STATUS_NO_MEMORY;
}

static enum status source_parse(struct template_parser *p, struct bytes name)
{
    for (size_t i = 0; i < template_source_count; i++) {
        if (is_word(name, template_sources[i].word))
            return sourced_add(p, &template_sources[i], name);
    }
    return unknown_name(p, name);
}

static enum status integer_parse(struct bytes in, int64_t *ret_value)
{
    bool negative = bytes_starts_with(in, BYTES("-"));
    uint64_t value = 0;
    enum status st = bytes_to_u64(bytes_from(in, negative), INT64_MAX, &value);

    if (!st)
        *ret_value = negative ? -(int64_t)value : (int64_t)value;
    return st;
}

/* "random A to B" */
static enum status random_parse(struct template_parser *p, struct bytes name)
{
    struct template_part part = {.kind = TEMPLATE_RANDOM};
    struct bytes range = bytes_trim(bytes_from(name, strlen("random")));
    ptrdiff_t to = bytes_search(range, BYTES(" to "));

    if (to < 0 || integer_parse(bytes_trim(bytes_until(range, (size_t)to)), &part.low) ||
        integer_parse(bytes_trim(bytes_from(range, (size_t)to + 4)), &part.high) ||
        part.low > part.high)
        return compiler_error(p->c, p->text, name,
                              "random takes two whole numbers, the lower first: $(random 1 to 9)");
    return part_add(p, part);
}

/* In $json(…) a variable is a value like others; elsewhere the loader has replaced it. */
static enum status variable_add(struct template_parser *p, struct bytes name)
{
    const char *text = arena_printf(p->c->arena, "$(%.*s)", (int)name.len, (const char *)name.ptr);
    struct template_part part = {.kind = TEMPLATE_VARIABLE};
    enum status st = text ? config_expand(&p->c->reader, p->text->node, bytes_of(text), &part.text)
                          : STATUS_NO_MEMORY;

    return st ? st : part_add(p, part);
}

/* What stands between "$(" and ")". */
static enum status name_parse(struct template_parser *p, struct bytes inside)
{
    struct template_part part = {.kind = TEMPLATE_CAPTURE};
    struct bytes name = bytes_trim(inside);

    if (name.len == 0)
        return compiler_error(p->c, p->text, inside,
                              "a name is missing in $() (write $$( for a literal $()");
    part.capture = compiler_find_capture(p->c, name);
    if (part.capture >= 0)
        return part_add(p, part);
    if (bytes_equal(name, BYTES("random")) || bytes_starts_with(name, BYTES("random ")))
        return random_parse(p, name);
    if (p->json && compiler_has_variable(p->c, name))
        return variable_add(p, name);
    return source_parse(p, name);
}

static const struct bytes plain_opening = BYTES_INIT("$("), json_opening = BYTES_INIT("$json(");

/* Where the next $( or $json( stands, or -1. */
static ptrdiff_t opening_find(struct bytes in, struct bytes *ret_opening)
{
    ptrdiff_t plain = bytes_search(in, plain_opening), json = bytes_search(in, json_opening);
    bool is_json = json >= 0 && (plain < 0 || json < plain);

    *ret_opening = is_json ? json_opening : plain_opening;
    return is_json ? json : plain;
}

/* In JSON a $json(…) stands alone in its string, whose quotes it takes the place of;
 * `rest` is what follows it. */
static enum status quotes_drop(struct template_parser *p, struct bytes inside, struct bytes *rest)
{
    struct bytes before = buf_bytes(&p->literal);
    bool opens = bytes_ends_with(before, BYTES("\"")) && !bytes_ends_with(before, BYTES("\\\""));

    if (!opens || !bytes_starts_with(*rest, BYTES("\"")) || bytes_starts_with(*rest, BYTES("\":")))
        return compiler_error(p->c, p->text, inside, "$json(…) is a whole value: it stands alone");
    p->literal.len--;
    *rest = bytes_from(*rest, 1);
    return STATUS_OK;
}

/* One step: up to and with the next $(…), or to the end. */
static enum status step_parse(struct template_parser *p, struct bytes *rest)
{
    struct bytes opening, inside, after;
    ptrdiff_t dollar = opening_find(*rest, &opening), close;
    bool doubled = dollar > 0 && rest->ptr[dollar - 1] == '$';
    enum status st = STATUS_OK;

    if (dollar < 0) {
        literal_add(p, *rest);
        *rest = bytes_make(NULL, 0);
        return STATUS_OK;
    }
    literal_add(p, bytes_until(*rest, (size_t)(doubled ? dollar - 1 : dollar)));
    inside = bytes_from(*rest, (size_t)dollar + opening.len);
    if (doubled) {
        literal_add(p, opening);
        *rest = inside;
        return STATUS_OK;
    }
    close = bytes_find(inside, ')');
    if (close < 0)
        return compiler_error(p->c, p->text, bytes_from(*rest, (size_t)dollar),
                              "'$(' without ')' (write $$( for a literal $()");
    after = bytes_from(inside, (size_t)close + 1);
    inside = bytes_until(inside, (size_t)close);
    p->json = opening.ptr == json_opening.ptr;
    if (p->json && p->use == TEMPLATE_JSON)
        st = quotes_drop(p, inside, &after);
    if (!st)
        st = literal_end(p);
    if (!st)
        st = name_parse(p, inside);
    p->json = false;
    *rest = after;
    return st;
}

static enum status parts_parse(struct template_parser *p)
{
    struct bytes rest = p->text->all;
    enum status st = STATUS_OK;

    while (!st && rest.len)
        st = step_parse(p, &rest);
    return st ? st : literal_end(p);
}

static enum status template_keep(struct template_parser *p, const struct template **ret_template)
{
    struct template *t = arena_alloc(p->c->arena, sizeof(*t));
    struct template_part *parts = arena_alloc(p->c->arena, (p->count + 1) * sizeof(*parts));

    if (!t || !parts)
        return STATUS_NO_MEMORY;
    memcpy(parts, p->parts, p->count * sizeof(*parts));
    *t = (struct template){.use = p->use, .count = p->count, .parts = parts};
    *ret_template = t;
    return STATUS_OK;
}

static enum status fixed_check(struct rule_compiler *c, const struct rule_text *text,
                               const struct template *t)
{
    struct bytes fixed = template_fixed(t);

    if (t->use == TEMPLATE_HEADER && fixed.ptr && !http_value_valid(fixed))
        return compiler_error(c, text, text->all,
                              "a header's value holds no line feed, NUL or other control "
                              "(RFC 9110 section 5.5)");
    return STATUS_OK;
}

enum status template_parse(struct rule_compiler *c, const struct rule_text *text,
                           enum template_use use, const struct template **ret_template)
{
    struct template_part parts[TEMPLATE_PARTS];
    struct template_parser p = {.c = c, .text = text, .use = use, .parts = parts};
    const struct template *t;
    enum status st;

    buf_init(&p.literal, 3 * (size_t)TEMPLATE_BYTES);
    st = parts_parse(&p);
    buf_release(&p.literal);
    if (!st)
        st = template_keep(&p, &t);
    if (!st)
        st = fixed_check(c, text, t);
    if (!st)
        *ret_template = t;
    return st;
}

enum status template_parse_node(struct rule_compiler *c, const struct node *n,
                                enum template_use use, const struct template **ret_template)
{
    struct rule_text text;
    enum status st = compiler_template_text(c, n, &text);

    return st ? st : template_parse(c, &text, use, ret_template);
}

enum status template_literal(struct rule_compiler *c, struct bytes text, enum template_use use,
                             const struct template **ret_template)
{
    struct template *t = arena_alloc(c->arena, sizeof(*t));
    struct template_part *part = arena_alloc(c->arena, sizeof(*part));

    if (!t || !part)
        return STATUS_NO_MEMORY;
    *part = (struct template_part){.kind = TEMPLATE_LITERAL, .first = true, .text = text};
    *t = (struct template){.use = use, .count = text.len > 0, .parts = part};
    *ret_template = t;
    return STATUS_OK;
}
