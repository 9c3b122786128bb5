/* completion: what can stand where on weir's command line, read off the rows of
 * commands.def and options.def, and the scripts that tell a shell so. */
#ifndef WEIR_CLI_COMPLETION_H
#define WEIR_CLI_COMPLETION_H

#include "base/buf.h"
#include "cli/options.h"

enum {
    COMPLETION_OPERANDS = 4,            /* of a command that are told apart */
    COMPLETION_BYTES = 4 * 1024 * 1024, /* of a script */
};

enum completion_kind {
    COMPLETE_NOTHING, /* nobody can guess it, but for its words */
    COMPLETE_FILES,
    COMPLETE_FOLDERS,
    COMPLETE_COMMANDS, /* weir's own */
    COMPLETE_FILTER,   /* terms of a filter */
    COMPLETE_PROGRAM,  /* a command line of another program, to the end */
};

/* What an argument is by its name in the rows: "FILE", "pretty|off", "COMMAND|filters". */
struct completion {
    enum completion_kind kind;
    struct bytes name; /* what can stand for it as it is: its words in small letters; static */
    bool has_words;    /* there are some */
    bool repeats;      /* an operand: any further one is like it */
};

/* `name` NULL is that of a switch: nothing. */
struct completion completion_of(struct bytes name);
/* The operands of a command, in their order; how many there are. */
size_t completion_operands(const char *operands,
                           struct completion ret_operands[COMPLETION_OPERANDS]);
/* Walks the words of `name`: true, and the next one, until there is none. */
bool completion_next_word(struct bytes *name, struct bytes *ret_word);
/* All of them, with a space between them, and one before each if `led`. */
void completion_put_words(struct buf *out, const struct completion *c, bool led);
/* Walks the options of a command: start with *at 0; NULL: no more. */
const struct option_row *completion_next_option(enum subcommand command, int *at);
/* "url: host: …", with that between them. */
void completion_put_filter_keys(struct buf *out, const char *between);
/* 'text' as a word of a shell: of bash and zsh, or of fish. */
void completion_put_quoted(struct buf *out, struct bytes text, bool fish);

void completion_put_bash(struct buf *out);
void completion_put_zsh(struct buf *out);
void completion_put_fish(struct buf *out);

#endif
