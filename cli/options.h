/* options: the command line, taken apart by the rows of commands.def and
 * options.def. Texts are borrowed from argv. */
#ifndef WEIR_CLI_OPTIONS_H
#define WEIR_CLI_OPTIONS_H

#include "base/bytes.h"

enum {
    OPTION_USES = 256, /* options on one command line */
    OPTION_ERROR_TEXT = 256,
};

enum subcommand {
#define COMMAND(name, operands, help) SUBCOMMAND_##name,
#include "cli/commands.def"
#undef COMMAND
    SUBCOMMAND_COUNT
};

enum option {
#define OPTION(id, name, letter, argument, commands, help) OPTION_##id,
#include "cli/options.def"
#undef OPTION
    OPTION_COUNT
};

struct command_row {
    const char *name, *operands, *help;
};
struct option_row {
    const char *name;
    char letter;          /* 0: none */
    const char *argument; /* NULL: a switch */
    uint32_t commands;    /* bits: 1 << enum subcommand */
    const char *help;
};
extern const struct command_row command_rows[SUBCOMMAND_COUNT];
extern const struct option_row option_rows[OPTION_COUNT];

struct options {
    enum subcommand command;
    struct {
        enum option option;
        const char *value; /* NULL for a switch */
    } uses[OPTION_USES];
    int use_count;
    char *const *operands; /* NULL-terminated, in argv */
    int operand_count;
};

/* STATUS_NOT_FOUND, with a sentence about it: no such command, or a later one. */
MUST_USE enum status command_find(const char *word, char *error, enum subcommand *ret_command);
/* `argv` starts behind the command. Operands may stand between options, but for
 * `exec`, whose first operand ends them, as "--" does. STATUS_BAD_INPUT, with a
 * sentence in `error` (OPTION_ERROR_TEXT bytes, both). */
MUST_USE enum status options_parse(enum subcommand command, int argc, char **argv, char *error,
                                   struct options *ret_options);
/* The last value given, or NULL. */
const char *options_value(const struct options *o, enum option id);
bool options_has(const struct options *o, enum option id);
int options_count(const struct options *o, enum option id);
/* Walks all values of an option, in order: start with *at 0; NULL: no more. */
const char *options_next(const struct options *o, enum option id, int *at);

#endif
