/* What came of the calls of `weir rules test`: who fired, who did not and why. */
#include "base/text.h"
#include "cli/rules_test_impl.h"
#include "rules/explain.h"

enum { NEAR_RULES = 10 }; /* told of without -v */

/* ---- who did not fire, and why ----------------------------------------------------- */

static const struct decision *decision_of(const struct rules_test *t, const char *label)
{
    const struct decision *d = t->decisions;

    while (d && d->label != label)
        d = d->next;
    return d;
}

static void put_when(const struct decision *d, unsigned minute, struct buf *out)
{
    bool hours = false;

    for (uint32_t i = 0; i < d->when->count; i++)
        hours |= d->when->items[i].fires == between_fires;
    buf_putf(out, "when: n is %llu", (unsigned long long)d->n);
    if (d->key.ptr) {
        buf_put_text(out, " for ");
        per_put_words(d->per, out);
        buf_put_byte(out, ' ');
        buf_put(out, d->key);
    }
    if (hours)
        buf_putf(out, ", it is %02u:%02u", minute / 60, minute % 60);
    buf_put_text(out, ", ");
    when_put_words(d->when, out);
}

/* How much it is worth telling why a rule did not fire. */
enum miss_rank { MISS_NOT, MISS_FAR, MISS_HALF, MISS_NEAR };

static enum miss_rank rank_of(const struct explanation *e)
{
    if (e->near == EXPLAIN_NEAR)
        return MISS_NEAR;
    return e->near == EXPLAIN_HALF && e->verdict == EXPLAIN_MISSES ? MISS_HALF : MISS_FAR;
}

/* Why one rule did not fire; MISS_NOT: it did. `out` is emptied first. */
static enum status miss_put(struct rules_test *t, const struct trial_case *in, size_t i,
                            struct buf *out, enum miss_rank *ret_rank)
{
    struct explanation e = {.near = EXPLAIN_NEAR, .sentence = ""};
    const struct decision *d;
    struct rule_info info;
    enum status st = STATUS_OK;

    ruleset_info(in->rules, i, &info);
    d = decision_of(t, info.label);
    buf_clear(out);
    *ret_rank = MISS_NOT;
    if (d && d->fires)
        return STATUS_OK;
    if (d)
        put_when(d, in->view.minute, out);
    else
        st = ruleset_explain(in->rules, i, &in->view, &t->call_arena, &e);
    if (!d && !st)
        buf_put_text(out, e.verdict == EXPLAIN_TAKES
                              ? "it was not asked: a rule before it had the last word"
                              : e.sentence);
    *ret_rank = rank_of(&e);
    return st ? st : buf_status(out);
}

static void put_miss(struct rules_test *t, size_t told, const char *label, struct bytes why)
{
    if (t->json) {
        buf_put_text(&t->out, told ? ",{\"rule\":" : "{\"rule\":");
        text_put_json(&t->out, bytes_of(label));
        buf_put_text(&t->out, ",\"why\":");
        text_put_json(&t->out, why);
        buf_put_byte(&t->out, '}');
        return;
    }
    if (told == 0)
        buf_put_text(&t->out, "did not fire:\n");
    buf_put_text(&t->out, "  ");
    text_put_terminal(&t->out, bytes_of(label));
    buf_put_text(&t->out, "  ");
    text_put_terminal(&t->out, why);
    buf_put_byte(&t->out, '\n');
}

/* Those of these ranks, in the order of the file; *told is how many by now. */
static enum status put_ranks(struct rules_test *t, const struct trial_case *in, enum miss_rank from,
                             enum miss_rank to, size_t *told)
{
    size_t count = ruleset_count(in->rules);
    struct buf why;
    enum status st = STATUS_OK;

    buf_init(&why, RULES_TEST_OUT_BYTES);
    for (size_t i = 0; i < count && !st; i++) {
        struct rule_info info;
        enum miss_rank rank;

        st = miss_put(t, in, i, &why, &rank);
        if (st || rank < from || rank > to)
            continue;
        ruleset_info(in->rules, i, &info);
        if (t->verbose || *told < NEAR_RULES)
            put_miss(t, *told, info.label, buf_bytes(&why));
        ++*told;
    }
    buf_release(&why);
    return st;
}

/* The nearest first, if there is not room for all. */
static enum status put_misses(struct rules_test *t, const struct trial_case *given)
{
    struct trial_case in = *given;
    size_t told = 0;
    enum status st;

    in.view.response = in.response;
    in.view.response_body = in.response_body;
    if (t->verbose)
        return put_ranks(t, &in, MISS_FAR, MISS_NEAR, &told);
    st = put_ranks(t, &in, MISS_NEAR, MISS_NEAR, &told);
    if (!st)
        st = put_ranks(t, &in, MISS_HALF, MISS_HALF, &told);
    if (!t->json && told > NEAR_RULES)
        buf_putf(&t->out, "  and %zu more; -v shows all rules\n", told - NEAR_RULES);
    return st;
}

/* ---- one call ------------------------------------------------------------------------ */

/* The rules that fired, with `between` them; "-": none. */
static void put_fired(struct rules_test *t)
{
    const char *between = "";

    for (const struct decision *d = t->decisions; d; d = d->next) {
        if (!d->fires)
            continue;
        buf_put_text(&t->out, between);
        text_put_terminal(&t->out, bytes_of(d->label));
        between = ", ";
    }
    if (!between[0])
        buf_put_byte(&t->out, '-');
}

/* What one rule did. */
static void put_notes(struct rules_test *t, const struct trial *trial, const char *label)
{
    for (const struct trial_note *n = trial->notes; n; n = n->next) {
        if (n->rule != label)
            continue;
        buf_put_text(&t->out, "  ");
        text_put_terminal(&t->out, bytes_of(n->text));
        buf_put_byte(&t->out, '\n');
    }
}

static bool rule_fired(const struct rules_test *t, const char *label)
{
    const struct decision *d = decision_of(t, label);

    return d && d->fires;
}

/* What is told of rules that did not fire, or are to be asked of the response. */
static void put_other_notes(struct rules_test *t, const struct trial *trial)
{
    for (const struct trial_note *n = trial->notes; n; n = n->next) {
        if (rule_fired(t, n->rule))
            continue;
        buf_put_text(&t->out, "noted: ");
        text_put_terminal(&t->out, bytes_of(n->rule));
        buf_put_text(&t->out, "\n  ");
        text_put_terminal(&t->out, bytes_of(n->text));
        buf_put_byte(&t->out, '\n');
    }
}

static enum status put_long(struct rules_test *t, const struct trial_case *in,
                            const struct trial *trial)
{
    enum status st;

    for (const struct decision *d = t->decisions; d; d = d->next) {
        if (!d->fires)
            continue;
        buf_put_text(&t->out, "fires: ");
        text_put_terminal(&t->out, bytes_of(d->label));
        buf_put_byte(&t->out, '\n');
        put_notes(t, trial, d->label);
    }
    if (!t->calls_fired)
        buf_put_text(&t->out, "no rule fires\n");
    put_other_notes(t, trial);
    st = put_misses(t, in);
    if (trial->response_open)
        buf_put_text(&t->out, "rules would be asked of the response: --status, --response-header "
                              "and --response-body say what it is\n");
    buf_put_byte(&t->out, '\n');
    trial_put_messages(&t->out, trial);
    return st;
}

static enum status put_line_json(struct rules_test *t, const struct trial_case *in,
                                 const struct trial *trial, uint64_t number)
{
    const char *between = "";
    enum status st = STATUS_OK;

    buf_putf(&t->out, "{\"call\":%llu,\"fired\":[", (unsigned long long)number);
    for (const struct decision *d = t->decisions; d; d = d->next) {
        if (!d->fires)
            continue;
        buf_put_text(&t->out, between);
        text_put_json(&t->out, bytes_of(d->label));
        between = ",";
    }
    buf_put_byte(&t->out, ']');
    trial_put_json(&t->out, trial);
    if (t->calls == 1 || t->verbose) {
        buf_put_text(&t->out, ",\"missed\":[");
        st = put_misses(t, in);
        buf_put_byte(&t->out, ']');
    }
    buf_put_text(&t->out, "}\n");
    return st;
}

enum status rules_test_put(struct rules_test *t, const struct trial_case *in,
                           const struct trial *trial, uint64_t number)
{
    if (t->json)
        return put_line_json(t, in, trial, number);
    if (t->calls == 1)
        return put_long(t, in, trial);
    buf_putf(&t->out, "%6llu  ", (unsigned long long)number);
    put_fired(t);
    buf_put_text(&t->out, "  ");
    trial_put_outcome(&t->out, trial);
    buf_put_byte(&t->out, '\n');
    return t->verbose ? put_misses(t, in) : STATUS_OK;
}
