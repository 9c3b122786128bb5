/* rule_tables: prints the tables of docs/rules.md, made from the rows that the parsers
 * read by. lint_tables.py compares them with the page; scripts/docs puts them there. */
#include <stdio.h>
#include <string.h>

#include "http/codec.h"
#include "rules/verb.h"

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static const struct {
    const char *name, *help;
} match_keys[] = {
#define MATCH_KEY(name, help) {#name, help},
#define MATCH_LATER(name)
#include "rules/match_keys.def"
#undef MATCH_KEY
#undef MATCH_LATER
};

static const struct {
    const char *name, *help;
} whens[] = {
#define WHEN(name, help) {#name, help},
#define PER(name, named)
#include "rules/whens.def"
#undef WHEN
#undef PER
};

static const struct {
    const char *name;
    bool named;
} pers[] = {
#define WHEN(name, help)
#define PER(name, named) {#name, named},
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
    const char *word;
    bool named;
} targets[] = {
#define TARGET(word, named, ...) {word, named},
#define TARGET_LATER(word)
#include "rules/targets.def"
#undef TARGET
#undef TARGET_LATER
};

static const struct {
    const char *word;
    bool named;
} sources[] = {
#define TEMPLATE_SOURCE(id, word, named, ...) {word, named},
#define TEMPLATE_LATER(word)
#include "rules/template_sources.def"
#undef TEMPLATE_SOURCE
#undef TEMPLATE_LATER
};

static const struct {
    unsigned status;
    const char *need, *source;
} needs[] = {
#define STATUS_NEED(code, need, source) {code, #need, source},
#include "rules/status_needs.def"
#undef STATUS_NEED
};

/* What the language knows and this version does not; NULL ends it. */
static const char *const later[] = {
#define MATCH_KEY(name, help)
#define MATCH_LATER(name) "match: " #name,
#include "rules/match_keys.def"
#undef MATCH_KEY
#undef MATCH_LATER
#define VERB(name)
#define VERB_LATER(name) #name,
#include "rules/verbs.def"
#undef VERB
#undef VERB_LATER
#define TARGET(word, named, ...)
#define TARGET_LATER(word) word,
#include "rules/targets.def"
#undef TARGET
#undef TARGET_LATER
#define TEMPLATE_SOURCE(id, word, named, ...)
#define TEMPLATE_LATER(word) "$(" word ")",
#include "rules/template_sources.def"
#undef TEMPLATE_SOURCE
#undef TEMPLATE_LATER
    NULL,
};

/* In a cell a bar would end it, and a `<` in plain text would be HTML. */
static void put_cell(const char *text)
{
    bool code = false;

    for (; *text; text++) {
        code ^= *text == '`';
        if (*text == '|')
            fputs("\\|", stdout);
        else if (*text == '<' && !code)
            fputs("&lt;", stdout);
        else if (*text == '*' && !code)
            fputs("\\*", stdout);
        else
            putchar(*text);
    }
}

static void put_row(const char *name, const char *help)
{
    printf("| `%s` | ", name);
    put_cell(help);
    puts(" |");
}

static void begin(const char *name, const char *head, const char *rule)
{
    printf("<!-- rows: %s -->\n", name);
    if (head)
        printf("%s\n%s\n", head, rule);
}

static void end(void)
{
    puts("<!-- end -->");
}

static void put_matches(void)
{
    begin("match", "| key | is |", "|---|---|");
    for (size_t i = 0; i < COUNT(match_keys); i++)
        put_row(match_keys[i].name, match_keys[i].help);
    end();
}

static void put_whens(void)
{
    begin("when", "| schedule | acts on |", "|---|---|");
    for (size_t i = 0; i < COUNT(whens); i++)
        put_row(whens[i].name, whens[i].help);
    end();
    begin("per", NULL, NULL);
    for (size_t i = 0; i < COUNT(pers); i++)
        printf("%s`per %s%s`", i ? ", " : "", pers[i].name, pers[i].named ? " NAME" : "");
    puts(".");
    end();
}

static void put_verb(const struct verb *verb)
{
    printf("| `%s` | %s | ", verb->name, verb->traits & VERB_TERMINAL ? "ends" : "goes on");
    put_cell(verb->help);
    fputs(" | ", stdout);
    if (verb->traits & VERB_BARE)
        printf("`%s`%s", verb->name, verb->example ? ", " : "");
    if (verb->example) {
        printf("`%s: ", verb->name);
        for (const char *c = verb->example; *c; c++)
            printf("%s%c", *c == '|' ? "\\" : "", *c);
        putchar('`');
    }
    puts(" |");
}

static void put_verbs(void)
{
    begin("verbs", "| verb | the rule | does | written |", "|---|---|---|---|");
    for (size_t i = 0; i < COUNT(verbs); i++)
        put_verb(verbs[i]);
    end();
}

static void put_words(void)
{
    begin("targets", NULL, NULL);
    for (size_t i = 0; i < COUNT(targets); i++)
        printf("%s`%s%s`", i ? ", " : "", targets[i].word, targets[i].named ? ".NAME" : "");
    puts(".");
    end();
    begin("values", NULL, NULL);
    for (size_t i = 0; i < COUNT(sources); i++)
        printf("%s`$(%s%s)`", i ? ", " : "", sources[i].word, sources[i].named ? ".NAME" : "");
    puts(".");
    end();
    begin("later", NULL, NULL);
    for (size_t i = 0; later[i]; i++)
        printf("%s`%s`", i ? ", " : "", later[i]);
    puts(later[0] ? "." : "Nothing.");
    end();
}

static void put_needs(void)
{
    begin("statuses", "| status | needs | by |", "|---|---|---|");
    for (size_t i = 0; i < COUNT(needs); i++) {
        const struct http_status *status = http_status_find(needs[i].status);

        printf("| %u %s | ", needs[i].status, status ? status->phrase : "");
        for (const char *c = needs[i].need; *c; c++)
            putchar(*c == '_' ? ' ' : *c);
        printf(" | %s |\n", needs[i].source);
    }
    end();
}

int main(void)
{
    put_matches();
    put_whens();
    put_verbs();
    put_words();
    put_needs();
    return fflush(stdout) ? 1 : 0;
}
