#include <string.h>

#include "cli/cli.h"

enum { HELP_COLUMN = 26, EXAMPLE_COLUMN = 2 };

static const struct example {
    enum subcommand command;
    const char *line, *what;
} examples[] = {
#define EXAMPLE(command, line, what) {SUBCOMMAND_##command, line, what},
#include "cli/examples.def"
#undef EXAMPLE
};

/* What a command does beyond its line, in a few sentences. */
static const char *const about[SUBCOMMAND_COUNT] = {
#define ABOUT(command, text) [SUBCOMMAND_##command] = (text),
#include "cli/about.def"
#undef ABOUT
};

/* What `weir help` explains besides commands. */
static const struct topic {
    const char *name;
    void (*put)(struct buf *out, bool colour);
} topics[] = {
    {"filters", help_put_filters},
};

static void put_title(struct buf *out, const char *title, bool colour)
{
    buf_putf(out, "\n%s%s%s\n", colour ? "\033[1m" : "", title, colour ? "\033[0m" : "");
}

static void put_row(struct buf *out, const char *left, const char *right)
{
    int gap = HELP_COLUMN - 2 - (int)strlen(left);

    buf_putf(out, "  %s%*s%s\n", left, gap > 2 ? gap : 2, "", right);
}

void help_put_overview(struct buf *out, bool colour)
{
    buf_put_text(out, "weir is a debugging proxy: it shows HTTP and HTTPS traffic, and bends it by "
                      "rules.\n\nUsage: weir COMMAND [OPTIONS]\n");
    put_title(out, "Commands", colour);
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        put_row(out, command_rows[i].name, command_rows[i].help);
    put_title(out, "Begin", colour);
    put_row(out, "weir exec -- curl URL", "see what one command sends and gets");
    put_row(out, "weir run", "a proxy at 127.0.0.1:8080");
    put_row(out, "weir help COMMAND", "more, with examples");
    put_row(out, "weir help filters", "how flows are chosen");
}

static void put_option(struct buf *out, const struct option_row *row)
{
    struct buf left;

    buf_init(&left, 256);
    if (row->letter)
        buf_putf(&left, "-%c, ", row->letter);
    buf_putf(&left, "--%s", row->name);
    if (row->argument)
        buf_putf(&left, " %s", row->argument);
    if (left.len > HELP_COLUMN - 4) {
        buf_putf(out, "  %s\n", buf_text(&left));
        buf_putf(out, "%*s%s\n", HELP_COLUMN, "", row->help);
    } else {
        put_row(out, buf_text(&left), row->help);
    }
    buf_release(&left);
}

void help_put_command(struct buf *out, enum subcommand command, bool colour)
{
    const struct command_row *row = &command_rows[command];

    buf_putf(out, "weir %s: %s\n\nUsage: weir %s [OPTIONS]%s%s\n", row->name, row->help, row->name,
             row->operands[0] ? " " : "", row->operands);
    if (about[command])
        buf_putf(out, "\n%s\n", about[command]);
    put_title(out, "Examples", colour);
    for (size_t i = 0; i < sizeof(examples) / sizeof(examples[0]); i++)
        if (examples[i].command == command)
            buf_putf(out, "  %s\n      %s\n", examples[i].line, examples[i].what);
    put_title(out, "Options", colour);
    for (int i = 0; i < OPTION_COUNT; i++)
        if (option_rows[i].commands >> command & 1)
            put_option(out, &option_rows[i]);
}

static const struct topic *topic_find(const char *word)
{
    for (size_t i = 0; i < sizeof(topics) / sizeof(topics[0]); i++)
        if (strcmp(topics[i].name, word) == 0)
            return &topics[i];
    return NULL;
}

int command_help(const struct cli *cli)
{
    const struct options *o = &cli->options;
    char error[OPTION_ERROR_TEXT];
    const struct topic *topic = o->operand_count ? topic_find(o->operands[0]) : NULL;
    enum subcommand command;
    struct buf out;
    int code;

    buf_init(&out, SIZE_MAX / 2);
    if (o->operand_count == 0) {
        help_put_overview(&out, cli->colour_out);
    } else if (topic) {
        topic->put(&out, cli->colour_out);
    } else if (command_find(o->operands[0], error, &command)) {
        buf_release(&out);
        return cli_usage(cli, "%s", error);
    } else {
        help_put_command(&out, command, cli->colour_out);
    }
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}

int command_version(const struct cli *cli)
{
    struct buf out;
    int code;

    buf_init(&out, 256);
    if (options_has(&cli->options, OPTION_JSON))
        buf_put_text(&out, "{\"version\":\"" WEIR_VERSION "\"}\n");
    else
        buf_put_text(&out, "weir " WEIR_VERSION "\n");
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}
