/* sink_console: for people at a terminal; see console_format.h. */
#include <stdio.h>
#include <stdlib.h>

#include "logs/console_format.h"
#include "logs/sink_file.h"

enum { CONSOLE_TEXT_BYTES = 8 * 1024 * 1024 }; /* the longest text between two writes */

struct sink_console {
    struct sink_file file;
    struct console_format format;
    struct buf text;
};

static void *console_open(const struct sink_settings *settings, char *error)
{
    struct sink_console *s = calloc(1, sizeof(*s));

    if (!s) {
        snprintf(error, SINK_ERROR_BYTES, "%s", status_sentence(STATUS_NO_MEMORY));
        return NULL;
    }
    if (sink_file_open(&s->file, settings, error)) {
        free(s);
        return NULL;
    }
    console_format_init(&s->format, settings);
    buf_init(&s->text, CONSOLE_TEXT_BYTES);
    return s;
}

static enum status console_flow(void *self, const struct flow *f)
{
    struct sink_console *s = self;

    return console_put_flow(&s->format, f, &s->text);
}

static enum status console_gap(void *self, const struct log_gap *gap)
{
    struct sink_console *s = self;

    return console_put_gap(&s->format, gap, &s->text);
}

static struct buf *console_text(void *self)
{
    struct sink_console *s = self;

    return &s->text;
}

static enum status console_write(void *self, struct bytes text)
{
    struct sink_console *s = self;

    return sink_file_write(&s->file, text);
}

static enum status console_reopen(void *self)
{
    struct sink_console *s = self;

    return sink_file_reopen(&s->file);
}

static void console_close(void *self)
{
    struct sink_console *s = self;

    sink_file_close(&s->file);
    console_format_release(&s->format);
    buf_release(&s->text);
    free(s);
}

const struct sink sink_console = {
    .name = "console",
    .help = "one line a flow for people; -v adds heads, -vv bodies",
    .open = console_open,
    .flow = console_flow,
    .gap = console_gap,
    .text = console_text,
    .write = console_write,
    .reopen = console_reopen,
    .close = console_close,
};
