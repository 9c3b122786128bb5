/* Works as a file `_weir` of a folder in $fpath, and read by `source`. */
#include "cli/completion.h"

/* What stands in an _arguments specification: brackets and colons mean something. */
static void put_spec_text(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '[' || *text == ']' || *text == ':' || *text == '\\')
            buf_put_byte(out, '\\');
        buf_put_byte(out, (uint8_t)*text);
    }
}

/* One that adds matches, and the words besides. */
static void put_function(struct buf *out, const char *function, const struct completion *c)
{
    if (!c->has_words) {
        buf_put_text(out, function);
        return;
    }
    buf_putf(out, "{%s; compadd --", function);
    completion_put_words(out, c, true);
    buf_put_byte(out, '}');
}

static void put_action(struct buf *out, const struct completion *c)
{
    switch (c->kind) {
    case COMPLETE_NOTHING:
        buf_put_byte(out, c->has_words ? '(' : ' ');
        completion_put_words(out, c, false);
        buf_put_text(out, c->has_words ? ")" : "");
        return;
    case COMPLETE_FILES:
        put_function(out, "_files", c);
        return;
    case COMPLETE_FOLDERS:
        put_function(out, "_files -/", c);
        return;
    case COMPLETE_COMMANDS:
        put_function(out, "_weir_commands", c);
        return;
    case COMPLETE_FILTER:
        buf_put_text(out, "_weir_filter");
        return;
    case COMPLETE_PROGRAM:
        buf_put_text(out, "_normal");
        return;
    }
}

/* One specification, quoted: `spec` is emptied for the next. */
static void put_spec(struct buf *out, struct buf *spec)
{
    buf_put_text(out, " \\\n                ");
    completion_put_quoted(out, buf_bytes(spec), false);
    buf_clear(spec);
}

/* '*' lets it be repeated: all of weir's options may be, the last one counts. */
static void put_option(struct buf *out, const struct option_row *row)
{
    struct completion c = completion_of(bytes_of(row->argument));
    struct buf spec;

    buf_init(&spec, COMPLETION_BYTES);
    for (int form = row->letter ? 0 : 1; form < 2; form++) {
        if (form == 0)
            buf_putf(&spec, "*-%c", row->letter);
        else
            buf_putf(&spec, "*--%s%s", row->name, row->argument ? "=" : "");
        buf_put_byte(&spec, '[');
        put_spec_text(&spec, row->help);
        buf_put_byte(&spec, ']');
        if (row->argument) {
            buf_put_byte(&spec, ':');
            put_spec_text(&spec, row->argument);
            buf_put_byte(&spec, ':');
            put_action(&spec, &c);
        }
        put_spec(out, &spec);
    }
    buf_release(&spec);
}

static void put_operands(struct buf *out, enum subcommand command)
{
    struct completion operands[COMPLETION_OPERANDS];
    size_t n = completion_operands(command_rows[command].operands, operands);
    struct buf spec;

    buf_init(&spec, COMPLETION_BYTES);
    for (size_t i = 0; i < n; i++) {
        if (operands[i].kind == COMPLETE_PROGRAM)
            buf_put_text(&spec, "*::operand:");
        else if (operands[i].repeats)
            buf_put_text(&spec, "*:operand:");
        else
            buf_putf(&spec, "%zu::operand:", i + 1);
        put_action(&spec, &operands[i]);
        put_spec(out, &spec);
        if (operands[i].repeats || operands[i].kind == COMPLETE_PROGRAM)
            break;
    }
    buf_release(&spec);
}

static void put_command(struct buf *out, enum subcommand command)
{
    const struct option_row *row;

    buf_putf(out, "        %s)\n            _arguments -s -S", command_rows[command].name);
    for (int at = 0; (row = completion_next_option(command, &at)) != NULL;)
        put_option(out, row);
    put_operands(out, command);
    buf_put_text(out, "\n            ;;\n");
}

static void put_commands(struct buf *out)
{
    buf_put_text(out, "_weir_commands()\n{\n    local -a commands=(");
    for (int i = 0; i < SUBCOMMAND_COUNT; i++) {
        struct buf row;

        buf_init(&row, COMPLETION_BYTES);
        buf_putf(&row, "%s:%s", command_rows[i].name, command_rows[i].help);
        buf_put_text(out, "\n        ");
        completion_put_quoted(out, buf_bytes(&row), false);
        buf_release(&row);
    }
    buf_put_text(out, "\n    )\n    _describe -t commands 'command' commands\n}\n\n");
}

void completion_put_zsh(struct buf *out)
{
    buf_put_text(out,
                 "#compdef weir\n"
                 "# Completion of weir's command line for zsh; made by: weir completion zsh\n\n");
    put_commands(out);
    buf_put_text(out, "_weir_filter()\n{\n    local -a keys=(");
    completion_put_filter_keys(out, " ");
    buf_put_text(out, ")\n    compadd -S '' -- $keys\n}\n\n"
                      "_weir()\n{\n    local curcontext=$curcontext state line\n"
                      "    typeset -A opt_args\n\n"
                      "    _arguments -C '(- *)'{-h,--help}'[explain weir]'"
                      " '(- *)--version[print the version]' \\\n"
                      "        '1:command:_weir_commands' '*::argument:->arguments'\n"
                      "    [[ $state == arguments ]] || return\n"
                      "    case $words[1] in\n");
    for (int i = 0; i < SUBCOMMAND_COUNT; i++)
        put_command(out, (enum subcommand)i);
    buf_put_text(out, "    esac\n}\n\n"
                      "if [[ $zsh_eval_context[-1] == loadautofunc ]]; then\n"
                      "    _weir \"$@\"\nelse\n    compdef _weir weir\nfi\n");
}
