#include "cli/stub_rules.h"

#include <stdlib.h>
#include <string.h>

enum { INDEX_SLOTS = 32 * 1024 }; /* a power of two, over STUB_RULES */

enum status stub_rules_init(struct stub_rules *s, const struct stub_settings *settings)
{
    *s = (struct stub_rules){.settings = *settings};
    arena_init(&s->arena, STUB_BYTES);
    s->stubs = calloc(STUB_RULES, sizeof(struct stub *));
    s->index = calloc(INDEX_SLOTS, sizeof(*s->index));
    if (s->stubs && s->index)
        return STATUS_OK;
    stub_rules_release(s);
    return STATUS_NO_MEMORY;
}

void stub_rules_release(struct stub_rules *s)
{
    free(s->stubs);
    free(s->index);
    s->stubs = NULL;
    s->index = NULL;
    arena_release(&s->arena);
}

/* ---- what fits ------------------------------------------------------------------------------- */

static bool is_taken(struct stub_rules *s, const struct flow *f)
{
    const struct head *request = flow_message_head(&f->request);
    const struct head *response = flow_message_head(&f->response);
    struct stub_counts *c = &s->counts;

    if (f->kind != FLOW_HTTP || !request || !response || f->error)
        c->unanswered++;
    else if (response->status < 200 || response->status > 599 || request->method.len == 0 ||
             bytes_find(request->method, '|') >= 0 || bytes_equal(request->path, BYTES("*")))
        c->odd++;
    else if (flow_body_cut(&f->response.body) || f->body_not_captured)
        c->cut++;
    else if (f->response.body.captured_bytes > STUB_BODY_BYTES)
        c->large++;
    else
        return true;
    return false;
}

/* ---- rules by their match
 * ------------------------------------------------------------------------ */

static uint32_t *stub_slot(struct stub_rules *s, struct bytes match)
{
    uint64_t at = bytes_hash(match, 0);

    for (;; at++) { /* there are always free slots */
        uint32_t *slot = &s->index[at & (INDEX_SLOTS - 1)];

        if (*slot == 0 || bytes_equal(s->stubs[*slot - 1]->match, match))
            return slot;
    }
}

/* NULL with OK: there are too many. */
static enum status stub_take(struct stub_rules *s, struct bytes match, uint32_t parameters,
                             struct stub **ret_stub)
{
    uint32_t *slot = stub_slot(s, match);
    struct stub *stub;

    *ret_stub = *slot ? s->stubs[*slot - 1] : NULL;
    if (*slot)
        return STATUS_OK;
    if (s->count == STUB_RULES) {
        s->counts.overflow++;
        return STATUS_OK;
    }
    stub = arena_alloc(&s->arena, sizeof(*stub));
    if (!stub)
        return STATUS_NO_MEMORY;
    stub->match = arena_copy(&s->arena, match);
    if (!stub->match.ptr)
        return STATUS_NO_MEMORY;
    stub->parameters = parameters;
    stub->number = s->count;
    s->stubs[s->count++] = stub;
    *slot = s->count;
    *ret_stub = stub;
    return STATUS_OK;
}

/* ---- their answers
 * ------------------------------------------------------------------------------- */

static enum status step_hash(const struct node *node, struct stub_step *step)
{
    struct buf text;
    enum status st;

    buf_init(&text, STUB_YAML_BYTES);
    st = node_put_yaml(node, &text);
    step->hashes[0] = bytes_hash(buf_bytes(&text), 1);
    step->hashes[1] = bytes_hash(buf_bytes(&text), 2);
    buf_release(&text);
    return st;
}

static enum status stub_answer(struct stub_rules *s, struct stub *stub, const struct flow *f)
{
    struct stub_step step;
    struct stub_step *last = stub->step_count ? &stub->steps[stub->step_count - 1] : NULL;
    enum status st = stub_answer_make(s, f, &step.node);

    if (!st)
        st = step_hash(step.node, &step);
    if (st)
        return st;
    s->counts.flows++;
    if (last && memcmp(last->hashes, step.hashes, sizeof(step.hashes)) == 0)
        return STATUS_OK;
    if (stub->step_count == STUB_STEPS) {
        s->counts.steps_lost++;
        *last = step;
        return STATUS_OK;
    }
    stub->steps[stub->step_count++] = step;
    return STATUS_OK;
}

enum status stub_rules_add(struct stub_rules *s, const struct flow *f)
{
    struct stub *stub = NULL;
    uint32_t parameters = 0;
    struct buf match;
    enum status st;

    if (!is_taken(s, f))
        return STATUS_OK;
    buf_init(&match, STUB_YAML_BYTES);
    stub_match_put(s->settings.redactor, f, &match, &parameters);
    st = buf_status(&match);
    if (!st)
        st = stub_take(s, buf_bytes(&match), parameters, &stub);
    buf_release(&match);
    return st || !stub ? st : stub_answer(s, stub, f);
}

/* ---- the file
 * --------------------------------------------------------------------------------------- */

/* Who asks for more parameters comes first: other rules take any others besides. */
static int stub_compare(const void *a, const void *b)
{
    const struct stub *x = *(const struct stub *const *)a, *y = *(const struct stub *const *)b;

    if (x->parameters != y->parameters)
        return x->parameters > y->parameters ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* `then` is one answer, or a sequence of them. */
static enum status put_then(struct stub_rules *s, struct stub *stub, struct node *rule)
{
    struct node *then = stub_node_add(&s->arena, rule, "then", NODE_MAP), *sequence, **last;

    if (!then)
        return STATUS_NO_MEMORY;
    if (stub->step_count == 1) {
        then->first = stub->steps[0].node->first;
        then->count = 1;
        return STATUS_OK;
    }
    sequence = stub_node_add(&s->arena, then, "sequence", NODE_LIST);
    if (!sequence)
        return STATUS_NO_MEMORY;
    last = &sequence->first;
    for (uint32_t i = 0; i < stub->step_count; i++) {
        *last = stub->steps[i].node;
        last = &stub->steps[i].node->next;
    }
    *last = NULL;
    sequence->count = stub->step_count;
    return STATUS_OK;
}

static enum status put_rules(struct stub_rules *s, struct node *rules)
{
    struct node **last = &rules->first;

    for (uint32_t i = 0; i < s->count; i++) {
        struct node *rule = arena_alloc(&s->arena, sizeof(*rule));
        enum status st;

        if (!rule)
            return STATUS_NO_MEMORY;
        rule->kind = NODE_MAP;
        st = stub_node_text(&s->arena, rule, "match", s->stubs[i]->match);
        if (!st)
            st = put_then(s, s->stubs[i], rule);
        if (st)
            return st;
        *last = rule;
        last = &rule->next;
        rules->count++;
    }
    return STATUS_OK;
}

static void put_comment(const struct stub_rules *s, struct buf *out)
{
    buf_putf(out, "# Answers recorded by weir, from %llu exchange%s; one rule a method and URL.\n",
             (unsigned long long)s->counts.flows, s->counts.flows == 1 ? "" : "s");
    if (s->counts.redacted)
        buf_put_text(out, "# Secrets are replaced by pseudonyms; --redact=none keeps them.\n");
}

enum status stub_rules_put(struct stub_rules *s, struct buf *out)
{
    struct node root = {.kind = NODE_MAP};
    struct node *rules;
    enum status st = stub_node_text(&s->arena, &root, "version", BYTES("1"));

    if (st)
        return st;
    qsort(s->stubs, s->count, sizeof(*s->stubs), stub_compare);
    memset(s->index, 0, INDEX_SLOTS * sizeof(*s->index)); /* their places are others now */
    rules = stub_node_add(&s->arena, &root, "rules", NODE_LIST);
    if (!rules)
        return STATUS_NO_MEMORY;
    put_comment(s, out);
    st = put_rules(s, rules);
    return st ? st : node_put_yaml(&root, out);
}
