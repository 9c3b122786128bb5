#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/paths.h"
#include "config/layout.h"
#include "config/node.h"

enum {
    ARENA_BYTES = 256 * 1024 * 1024,
    FORMATTED_BYTES = 64 * 1024 * 1024,
    DIAG_BYTES = 4 * 1024 * 1024,
    MODE_BITS = 07777,
};

/* A file being formatted. */
struct job {
    const struct cli *cli;
    const char *path, *shown;
    bool is_stdin;
    struct arena arena;
    struct source *source;
    struct buf formatted;
};

static int job_fail(const struct job *j, const char *what, const char *why)
{
    cli_error(j->cli, "cannot %s '%s': %s", what, j->shown, why);
    return CODE_FAILED;
}

/* Only what weir can read is touched: it says so itself when it cannot. */
static int job_read(struct job *j)
{
    struct node *root = NULL;
    struct diags diags;
    struct buf text;
    enum status st = source_load(&j->arena, j->path, j->shown, &j->source);

    if (st == STATUS_NOT_FOUND || st == STATUS_IO)
        return job_fail(j, "read", strerror(errno));
    if (st)
        return job_fail(j, "read", status_sentence(st));
    diags_init(&diags);
    buf_init(&text, DIAG_BYTES);
    st = node_parse(&j->arena, j->source, &diags, &root);
    diags_put(&diags, DIAG_PRETTY, j->cli->colour_err, &text);
    fputs(buf_text(&text), stderr);
    buf_release(&text);
    diags_release(&diags);
    if (st == STATUS_NO_MEMORY)
        return job_fail(j, "read", status_sentence(st));
    return st ? CODE_CONFIG : CODE_OK;
}

static int job_format(struct job *j)
{
    enum status st = layout_put(j->source->text, &j->formatted);

    if (st == STATUS_REFUSED)
        return job_fail(j, "format", "it would mean something else then; it is left as it is");
    return st ? job_fail(j, "format", status_sentence(st)) : CODE_OK;
}

/* ---- --check ---- */

/* Two texts whose lines are the same but for blanks and empty lines. */
struct lines {
    struct bytes rest;
    uint32_t number; /* of the line at hand */
    struct bytes line;
    bool there;
};

static void lines_next(struct lines *l)
{
    ptrdiff_t end = bytes_find(l->rest, '\n');

    l->there = l->rest.len > 0;
    l->line = end < 0 ? l->rest : bytes_until(l->rest, (size_t)end);
    l->rest = end < 0 ? bytes_make(NULL, 0) : bytes_from(l->rest, (size_t)end + 1);
    l->number++;
}

static bool is_empty(struct bytes line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] != ' ' && line.ptr[i] != '\t' && line.ptr[i] != '\r')
            return false;
    }
    return true;
}

static void put_line(const struct job *j, char sign, struct bytes line, struct buf *out)
{
    const char *colour = sign == '-' ? "\033[31m" : "\033[32m";

    buf_putf(out, "%s%c", j->cli->colour_out ? colour : "", sign);
    text_put_terminal(out, line);
    buf_putf(out, "%s\n", j->cli->colour_out ? "\033[0m" : "");
}

/* The lines that differ, each with its number in the file. */
static void put_difference(const struct job *j, struct buf *out)
{
    struct lines old = {.rest = j->source->text}, new = {.rest = buf_bytes(&j->formatted)};

    lines_next(&old);
    lines_next(&new);
    while (old.there || new.there) {
        bool gone = old.there && is_empty(old.line) && !(new.there &&is_empty(new.line));

        if (!gone && old.there && new.there &&bytes_equal(old.line, new.line)) {
            lines_next(&old);
            lines_next(&new);
            continue;
        }
        text_put_terminal(out, bytes_of(j->shown));
        buf_putf(out, ":%" PRIu32 ":\n", old.number);
        if (old.there)
            put_line(j, '-', old.line, out);
        if (!gone && new.there)
            put_line(j, '+', new.line, out);
        lines_next(&old);
        if (!gone)
            lines_next(&new);
    }
}

static int job_show_difference(const struct job *j)
{
    struct buf out;
    int code;

    buf_init(&out, 4 * (size_t)FORMATTED_BYTES);
    put_difference(j, &out);
    if (out.len == 0) { /* only the end of the last line */
        text_put_terminal(&out, bytes_of(j->shown));
        buf_put_text(&out, ": the end of the last line\n");
    }
    code = cli_print(j->cli, &out);
    buf_release(&out);
    return code ? code : CODE_FAILED;
}

/* ---- writing ---- */

/* A link stays a link: what it names is replaced. */
static int job_replace(const struct job *j)
{
    char *path = realpath(j->path, NULL);
    struct stat info;
    enum status st = STATUS_IO;

    if (path && stat(path, &info) == 0)
        st = file_write(path, info.st_mode & MODE_BITS, buf_bytes(&j->formatted));
    free(path);
    if (st)
        return job_fail(j, "write", st == STATUS_IO ? strerror(errno) : status_sentence(st));
    cli_say(j->cli, "formatted %s", j->shown);
    return CODE_OK;
}

static int job_write(struct job *j)
{
    bool same = bytes_equal(j->source->text, buf_bytes(&j->formatted));

    if (options_has(&j->cli->options, OPTION_CHECK))
        return same ? CODE_OK : job_show_difference(j);
    if (j->is_stdin)
        return cli_print(j->cli, &j->formatted);
    return same ? CODE_OK : job_replace(j);
}

static int format_file(const struct cli *cli, const char *name)
{
    bool is_stdin = strcmp(name, "-") == 0;
    struct job j = {
        .cli = cli,
        .path = is_stdin ? "/dev/stdin" : name,
        .shown = is_stdin ? "standard input" : name,
        .is_stdin = is_stdin,
    };
    int code;

    arena_init(&j.arena, ARENA_BYTES);
    buf_init(&j.formatted, FORMATTED_BYTES);
    code = job_read(&j);
    if (!code)
        code = job_format(&j);
    if (!code)
        code = job_write(&j);
    buf_release(&j.formatted);
    arena_release(&j.arena);
    return code;
}

int command_fmt(const struct cli *cli)
{
    char path[PATHS_TEXT];
    int all = CODE_OK;

    if (cli->options.operand_count == 0) {
        if (paths_config(path) == STATUS_OK)
            return format_file(cli, path);
        return cli_usage(cli, "there is no proxy.yaml here: name a file, or - for standard input");
    }
    for (int i = 0; i < cli->options.operand_count; i++) {
        int code = format_file(cli, cli->options.operands[i]);

        if (code > all)
            all = code;
    }
    return all;
}
