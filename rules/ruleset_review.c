#include "rules/ruleset_review.h"

#include "rules/match_logic.h"
#include "rules/rule_names.h"
#include "rules/when_logic.h"

struct review {
    const struct ruleset *rules;
    struct diags *diags;
    struct arena arena;
    const struct node **nodes; /* of the rules */
    uint64_t *match_hashes;
    bool *understood;                /* of the rules: is_understood() */
    const struct host_index *enders; /* the rules that end their pass for all they match */
};

/* ---- which rules end their pass ------------------------------------------- */

/* What is filled in for each request may turn out not to be sendable, and then the rule
 * is skipped. */
static bool is_filled_in(const struct node *n)
{
    return n->kind == NODE_SCALAR &&
           (bytes_search(n->text, BYTES("$(")) >= 0 || bytes_search(n->text, BYTES("$json(")) >= 0);
}

/* Without recursion: the loader lets no tree be deeper than CONFIG_DEPTH. */
static bool any_is_filled_in(const struct node *root)
{
    const struct node *left[CONFIG_DEPTH + 1]; /* the next child, at each depth */
    unsigned depth = 0;

    if (is_filled_in(root))
        return true;
    left[0] = root->first;
    for (;;) {
        const struct node *n = left[depth];

        if (!n && depth == 0)
            return false;
        if (!n) {
            depth--;
            continue;
        }
        if (is_filled_in(n))
            return true;
        left[depth] = n->next;
        if (n->first && depth < CONFIG_DEPTH)
            left[++depth] = n->first;
    }
}

/* Verbs that never end their rule early. */
static bool is_harmless(const struct verb *verb)
{
    return verb == &verb_delay || verb == &verb_tag || verb == &verb_log;
}

static bool ends_its_pass(const struct review *r, uint32_t i)
{
    const struct rule *rule = &r->rules->rules[i];
    const struct actions *then = &rule->then;
    const struct verb *last = then->items[then->count - 1].verb;
    const struct node *node = node_find(r->nodes[i], "then");

    if (!rule->enabled || rule->when.count || !node || any_is_filled_in(node))
        return false;
    for (uint32_t k = 0; k + 1 < then->count; k++) {
        if (!is_harmless(then->items[k].verb))
            return false;
    }
    if (last == &verb_sequence) /* its steps may be skipped */
        return false;
    return (then->traits & VERB_ANSWERS) || ((then->traits & VERB_PASSES) && !last->applies);
}

/* A group is there to be switched: within it, its own rules may shadow each other. */
static bool may_shadow(const struct rule *by, const struct rule *rule)
{
    if (by->group[0] && !bytes_equal(bytes_of(by->group), bytes_of(rule->group)))
        return false;
    return by->pass == rule->pass || (by->pass == PASS_REQUEST && rule->pass == PASS_RESPONSE &&
                                      (by->then.traits & VERB_ANSWERS));
}

/* ---- looking for them ----------------------------------------------------- */

static bool is_word_of(struct bytes key, const char *const *words)
{
    while (*words && !bytes_equal(key, bytes_of(*words)))
        words++;
    return *words != NULL;
}

/* Is all that the match says known to match_logic? It looks at the request's head. What
 * else there is may be judged apart, or later. */
static bool is_understood(const struct node *match)
{
    static const char *const parts[] = {"url",     "method", "scheme", "host",   "port",
                                        "path",    "query",  "header", "cookie", "client",
                                        "version", "tls",    NULL};
    static const char *const nests[] = {"all", "any", "not", NULL};
    const struct node *left[CONFIG_DEPTH + 1]; /* the next child, at each depth */
    unsigned depth = 0;

    left[0] = match->first;
    for (;;) {
        const struct node *n = left[depth];
        bool nest;

        if (!n && depth == 0)
            return true;
        if (!n) {
            depth--;
            continue;
        }
        nest = !n->key.len || is_word_of(n->key, nests); /* an item of a list has no key */
        if (!nest && !is_word_of(n->key, parts))
            return false;
        left[depth] = n->next;
        if (nest && n->first && depth < CONFIG_DEPTH)
            left[++depth] = n->first;
    }
}

/* A host and a path that rules which take all of this match's requests must be found by. */
static struct index_walk walk_of(const struct review *r, const struct match *m)
{
    const struct choice *host = m->host ? &m->host->choices[0] : NULL;
    const struct choice *path = m->path ? &m->path->choices[0] : NULL;
    struct bytes name = bytes_make(NULL, 0), start = bytes_make(NULL, 0);
    struct index_walk walk;

    if (host && (host->kind == CHOICE_TEXT || host->kind == CHOICE_BELOW))
        name = host->text;
    else if (host && host->kind == CHOICE_GLOB)
        name = glob_suffix(host->glob);
    if (path && path->kind == CHOICE_GLOB)
        start = glob_prefix(path->glob);
    index_walk_init(&walk, r->enders, name, start);
    return walk;
}

/* Equal texts match alike, whatever is in them. */
static bool covers(const struct review *r, uint32_t wide, uint32_t narrow)
{
    const struct rule *rules = r->rules->rules;

    return r->match_hashes[wide] == r->match_hashes[narrow] ||
           (r->understood[wide] && match_covers(&rules[wide].match, &rules[narrow].match));
}

/* The first rule that leaves nothing to this one, or NULL. */
static const struct rule *shadow_of(const struct review *r, uint32_t i)
{
    const struct rule *rules = r->rules->rules;
    struct index_walk walk = walk_of(r, &rules[i].match);
    uint32_t by = index_walk_next(&walk, 0);

    for (int looks = 0; by < i && looks < REVIEW_LOOKS; looks++) {
        if (may_shadow(&rules[by], &rules[i]) && covers(r, by, i))
            return &rules[by];
        by = index_walk_next(&walk, by + 1);
    }
    return NULL;
}

static void rule_review(const struct review *r, uint32_t i)
{
    const struct rule *rule = &r->rules->rules[i];
    const struct node *match = node_find(r->nodes[i], "match");
    const char *never = when_contradiction(&rule->when);
    char why[CONTRADICTION_TEXT];
    const struct rule *by;

    if (r->understood[i] && match_contradicts(&rule->match, why)) {
        node_warning(r->diags, match, "this can never match: %s", why);
        return;
    }
    if (never)
        node_warning(r->diags, node_find(r->nodes[i], "when"), "this never fires: %s", never);
    by = shadow_of(r, i);
    if (by)
        node_warning(r->diags, match,
                     "this rule is never reached: '%s' before it takes all that it matches",
                     excerpt(bytes_of(by->label)).text);
}

/* ---- all of it ------------------------------------------------------------ */

static enum status enders_find(struct review *r)
{
    uint32_t count = r->rules->count, found = 0;
    struct index_source *sources = arena_alloc(&r->arena, (count + (size_t)1) * sizeof(*sources));

    if (!sources)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        if (ends_its_pass(r, i))
            sources[found++] = (struct index_source){i, &r->rules->rules[i].match};
    }
    return host_index_new(&r->arena, sources, found, true, &r->enders);
}

static enum status nodes_note(struct review *r, const struct node *list)
{
    size_t count = r->rules->count + (size_t)1;
    uint32_t i = 0;

    r->nodes = arena_alloc(&r->arena, count * sizeof(struct node *));
    r->match_hashes = arena_alloc(&r->arena, count * sizeof(*r->match_hashes));
    r->understood = arena_alloc(&r->arena, count);
    if (!r->nodes || !r->match_hashes || !r->understood)
        return STATUS_NO_MEMORY;
    for (const struct node *n = list->first; n && i < r->rules->count; n = n->next, i++) {
        const struct node *match = node_find(n, "match");

        r->nodes[i] = n;
        r->match_hashes[i] = rule_text_hash(match);
        r->understood[i] = is_understood(match);
    }
    return STATUS_OK;
}

enum status ruleset_review(const struct ruleset *rs, const struct node *list, struct diags *diags)
{
    struct review r = {.rules = rs, .diags = diags};
    enum status st;

    if (!list || rs->count == 0)
        return STATUS_OK;
    arena_init(&r.arena, REVIEW_BYTES);
    st = nodes_note(&r, list);
    if (!st)
        st = enders_find(&r);
    for (uint32_t i = 0; !st && i < rs->count && !diags_full(diags, DIAG_WARNING); i++) {
        if (rs->rules[i].enabled)
            rule_review(&r, i);
    }
    arena_release(&r.arena);
    return st;
}
