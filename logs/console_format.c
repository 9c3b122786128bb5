#include "logs/console_format.h"

#include <inttypes.h>

enum { SCRATCH_BYTES = 1024 * 1024 }; /* of a head's longest line, escaped */

void console_format_init(struct console_format *c, const struct sink_settings *settings)
{
    *c = (struct console_format){
        .redactor = settings->redactor,
        .verbose = settings->verbose,
        .colour = settings->colour,
        .second = -1,
    };
    console_layout_init(&c->layout, settings->columns);
    buf_init(&c->raw, SCRATCH_BYTES);
    buf_init(&c->cell, SCRATCH_BYTES);
    buf_init(&c->note, SCRATCH_BYTES);
    buf_init(&c->content, CONSOLE_CONTENT_BYTES);
    buf_init(&c->clean, 2 * CONSOLE_CONTENT_BYTES); /* pseudonyms may be longer than secrets */
}

void console_format_release(struct console_format *c)
{
    buf_release(&c->raw);
    buf_release(&c->cell);
    buf_release(&c->note);
    buf_release(&c->content);
    buf_release(&c->clean);
}

/* What could not be written whole is taken back. */
static enum status finish(struct buf *out, size_t before)
{
    enum status st = buf_status(out);

    if (st) {
        out->len = before;
        out->status = STATUS_OK;
    }
    return st;
}

enum status console_put_flow(struct console_format *c, const struct flow *f, struct buf *out)
{
    size_t before = out->len;

    console_put_line(c, f, out);
    if (c->verbose > 0) {
        console_put_connection_facts(c, f, out);
        console_put_heads(c, f, out);
        console_put_flow_facts(c, f, out);
        buf_put_byte(out, '\n');
    }
    return finish(out, before);
}

enum status console_put_gap(struct console_format *c, const struct log_gap *gap, struct buf *out)
{
    size_t before = out->len;

    console_put_style(out, c->colour, STYLE_YELLOW);
    buf_putf(out, "-- not logged: %" PRIu64 " flows, %" PRIu64 " bodies", gap->flows, gap->bodies);
    console_put_style(out, c->colour, STYLE_NONE);
    buf_put_byte(out, '\n');
    return finish(out, before);
}
