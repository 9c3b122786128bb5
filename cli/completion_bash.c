/* For bash 4 and later; bash-completion is used where it is there, and not needed. */
#include "cli/completion.h"

static const char head[] =
    "# Completion of weir's command line for bash; made by: weir completion bash\n"
    "\n"
    "_weir_words()\n"
    "{\n"
    "    mapfile -t COMPREPLY < <(compgen -W \"$1\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "_weir_files()\n"
    "{\n"
    "    compopt -o filenames 2>/dev/null\n"
    "    mapfile -t COMPREPLY < <(compgen \"$1\" -W \"${2-}\" -- \"$cur\")\n"
    "}\n"
    "\n"
    "# Terms go on behind their colon, which bash takes for the end of a word.\n"
    "_weir_filter()\n"
    "{\n"
    "    [[ $prev == : || $cur == : ]] && return\n"
    "    _weir_words \"$filter_keys\"\n"
    "    compopt -o nospace 2>/dev/null\n"
    "}\n"
    "\n"
    "# The command line of another program, from word $1 on.\n"
    "_weir_program()\n"
    "{\n"
    "    if declare -F _command_offset >/dev/null; then\n"
    "        _command_offset \"$1\"\n"
    "    elif ((COMP_CWORD == $1)); then\n"
    "        _weir_files -c\n"
    "    else\n"
    "        _weir_files -f\n"
    "    fi\n"
    "}\n"
    "\n";

static const char middle[] = "    if [[ $cur == = ]]; then\n"
                             "        cur=\n"
                             "    elif [[ $prev == = ]]; then\n"
                             "        prev=${COMP_WORDS[COMP_CWORD-2]}\n"
                             "    fi\n";

/* Which operand the word is, from 1; options with their arguments are none. */
static const char count[] = "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
                            "        word=${COMP_WORDS[i]}\n"
                            "        if [[ $word == -- ]]; then\n"
                            "            ((position == 0)) && first=$((i + 1))\n"
                            "            options=\n"
                            "        elif [[ $word == = || $valued == *\" $word \"* ]]; then\n"
                            "            [[ ${COMP_WORDS[i+1]} == = ]] || i=$((i + 1))\n"
                            "        elif [[ $word != -* || -z $options ]]; then\n"
                            "            ((position++ == 0)) && first=$i\n"
                            "        fi\n"
                            "    done\n"
                            "    ((position++ == 0)) && first=${first:-$COMP_CWORD}\n";

/* `generator` is one of compgen's for files, or NULL. */
static void put_generator(struct buf *out, const char *generator, const struct completion *c)
{
    if (!generator && !c->has_words) {
        buf_put_byte(out, ':');
        return;
    }
    if (generator)
        buf_putf(out, "_weir_files %s", generator);
    else
        buf_put_text(out, "_weir_words");
    if (!c->has_words)
        return;
    buf_put_text(out, " '");
    completion_put_words(out, c, false);
    buf_put_byte(out, '\'');
}

static void put_answer(struct buf *out, const struct completion *c)
{
    switch (c->kind) {
    case COMPLETE_NOTHING:
        put_generator(out, NULL, c);
        return;
    case COMPLETE_FILES:
        put_generator(out, "-f", c);
        return;
    case COMPLETE_FOLDERS:
        put_generator(out, "-d", c);
        return;
    case COMPLETE_COMMANDS:
        buf_put_text(out, "_weir_words \"$commands");
        completion_put_words(out, c, true);
        buf_put_byte(out, '"');
        return;
    case COMPLETE_FILTER:
        buf_put_text(out, "_weir_filter");
        return;
    case COMPLETE_PROGRAM:
        buf_put_text(out, "_weir_program \"$first\"");
        return;
    }
}

static void put_names(struct buf *out, enum subcommand command, bool valued)
{
    const struct option_row *row;

    for (int at = 0; (row = completion_next_option(command, &at)) != NULL;) {
        if (valued && !row->argument)
            continue;
        if (row->letter)
            buf_putf(out, "-%c ", row->letter);
        buf_putf(out, "--%s ", row->name);
    }
}

static void put_options(struct buf *out, enum subcommand command)
{
    buf_putf(out, "    %s)\n        options='", command_rows[command].name);
    put_names(out, command, false);
    buf_put_text(out, "'\n        valued=' ");
    put_names(out, command, true);
    buf_put_text(out, "'\n        ;;\n");
}

static void put_arguments(struct buf *out, enum subcommand command)
{
    const struct option_row *row;

    buf_putf(out, "    %s)\n        case $prev in\n", command_rows[command].name);
    for (int at = 0; (row = completion_next_option(command, &at)) != NULL;) {
        struct completion c;

        if (!row->argument)
            continue;
        c = completion_of(bytes_of(row->argument));
        buf_put_text(out, "        ");
        if (row->letter)
            buf_putf(out, "-%c | ", row->letter);
        buf_putf(out, "--%s) ", row->name);
        put_answer(out, &c);
        buf_put_text(out, "; return ;;\n");
    }
    buf_put_text(out, "        esac\n        ;;\n");
}

static void put_operands(struct buf *out, enum subcommand command)
{
    struct completion operands[COMPLETION_OPERANDS];
    size_t n = completion_operands(command_rows[command].operands, operands);

    for (size_t i = 0; i < n; i++) {
        bool on = operands[i].repeats || operands[i].kind == COMPLETE_PROGRAM;

        if (operands[i].kind == COMPLETE_NOTHING && !operands[i].has_words)
            continue;
        if (on) /* this one and all behind it */
            buf_putf(out, "        %s:*) ", command_rows[command].name);
        else
            buf_putf(out, "        %s:%zu) ", command_rows[command].name, i + 1);
        put_answer(out, &operands[i]);
        buf_put_text(out, " ;;\n");
        if (on)
            return;
    }
}

static void put_program_end(struct buf *out)
{
    buf_put_text(out, "    case $command in\n");
    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        struct completion operands[COMPLETION_OPERANDS];
        size_t n = completion_operands(command_rows[i].operands, operands);

        if (n && operands[0].kind == COMPLETE_PROGRAM)
            buf_putf(out, "        %s) ((position > 1)) && options= ;;\n", command_rows[i].name);
    }
    buf_put_text(out, "    esac\n");
}

static void put_each(struct buf *out, void (*put)(struct buf *out, enum subcommand command))
{
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        put(out, (enum subcommand)i);
}

void completion_put_bash(struct buf *out)
{
    buf_put_text(out, head);
    buf_put_text(out,
                 "_weir()\n{\n"
                 "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
                 "    local command=${COMP_WORDS[1]} options= valued= first= word i position=0\n"
                 "    local commands='");
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        buf_putf(out, "%s%s", i ? " " : "", command_rows[i].name);
    buf_put_text(out, "'\n    local filter_keys='");
    completion_put_filter_keys(out, " ");
    buf_put_text(out, "'\n\n    COMPREPLY=()\n");
    buf_put_text(out, middle);
    buf_put_text(out, "    if ((COMP_CWORD == 1)); then\n"
                      "        _weir_words \"$commands --help --version\"\n"
                      "        return\n    fi\n    case $command in\n");
    put_each(out, put_options);
    buf_put_text(out, "    *) return ;;\n    esac\n");
    buf_put_text(out, count);
    put_program_end(out);
    buf_put_text(out, "    [[ -z $options ]] || case $command in\n");
    put_each(out, put_arguments);
    buf_put_text(out, "    esac\n    if [[ $cur == -* && -n $options ]]; then\n"
                      "        _weir_words \"$options\"\n        return\n    fi\n"
                      "    case $command:$position in\n");
    put_each(out, put_operands);
    buf_put_text(out, "    esac\n}\n\ncomplete -F _weir weir\n");
}
