/* weir(1) and a page for each command. */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "man_pages.h"

static const struct {
    enum subcommand command;
    const char *line, *what;
} examples[] = {
#define EXAMPLE(command, line, what) {SUBCOMMAND_##command, line, what},
#include "cli/examples.def"
#undef EXAMPLE
};

static const char *const about[SUBCOMMAND_COUNT] = {
#define ABOUT(command, text) [SUBCOMMAND_##command] = (text),
#include "cli/about.def"
#undef ABOUT
};

static const struct {
    const char *term, *text;
} files[] = {
    {"./proxy.yaml", "the configuration, unless -c names another: see weir-proxy.yaml(5)"},
    {"$XDG_CONFIG_HOME/weir/proxy.yaml", "the configuration of the user, when there is none here"},
    {"/etc/weir/proxy.yaml", "the configuration of the machine, when there is none of the user"},
    {"$XDG_DATA_HOME/weir/",
     "the certificate authority: ca.pem and ca.key, made when first needed"},
    {"$XDG_STATE_HOME/weir/", "what is kept of flows"},
    {"$XDG_RUNTIME_DIR/weir/PORT.sock", "how commands reach a weir that runs"},
};

static const struct {
    const char *code, *text;
} codes[] = {
    {"0", "all went well"},
    {"1", "it could not be done"},
    {"2", "the command line is wrong"},
    {"3", "the configuration is wrong"},
    {"4", "an expectation failed, or nothing matched"},
    {"5", "no weir is running"},
    {"126, 127, 130",
     "of `weir exec`: the command could not be run, was not found, was interrupted"},
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static void put_codes(struct buf *out)
{
    roff_section(out, "EXIT STATUS");
    for (size_t i = 0; i < COUNT(codes); i++) {
        roff_term(out, codes[i].code, NULL);
        roff_line(out, codes[i].text);
    }
}

static void put_see_also(struct buf *out, enum subcommand but)
{
    char name[64];

    roff_section(out, "SEE ALSO");
    if (but != SUBCOMMAND_COUNT)
        roff_page(out, "weir", 1, true);
    for (int i = 0; but == SUBCOMMAND_COUNT && i < SUBCOMMAND_COUNT; i++) {
        snprintf(name, sizeof(name), "weir-%s", command_rows[i].name);
        roff_page(out, name, 1, true);
    }
    roff_page(out, "weir-proxy.yaml", 5, true);
    roff_page(out, "weir-filters", 7, true);
    roff_page(out, "weir-rules", 7, false);
}

void man_overview(struct buf *out)
{
    roff_begin(out, "weir", 1, "a debugging proxy for HTTP and HTTPS");
    roff_section(out, "SYNOPSIS");
    buf_put_text(out, "\\fBweir\\fR \\fICOMMAND\\fR [\\fIOPTIONS\\fR]\n");
    roff_section(out, "DESCRIPTION");
    roff_line(out,
              "weir stands between programs and servers. It shows every exchange, opened up even "
              "under TLS, and answers, changes, delays or breaks it by rules in YAML.");
    roff_section(out, "COMMANDS");
    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        roff_term(out, command_rows[i].name,
                  command_rows[i].operands[0] ? command_rows[i].operands : NULL);
        roff_line(out, command_rows[i].help);
    }
    roff_section(out, "FILES");
    for (size_t i = 0; i < COUNT(files); i++) {
        roff_term(out, files[i].term, NULL);
        roff_line(out, files[i].text);
    }
    put_codes(out);
    put_see_also(out, SUBCOMMAND_COUNT);
}

static void put_option(struct buf *out, const struct option_row *row)
{
    char term[64];

    if (row->letter)
        snprintf(term, sizeof(term), "-%c, --%s", row->letter, row->name);
    else
        snprintf(term, sizeof(term), "--%s", row->name);
    roff_term(out, term, row->argument);
    roff_line(out, row->help);
}

void man_command(struct buf *out, enum subcommand command)
{
    const struct command_row *row = &command_rows[command];
    char name[64];

    snprintf(name, sizeof(name), "weir-%s", row->name);
    roff_begin(out, name, 1, row->help);
    roff_section(out, "SYNOPSIS");
    buf_putf(out, "\\fBweir %s\\fR [\\fIOPTIONS\\fR]%s", row->name, row->operands[0] ? " " : "");
    roff_line(out, row->operands);
    if (about[command]) {
        roff_section(out, "DESCRIPTION");
        roff_line(out, about[command]);
    }
    roff_section(out, "OPTIONS");
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (option_rows[i].commands >> command & 1)
            put_option(out, &option_rows[i]);
    }
    roff_section(out, "EXAMPLES");
    for (size_t i = 0; i < COUNT(examples); i++) {
        if (examples[i].command != command)
            continue;
        roff_paragraph(out, examples[i].what);
        roff_example(out, examples[i].line);
    }
    put_see_also(out, command);
}
