/* `json` of the map form: values within a JSON content, by their path. */
#include "http/json.h"
#include "http/json_value.h"
#include "rules/match_build.h"

/* A number, true, false or null, written plainly, is that value of JSON. */
static bool is_value(const struct rule_text *text)
{
    struct json_fault fault;

    return text->node->plain && text->all.len && json_check(text->all, &fault) == STATUS_OK &&
           json_kind(text->all) != JSON_KIND_STRING;
}

static enum status read_value(const struct value_reader *r, const struct rule_text *text,
                              struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_JSON};

    if (!is_value(text))
        return value_read_text(r, text, choices);
    choice.text = arena_copy(r->b->c->arena, bytes_trim(text->all));
    return choice.text.ptr ? choice_add(r->b, text, choices, choice) : STATUS_NO_MEMORY;
}

/* `items.0.sku: abc` */
static enum status path_read(struct match_builder *b, const struct node *n, bool response)
{
    struct match_test test = {.holds = test_json, .cost = COST_BODY + 1, .response = response};
    const char *sentence = NULL;
    struct bytes key;
    enum status st = compiler_key(b->c, n, &key);

    if (!st)
        st = json_path_dotted(b->c->arena, key, &test.path, &sentence);
    if (st == STATUS_BAD_INPUT) {
        node_key_error(b->c->reader.diags, n, "'%s' is no path to a value, as items.0.sku: %s",
                       excerpt(key).text, sentence);
        return STATUS_BAD_CONFIG;
    }
    return st ? st
              : values_test(&(struct value_reader){.b = b, .read = read_value, .takes_null = true},
                            n, test);
}

enum status match_json(struct match_builder *b, const struct node *n, bool response)
{
    enum status st = compiler_want(b->c, n, NODE_MAP,
                                   "this is a map from paths to values: { items.0.sku: abc }");

    if (!response)
        b->c->needs |= NEEDS_REQUEST_BODY;
    if (st)
        return st;
    if (!n->first) {
        node_error(b->c->reader.diags, n, "the map is empty");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *key = n->first; key; key = key->next)
        st = status_worse(st, path_read(b, key, response));
    return st;
}

enum status match_json_parse(struct match_builder *b, const struct node *n)
{
    return match_json(b, n, false);
}
