/* sink_jsonl: JSON Lines; see jsonl_format.h. */
#include <stdio.h>
#include <stdlib.h>

#include "logs/jsonl_format.h"
#include "logs/sink_file.h"

enum { JSONL_TEXT_BYTES = 64 * 1024 * 1024 }; /* the longest text between two writes */

struct sink_jsonl {
    struct sink_file file;
    struct jsonl_format format;
    struct buf text;
};

static void *jsonl_open(const struct sink_settings *settings, char *error)
{
    struct sink_jsonl *s = calloc(1, sizeof(*s));

    if (!s) {
        snprintf(error, SINK_ERROR_BYTES, "%s", status_sentence(STATUS_NO_MEMORY));
        return NULL;
    }
    if (sink_file_open(&s->file, settings, error)) {
        free(s);
        return NULL;
    }
    jsonl_format_init(&s->format, &settings->redactor);
    buf_init(&s->text, JSONL_TEXT_BYTES);
    return s;
}

static enum status jsonl_flow(void *self, const struct flow *f)
{
    struct sink_jsonl *s = self;

    return jsonl_put_flow(&s->format, f, &s->text);
}

static enum status jsonl_gap(void *self, const struct log_gap *gap)
{
    struct sink_jsonl *s = self;

    return jsonl_put_gap(gap, &s->text);
}

static struct buf *jsonl_text(void *self)
{
    struct sink_jsonl *s = self;

    return &s->text;
}

static enum status jsonl_write(void *self, struct bytes text)
{
    struct sink_jsonl *s = self;

    return sink_file_write(&s->file, text);
}

static enum status jsonl_reopen(void *self)
{
    struct sink_jsonl *s = self;

    return sink_file_reopen(&s->file);
}

static void jsonl_close(void *self)
{
    struct sink_jsonl *s = self;

    sink_file_close(&s->file);
    jsonl_format_release(&s->format);
    buf_release(&s->text);
    free(s);
}

const struct sink sink_jsonl = {
    .name = "jsonl",
    .help = "JSON Lines: one flow a line, schema weir.flow/1",
    .open = jsonl_open,
    .flow = jsonl_flow,
    .gap = jsonl_gap,
    .text = jsonl_text,
    .write = jsonl_write,
    .reopen = jsonl_reopen,
    .close = jsonl_close,
};
