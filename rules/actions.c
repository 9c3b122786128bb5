#include "rules/actions.h"

#include <string.h>

#include "base/text.h"

struct verb_row {
    const char *name;
    const struct verb *verb; /* NULL: a later version */
};

static const struct verb_row rows[] = {
#define VERB(name) {#name, &verb_##name},
#define VERB_LATER(name) {#name, NULL},
#include "rules/verbs.def"
#undef VERB
#undef VERB_LATER
};
enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

struct actions_builder {
    struct rule_compiler *c;
    uint32_t count;
    struct action items[ACTIONS];
    unsigned traits;
    bool ended; /* a terminal verb stands already */
};

static const struct verb_row *row_find(struct bytes name)
{
    for (size_t i = 0; i < ROWS; i++) {
        if (bytes_equal(name, bytes_of(rows[i].name)))
            return &rows[i];
    }
    return NULL;
}

static unsigned map_moment(const struct node *map)
{
    for (const struct node *n = map->kind == NODE_MAP ? map->first : NULL; n; n = n->next) {
        const struct verb_row *row = row_find(n->key);

        if (row && row->verb && row->verb->traits & VERB_OF_CONNECTION)
            return row->verb->traits & VERB_OF_CONNECTION;
    }
    return 0;
}

unsigned actions_moment(const struct node *then)
{
    unsigned moment = 0;

    if (then->kind != NODE_LIST)
        return map_moment(then);
    for (const struct node *item = then->first; item && !moment; item = item->next)
        moment = map_moment(item);
    return moment;
}

/* One rule is of one pass, and asked at one moment of it. */
static enum status moment_check(const struct actions_builder *b, const struct verb *verb,
                                const struct node *at)
{
    unsigned moment = verb->traits & VERB_OF_CONNECTION;
    const char *why = "is about a connection, before there is a request: it cannot be a step";

    if (moment == b->c->moment)
        return STATUS_OK;
    if (moment && b->c->moment)
        why = "needs a rule of its own here: 'tls' acts when a client opens TLS, 'dns' and "
              "'connect' when weir dials";
    else if (b->c->moment)
        why = "cannot stand beside 'tls', 'dns' or 'connect', which act before there is a request: "
              "give it a rule of its own";
    node_error(b->c->reader.diags, at, "'%s' %s", verb->name, why);
    return STATUS_BAD_CONFIG;
}

/* `at` is where the verb stands, `n` its value. */
static enum status action_add(struct actions_builder *b, const struct verb *verb,
                              const struct node *at, const struct node *n)
{
    void *args = arena_alloc(b->c->arena, verb->args_size + 1);
    enum status st;

    if (!args)
        return STATUS_NO_MEMORY;
    if (b->ended || b->count == ACTIONS) {
        const char *why = b->ended
                              ? "the verb before this one ends the rule, so this is never reached"
                              : "too many verbs in one rule";

        if (at->key.ptr)
            node_key_error(b->c->reader.diags, at, "%s", why);
        else
            node_error(b->c->reader.diags, at, "%s", why);
        return STATUS_BAD_CONFIG;
    }
    st = moment_check(b, verb, at);
    if (!st)
        st = verb->parse(b->c, n, args);
    b->ended = verb->traits & VERB_TERMINAL; /* even if wrong: what follows is judged alike */
    if (st)
        return st;
    b->items[b->count++] = (struct action){verb, args};
    if (b->ended)
        b->traits = verb->traits | (verb->traits_of ? verb->traits_of(args) : 0);
    return STATUS_OK;
}

static bool is_number(struct bytes in)
{
    uint64_t value;

    return bytes_to_u64(in, UINT64_MAX, &value) == STATUS_OK;
}

static enum status unknown_word(struct actions_builder *b, const struct rule_text *text)
{
    const char *words[ROWS];
    const char *near;

    for (size_t i = 0; i < ROWS; i++)
        words[i] = rows[i].name;
    near = text_nearest(text->all, words, ROWS);
    if (near)
        return compiler_error(b->c, text, text->all, "unknown verb '%s', did you mean '%s'?",
                              excerpt(text->all).text, near);
    return compiler_error(b->c, text, text->all,
                          "unknown verb '%s'; expected a status as 404, a word as pass, or a map "
                          "as { respond: … }",
                          excerpt(text->all).text);
}

/* A bare status, or a verb without a value. */
static enum status word_parse(struct actions_builder *b, const struct node *n)
{
    const struct verb_row *row;
    struct rule_text text;
    enum status st = compiler_text(b->c, n, &text);

    if (st)
        return st;
    if (is_number(text.all))
        return action_add(b, &verb_respond, n, n);
    row = row_find(text.all);
    if (!row)
        return unknown_word(b, &text);
    if (!row->verb)
        return compiler_error(b->c, &text, text.all, "'%s' is not in this version", row->name);
    if (!(row->verb->traits & VERB_BARE))
        return compiler_error(b->c, &text, text.all, "'%s' needs a value: { %s: %s }", row->name,
                              row->name, row->verb->example);
    return action_add(b, row->verb, n, NULL);
}

static enum status key_parse(struct actions_builder *b, const struct node *n)
{
    const struct verb_row *row = row_find(n->key);
    const char *words[ROWS];
    size_t count = 0;

    if (row)
        return row->verb ? action_add(b, row->verb, n, n) : compiler_later(b->c, n);
    if (bytes_equal(n->key, BYTES("loop"))) {
        node_key_error(b->c->reader.diags, n,
                       "'loop' stands in the map form: sequence: { steps: […], loop: true }");
        return STATUS_BAD_CONFIG;
    }
    for (size_t i = 0; i < ROWS; i++) {
        if (rows[i].verb)
            words[count++] = rows[i].name;
    }
    config_unknown_key(&b->c->reader, n, words, count);
    return STATUS_BAD_CONFIG;
}

static enum status item_parse(struct actions_builder *b, const struct node *n)
{
    enum status st = STATUS_OK;

    if (n->kind == NODE_SCALAR)
        return word_parse(b, n);
    st = compiler_want(b->c, n, NODE_MAP, "a list in a list; expected a verb, as { respond: … }");
    for (const struct node *key = st ? NULL : n->first; key; key = key->next)
        st = status_worse(st, key_parse(b, key));
    return st;
}

static enum status actions_keep(struct actions_builder *b, struct actions *ret)
{
    struct action *items = arena_alloc(b->c->arena, b->count * sizeof(*items));

    if (!items)
        return STATUS_NO_MEMORY;
    memcpy(items, b->items, b->count * sizeof(*items));
    *ret = (struct actions){.items = items, .count = b->count, .traits = b->traits};
    for (uint32_t i = 0; i < b->count; i++)
        ret->conditional |= items[i].verb->applies != NULL;
    return STATUS_OK;
}

enum status actions_parse(struct rule_compiler *c, const struct node *n, struct actions *ret)
{
    struct actions_builder b = {.c = c};
    enum status st = STATUS_OK;

    if (n->kind != NODE_LIST)
        st = item_parse(&b, n);
    for (const struct node *item = n->kind == NODE_LIST ? n->first : NULL; item; item = item->next)
        st = status_worse(st, item_parse(&b, item));
    if (st)
        return st;
    if (b.count == 0) {
        node_error(c->reader.diags, n, "this rule does nothing; 'pass' lets requests through");
        return STATUS_BAD_CONFIG;
    }
    return actions_keep(&b, ret);
}

bool actions_apply_to(const struct actions *a, const struct rule_view *view, uint64_t place)
{
    for (uint32_t i = 0; i < a->count; i++) {
        const struct action *action = &a->items[i];

        if (action->verb->applies && !action->verb->applies(action->args, view, place))
            return false;
    }
    return true;
}

enum status actions_run(const struct actions *a, struct firing *f)
{
    for (uint32_t i = 0; i < a->count; i++) {
        enum status st = a->items[i].verb->apply(a->items[i].args, f);

        if (st)
            return st;
    }
    return STATUS_OK;
}
