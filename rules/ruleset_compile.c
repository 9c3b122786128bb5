#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "rules/connection_rule.h"
#include "rules/rule.h"
#include "rules/rule_names.h"
#include "rules/ruleset_review.h"

enum { GROUPS_SOUGHT = 100 }; /* for "did you mean" */

struct defaults {
    int64_t seed;
    int cors;
    struct bytes mark;
};

static const char *const cors_words[] = {"reflect", "off", NULL};

static const struct config_key default_keys[] = {
    {.name = "seed",
     .type = CONFIG_INT,
     .offset = offsetof(struct defaults, seed),
     .fallback = "42",
     .help = "what percentages, random numbers and delay ranges are drawn from"},
    {.name = "cors",
     .type = CONFIG_WORD,
     .offset = offsetof(struct defaults, cors),
     .fallback = "reflect",
     .words = cors_words,
     .help = "injected answers reflect Origin, so that pages may read them"},
    {.name = "mark",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct defaults, mark),
     .fallback = "x-weir-rule",
     .help = "the header that names the rule on answers made or changed by one; or off"},
};

static const struct config_section defaults_section = {
    "defaults", default_keys, sizeof(default_keys) / sizeof(default_keys[0])};

struct group_form {
    bool enabled;
};

static const struct config_key group_keys[] = {
    {.name = "enabled",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct group_form, enabled),
     .fallback = "true",
     .help = "are its rules asked?"},
};

static const struct config_section group_section = {"groups", group_keys, 1};

/* A rule as written. */
struct rule_form {
    struct bytes name, group;
    bool enabled;
    const struct node *match, *when, *then;
};

static const struct config_key rule_keys[] = {
    {.name = "name",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct rule_form, name),
     .help = "what it is called in logs; its counters follow it"},
    {.name = "group",
     .type = CONFIG_TEXT,
     .offset = offsetof(struct rule_form, group),
     .help = "a group it is switched with"},
    {.name = "enabled",
     .type = CONFIG_BOOL,
     .offset = offsetof(struct rule_form, enabled),
     .fallback = "true",
     .help = "is it asked?"},
    NODE_KEY(rule_form, match, "which requests"),
    NODE_KEY(rule_form, when, "how often"),
    NODE_KEY(rule_form, then, "what is done"),
};

static const struct config_section rule_section = {"rules", rule_keys,
                                                   sizeof(rule_keys) / sizeof(rule_keys[0])};

static bool rule_key_known(struct bytes key)
{
    for (size_t i = 0; i < rule_section.count; i++) {
        if (bytes_equal(key, bytes_of(rule_keys[i].name)))
            return true;
    }
    return false;
}

/* A configuration being compiled. */
struct compilation {
    struct rule_compiler c;
    struct ruleset *rules;
    struct rule_state *state;
    const char *folder;        /* of files that rules name, unless theirs says another */
    const struct node *groups; /* a map, or NULL */
    bool groups_bad;           /* what was wrong with them was told */
    struct rule_names *names;
};

static enum status vars_check(struct compilation *k)
{
    const struct node *vars = k->c.reader.vars;
    enum status st = STATUS_OK;

    if (!vars)
        return STATUS_OK;
    st = compiler_want(&k->c, vars, NODE_MAP, "vars is a map from names to texts");
    for (const struct node *n = st ? NULL : vars->first; n; n = n->next) {
        if (!rule_name_valid(n->key)) {
            node_key_error(k->c.reader.diags, n,
                           "'%s' is not a name for a variable: letters, digits, '_' and '-', and "
                           "no word of the language",
                           excerpt(n->key).text);
            st = STATUS_BAD_CONFIG;
        }
        st = status_worse(st, compiler_want(&k->c, n, NODE_SCALAR, "a variable is a text"));
    }
    return st;
}

static enum status groups_check(struct compilation *k)
{
    struct group_form form;
    enum status st = STATUS_OK;

    if (!k->groups)
        return STATUS_OK;
    st = compiler_want(&k->c, k->groups, NODE_MAP, "groups is a map: { name: { enabled: false } }");
    if (st) {
        k->groups = NULL;
        k->groups_bad = true;
        return st;
    }
    for (const struct node *n = k->groups->first; n; n = n->next) {
        enum status one = compiler_want(&k->c, n, NODE_MAP, "a group is a map: { enabled: false }");

        if (!one)
            one = config_read(&k->c.reader, &group_section, n, &form);
        st = status_worse(st, one);
    }
    return st;
}

static enum status defaults_read(struct compilation *k, const struct node *n)
{
    struct defaults d = {0};
    enum status st = config_read(&k->c.reader, &defaults_section, n, &d);

    if (st)
        return st;
    k->c.seed = d.seed;
    k->rules->seed = (uint64_t)d.seed;
    k->rules->cors = d.cors == 0;
    if (bytes_equal(d.mark, BYTES("off")))
        return STATUS_OK;
    if (!http_token_valid(d.mark) || field_rules(field_id_of(d.mark)) != FIELD_RULE_NONE) {
        node_error(k->c.reader.diags, node_find(n, "mark"),
                   "'%s' cannot be the name of a header of weir's own", excerpt(d.mark).text);
        return STATUS_BAD_CONFIG;
    }
    k->rules->mark_name = (const char *)d.mark.ptr;
    return STATUS_OK;
}

static enum status group_unknown(struct compilation *k, struct bytes name, const struct node *at)
{
    const char *words[GROUPS_SOUGHT];
    const char *near;
    size_t count = 0;

    if (k->groups_bad)
        return STATUS_BAD_CONFIG;
    for (const struct node *n = k->groups ? k->groups->first : NULL; n; n = n->next) {
        const char *word = count < GROUPS_SOUGHT ? arena_text(k->c.arena, n->key) : NULL;

        if (word)
            words[count++] = word;
    }
    near = text_nearest(name, words, count);
    node_error(k->c.reader.diags, at, "there is no group '%s' under 'groups'%s%s%s",
               excerpt(name).text, near ? ", did you mean '" : "", near ? near : "",
               near ? "'?" : "");
    return STATUS_BAD_CONFIG;
}

/* Is the rule's group switched on? An unknown one is an error. */
static enum status group_enabled(struct compilation *k, const struct rule_form *form,
                                 const struct node *rule, bool *ret_enabled)
{
    const struct node *group = NULL;
    struct group_form g = {.enabled = true};
    enum status st;

    if (!form->group.ptr)
        return STATUS_OK;
    if (k->groups)
        group = node_find(k->groups, (const char *)form->group.ptr);
    if (!group)
        return group_unknown(k, form->group, node_find(rule, "group"));
    st = config_read(&k->c.reader, &group_section, group, &g);
    *ret_enabled = g.enabled;
    return st;
}

static enum status name_check(struct compilation *k, const struct rule_form *form,
                              const struct node *rule)
{
    const struct node *at = node_find(rule, "name");

    if (!form->name.ptr)
        return STATUS_OK;
    if (form->name.len == 0) {
        node_error(k->c.reader.diags, at, "a name that is empty: leave it out, or give one");
        return STATUS_BAD_CONFIG;
    }
    if (form->name.len > RULE_NAME_BYTES || !http_value_valid(form->name)) {
        node_error(k->c.reader.diags, at,
                   "a rule's name has at most %d bytes and no line feeds or other controls",
                   RULE_NAME_BYTES);
        return STATUS_BAD_CONFIG;
    }
    return rule_names_add(k->names, k->c.reader.diags, form->name, at);
}

/* Its texts: the label, the mark, and the name its dice and counters go by. */
static enum status rule_texts(struct compilation *k, const struct node *n,
                              const struct rule_form *form, struct rule *rule)
{
    struct arena *a = &k->rules->arena;
    const char *file = n->source ? n->source->name : "rules";
    const char *place = arena_printf(a, "%s:%u", file, (unsigned)n->at.line);
    uint64_t hash = rule_text_hash(n);
    uint64_t nth = form->name.ptr ? 0 : rule_names_count(k->names, hash);
    const char *unnamed =
        arena_printf(a, "%016llx-%llu", (unsigned long long)hash, (unsigned long long)nth);

    rule->name = form->name.ptr ? (const char *)form->name.ptr : "";
    rule->group = form->group.ptr ? (const char *)form->group.ptr : "";
    rule->place = place;
    rule->label = !place || !form->name.ptr ? place : arena_printf(a, "%s %s", place, rule->name);
    if (!place || !unnamed || !rule->label)
        return STATUS_NO_MEMORY;
    rule->mark = form->name.ptr ? form->name : bytes_of(place);
    rule->dice_name = form->name.ptr ? form->name : bytes_of(unnamed);
    return rule_slot_get(k->state, rule->dice_name, hash, &rule->slot);
}

/* Not when it is there with a slip of the pen, of which was told. */
static enum status missing(struct compilation *k, const struct node *rule, const char *key)
{
    for (const struct node *n = rule->first; n; n = n->next) {
        if (!rule_key_known(n->key) && text_nearest(n->key, &key, 1))
            return STATUS_BAD_CONFIG;
    }
    node_error(k->c.reader.diags, rule, "this rule has no '%s'", key);
    return STATUS_BAD_CONFIG;
}

/* The three parts; the names that `match` captures are known to `then`. */
static enum status parts_parse(struct compilation *k, const struct node *n,
                               const struct rule_form *form, struct rule *rule)
{
    enum status st =
        form->match ? match_parse(&k->c, form->match, &rule->match) : missing(k, n, "match");

    k->c.captures_unsure = st != STATUS_OK;
    st = status_worse(st, when_parse(&k->c, form->when, &rule->when));
    if (!st && k->c.moment)
        st = connection_rule_check(&k->c, form->match, form->when, rule);
    st = status_worse(st, form->then ? actions_parse(&k->c, form->then, &rule->then)
                                     : missing(k, n, "then"));
    return st;
}

static enum status rule_parse(struct compilation *k, const struct node *n, struct rule *rule)
{
    struct rule_form form = {0};
    bool group_on = true;
    enum status st = compiler_want(&k->c, n, NODE_MAP,
                                   "a rule is a map: { name: …, match: …, when: …, then: … }");

    if (st)
        return st;
    k->c.capture_count = 0;
    k->c.captures_taken = 0;
    k->c.captures_refused = NULL;
    k->c.effects = 0;
    k->c.in_sequence = false;
    k->c.response_pass = false;
    k->c.needs = 0;
    k->c.changes_body = false;
    k->c.moment = 0;
    k->c.folder = n->source && n->source->folder ? n->source->folder : k->folder;
    st = config_read(&k->c.reader, &rule_section, n, &form);
    if (st == STATUS_NO_MEMORY)
        return st;
    k->c.moment = form.then ? actions_moment(form.then) : 0;
    st = status_worse(st, name_check(k, &form, n));
    st = status_worse(st, group_enabled(k, &form, n, &group_on));
    st = status_worse(st, parts_parse(k, n, &form, rule));
    if (st)
        return st;
    rule->moment = k->c.moment;
    rule->pass = rule->moment ? PASS_CONNECTION : k->c.response_pass ? PASS_RESPONSE : PASS_REQUEST;
    rule->needs = k->c.needs;
    rule->changes_body = k->c.changes_body;
    rule->enabled = form.enabled && group_on;
    k->rules->moments |= rule->moment;
    rule->effects = k->c.effects;
    return rule_texts(k, n, &form, rule);
}

static enum status rules_parse(struct compilation *k, const struct node *list)
{
    struct ruleset *rs = k->rules;
    enum status st = STATUS_OK;

    if (!list)
        return STATUS_OK;
    st = compiler_want(&k->c, list, NODE_LIST,
                       "rules is a list, and each rule in it begins with '- '");
    if (st)
        return st;
    if (list->count > RULES) {
        node_error(k->c.reader.diags, list, "more than %d rules", RULES);
        return STATUS_BAD_CONFIG;
    }
    rs->rules = arena_alloc(&rs->arena, (list->count + (size_t)1) * sizeof(*rs->rules));
    if (!rs->rules)
        return STATUS_NO_MEMORY;
    for (const struct node *n = list->first; n && st != STATUS_NO_MEMORY; n = n->next)
        st = status_worse(st, rule_parse(k, n, &rs->rules[rs->count++]));
    return st;
}

/* The rules of `pass`, or of all passes. */
static uint32_t sources_list(const struct ruleset *rs, struct index_source *sources,
                             enum rule_pass pass)
{
    uint32_t count = 0;

    for (uint32_t i = 0; i < rs->count; i++) {
        const struct rule *rule = &rs->rules[i];

        if (pass == PASSES || rule->pass == pass)
            sources[count++] = (struct index_source){i, &rule->match};
    }
    return count;
}

static enum status index_rules(struct ruleset *rs)
{
    struct match_gate *gates = arena_alloc(&rs->arena, (rs->count + (size_t)1) * sizeof(*gates));
    struct index_source *sources = calloc(rs->count + (size_t)1, sizeof(*sources));
    enum status st = gates && sources ? STATUS_OK : STATUS_NO_MEMORY;
    uint32_t count;

    for (uint32_t i = 0; !st && i < rs->count; i++)
        gates[i] = rs->rules[i].match.gate;
    rs->gates = gates;
    for (unsigned pass = 0; !st && pass < PASSES; pass++) {
        count = sources_list(rs, sources, (enum rule_pass)pass);
        st = host_index_new(&rs->arena, sources, count, true, &rs->passes[pass]);
    }
    if (!st) {
        count = sources_list(rs, sources, PASSES);
        st = host_index_new(&rs->arena, sources, count, false, &rs->hosts);
    }
    free(sources);
    return st;
}

static enum status compile(struct compilation *k, const struct node *root)
{
    enum status st = vars_check(k);
    const struct node *list;

    k->groups = root ? node_find(root, "groups") : NULL;
    st = status_worse(st, groups_check(k));
    st = status_worse(st, defaults_read(k, root ? node_find(root, "defaults") : NULL));
    list = root ? node_find(root, "rules") : NULL;
    st = status_worse(st, rules_parse(k, list));
    if (!st)
        st = index_rules(k->rules);
    return st ? st : ruleset_review(k->rules, list, k->c.reader.diags);
}

static enum status ruleset_new(struct ruleset **ret_rules)
{
    struct ruleset *rs = calloc(1, sizeof(*rs));
    enum status st;

    if (!rs)
        return STATUS_NO_MEMORY;
    arena_init(&rs->arena, RULESET_BYTES);
    atomic_init(&rs->refs, 1);
    st = pattern_set_new(&rs->patterns);
    if (st) {
        ruleset_unref(rs);
        return st;
    }
    *ret_rules = rs;
    return STATUS_OK;
}

enum status ruleset_compile(const struct config_reader *r, const struct node *root,
                            const char *folder, struct rule_state *state,
                            struct ruleset **ret_rules)
{
    struct compilation k = {.state = state, .folder = folder};
    enum status st = ruleset_new(&k.rules);

    if (st)
        return st;
    k.c = (struct rule_compiler){
        .reader = *r,
        .arena = &k.rules->arena,
        .patterns = k.rules->patterns,
        .folder = folder,
    };
    k.c.reader.arena = &k.rules->arena;
    if (!k.c.reader.vars && root)
        k.c.reader.vars = node_find(root, "vars");
    st = rule_names_new(&k.names);
    if (!st)
        st = compile(&k, root);
    rule_names_free(k.names);
    if (st) {
        ruleset_unref(k.rules);
        return st;
    }
    *ret_rules = k.rules;
    return STATUS_OK;
}
