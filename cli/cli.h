/* cli: what all commands share. Data goes to standard output, messages for people
 * to standard error. */
#ifndef WEIR_CLI_CLI_H
#define WEIR_CLI_CLI_H

#include "base/buf.h"
#include "base/version.h"
#include "cli/options.h"

/* Exit codes of all commands; `exec` has those of its child besides. */
enum exit_code {
    CODE_OK = 0,
    CODE_FAILED = 1,
    CODE_USAGE = 2,
    CODE_CONFIG = 3,
    CODE_NO_MATCH = 4,
    CODE_NO_WEIR = 5,
    CODE_CANNOT_EXECUTE = 126,
    CODE_NOT_FOUND = 127,
    CODE_SIGNAL = 128, /* plus the signal's number */
};

struct cli {
    struct options options;
    bool colour_out, colour_err;
};

#define COMMAND(name, operands, help) int command_##name(const struct cli *cli);
#include "cli/commands.def"
#undef COMMAND

int cli_main(int argc, char **argv);

/* Text of several lines on standard error. Nothing in it acts on a terminal: names of
 * files and words of the command line may come from anybody. So do all messages here. */
void cli_put_shown(const char *text);
/* "error: …" on standard error; a line feed is added. */
void cli_error(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A line of its own below an error, indented: what to do. */
void cli_hint(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "weir: …" on standard error. */
void cli_say(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* An error in the command line, with where to read more: CODE_USAGE. */
int cli_usage(const struct cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Writes to standard output; CODE_FAILED with a message when that fails. */
int cli_print(const struct cli *cli, struct buf *text);

/* The operand of a command that takes one FILE stands for -c FILE. CODE_USAGE. */
int cli_name_file(const struct cli *cli, struct options *options);

/* help.c */
void help_put_overview(struct buf *out, bool colour);
void help_put_command(struct buf *out, enum subcommand command, bool colour);
/* help_filters.c */
void help_put_filters(struct buf *out, bool colour);

#endif
