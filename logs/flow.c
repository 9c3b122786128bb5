#include "logs/flow.h"

#include "http/coding.h"
#include "http/url.h"

enum { CODINGS_BYTES = 256 }; /* of Content-Encoding fields looked at, joined */

static void put_port(const struct flow *f, struct buf *out)
{
    buf_put_byte(out, ':');
    buf_put_u64(out, f->port);
}

static void put_host(const struct flow *f, struct buf *out)
{
    bool v6 = bytes_find(f->host, ':') >= 0;

    if (v6)
        buf_put_byte(out, '[');
    buf_put(out, f->host);
    if (v6)
        buf_put_byte(out, ']');
}

void flow_put_authority(const struct flow *f, struct buf *out)
{
    put_host(f, out);
    if (f->kind == FLOW_HTTP && f->port == 443 && bytes_equal(f->scheme, BYTES("https")))
        return; /* what most are, told quickly */
    if (f->port && (f->kind != FLOW_HTTP || f->port != url_default_port(f->scheme)))
        put_port(f, out);
}

void flow_put_origin(const struct flow *f, struct buf *out)
{
    if (f->kind == FLOW_HTTP) {
        buf_put(out, f->scheme);
        buf_put_text(out, "://");
    }
    flow_put_authority(f, out);
}

struct bytes flow_path(const struct flow *f)
{
    const struct head *request = f->request.received;

    /* "*" stands for an empty path (RFC 9112 §3.3) */
    if (f->kind != FLOW_HTTP || !request || request->path.len == 0 || request->path.ptr[0] != '/')
        return bytes_make(NULL, 0);
    return request->path;
}

void flow_put_url(const struct flow *f, struct buf *out)
{
    flow_put_origin(f, out);
    buf_put(out, flow_path(f));
}

int64_t flow_tunnel_bytes(const struct flow *f)
{
    int64_t sum;

    if (__builtin_add_overflow(f->tunnel_up_bytes, f->tunnel_down_bytes, &sum))
        return INT64_MAX;
    return sum;
}

bool flow_ok(const struct flow *f)
{
    return f->status != 0 && f->status < 400;
}

const char *flow_kind_text(enum flow_kind kind)
{
    switch (kind) {
    case FLOW_HTTP:
        return "http";
    case FLOW_TUNNEL:
        return "tunnel";
    case FLOW_REFUSED:
        return "refused";
    }
    return "unknown";
}

const char *flow_version_text(enum http_version version)
{
    switch (version) {
    case HTTP_1_0:
        return "HTTP/1.0";
    case HTTP_1_1:
        return "HTTP/1.1";
    case HTTP_2:
        return "HTTP/2";
    }
    return "HTTP";
}

/* The first end-to-end field at or after `at`; the count when there is none. */
static uint32_t end_to_end(const struct fields *f, uint32_t at)
{
    while (at < f->count && f->items[at].id != FIELD_OTHER &&
           (field_rules(f->items[at].id) & (FIELD_RULE_HOP | FIELD_RULE_FRAMING)))
        at++;
    return at;
}

static bool same_bytes(struct bytes a, struct bytes b)
{
    return a.len == b.len && (a.ptr == b.ptr || bytes_equal(a, b));
}

bool flow_heads_alike(const struct head *a, const struct head *b)
{
    const struct fields *x = &a->fields, *y = &b->fields;
    uint32_t i = 0, k = 0;

    if (a == b)
        return true;
    for (;;) {
        i = end_to_end(x, i);
        k = end_to_end(y, k);
        if (i == x->count || k == y->count)
            return i == x->count && k == y->count;
        if (!same_bytes(x->items[i].name, y->items[k].name) ||
            !same_bytes(x->items[i].value, y->items[k].value))
            return false;
        i++;
        k++;
    }
}

const struct head *flow_message_head(const struct flow_message *m)
{
    return m->received ? m->received : m->sent;
}

struct bytes flow_content_type(const struct flow_message *m)
{
    const struct head *head = flow_message_head(m);
    int at = head ? fields_find(&head->fields, FIELD_CONTENT_TYPE, 0) : -1;

    return at < 0 ? bytes_make(NULL, 0) : head->fields.items[at].value;
}

bool flow_body_cut(const struct flow_body *b)
{
    return b->cut || (!b->decoded && b->captured_bytes < b->wire_bytes);
}

enum status flow_wire(const struct flow_message *m, struct buf *out, struct bytes *ret_wire)
{
    const struct flow_body *body = &m->body;

    if (body->count == 1) {
        *ret_wire = slice_bytes(body->slices[0]);
        return STATUS_OK;
    }
    for (uint32_t i = 0; i < body->count; i++)
        buf_put(out, slice_bytes(body->slices[i]));
    *ret_wire = buf_bytes(out);
    return buf_status(out);
}

/* The values of all Content-Encoding fields as one list (RFC 9110 §5.3). */
static enum status codings_of(const struct fields *fields, struct buf *scratch,
                              struct bytes *ret_codings)
{
    int at = fields_find(fields, FIELD_CONTENT_ENCODING, 0);
    int next = at < 0 ? -1 : fields_find(fields, FIELD_CONTENT_ENCODING, (uint32_t)at + 1);

    if (at < 0 || next < 0) {
        *ret_codings = at < 0 ? bytes_make(NULL, 0) : fields->items[at].value;
        return STATUS_OK;
    }
    for (; at >= 0; at = fields_find(fields, FIELD_CONTENT_ENCODING, (uint32_t)at + 1)) {
        if (scratch->len)
            buf_put_byte(scratch, ',');
        buf_put(scratch, fields->items[at].value);
    }
    *ret_codings = buf_bytes(scratch);
    return buf_status(scratch);
}

static enum status content_decode(const struct flow_message *m, struct bytes codings,
                                  struct buf *out)
{
    struct bytes wire = {0};
    struct buf joined;
    enum status st;

    buf_init(&joined, CODING_OUT_BYTES);
    st = flow_wire(m, &joined, &wire);
    if (!st)
        st = coding_decode(codings, wire, out);
    buf_release(&joined);
    return st;
}

enum status flow_content_view(const struct flow_message *m, struct buf *out,
                              struct bytes *ret_content)
{
    const struct head *head = flow_message_head(m);
    struct bytes codings = {0};
    struct buf list;
    enum status st = STATUS_OK;

    *ret_content = bytes_make(NULL, 0);
    buf_init(&list, CODINGS_BYTES);
    if (head && !m->body.decoded)
        st = codings_of(&head->fields, &list, &codings);
    if (!st && codings.len == 0) {
        st = flow_wire(m, out, ret_content);
    } else if (!st) {
        st = content_decode(m, codings, out);
        *ret_content = buf_bytes(out);
    }
    buf_release(&list);
    return st;
}

enum status flow_content(const struct flow_message *m, struct buf *out)
{
    struct bytes content;
    enum status st = flow_content_view(m, out, &content);

    if (content.len && content.ptr != out->ptr)
        buf_put(out, content);
    return st ? st : buf_status(out);
}
