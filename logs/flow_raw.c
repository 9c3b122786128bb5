#include "logs/flow_raw.h"

static void put_field(const struct redactor *redactor, const struct field *field, struct buf *out)
{
    if (field->line.len && !redact_field_maybe(redactor, field)) {
        buf_put(out, field->line);
    } else {
        buf_put(out, field->name);
        buf_put_text(out, ": ");
        redact_put_field(redactor, field->name, field->value, out);
    }
    buf_put_text(out, "\r\n");
}

static void put_head(const struct redactor *redactor, const struct head *head, struct buf *out)
{
    if (head->side == HTTP_REQUEST) {
        buf_put(out, head->method);
        buf_put_byte(out, ' ');
        redact_put_url(redactor, head->target, out);
        buf_putf(out, " %s\r\n", flow_version_text(head->version));
    } else {
        buf_putf(out, "%s %u ", flow_version_text(head->version), head->status);
        buf_put(out, head->reason);
        buf_put_text(out, "\r\n");
    }
    for (uint32_t i = 0; i < head->fields.count; i++)
        put_field(redactor, &head->fields.items[i], out);
    buf_put_text(out, "\r\n");
}

enum status flow_put_raw(const struct redactor *redactor, const struct flow *f, enum http_side side,
                         struct buf *out, struct flow_cleaned *ret_cleaned)
{
    const struct flow_message *m = side == HTTP_REQUEST ? &f->request : &f->response;
    const struct head *head = flow_message_head(m);
    struct flow_cleaned cleaned = {.decoded = m->body.decoded};
    enum status st = STATUS_OK;

    if (side == HTTP_RESPONSE && m->sent)
        head = m->sent;
    if (head) {
        put_head(redactor, head, out);
        st = flow_clean_body(redactor, m, out, &cleaned);
    }
    if (!st)
        st = buf_status(out);
    if (!st)
        *ret_cleaned = cleaned;
    return st;
}
