#include <string.h>

#include "rules/connection_rule.h"
#include "rules/match_build.h"

static enum status value_read(const struct value_reader *r, const struct node *n,
                              struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_PATTERN};
    bool null =
        r->takes_null && n->kind == NODE_SCALAR && n->plain && bytes_equal(n->text, BYTES("null"));
    struct rule_text text = {.node = n, .all = n->text};
    enum status st = null ? STATUS_OK : compiler_text(r->b->c, n, &text);

    if (st)
        return st;
    if (!bytes_starts_with(text.all, BYTES("~")))
        return r->read(r, &text, choices);
    st = pattern_parse(r->b->c, &text, bytes_from(text.all, 1), &choice.pattern);
    return st ? st : choice_add(r->b, &text, choices, choice);
}

/* One value, or a list of which any must hold. */
static enum status values_read(const struct value_reader *r, const struct node *n,
                               struct choices *choices)
{
    enum status st = STATUS_OK;

    if (n->kind != NODE_LIST)
        return value_read(r, n, choices);
    if (!n->first) {
        node_error(r->b->c->reader.diags, n, "the list is empty, so nothing would match");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *item = n->first; item; item = item->next)
        st = status_worse(st, value_read(r, item, choices));
    return st;
}

enum status values_test(const struct value_reader *r, const struct node *n, struct match_test test)
{
    struct rule_text text = {.node = n};
    struct choices choices = {0};
    enum status st = values_read(r, n, &choices);

    return st ? st : test_add(r->b, &text, test, &choices);
}

static enum status match_url_parse(struct match_builder *b, const struct node *n)
{
    if (n->kind == NODE_SCALAR)
        return match_short_parse(b, n);
    node_error(b->c->reader.diags, n, "'url' is a text: METHOD host/path, or ~pattern");
    return STATUS_BAD_CONFIG;
}

static enum status read_method(const struct value_reader *r, const struct rule_text *text,
                               struct choices *choices)
{
    return method_names_parse(r->b, text, text->all, choices);
}

static enum status match_method_parse(struct match_builder *b, const struct node *n)
{
    struct value_reader r = {.b = b, .read = read_method};
    struct rule_text text = {.node = n};
    struct choices choices = {0};
    enum status st = values_read(&r, n, &choices);

    return st ? st : methods_add(b, &text, &choices);
}

/* A scheme is a choice like others here, since a list may hold patterns. */
static enum status read_scheme(const struct value_reader *r, const struct rule_text *text,
                               struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_RANGE};
    uint8_t bits;
    enum status st = scheme_parse(r->b, text, text->all, &bits);

    if (st)
        return st;
    choice.range.low = bits;
    return choice_add(r->b, text, choices, choice);
}

static enum status match_scheme_parse(struct match_builder *b, const struct node *n)
{
    struct value_reader r = {.b = b, .read = read_scheme};
    struct match_test test = {.holds = test_scheme, .cost = COST_FIXED};
    struct rule_text text = {.node = n};
    struct choices choices = {0}, patterns = {0};
    uint8_t bits = 0;
    enum status st = values_read(&r, n, &choices);

    for (uint32_t i = 0; !st && i < choices.count; i++) {
        if (choices.items[i].kind == CHOICE_PATTERN)
            st = choice_add(b, &text, &patterns, choices.items[i]);
        else
            bits |= (uint8_t)choices.items[i].range.low;
    }
    if (st)
        return st;
    if (patterns.count == 0) {
        b->schemes &= bits;
        return STATUS_OK;
    }
    if (bits) {
        node_error(b->c->reader.diags, n, "either names of schemes or one ~pattern, not both");
        return STATUS_BAD_CONFIG;
    }
    return test_add(b, &text, test, &patterns);
}

enum status value_read_host(const struct value_reader *r, const struct rule_text *text,
                            struct choices *choices)
{
    return host_parse(r->b, text, text->all, choices);
}

static enum status match_host_parse(struct match_builder *b, const struct node *n)
{
    struct value_reader r = {.b = b, .read = value_read_host};

    return values_test(&r, n, (struct match_test){.holds = test_host, .cost = COST_HOST});
}

/* "443" or "8000 to 8999" */
static enum status read_port(const struct value_reader *r, const struct rule_text *text,
                             struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_RANGE};
    ptrdiff_t to = bytes_search(text->all, BYTES(" to "));
    struct bytes low = to < 0 ? text->all : bytes_until(text->all, (size_t)to);
    struct bytes high = to < 0 ? low : bytes_from(text->all, (size_t)to + 4);
    enum status st = port_parse(r->b, text, low, &choice.range.low);

    if (!st)
        st = port_parse(r->b, text, high, &choice.range.high);
    if (!st && choice.range.low > choice.range.high)
        st = compiler_error(r->b->c, text, text->all, "the lower port comes first");
    return st ? st : choice_add(r->b, text, choices, choice);
}

static enum status match_port_parse(struct match_builder *b, const struct node *n)
{
    struct value_reader r = {.b = b, .read = read_port};

    return values_test(&r, n, (struct match_test){.holds = test_port, .cost = COST_FIXED});
}

static enum status read_path(const struct value_reader *r, const struct rule_text *text,
                             struct choices *choices)
{
    ptrdiff_t query = bytes_find(text->all, '?');

    if (query >= 0)
        return compiler_error(r->b->c, text, bytes_from(text->all, (size_t)query),
                              "parameters stand in 'query', or in the short form 'url'");
    return path_parse(r->b, text, text->all, choices);
}

static enum status match_path_parse(struct match_builder *b, const struct node *n)
{
    struct value_reader r = {.b = b, .read = read_path};

    return values_test(&r, n, (struct match_test){.holds = test_path, .cost = COST_PATH});
}

enum status value_read_text(const struct value_reader *r, const struct rule_text *text,
                            struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_TEXT, .text = text->all};

    if (text->node->plain && bytes_equal(text->all, BYTES("present")))
        choice.kind = CHOICE_PRESENT;
    if (text->node->plain && bytes_equal(text->all, BYTES("absent")))
        choice.kind = CHOICE_ABSENT;
    return choice_add(r->b, text, choices, choice);
}

static enum status name_read(struct match_builder *b, const struct node *n, struct match_test test,
                             bool token)
{
    struct value_reader r = {.b = b, .read = value_read_text};
    enum status st = compiler_key(b->c, n, &test.name);

    if (st)
        return st;
    if (token && !http_token_valid(test.name)) {
        node_key_error(b->c->reader.diags, n, "'%s' is not a %s", excerpt(test.name).text,
                       test.holds == test_cookie ? "cookie's name (RFC 6265 section 4.1.1)"
                                                 : "field name (RFC 9110 section 5.1)");
        return STATUS_BAD_CONFIG;
    }
    return values_test(&r, n, test);
}

/* A map from names to what their values must be. */
static enum status names_read(struct match_builder *b, const struct node *map,
                              struct match_test test, bool tokens)
{
    enum status st = compiler_want(b->c, map, NODE_MAP, "this is a map: { name: value }");

    if (st)
        return st;
    if (!map->first) {
        node_error(b->c->reader.diags, map, "the map is empty");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *n = map->first; n; n = n->next)
        st = status_worse(st, name_read(b, n, test, tokens));
    return st;
}

enum status match_names(struct match_builder *b, const struct node *map, struct match_test test)
{
    return names_read(b, map, test, true);
}

enum status match_body(struct match_builder *b, const struct node *n, bool response)
{
    if (!response)
        b->c->needs |= NEEDS_REQUEST_BODY;
    return values_test(
        &(struct value_reader){.b = b, .read = value_read_text}, n,
        (struct match_test){.holds = test_body, .cost = COST_BODY, .response = response});
}

enum status match_body_parse(struct match_builder *b, const struct node *n)
{
    return match_body(b, n, false);
}

static enum status match_query_parse(struct match_builder *b, const struct node *n)
{
    return names_read(
        b, n, (struct match_test){.holds = test_query_decoded, .cost = COST_QUERY + 1}, false);
}

static enum status match_header_parse(struct match_builder *b, const struct node *n)
{
    return names_read(b, n, (struct match_test){.holds = test_header, .cost = COST_HEADER}, true);
}

static enum status match_cookie_parse(struct match_builder *b, const struct node *n)
{
    return names_read(b, n, (struct match_test){.holds = test_cookie, .cost = COST_HEADER + 1},
                      true);
}

static const struct match_key {
    const char *name;
    enum status (*parse)(struct match_builder *b, const struct node *n);
} keys[] = {
#define MATCH_KEY(name, help) {#name, match_##name##_parse},
#include "rules/match_keys.def"
#undef MATCH_KEY
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static enum status key_parse(struct match_builder *b, const struct node *n)
{
    const char *words[KEYS];

    for (size_t i = 0; i < KEYS; i++) {
        if (bytes_equal(n->key, bytes_of(keys[i].name)) && !connection_key_allowed(b->c, n))
            return STATUS_BAD_CONFIG;
        if (bytes_equal(n->key, bytes_of(keys[i].name)))
            return keys[i].parse(b, n);
        words[i] = keys[i].name;
    }
    config_unknown_key(&b->c->reader, n, words, KEYS);
    return STATUS_BAD_CONFIG;
}

enum status match_map_parse(struct match_builder *b, const struct node *map)
{
    enum status st = STATUS_OK;

    if (!map->first) {
        node_error(b->c->reader.diags, map, "this match says nothing; '/*' takes every path");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *n = map->first; n; n = n->next)
        st = status_worse(st, key_parse(b, n));
    return st;
}
