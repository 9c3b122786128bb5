/* `all`, `any` and `not`: blocks of tests put together. */
#include "rules/match_build.h"

/* One alternative of an `any`, compiled. */
struct alternative {
    struct match_block block;
    uint32_t captures; /* as bits: those that it defines */
    bool method_given;
};

/* What they say together of the requests they take. */
struct any_builder {
    struct match_builder *b;
    uint32_t count;
    struct alternative items[MATCH_TESTS];
    uint32_t methods;
    uint8_t schemes;
    bool method_given; /* by one of them */
    bool host_free, path_free;
    uint32_t hosts, paths; /* choices of all of them */
    const struct match_test *host[MATCH_TESTS], *path[MATCH_TESTS];
};

static enum status depth_check(const struct match_builder *b, const struct node *n)
{
    if (b->depth < MATCH_DEPTH)
        return STATUS_OK;
    node_key_error(b->c->reader.diags, n,
                   "'all', 'any' and 'not' stand at most %d deep in each "
                   "other",
                   MATCH_DEPTH);
    return STATUS_BAD_CONFIG;
}

static enum status list_check(const struct match_builder *b, const struct node *n)
{
    enum status st = depth_check(b, n);

    if (st)
        return st;
    if (n->kind == NODE_LIST && n->first)
        return STATUS_OK;
    node_error(b->c->reader.diags, n, "'%s' is a list of matches, each a text or a map",
               excerpt(n->key).text);
    return STATUS_BAD_CONFIG;
}

/* Its elements are conditions of the match that it stands in. */
enum status match_all_parse(struct match_builder *b, const struct node *n)
{
    enum status st = list_check(b, n);

    if (st)
        return st;
    b->depth++;
    for (const struct node *item = n->first; item; item = item->next)
        st = status_worse(st, match_form_parse(b, item));
    b->depth--;
    return st;
}

/* What a part says of method, scheme and port is a test of its own there. */
static enum status gate_add(struct match_builder *part, const struct node *n)
{
    struct match_block block = {.count = 1, .cost = COST_FIXED};
    struct match_gate *gate;

    if (!part->method_given && part->schemes == SCHEME_ALL && !part->port)
        return STATUS_OK;
    gate = arena_alloc(part->c->arena, sizeof(*gate));
    block.tests = arena_alloc(part->c->arena, sizeof(*block.tests));
    if (!gate || !block.tests)
        return STATUS_NO_MEMORY;
    *gate = (struct match_gate){
        .methods = part->method_given ? part->methods : METHOD_ALL,
        .port = part->port,
        .schemes = part->schemes,
    };
    *block.tests = (struct match_test){
        .holds = test_gate, .cost = COST_FIXED, .yes = MATCH_YES, .no = MATCH_NO, .gate = gate};
    return block_add(part, n, block);
}

static struct match_builder part_of(const struct match_builder *b)
{
    return (struct match_builder){
        .c = b->c, .depth = b->depth + 1, .methods = METHOD_ALL, .schemes = SCHEME_ALL};
}

/* ---- any ------------------------------------------------------------------ */

static void any_note(struct any_builder *any, const struct match_builder *part)
{
    const struct match_test *host = builder_host(part), *path = builder_path(part);

    any->methods |= part->method_given ? part->methods : METHOD_USUAL;
    any->method_given |= part->method_given;
    any->schemes |= part->schemes;
    any->host_free |= !host;
    any->path_free |= !path;
    any->hosts += host ? host->count : 0;
    any->paths += path ? path->count : 0;
    any->host[any->count] = host;
    any->path[any->count] = path;
}

static enum status alternative_parse(struct any_builder *any, const struct node *n)
{
    struct match_builder part = part_of(any->b);
    struct rule_compiler *c = any->b->c;
    uint32_t taken = c->captures_taken;
    struct alternative *alternative = &any->items[any->count];
    enum status st;

    if (any->count == MATCH_TESTS) {
        node_error(c->reader.diags, n, "more than %d alternatives", MATCH_TESTS);
        return STATUS_BAD_CONFIG;
    }
    st = match_form_parse(&part, n);
    alternative->captures = c->captures_taken & ~taken;
    c->captures_taken = taken;
    if (st)
        return st;
    any_note(any, &part);
    alternative->method_given = part.method_given;
    st = gate_add(&part, n);
    if (!st)
        st = blocks_join(&part, n, &alternative->block);
    if (!st)
        any->count++;
    return st;
}

/* Where others name methods, one that does not takes the usual ones. */
static bool is_usual(const struct any_builder *any, const struct alternative *item)
{
    return any->method_given && !item->method_given;
}

static uint32_t any_tests(const struct any_builder *any)
{
    uint32_t total = 0;

    for (uint32_t i = 0; i < any->count; i++) {
        const struct alternative *item = &any->items[i];

        total += item->block.count + is_usual(any, item) + (item->captures != 0);
    }
    return total;
}

/* Appends an alternative; what fails in it goes on with what follows. */
static void alternative_put(const struct any_builder *any, const struct alternative *item,
                            bool last, struct match_block *all)
{
    static const struct match_gate usual = {.methods = METHOD_USUAL, .schemes = SCHEME_ALL};
    uint32_t usual_test = is_usual(any, item), forgets = item->captures != 0;
    uint32_t end = all->count + usual_test + item->block.count;
    uint16_t next = last ? MATCH_NO : (uint16_t)(end + forgets);
    uint16_t no = forgets ? (uint16_t)end : next;

    if (usual_test) {
        struct match_test *t = &all->tests[all->count++];

        *t = (struct match_test){.holds = test_gate, .no = next, .gate = &usual};
        t->yes = item->block.count ? (uint16_t)all->count : MATCH_YES;
    }
    block_put(all, &item->block, MATCH_YES, no);
    if (forgets)
        all->tests[all->count++] = (struct match_test){
            .holds = test_forget, .yes = next, .no = next, .forgets = item->captures};
    all->cost = item->block.cost > all->cost ? item->block.cost : all->cost;
}

/* One after the other. */
static enum status any_join(struct any_builder *any, const struct node *n)
{
    struct match_block all = {0};
    uint32_t total = any_tests(any);

    all.tests = arena_alloc(any->b->c->arena, (total + (size_t)1) * sizeof(*all.tests));
    if (!all.tests)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < any->count; i++)
        alternative_put(any, &any->items[i], i + 1 == any->count, &all);
    return block_add(any->b, n, all);
}

/* The choices of all alternatives, since one of them must hold. */
static enum status choices_unite(struct any_builder *any, const struct match_test *const *tests,
                                 uint32_t total, const struct match_test **ret_test)
{
    struct match_test *united = arena_alloc(any->b->c->arena, sizeof(*united));
    struct choice *choices = arena_alloc(any->b->c->arena, total * sizeof(*choices));
    uint32_t count = 0;

    if (!united || !choices)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < any->count; i++) {
        for (uint32_t j = 0; j < tests[i]->count; j++)
            choices[count++] = tests[i]->choices[j];
    }
    united->choices = choices;
    united->count = count;
    *ret_test = united;
    return STATUS_OK;
}

/* What the match around it may know by this `any`. */
static enum status any_imply(struct any_builder *any)
{
    struct match_builder *b = any->b;
    enum status st = STATUS_OK;

    if (any->method_given) {
        b->methods &= any->methods;
        b->method_given = true;
    }
    b->schemes &= any->schemes;
    if (!any->host_free && !b->host)
        st = choices_unite(any, any->host, any->hosts, &b->host);
    if (!st && !any->path_free && !b->path)
        st = choices_unite(any, any->path, any->paths, &b->path);
    return st;
}

enum status match_any_parse(struct match_builder *b, const struct node *n)
{
    struct any_builder any = {.b = b};
    uint32_t captures = 0;
    enum status st = list_check(b, n);

    if (st)
        return st;
    for (const struct node *item = n->first; item; item = item->next) {
        st = status_worse(st, alternative_parse(&any, item));
        if (!st)
            captures |= any.items[any.count - 1].captures;
    }
    b->c->captures_taken |= captures;
    if (!st && any_tests(&any) > MATCH_TESTS) {
        node_error(b->c->reader.diags, n, "more than %d conditions in one match", MATCH_TESTS);
        return STATUS_BAD_CONFIG;
    }
    if (!st)
        st = any_join(&any, n);
    return st ? st : any_imply(&any);
}

/* ---- not ------------------------------------------------------------------ */

enum status match_not_parse(struct match_builder *b, const struct node *n)
{
    struct match_builder part = part_of(b);
    const char *refused = b->c->captures_refused;
    struct match_block inner, outer = {0};
    enum status st = depth_check(b, n);

    if (st)
        return st;
    b->c->captures_refused = "beneath 'not'";
    st = match_form_parse(&part, n);
    b->c->captures_refused = refused;
    if (!st)
        st = gate_add(&part, n);
    if (!st)
        st = blocks_join(&part, n, &inner);
    if (st)
        return st;
    outer.tests = arena_alloc(b->c->arena, (inner.count + (size_t)1) * sizeof(*outer.tests));
    if (!outer.tests)
        return STATUS_NO_MEMORY;
    block_put(&outer, &inner, MATCH_NO, MATCH_YES);
    outer.cost = inner.cost;
    return block_add(b, n, outer);
}
