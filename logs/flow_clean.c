#include "logs/flow_clean.h"

#include "logs/flow_make.h"
#include "logs/media.h"

/* ---- the body ---------------------------------------------------------------------------- */

/* What says to be coded, and is not. */
static enum status text_on_the_wire(const struct flow_message *m, struct buf *out,
                                    struct bytes *ret_content)
{
    struct bytes wire = {0};
    enum status st = flow_wire(m, out, &wire);

    if (!st && media_is_text(wire, flow_body_cut(&m->body)))
        *ret_content = wire;
    return st;
}

enum status flow_open_content(const struct flow_message *m, struct buf *out,
                              struct bytes *ret_content)
{
    enum status st = flow_content_view(m, out, ret_content), wire;

    if ((st != STATUS_BAD_INPUT && st != STATUS_UNSUPPORTED) || ret_content->len)
        return st;
    *ret_content = bytes_make(NULL, 0);
    wire = text_on_the_wire(m, out, ret_content);
    if (wire)
        return wire;
    return ret_content->len ? STATUS_OK : st;
}

/* Looks into the content and writes it redacted, or as it passed. */
static enum status clean_content(const struct redactor *r, const struct flow_message *m,
                                 struct bytes wire, struct buf *out, struct flow_cleaned *cleaned)
{
    struct bytes content = {0};
    struct buf decoded, work;
    enum status st;

    buf_init(&decoded, FLOW_MAKE_BYTES);
    buf_init(&work, FLOW_MAKE_BYTES);
    st = flow_open_content(m, &decoded, &content);
    if (st == STATUS_NO_MEMORY)
        goto out;
    cleaned->left = st != STATUS_OK;
    redact_put_body(r, flow_content_type(m), content, &work);
    st = buf_status(&work);
    if (st)
        goto out;
    cleaned->changed = !bytes_equal(buf_bytes(&work), content);
    cleaned->decoded =
        m->body.decoded || ((cleaned->changed || cleaned->left) && !bytes_equal(content, wire));
    buf_put(out, cleaned->changed || cleaned->left ? buf_bytes(&work) : wire);
    st = buf_status(out);
out:
    buf_release(&decoded);
    buf_release(&work);
    return st;
}

enum status flow_clean_body(const struct redactor *r, const struct flow_message *m, struct buf *out,
                            struct flow_cleaned *ret_cleaned)
{
    struct flow_cleaned cleaned = {.decoded = m->body.decoded};
    struct bytes wire = {0};
    struct buf joined;
    enum status st;

    buf_init(&joined, FLOW_MAKE_BYTES);
    st = flow_wire(m, &joined, &wire);
    if (!st && r->on && wire.len)
        st = clean_content(r, m, wire, out, &cleaned);
    else if (!st)
        buf_put(out, wire);
    buf_release(&joined);
    if (st)
        return st;
    *ret_cleaned = cleaned;
    return buf_status(out);
}

/* ---- the head ------------------------------------------------------------------------------ */

static void put_line(struct bytes name, struct bytes value, struct buf *out)
{
    buf_put(out, name);
    buf_put_text(out, ": ");
    buf_put(out, value);
    buf_put_text(out, "\r\n");
}

static void put_request_line(const struct redactor *r, const struct flow *f,
                             const struct head *head, struct buf *out)
{
    struct bytes path = flow_path(f);

    buf_put(out, head->method);
    buf_put_byte(out, ' ');
    if (path.len)
        redact_put_url(r, path, out);
    else
        buf_put(out, bytes_equal(head->path, BYTES("*")) ? head->path : BYTES("/"));
    buf_put_text(out, head->version == HTTP_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
    if (fields_find(&head->fields, FIELD_HOST, 0) >= 0)
        return;
    buf_put_text(out, "Host: "); /* HTTP/2 has it elsewhere */
    flow_put_authority(f, out);
    buf_put_text(out, "\r\n");
}

static void put_status_line(const struct head *head, struct buf *out)
{
    const struct http_status *known = http_status_find(head->status);

    buf_put_text(out, head->version == HTTP_1_0 ? "HTTP/1.0 " : "HTTP/1.1 ");
    buf_putf(out, "%03u ", head->status);
    if (head->reason.len)
        buf_put(out, head->reason);
    else if (known)
        buf_put_text(out, known->phrase);
    buf_put_text(out, "\r\n");
}

/* Without what frames it, if that is to be written anew; without Content-Encoding if the
 * content is `decoded`. */
static void put_fields(const struct redactor *r, const struct fields *fields, bool framing,
                       bool decoded, struct buf *out)
{
    for (uint32_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->items[i];
        bool frames = field->id == FIELD_CONTENT_LENGTH || field->id == FIELD_TRANSFER_ENCODING;

        if ((frames && !framing) || (decoded && field->id == FIELD_CONTENT_ENCODING))
            continue;
        buf_put(out, field->name);
        buf_put_text(out, ": ");
        redact_put_field(r, field->name, field->value, out);
        buf_put_text(out, "\r\n");
    }
}

static void put_start(const struct redactor *r, const struct flow *f, const struct head *head,
                      struct buf *out)
{
    if (head->side == HTTP_REQUEST)
        put_request_line(r, f, head, out);
    else
        put_status_line(head, out);
}

void flow_clean_put_head(const struct redactor *r, const struct flow *f, const struct head *head,
                         struct buf *out)
{
    put_start(r, f, head, out);
    put_fields(r, &head->fields, true, false, out);
    buf_put_text(out, "\r\n");
}

/* ---- the whole --------------------------------------------------------------------------------
 */

/* Is there no content by the rules of RFC 9110 §6.4.1, whatever its head says? */
static bool is_bodiless(const struct flow *f, const struct head *head)
{
    const struct head *request = flow_message_head(&f->request);

    if (head->side == HTTP_REQUEST)
        return false;
    return http_status_bodiless(head->status) || (request && http_method_is(request, "HEAD"));
}

static bool is_trailed(const struct flow_message *m)
{
    return m->trailers && m->trailers->count > 0;
}

static void put_content(const struct redactor *r, const struct flow_message *m,
                        struct bytes content, struct buf *out)
{
    if (!is_trailed(m)) {
        buf_put_text(out, "\r\n");
        buf_put(out, content);
        return;
    }
    put_line(BYTES("Transfer-Encoding"), BYTES("chunked"), out);
    buf_put_text(out, "\r\n");
    if (content.len) {
        buf_putf(out, "%zx\r\n", content.len);
        buf_put(out, content);
        buf_put_text(out, "\r\n");
    }
    buf_put_text(out, "0\r\n");
    put_fields(r, m->trailers, false, false, out);
    buf_put_text(out, "\r\n");
}

enum status flow_clean_put(const struct redactor *r, const struct flow *f,
                           const struct flow_message *m, struct buf *out)
{
    const struct head *head = flow_message_head(m);
    struct flow_cleaned cleaned = {0};
    struct buf content;
    enum status st;

    if (is_bodiless(f, head)) {
        flow_clean_put_head(r, f, head, out);
        return buf_status(out);
    }
    buf_init(&content, FLOW_MAKE_BYTES);
    st = flow_clean_body(r, m, &content, &cleaned);
    if (!st) {
        put_start(r, f, head, out);
        put_fields(r, &head->fields, false, cleaned.decoded, out);
        if (!is_trailed(m) && (content.len || head->side == HTTP_RESPONSE ||
                               fields_find(&head->fields, FIELD_CONTENT_LENGTH, 0) >= 0))
            buf_putf(out, "Content-Length: %zu\r\n", content.len);
        put_content(r, m, buf_bytes(&content), out);
        st = buf_status(out);
    }
    buf_release(&content);
    return st;
}
