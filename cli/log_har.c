/* `weir log --format har`. */
#include "cli/log_format.h"

static void har_start(struct log_writer *w)
{
    har_put_head(&w->out);
}

static enum status har_flow(struct log_writer *w, const struct flow *f)
{
    if (w->count)
        buf_put_text(&w->out, HAR_BETWEEN);
    return har_put_flow(&w->har, f, &w->out);
}

static void har_end(struct log_writer *w)
{
    har_put_foot(NULL, &w->out);
}

const struct log_format log_format_har = {
    .name = "har",
    .help = "HAR 1.2, for browsers and most other tools",
    .bodies = true,
    .whole = true,
    .start = har_start,
    .flow = har_flow,
    .end = har_end,
};
