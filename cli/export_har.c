/* `weir export --format har`. */
#include <stdlib.h>

#include "cli/export.h"
#include "logs/har_format.h"

static void *har_open(struct export *e)
{
    struct har_format *h = calloc(1, sizeof(*h));

    if (h)
        har_format_init(h, &e->redactor);
    else
        cli_error(e->cli, "%s", status_sentence(STATUS_NO_MEMORY));
    return h;
}

static enum status har_begin(void *self, struct export *e)
{
    (void)self;
    har_put_head(&e->out);
    return buf_status(&e->out);
}

static enum status har_flow(void *self, struct export *e, const struct flow *f)
{
    if (e->flows)
        buf_put_text(&e->out, HAR_BETWEEN);
    return har_put_flow(self, f, &e->out);
}

static enum status har_end(void *self, struct export *e)
{
    (void)self;
    har_put_foot(NULL, &e->out);
    return buf_status(&e->out);
}

static void har_close(void *self)
{
    har_format_release(self);
    free(self);
}

const struct export_format export_har = {
    .name = "har",
    .help = "HAR 1.2, for browsers and most other tools",
    .open = har_open,
    .begin = har_begin,
    .flow = har_flow,
    .end = har_end,
    .close = har_close,
};
