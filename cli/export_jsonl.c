/* `weir export --format jsonl`. */
#include <stdlib.h>

#include "cli/export.h"
#include "logs/jsonl_format.h"

static void *jsonl_open(struct export *e)
{
    struct jsonl_format *j = calloc(1, sizeof(*j));

    if (j)
        jsonl_format_init_for(j, &e->redactor, JSONL_EXPORT_BYTES);
    else
        cli_error(e->cli, "%s", status_sentence(STATUS_NO_MEMORY));
    return j;
}

static enum status jsonl_nothing(void *self, struct export *e)
{
    (void)self;
    (void)e;
    return STATUS_OK;
}

static enum status jsonl_flow(void *self, struct export *e, const struct flow *f)
{
    return jsonl_put_flow(self, f, &e->out);
}

static void jsonl_close(void *self)
{
    jsonl_format_release(self);
    free(self);
}

const struct export_format export_jsonl = {
    .name = "jsonl",
    .help = "JSON Lines, schema weir.flow/1",
    .open = jsonl_open,
    .begin = jsonl_nothing,
    .flow = jsonl_flow,
    .end = jsonl_nothing,
    .close = jsonl_close,
};
