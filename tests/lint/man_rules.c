/* weir-rules(7) and weir-filters(7). */
#include "man_pages.h"
#include "rules/verb.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

struct named {
    const char *name, *help;
};

static const struct named match_keys[] = {
#define MATCH_KEY(name, help) {#name, help},
#define MATCH_LATER(name)
#include "rules/match_keys.def"
#undef MATCH_KEY
#undef MATCH_LATER
};

static const struct named response_keys[] = {
#define RESPONSE_KEY(name, help) {#name, help},
#include "rules/response_keys.def"
#undef RESPONSE_KEY
};

static const struct named whens[] = {
#define WHEN(name, help) {#name, help},
#define PER(name, named)
#include "rules/whens.def"
#undef WHEN
#undef PER
};

static const struct verb *const verbs[] = {
#define VERB(name) &verb_##name,
#define VERB_LATER(name)
#include "rules/verbs.def"
#undef VERB
#undef VERB_LATER
};

static const struct {
    const char *name, *value, *help, *example;
} filter_keys[] = {
#define FILTER_KEY(id, name, aliases, kind, cost, value, help, example)                            \
    {name, value, help, example},
#include "logs/filter_keys.def"
#undef FILTER_KEY
};

static void put_named(struct buf *out, const struct named *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        roff_term(out, rows[i].name, NULL);
        roff_line(out, rows[i].help);
    }
}

static void put_verb(struct buf *out, const struct verb *verb)
{
    roff_term(out, verb->name, verb->example);
    roff_put(out, verb->help);
    roff_line(out, verb->traits & VERB_TERMINAL ? "; the rule ends with it" : "");
}

void man_rules(struct buf *out)
{
    roff_begin(out, "weir-rules", 7, "the rules of weir, in short");
    roff_section(out, "DESCRIPTION");
    roff_line(
        out,
        "Rules stand below `rules:` in weir-proxy.yaml(5), and are asked from the first to "
        "the last. A rule has a `name`, a `match` that says which requests it is for, a `when` "
        "that says which of them it acts on, and `then`, what it does. The manual, with "
        "examples of each, is docs/rules.md.");
    roff_example(out, "rules:\n"
                      "  - name: two slow logins\n"
                      "    match: POST api.test/login\n"
                      "    when: first 2\n"
                      "    then: { delay: 3s }");
    roff_section(out, "MATCH");
    put_named(out, match_keys, COUNT(match_keys));
    roff_subsection(out, "match: response");
    put_named(out, response_keys, COUNT(response_keys));
    roff_section(out, "WHEN");
    put_named(out, whens, COUNT(whens));
    roff_section(out, "THEN");
    for (size_t i = 0; i < COUNT(verbs); i++)
        put_verb(out, verbs[i]);
    roff_section(out, "SEE ALSO");
    roff_page(out, "weir", 1, true);
    roff_page(out, "weir-rules", 1, true);
    roff_page(out, "weir-check", 1, true);
    roff_page(out, "weir-proxy.yaml", 5, false);
}

void man_filters(struct buf *out)
{
    roff_begin(out, "weir-filters", 7, "how flows are chosen");
    roff_section(out, "DESCRIPTION");
    roff_line(
        out,
        "A filter is a row of terms, all of which must hold. `OR` between terms asks for one of "
        "them, parentheses keep terms together, and a minus before a term asks for its "
        "opposite. A word alone is looked for in the URL. Text with spaces stands in double "
        "quotes.");
    roff_example(out, "status:5xx -domain:cdn.test method:POST duration:>1s\n"
                      "(is:injected OR is:error) since:10m");
    roff_section(out, "TERMS");
    for (size_t i = 0; i < COUNT(filter_keys); i++) {
        struct buf term;

        buf_init(&term, 256);
        buf_putf(&term, "%s:", filter_keys[i].name);
        roff_term(out, buf_text(&term), filter_keys[i].value);
        buf_release(&term);
        roff_put(out, filter_keys[i].help);
        roff_put(out, ", as in `");
        roff_put(out, filter_keys[i].example);
        roff_line(out, "`");
    }
    roff_section(out, "SEE ALSO");
    roff_page(out, "weir", 1, false);
}
