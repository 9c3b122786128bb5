/* The heads of console_format.h, as curl shows them: '>' what the client sent, '<' what
 * it got. */
#include <stdio.h>

#include "base/text.h"
#include "logs/console_format.h"

static void put_mark(struct console_format *c, const char *mark, struct buf *out)
{
    console_put_style(out, c->colour, STYLE_DIM);
    buf_put_text(out, mark);
    console_put_style(out, c->colour, STYLE_NONE);
    buf_put_byte(out, ' ');
}

static void put_field(struct console_format *c, const struct field *field, struct buf *out)
{
    buf_clear(&c->raw);
    redact_put_field(&c->redactor, field->name, field->value, &c->raw);
    text_put_terminal(out, field->name);
    buf_put_text(out, ": ");
    text_put_terminal(out, buf_bytes(&c->raw));
    buf_put_byte(out, '\n');
}

static void put_fields(struct console_format *c, const struct fields *fields, const char *mark,
                       struct buf *out)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        put_mark(c, mark, out);
        put_field(c, &fields->items[i], out);
    }
}

static void put_request_head(struct console_format *c, const struct head *head, struct buf *out)
{
    put_mark(c, ">", out);
    console_put_style(out, c->colour, STYLE_BOLD);
    text_put_terminal(out, head->method);
    buf_clear(&c->raw);
    redact_put_url(&c->redactor, head->target, &c->raw);
    buf_put_byte(out, ' ');
    text_put_terminal(out, buf_bytes(&c->raw));
    buf_putf(out, " %s", flow_version_text(head->version));
    console_put_style(out, c->colour, STYLE_NONE);
    buf_put_byte(out, '\n');
    put_fields(c, &head->fields, ">", out);
}

static void put_response_head(struct console_format *c, const struct head *head, struct buf *out)
{
    put_mark(c, "<", out);
    console_put_style(out, c->colour, STYLE_BOLD);
    buf_putf(out, "%s %u ", flow_version_text(head->version), head->status);
    text_put_terminal(out, head->reason);
    console_put_style(out, c->colour, STYLE_NONE);
    buf_put_byte(out, '\n');
    put_fields(c, &head->fields, "<", out);
}

static bool has_field(const struct fields *f, const struct field *wanted)
{
    int at = fields_find_name(f, wanted->name, 0);

    for (; at >= 0; at = fields_find_name(f, wanted->name, (uint32_t)at + 1)) {
        if (bytes_equal(f->items[at].value, wanted->value))
            return true;
    }
    return false;
}

/* The fields of `from` that are not in `other`. */
static void put_difference(struct console_format *c, const struct fields *from,
                           const struct fields *other, const char *mark, struct buf *out)
{
    for (uint32_t i = 0; i < from->count; i++) {
        if (has_field(other, &from->items[i]))
            continue;
        put_mark(c, mark, out);
        put_field(c, &from->items[i], out);
    }
}

/* What the other side sent or got instead. */
static void put_changes(struct console_format *c, const char *what, const struct head *before,
                        const struct head *after, struct buf *out)
{
    if (!before || !after || flow_heads_alike(before, after))
        return;
    console_put_star(c, out);
    buf_putf(out, "%s, changed:\n", what);
    put_difference(c, &before->fields, &after->fields, "* -", out);
    put_difference(c, &after->fields, &before->fields, "* +", out);
}

static void put_trailers(struct console_format *c, const struct fields *trailers, const char *mark,
                         struct buf *out)
{
    if (!trailers || trailers->count == 0)
        return;
    console_put_star(c, out);
    buf_put_text(out, "trailers:\n");
    put_fields(c, trailers, mark, out);
}

/* The empty line at a head's end. */
static void put_head_end(struct console_format *c, const char *mark, struct buf *out)
{
    console_put_style(out, c->colour, STYLE_DIM);
    buf_put_text(out, mark);
    console_put_style(out, c->colour, STYLE_NONE);
    buf_put_byte(out, '\n');
}

void console_put_request(struct console_format *c, const struct flow *f, struct buf *out)
{
    const struct head *head = flow_message_head(&f->request);

    if (!head)
        return;
    put_request_head(c, head, out);
    put_head_end(c, ">", out);
    if (c->verbose > 1)
        console_put_body(c, &f->request, out);
    put_trailers(c, f->request.trailers, ">", out);
    put_changes(c, "sent on", f->request.received, f->request.sent, out);
}

static void put_status_change(struct console_format *c, const struct flow_message *m,
                              struct buf *out)
{
    if (!m->received || !m->sent || m->received->status == m->sent->status)
        return;
    console_put_star(c, out);
    buf_putf(out, "the origin's status was %u\n", m->received->status);
}

void console_put_response(struct console_format *c, const struct flow *f, struct buf *out)
{
    const struct flow_message *m = &f->response;
    const struct head *head = m->sent ? m->sent : m->received;

    for (const struct flow_interim *i = f->interim; i; i = i->next) {
        put_response_head(c, i->head, out);
        put_head_end(c, "<", out);
    }
    if (!head)
        return;
    put_response_head(c, head, out);
    put_head_end(c, "<", out);
    if (c->verbose > 1)
        console_put_body(c, m, out);
    put_trailers(c, m->trailers, "<", out);
    put_status_change(c, m, out);
    put_changes(c, "received", m->received, m->sent, out);
}

void console_put_heads(struct console_format *c, const struct flow *f, struct buf *out)
{
    console_put_request(c, f, out);
    console_put_response(c, f, out);
}
