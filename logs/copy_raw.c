/* The request's bytes, as HTTP/1.1 (RFC 9112 §3): framed by the content that is there. */
#include "logs/copy_form.h"

static void put_field(struct buf *out, struct bytes name, struct bytes value)
{
    buf_put(out, name);
    buf_put_text(out, ": ");
    buf_put(out, value);
    buf_put_text(out, "\r\n");
}

static struct bytes url_authority(const struct copy_request *r)
{
    ptrdiff_t slashes = bytes_search(r->url, BYTES("://"));
    struct bytes rest = bytes_from(r->url, slashes < 0 ? 0 : (size_t)slashes + 3);
    ptrdiff_t end = bytes_find(rest, '/');

    return end < 0 ? rest : bytes_until(rest, (size_t)end);
}

static enum status raw_put(struct copy_request *r, struct buf *out)
{
    buf_put(out, r->method);
    buf_put_byte(out, ' ');
    buf_put(out, r->target.len ? r->target : BYTES("/"));
    buf_put_text(out, " HTTP/1.1\r\n");
    if (!copy_has(r, FIELD_HOST))
        put_field(out, BYTES("Host"), url_authority(r));
    for (uint32_t i = 0; i < r->fields.count; i++)
        put_field(out, r->fields.items[i].name, r->fields.items[i].value);
    if (r->has_body)
        buf_putf(out, "Content-Length: %zu\r\n", r->body.len);
    buf_put_text(out, "\r\n");
    buf_put(out, r->body);
    return buf_status(out);
}

const struct copy_form copy_form_raw = {
    .name = "raw",
    .help = "the request's bytes, as HTTP/1.1",
    .comment = NULL,
    .put = raw_put,
};
