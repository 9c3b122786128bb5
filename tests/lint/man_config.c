/* weir-proxy.yaml(5): every key, with what it takes and its default. */
#include <stdio.h>

#include "cli/config.h"
#include "man_pages.h"

enum { SECTIONS = 32, NAME_BYTES = 256 };

/* Sections are described after the one that names them, in the order of their names. */
struct pages {
    struct buf *out;
    struct {
        const struct config_section *section;
        char path[NAME_BYTES]; /* "logs.keep" */
    } todo[SECTIONS];
    size_t count;
};

static const char *kind_text(enum config_type type)
{
    switch (type) {
    case CONFIG_BOOL:
        return "on|off";
    case CONFIG_INT:
        return "NUMBER";
    case CONFIG_SIZE:
        return "SIZE";
    case CONFIG_DURATION:
        return "TIME";
    case CONFIG_TEXT:
        return "TEXT";
    case CONFIG_TEXTS:
        return "TEXT or a list";
    case CONFIG_WORD:
    case CONFIG_SECTION:
    case CONFIG_CUSTOM:
    case CONFIG_LATER:
        return NULL;
    }
    return NULL;
}

static void put_key(struct pages *p, const char *path, const struct config_key *key)
{
    struct buf words;

    buf_init(&words, NAME_BYTES);
    for (size_t i = 0; key->words && key->words[i]; i++)
        buf_putf(&words, "%s%s", i ? "|" : "", key->words[i]);
    roff_term(p->out, key->name, words.len ? buf_text(&words) : kind_text(key->type));
    buf_release(&words);
    roff_put(p->out, key->help);
    if (key->fallback) {
        roff_put(p->out, "; default: `");
        roff_put(p->out, key->fallback);
        roff_put(p->out, "`");
    }
    buf_put_byte(p->out, '\n');
    if (key->type != CONFIG_SECTION || p->count == SECTIONS)
        return;
    p->todo[p->count].section = key->section;
    snprintf(p->todo[p->count++].path, NAME_BYTES, "%s%s%s", path, *path ? "." : "", key->name);
}

static void put_section(struct pages *p, const char *path, const struct config_section *section)
{
    roff_subsection(p->out, *path ? path : "at the top");
    for (size_t i = 0; i < section->count; i++)
        put_key(p, path, &section->keys[i]);
}

void man_config(struct buf *out)
{
    struct pages p = {.out = out};

    roff_begin(out, "weir-proxy.yaml", 5, "the configuration of weir");
    roff_section(out, "DESCRIPTION");
    roff_line(out,
              "A file in YAML, with the keys below; all of them may be left out. A key within a "
              "section can be given on the command line too, as in `--set tls.dial=lazy`. A SIZE "
              "is written as 64KiB, a TIME as 250ms, 10s or 5m. $(env.NAME) is a variable of the "
              "environment, $(name) one of `vars`. `weir check` looks a file over, `weir config` "
              "prints it with all defaults.");
    roff_section(out, "KEYS");
    put_section(&p, "", config_root);
    for (size_t i = 0; i < p.count; i++)
        put_section(&p, p.todo[i].path, p.todo[i].section);
    roff_section(out, "EXAMPLE");
    roff_example(out, "version: 1\n"
                      "listen: 127.0.0.1:8080\n"
                      "tls: { passthrough: [.bank.test] }\n"
                      "rules:\n"
                      "  - { name: outage, match: GET api.test/orders, then: 503 }");
    roff_section(out, "SEE ALSO");
    roff_page(out, "weir", 1, true);
    roff_page(out, "weir-check", 1, true);
    roff_page(out, "weir-config", 1, true);
    roff_page(out, "weir-rules", 7, false);
}
