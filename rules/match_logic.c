#include "rules/match_logic.h"

#include <stdio.h>

/* What a match surely knows of each request that it takes. */
struct facts {
    const struct match_gate *gate;
    uint32_t count;
    struct fact {
        bool (*holds)(const struct match_test *t, struct match_run *run);
        const struct match_test *test; /* one of its choices holds */
    } items[MATCH_TESTS + 2];
};

enum verdict { UNSURE, ALWAYS, NEVER };

/* What is understood here; of all else nothing is certain. */
static const struct subject {
    bool (*holds)(const struct match_test *t, struct match_run *run);
    bool single; /* a request has one of it */
    bool tls;    /* and only over TLS */
    const char *name;
} subjects[] = {
    {test_method, true, false, "method"},
    {test_host, true, false, "host"},
    {test_port, true, false, "port"},
    {test_path, true, false, "path"},
    {test_query_as_sent, false, false, "parameter"},
    {test_query_decoded, false, false, "parameter"},
    {test_header, false, false, "header"},
    {test_cookie, false, false, "cookie"},
    {test_version, true, false, "version"},
    {test_tls, true, false, "'tls'"},
    {test_tls_version, true, true, "TLS version"},
    {test_tls_sni, true, true, "SNI"},
    {test_tls_alpn, false, true, "ALPN"},
    {test_tls_ja4, true, true, "JA4"},
};

static const struct subject *subject_of(bool (*holds)(const struct match_test *,
                                                      struct match_run *))
{
    for (size_t i = 0; i < sizeof(subjects) / sizeof(subjects[0]); i++) {
        if (subjects[i].holds == holds)
            return &subjects[i];
    }
    return NULL;
}

/* ---- facts ---------------------------------------------------------------- */

static void fact_add(struct facts *f, bool (*holds)(const struct match_test *, struct match_run *),
                     const struct match_test *test)
{
    if (f->count < MATCH_TESTS + 2)
        f->items[f->count++] = (struct fact){holds, test};
}

/* A test must hold when every way to the end leads through it, and none on from its no. */
static void facts_of(const struct match *m, struct facts *f)
{
    uint32_t furthest = 0; /* where a jump from before leads to */

    f->gate = &m->gate;
    f->count = 0;
    for (uint32_t i = 0; i < m->count; i++) {
        const struct match_test *t = &m->tests[i];

        if (furthest <= i && t->no == MATCH_NO && subject_of(t->holds))
            fact_add(f, t->holds, t);
        if (t->yes != MATCH_NO && t->yes > furthest)
            furthest = t->yes;
        if (t->no != MATCH_NO && t->no > furthest)
            furthest = t->no;
    }
    if (m->host)
        fact_add(f, test_host, m->host);
    if (m->path)
        fact_add(f, test_path, m->path);
}

/* ---- one choice and another ----------------------------------------------- */

/* Does the glob match this text, which is canonical? */
static bool glob_takes(const struct glob *g, struct bytes text)
{
    struct bytes captures[RULE_CAPTURES];

    return glob_match(g, text, captures);
}

static bool below(struct bytes host, struct bytes parent)
{
    return bytes_ends_with(host, parent) &&
           (host.len == parent.len || host.ptr[host.len - parent.len - 1] == '.');
}

static bool globs_equal(const struct glob *a, const struct glob *b)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        if (a->pieces[i].kind != b->pieces[i].kind ||
            !bytes_equal(a->pieces[i].text, b->pieces[i].text))
            return false;
    }
    return true;
}

/* A text that all begin with, and then anything. */
static bool is_prefix_glob(const struct glob *g)
{
    return g->count && g->count <= 2 && g->pieces[g->count - 1].kind == GLOB_ACROSS &&
           (g->count == 1 || g->pieces[0].kind == GLOB_TEXT);
}

static bool glob_covers(const struct glob *wide, const struct glob *narrow)
{
    if (wide->kind != narrow->kind)
        return false;
    if (glob_literal(narrow))
        return glob_takes(wide, glob_prefix(narrow));
    return globs_equal(wide, narrow) ||
           (is_prefix_glob(wide) && bytes_starts_with(glob_prefix(narrow), glob_prefix(wide)));
}

/* Does every value that `narrow` takes suit `wide` too? */
static bool choice_covers(const struct choice *wide, const struct choice *narrow)
{
    bool text = narrow->kind == CHOICE_TEXT;

    switch (wide->kind) {
    case CHOICE_TEXT:
        return text && bytes_equal(wide->text, narrow->text);
    case CHOICE_GLOB:
        if (narrow->kind == CHOICE_GLOB)
            return glob_covers(wide->glob, narrow->glob);
        return text && glob_takes(wide->glob, narrow->text);
    case CHOICE_BELOW:
        if (narrow->kind == CHOICE_GLOB) {
            struct bytes suffix = glob_suffix(narrow->glob);

            return suffix.len > wide->text.len && below(suffix, wide->text);
        }
        return (text || narrow->kind == CHOICE_BELOW) && below(narrow->text, wide->text);
    case CHOICE_RANGE:
        return narrow->kind == CHOICE_RANGE && narrow->range.low >= wide->range.low &&
               narrow->range.high <= wide->range.high;
    case CHOICE_SPAN:
        return narrow->kind == CHOICE_SPAN && narrow->span.low >= wide->span.low &&
               narrow->span.high <= wide->span.high;
    case CHOICE_JSON:
        return narrow->kind == CHOICE_JSON && bytes_equal(wide->text, narrow->text);
    case CHOICE_PRESENT:
        return narrow->kind != CHOICE_ABSENT;
    case CHOICE_ABSENT:
        return narrow->kind == CHOICE_ABSENT;
    case CHOICE_PATTERN:
        return narrow->kind == CHOICE_PATTERN && narrow->pattern == wide->pattern;
    case CHOICE_NETWORK:
        return false;
    }
    return false;
}

static bool ends_may_agree(struct bytes a, struct bytes b)
{
    return bytes_ends_with(a, b) || bytes_ends_with(b, a);
}

static bool globs_exclude(const struct glob *a, const struct glob *b)
{
    struct bytes start = glob_prefix(a), other = glob_prefix(b);

    if (glob_literal(a))
        return !glob_takes(b, glob_prefix(a));
    if (glob_literal(b))
        return !glob_takes(a, glob_prefix(b));
    return !(bytes_starts_with(start, other) || bytes_starts_with(other, start)) ||
           !ends_may_agree(glob_suffix(a), glob_suffix(b));
}

/* `a` is a host and all below it. */
static bool below_excludes(const struct choice *a, const struct choice *b)
{
    if (b->kind == CHOICE_TEXT)
        return !below(b->text, a->text);
    if (b->kind == CHOICE_BELOW)
        return !below(b->text, a->text) && !below(a->text, b->text);
    return b->kind == CHOICE_GLOB && !ends_may_agree(a->text, glob_suffix(b->glob));
}

/* Does no single value suit both? */
static bool choices_exclude(const struct choice *a, const struct choice *b)
{
    if (a->kind == CHOICE_BELOW)
        return below_excludes(a, b);
    if (b->kind == CHOICE_BELOW)
        return below_excludes(b, a);
    if (a->kind == CHOICE_GLOB && b->kind == CHOICE_GLOB)
        return a->glob->kind == b->glob->kind && globs_exclude(a->glob, b->glob);
    if (a->kind == CHOICE_GLOB && b->kind == CHOICE_TEXT)
        return !glob_takes(a->glob, b->text);
    if (a->kind == CHOICE_TEXT && b->kind == CHOICE_GLOB)
        return !glob_takes(b->glob, a->text);
    if (a->kind == CHOICE_TEXT && b->kind == CHOICE_TEXT)
        return !bytes_equal(a->text, b->text);
    if (a->kind == CHOICE_RANGE && b->kind == CHOICE_RANGE)
        return a->range.high < b->range.low || b->range.high < a->range.low;
    return (a->kind == CHOICE_ABSENT) != (b->kind == CHOICE_ABSENT);
}

/* ---- one test and another ------------------------------------------------- */

static bool same_subject(const struct match_test *t, const struct fact *f)
{
    return t->holds == f->holds && bytes_equal(t->name, f->test->name);
}

static bool test_follows(const struct match_test *t, const struct fact *f)
{
    for (uint32_t i = 0; i < f->test->count; i++) {
        uint32_t j = 0;

        while (j < t->count && !choice_covers(&t->choices[j], &f->test->choices[i]))
            j++;
        if (j == t->count)
            return false;
    }
    return true;
}

/* Of what a request may have several of, only being there and not being there exclude
 * each other. */
static bool test_is_excluded(const struct match_test *t, const struct fact *f, bool single)
{
    for (uint32_t i = 0; i < t->count; i++) {
        for (uint32_t j = 0; j < f->test->count; j++) {
            const struct choice *a = &t->choices[i], *b = &f->test->choices[j];

            if (single ? !choices_exclude(a, b)
                       : (a->kind == CHOICE_ABSENT) == (b->kind == CHOICE_ABSENT))
                return false;
        }
    }
    return true;
}

static enum verdict judge_by_facts(const struct match_test *t, const struct subject *s,
                                   const struct facts *f)
{
    for (uint32_t i = 0; i < f->count; i++) {
        if (same_subject(t, &f->items[i]) && test_is_excluded(t, &f->items[i], s->single))
            return NEVER;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        if (same_subject(t, &f->items[i]) && test_follows(t, &f->items[i]))
            return ALWAYS;
    }
    return UNSURE;
}

/* ---- methods, schemes, ports ---------------------------------------------- */

static enum verdict both(enum verdict a, enum verdict b)
{
    if (a == NEVER || b == NEVER)
        return NEVER;
    return a == ALWAYS && b == ALWAYS ? ALWAYS : UNSURE;
}

static enum verdict judge_bits(uint32_t wanted, uint32_t known)
{
    if (!(wanted & known))
        return NEVER;
    return known & ~wanted ? UNSURE : ALWAYS;
}

/* All that a request's scheme_bits() can be. */
static const uint8_t scheme_sets[] = {SCHEME_HTTP, SCHEME_HTTP | SCHEME_WS, SCHEME_HTTPS,
                                      SCHEME_HTTPS | SCHEME_WSS, SCHEME_ALL};

static enum verdict judge_schemes(uint8_t wanted, const struct match_gate *known)
{
    bool may = false, may_not = false;

    for (size_t i = 0; i < sizeof(scheme_sets); i++) {
        bool connect = scheme_sets[i] == SCHEME_ALL;

        if (!(known->schemes & scheme_sets[i]) || (connect && !(known->methods & METHOD_CONNECT)))
            continue;
        may |= (wanted & scheme_sets[i]) != 0;
        may_not |= (wanted & scheme_sets[i]) == 0;
    }
    return !may ? NEVER : may_not ? UNSURE : ALWAYS;
}

static enum verdict judge_one_port(uint16_t wanted, const struct facts *f)
{
    const struct choice one = {.kind = CHOICE_RANGE, .range = {wanted, wanted}};
    const struct match_test t = {.holds = test_port, .choices = &one, .count = 1};

    if (!wanted || wanted == f->gate->port)
        return ALWAYS;
    return f->gate->port ? NEVER : judge_by_facts(&t, subject_of(test_port), f);
}

static enum verdict judge_gate(const struct match_gate *g, const struct facts *f)
{
    enum verdict v = judge_bits(g->methods, f->gate->methods);

    v = both(v, judge_schemes(g->schemes, f->gate));
    v = both(v, judge_one_port(g->port, f));
    return both(v, g->wants_path && !f->gate->wants_path ? UNSURE : ALWAYS);
}

/* By the methods that have a bit of their own. */
static enum verdict judge_method(const struct match_test *t, const struct facts *f)
{
    uint32_t bits = 0;

    if (f->gate->methods & METHOD_OTHER)
        return UNSURE;
    for (uint32_t i = 0; i < t->count; i++) {
        if (t->choices[i].kind != CHOICE_TEXT)
            return UNSURE;
        bits |= method_bit(t->choices[i].text);
    }
    if (bits & method_bit(BYTES("OPTIONS")))
        bits |= METHOD_PREFLIGHT;
    return judge_bits(bits, f->gate->methods);
}

static enum verdict judge_port(const struct match_test *t, const struct facts *f)
{
    uint16_t port = f->gate->port;
    enum verdict v = NEVER;

    if (!port)
        return UNSURE;
    for (uint32_t i = 0; i < t->count; i++) {
        const struct choice *c = &t->choices[i];

        if (c->kind == CHOICE_RANGE && port >= c->range.low && port <= c->range.high)
            return ALWAYS;
        if (c->kind != CHOICE_RANGE)
            v = UNSURE;
    }
    return v;
}

/* ---- TLS ------------------------------------------------------------------ */

static bool wants_tls(const struct match_test *t, const struct subject *s)
{
    return (s && s->tls) || (t->holds == test_tls && t->choices[0].kind == CHOICE_PRESENT);
}

/* What comes over TLS has the scheme https; what has it may come in the clear, when a
 * client asks the proxy for an https:// URL without a tunnel. */
static enum verdict judge_tls(const struct match_test *t, const struct subject *s,
                              const struct facts *f)
{
    bool wants = wants_tls(t, s);

    if (wants && !(f->gate->schemes & (SCHEME_HTTPS | SCHEME_WSS)))
        return NEVER;
    for (uint32_t i = 0; i < f->count; i++) {
        const struct fact *fact = &f->items[i];
        bool has = wants_tls(fact->test, subject_of(fact->holds));

        if (t->holds == test_tls && has)
            return wants ? ALWAYS : NEVER;
        if (wants && fact->holds == test_tls && !has)
            return NEVER;
    }
    return UNSURE;
}

/* ---- a whole program ------------------------------------------------------ */

static enum verdict judge(const struct match_test *t, const struct facts *f)
{
    const struct subject *s = subject_of(t->holds);
    enum verdict v = UNSURE;

    if (t->holds == test_gate)
        return judge_gate(t->gate, f);
    if (!s)
        return UNSURE;
    if (t->holds == test_method)
        v = judge_method(t, f);
    else if (t->holds == test_port)
        v = judge_port(t, f);
    else if (s->tls || t->holds == test_tls)
        v = judge_tls(t, s, f);
    return v == UNSURE ? judge_by_facts(t, s, f) : v;
}

struct ends {
    bool yes, no;
};

static void ends_reach(struct ends *e, bool *reached, uint16_t jump)
{
    if (jump == MATCH_YES)
        e->yes = true;
    else if (jump == MATCH_NO)
        e->no = true;
    else
        reached[jump] = true;
}

/* Where the program may end for a request of which the facts hold. Jumps go forward. */
static struct ends program_ends(const struct match *m, const struct facts *f)
{
    bool reached[MATCH_TESTS + 1] = {true};
    struct ends e = {.yes = m->count == 0};

    for (uint32_t i = 0; i < m->count; i++) {
        enum verdict v;

        if (!reached[i])
            continue;
        v = judge(&m->tests[i], f);
        if (v != NEVER)
            ends_reach(&e, reached, m->tests[i].yes);
        if (v != ALWAYS)
            ends_reach(&e, reached, m->tests[i].no);
    }
    return e;
}

bool match_covers(const struct match *wide, const struct match *narrow)
{
    struct facts f;

    facts_of(narrow, &f);
    return judge_gate(&wide->gate, &f) == ALWAYS && !program_ends(wide, &f).no;
}

/* ---- why ------------------------------------------------------------------ */

static void why_test(const struct match_test *t, const struct facts *f, char *text)
{
    const struct subject *s = subject_of(t->holds);

    if (wants_tls(t, s) && !(f->gate->schemes & (SCHEME_HTTPS | SCHEME_WSS)))
        snprintf(text, CONTRADICTION_TEXT, "what comes over TLS has the scheme https");
    else if (judge_tls(t, s, f) == NEVER)
        snprintf(text, CONTRADICTION_TEXT, "it asks for TLS and for none");
    else if (s->single)
        snprintf(text, CONTRADICTION_TEXT, "no %s fits all that it says of it", s->name);
    else
        snprintf(text, CONTRADICTION_TEXT, "the %s '%s' would have to be there and not be there",
                 s->name, excerpt(t->name).text);
}

static void why(const struct match *m, const struct facts *f, char *text)
{
    if (!m->gate.methods || !m->gate.schemes) {
        snprintf(text, CONTRADICTION_TEXT, "no %s fits all that it says of it",
                 m->gate.methods ? "scheme" : "method");
        return;
    }
    for (uint32_t i = 0; i < f->count; i++) {
        struct match_test t = *f->items[i].test;

        t.holds = f->items[i].holds; /* what an `any` implies has none */
        if (judge(&t, f) == NEVER) {
            why_test(&t, f, text);
            return;
        }
    }
    snprintf(text, CONTRADICTION_TEXT, "its 'not' or 'any' excludes all that the rest allows");
}

bool match_contradicts(const struct match *m, char text[static CONTRADICTION_TEXT])
{
    struct facts f;

    facts_of(m, &f);
    if (m->gate.methods && m->gate.schemes && program_ends(m, &f).yes)
        return false;
    why(m, &f, text);
    return true;
}
