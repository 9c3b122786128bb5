#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/terminal.h"

enum { SHOWN_BYTES = 32 * 1024 * 1024 }; /* of one message, escaped */

static void put_message(bool colour, const char *style, const char *label, const char *format,
                        va_list args) __attribute__((format(printf, 4, 0)));

static void put_message(bool colour, const char *style, const char *label, const char *format,
                        va_list args)
{
    char *text = NULL;
    va_list again;
    int len;

    va_copy(again, args);
    len = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (len >= 0)
        text = malloc((size_t)len + 1);
    if (text)
        (void)vsnprintf(text, (size_t)len + 1, format, args);
    fflush(stdout);
    fprintf(stderr, "%s%s%s", colour ? style : "", label, colour ? "\033[0m" : "");
    cli_put_shown(text ? text : status_sentence(STATUS_NO_MEMORY));
    fputc('\n', stderr);
    free(text);
}

void cli_put_shown(const char *text)
{
    struct buf shown;

    buf_init(&shown, SHOWN_BYTES);
    text_put_terminal_lines(&shown, bytes_of(text));
    if (buf_status(&shown))
        fputs(status_sentence(buf_status(&shown)), stderr);
    else
        fwrite(shown.ptr, 1, shown.len, stderr);
    buf_release(&shown);
}

void cli_error(const struct cli *cli, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_message(cli->colour_err, "\033[1;31m", "error: ", format, args);
    va_end(args);
}

void cli_hint(const struct cli *cli, const char *format, ...)
{
    va_list args;

    (void)cli;
    va_start(args, format);
    put_message(false, "", "  ", format, args);
    va_end(args);
}

void cli_say(const struct cli *cli, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_message(cli->colour_err, "\033[1m", "weir: ", format, args);
    va_end(args);
}

int cli_usage(const struct cli *cli, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    put_message(cli->colour_err, "\033[1;31m", "error: ", format, args);
    va_end(args);
    cli_hint(cli, "try: weir help %s", command_rows[cli->options.command].name);
    return CODE_USAGE;
}

int cli_print(const struct cli *cli, struct buf *text)
{
    struct bytes b = buf_bytes(text);

    if (buf_status(text)) {
        cli_error(cli, "%s", status_sentence(buf_status(text)));
        return CODE_FAILED;
    }
    if (fwrite(b.ptr ? b.ptr : (const uint8_t *)"", 1, b.len, stdout) == b.len &&
        fflush(stdout) == 0)
        return CODE_OK;
    if (errno != EPIPE) /* who reads it has had enough */
        cli_error(cli, "cannot write to standard output: %s", strerror(errno));
    return CODE_FAILED;
}

int cli_name_file(const struct cli *cli, struct options *o)
{
    if (o->operand_count > 1)
        return cli_usage(cli, "one file at a time");
    if (o->operand_count == 0)
        return CODE_OK;
    if (o->use_count == OPTION_USES)
        return cli_usage(cli, "there are more than %d options", OPTION_USES);
    o->uses[o->use_count].option = OPTION_CONFIG;
    o->uses[o->use_count++].value = o->operands[0];
    return CODE_OK;
}

typedef int command_function(const struct cli *cli);

static command_function *const functions[SUBCOMMAND_COUNT] = {
#define COMMAND(name, operands, help) command_##name,
#include "cli/commands.def"
#undef COMMAND
};

static int print_overview(const struct cli *cli)
{
    struct buf out;
    int code;

    buf_init(&out, SIZE_MAX / 2);
    help_put_overview(&out, cli->colour_out);
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}

static int print_command_help(const struct cli *cli)
{
    struct buf out;
    int code;

    buf_init(&out, SIZE_MAX / 2);
    help_put_command(&out, cli->options.command, cli->colour_out);
    code = cli_print(cli, &out);
    buf_release(&out);
    return code;
}

static int check_color(struct cli *cli)
{
    const char *when = options_value(&cli->options, OPTION_COLOR);

    if (when && strcmp(when, "auto") != 0 && strcmp(when, "always") != 0 &&
        strcmp(when, "never") != 0)
        return cli_usage(cli, "--color is auto, always or never");
    cli->colour_out = terminal_colour(when, STDOUT_FILENO);
    cli->colour_err = terminal_colour(when, STDERR_FILENO);
    return CODE_OK;
}

int cli_main(int argc, char **argv)
{
    struct cli cli = {.colour_out = terminal_colour(NULL, STDOUT_FILENO),
                      .colour_err = terminal_colour(NULL, STDERR_FILENO)};
    char error[OPTION_ERROR_TEXT];
    enum subcommand command;
    const char *word;

    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_overview(&cli);
    word = strcmp(argv[1], "--version") == 0 ? "version" : argv[1];
    if (command_find(word, error, &command)) {
        cli_error(&cli, "%s", error);
        cli_hint(&cli, "try: weir help");
        return CODE_USAGE;
    }
    cli.options.command = command;
    if (options_parse(command, argc - 2, argv + 2, error, &cli.options))
        return cli_usage(&cli, "%s", error);
    if (check_color(&cli))
        return CODE_USAGE;
    if (options_has(&cli.options, OPTION_HELP))
        return print_command_help(&cli);
    return functions[command](&cli);
}
