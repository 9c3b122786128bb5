#include "logs/flow_raw.h"

#include "http/coding.h"

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

/* The content as far as it can be decoded, and the same without secrets. */
struct views {
    struct buf decoded, clean, joined;
    struct bytes content, wire;
};

static enum status look(const struct redactor *redactor, const struct flow_message *m,
                        struct views *v)
{
    enum status st = flow_content_view(m, &v->decoded, &v->content);

    if (st == STATUS_NO_MEMORY)
        return st;
    redact_put_body(redactor, flow_content_type(m), v->content, &v->clean);
    st = flow_wire(m, &v->joined, &v->wire);
    return st ? st : buf_status(&v->clean);
}

static enum status put_body(const struct redactor *redactor, const struct flow_message *m,
                            struct buf *out, bool *ret_decoded)
{
    struct views v = {0};
    enum status st;

    buf_init(&v.decoded, CODING_OUT_BYTES);
    buf_init(&v.clean, FLOW_RAW_BYTES);
    buf_init(&v.joined, FLOW_RAW_BYTES);
    st = look(redactor, m, &v);
    if (!st && bytes_equal(buf_bytes(&v.clean), v.content)) {
        buf_put(out, v.wire);
        *ret_decoded = false;
    } else if (!st) {
        buf_put(out, buf_bytes(&v.clean));
        *ret_decoded = !bytes_equal(v.content, v.wire);
    }
    buf_release(&v.decoded);
    buf_release(&v.clean);
    buf_release(&v.joined);
    return st;
}

enum status flow_put_raw(const struct redactor *redactor, const struct flow *f, enum http_side side,
                         struct buf *out, bool *ret_decoded)
{
    const struct flow_message *m = side == HTTP_REQUEST ? &f->request : &f->response;
    const struct head *head = flow_message_head(m);
    bool decoded = false;
    enum status st = STATUS_OK;

    if (side == HTTP_RESPONSE && m->sent)
        head = m->sent;
    if (head) {
        put_head(redactor, head, out);
        st = put_body(redactor, m, out, &decoded);
    }
    if (!st)
        st = buf_status(out);
    if (!st)
        *ret_decoded = decoded;
    return st;
}
