#include "cli/completion.h"

/* Which operand the word at the cursor is: options and their arguments are none. */
static const char head[] =
    "# Completion of weir's command line for fish; made by: weir completion fish\n"
    "\n"
    "function __weir_at --description 'the word is operand N of one of these commands'\n"
    "    set -l words (commandline -opc)\n"
    "    test (count $words) -ge 2; or return 1\n"
    "    contains -- $words[2] $argv[2..]; or return 1\n"
    "    set -l position 1\n"
    "    set -l skip no\n"
    "    for word in $words[3..]\n"
    "        if test $skip = yes\n"
    "            set skip no\n"
    "        else if contains -- $word $__weir_valued\n"
    "            set skip yes\n"
    "        else if not string match -q -- '-*' $word\n"
    "            set position (math $position + 1)\n"
    "        end\n"
    "    end\n"
    "    test $argv[1] = any; or test $argv[1] = $position\n"
    "end\n"
    "\n"
    "function __weir_begins\n"
    "    test (count (commandline -opc)) -eq 1\n"
    "end\n"
    "\n"
    "complete -c weir -e\n"
    "complete -c weir -f\n";

static void put_help(struct buf *out, const char *help)
{
    buf_put_text(out, " -d ");
    completion_put_quoted(out, bytes_of(help), true);
    buf_put_byte(out, '\n');
}

static void put_answer(struct buf *out, const struct completion *c)
{
    if (c->kind == COMPLETE_FILES)
        buf_put_text(out, " -F");
    if (c->kind == COMPLETE_FOLDERS)
        buf_put_text(out, " -a '(__fish_complete_directories)'");
    if (c->kind == COMPLETE_PROGRAM)
        buf_put_text(out, " -a '(__fish_complete_subcommand --fcs-skip=2)'");
    if (!c->has_words && c->kind != COMPLETE_COMMANDS && c->kind != COMPLETE_FILTER)
        return;
    buf_put_text(out, " -a '");
    if (c->kind == COMPLETE_FILTER)
        completion_put_filter_keys(out, " ");
    for (int i = 0; c->kind == COMPLETE_COMMANDS && i < SUBCOMMAND_COUNT; i++)
        buf_putf(out, "%s%s", i ? " " : "", command_rows[i].name);
    completion_put_words(out, c, c->kind == COMPLETE_COMMANDS || c->kind == COMPLETE_FILTER);
    buf_put_byte(out, '\'');
}

static void put_option(struct buf *out, const struct option_row *row)
{
    struct completion c = completion_of(bytes_of(row->argument));

    buf_put_text(out, "complete -c weir -n '__weir_at any");
    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        if (row->commands >> i & 1)
            buf_putf(out, " %s", command_rows[i].name);
    }
    buf_putf(out, "' -l %s", row->name);
    if (row->letter)
        buf_putf(out, " -s %c", row->letter);
    if (row->argument)
        buf_put_text(out, c.kind == COMPLETE_FILES ? " -r" : " -x");
    put_answer(out, &c);
    put_help(out, row->help);
}

static void put_operands(struct buf *out, enum subcommand command)
{
    struct completion operands[COMPLETION_OPERANDS];
    size_t n = completion_operands(command_rows[command].operands, operands);

    for (size_t i = 0; i < n; i++) {
        bool on = operands[i].repeats || operands[i].kind == COMPLETE_PROGRAM;

        if (operands[i].kind == COMPLETE_NOTHING && !operands[i].has_words)
            continue;
        buf_put_text(out, "complete -c weir -n '__weir_at ");
        if (on)
            buf_put_text(out, "any");
        else
            buf_put_u64(out, i + 1);
        buf_putf(out, " %s'", command_rows[command].name);
        put_answer(out, &operands[i]);
        buf_put_byte(out, '\n');
        if (on)
            return;
    }
}

static void put_valued(struct buf *out)
{
    buf_put_text(out, "set -g __weir_valued");
    for (int i = 0; i < OPTION_COUNT; i++) {
        if (!option_rows[i].argument)
            continue;
        buf_putf(out, " --%s", option_rows[i].name);
        if (option_rows[i].letter)
            buf_putf(out, " -%c", option_rows[i].letter);
    }
    buf_put_byte(out, '\n');
}

void completion_put_fish(struct buf *out)
{
    buf_put_text(out, head);
    put_valued(out);
    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        buf_putf(out, "complete -c weir -n __weir_begins -a %s", command_rows[i].name);
        put_help(out, command_rows[i].help);
    }
    buf_put_text(out, "complete -c weir -n __weir_begins -l version -d 'print the version'\n"
                      "complete -c weir -n __weir_begins -l help -s h -d 'explain weir'\n");
    for (int i = 0; i < OPTION_COUNT; i++)
        put_option(out, &option_rows[i]);
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        put_operands(out, (enum subcommand)i);
}
