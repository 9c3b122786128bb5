#include "cli/log_format.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/redaction.h"
#include "cli/terminal.h"
#include "logs/flow_raw.h"

enum { HELD_BYTES = 64 * 1024, NAMES_COLUMNS = 8 };

static const struct log_format *const formats[] = {
#define LOG_FORMAT(name) &log_format_##name,
#include "cli/log_formats.def"
#undef LOG_FORMAT
};

enum { FORMATS = sizeof(formats) / sizeof(formats[0]) };

/* ---- choosing ---- */

int log_format_choose(const struct cli *cli, const struct log_format **ret_format)
{
    const char *name = options_value(&cli->options, OPTION_FORMAT), *near;
    const char *names[FORMATS];

    if (!name && !options_has(&cli->options, OPTION_JSON))
        name = "table";
    if (!name) /* an array has an end */
        name = options_has(&cli->options, OPTION_FOLLOW) ? "jsonl" : "json";
    for (size_t i = 0; i < FORMATS; i++) {
        names[i] = formats[i]->name;
        if (strcmp(name, names[i]) != 0)
            continue;
        *ret_format = formats[i];
        return CODE_OK;
    }
    near = text_nearest(bytes_of(name), names, FORMATS);
    (void)cli_usage(cli, "there is no format '%.60s'%s%s%s", name, near ? ", did you mean '" : "",
                    near ? near : "", near ? "'?" : "");
    cli_hint(cli, "or: weir log --format help");
    return CODE_USAGE;
}

void log_format_put_help(struct buf *out)
{
    for (size_t i = 0; i < FORMATS; i++)
        buf_putf(out, "%-*s%s\n", NAMES_COLUMNS, formats[i]->name, formats[i]->help);
}

/* ---- writing ---- */

static int choose_columns(struct log_writer *w)
{
    const char *list = options_value(&w->cli->options, OPTION_COLUMNS);
    char error[FLOW_TABLE_ERROR_TEXT];

    if (!list || !flow_table_choose(&w->table, bytes_of(list), error))
        return CODE_OK;
    (void)cli_usage(w->cli, "%s", error);
    cli_hint(w->cli, "or: weir log --columns help");
    return CODE_USAGE;
}

int log_writer_init(struct log_writer *w, const struct cli *cli, const struct log_format *format)
{
    int code;

    *w = (struct log_writer){.cli = cli, .format = format};
    code = redaction_make(cli, NULL, &w->redactor);
    if (code)
        return code;
    buf_init(&w->out, LOG_OUT_BYTES);
    flow_table_init(&w->table, &w->redactor, cli->colour_out, terminal_columns(STDOUT_FILENO),
                    (int64_t)time(NULL));
    har_format_init(&w->har, &w->redactor);
    code = choose_columns(w);
    if (code) {
        log_writer_release(w);
        return code;
    }
    if (format->start)
        format->start(w);
    return CODE_OK;
}

void log_writer_release(struct log_writer *w)
{
    flow_table_release(&w->table);
    har_format_release(&w->har);
    buf_release(&w->out);
    redaction_release(&w->redactor);
}

static int write_out(struct log_writer *w)
{
    int code = CODE_OK;

    if (w->out.len || buf_status(&w->out))
        code = cli_print(w->cli, &w->out);
    buf_clear(&w->out);
    return code;
}

int log_writer_flow(struct log_writer *w, const struct flow *f)
{
    enum status st = w->format->flow(w, f);

    w->count++;
    if (st && !buf_status(&w->out)) {
        cli_error(w->cli, "flow %llu cannot be written: %s", (unsigned long long)f->number,
                  status_sentence(st));
        return CODE_FAILED;
    }
    return w->out.len < HELD_BYTES && !buf_status(&w->out) ? CODE_OK : write_out(w);
}

int log_writer_flush(struct log_writer *w, bool end)
{
    if (end && w->format->end)
        w->format->end(w);
    return write_out(w);
}

/* ---- the formats ---- */

static enum status table_flow(struct log_writer *w, const struct flow *f)
{
    if (w->count == 0)
        flow_table_put_titles(&w->table, &w->out);
    flow_table_put_flow(&w->table, f, &w->out);
    return buf_status(&w->out);
}

const struct log_format log_format_table = {
    .name = "table",
    .help = "a line each, for people",
    .flow = table_flow,
};

static enum status jsonl_flow(struct log_writer *w, const struct flow *f)
{
    return jsonl_put_flow(&w->har.json, f, &w->out);
}

const struct log_format log_format_jsonl = {
    .name = "jsonl",
    .help = "a line of JSON each, as run --jsonl writes them",
    .bodies = true,
    .flow = jsonl_flow,
};

static void json_start(struct log_writer *w)
{
    buf_put_text(&w->out, "[\n");
}

/* The line feed that ends each record comes behind the comma. */
static enum status json_flow(struct log_writer *w, const struct flow *f)
{
    if (w->count)
        buf_put_text(&w->out, ",");
    return jsonl_put_flow(&w->har.json, f, &w->out);
}

static void json_end(struct log_writer *w)
{
    buf_put_text(&w->out, "]\n");
}

const struct log_format log_format_json = {
    .name = "json",
    .help = "one JSON array of them all, in the words of JSON Lines",
    .bodies = true,
    .whole = true,
    .start = json_start,
    .flow = json_flow,
    .end = json_end,
};

/* On a terminal no byte of it may act. */
static enum status raw_flow(struct log_writer *w, const struct flow *f)
{
    struct buf raw;
    struct flow_cleaned cleaned;
    enum status st = STATUS_OK;

    buf_init(&raw, LOG_OUT_BYTES);
    for (int side = HTTP_REQUEST; side <= HTTP_RESPONSE && !st; side++) {
        st = flow_put_raw(&w->redactor, f, (enum http_side)side, &raw, &cleaned);
        if (raw.len && raw.ptr[raw.len - 1] != '\n')
            buf_put_byte(&raw, '\n'); /* so that the next one starts on a line of its own */
    }
    if (!st && isatty(STDOUT_FILENO))
        text_put_terminal_lines(&w->out, buf_bytes(&raw));
    else if (!st)
        buf_put(&w->out, buf_bytes(&raw));
    buf_release(&raw);
    return st ? st : buf_status(&w->out);
}

const struct log_format log_format_raw = {
    .name = "raw",
    .help = "the messages as they stood on the wire",
    .bodies = true,
    .flow = raw_flow,
};
