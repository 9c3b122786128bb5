#include "logs/har_format.h"

#include "base/version.h"
#include "logs/har_parts.h"
#include "logs/jsonl_body.h"
#include "logs/jsonl_facts.h"

enum { HAR_URL_BYTES = 1024 * 1024 };

void har_format_init(struct har_format *h, const struct redactor *redactor)
{
    jsonl_format_init_for(&h->json, redactor, HAR_CONTENT_BYTES);
    buf_init(&h->url, HAR_URL_BYTES);
}

void har_format_release(struct har_format *h)
{
    jsonl_format_release(&h->json);
    buf_release(&h->url);
}

/* Absolute and without a fragment, as a HAR wants it. What has no host has no URL; that it
 * is none every reader can tell. */
static void make_url(struct har_format *h, const struct flow *f)
{
    struct bytes path = flow_path(f);
    ptrdiff_t fragment = bytes_find(path, '#');

    buf_clear(&h->url);
    if (!f->host.len) {
        buf_put_text(&h->url, "about:blank");
        return;
    }
    if (f->kind != FLOW_HTTP)
        buf_put_text(&h->url, "https://");
    flow_put_origin(f, &h->url);
    redact_put_url(&h->json.redactor, fragment < 0 ? path : bytes_until(path, (size_t)fragment),
                   &h->url);
}

static void put_trailers(struct har_format *h, const struct flow_message *m, struct json_put *p)
{
    if (!m->trailers)
        return;
    JSON_PUT(p, ",\"_trailers\":");
    har_put_fields(h, m->trailers, p);
}

static void put_sizes(const struct head *head, int64_t body_bytes, struct json_put *p)
{
    JSON_PUT(p, ",\"headersSize\":");
    json_put_i64(p, head && head->head_bytes ? (int64_t)head->head_bytes : -1);
    JSON_PUT(p, ",\"bodySize\":");
    json_put_i64(p, body_bytes);
}

/* Bodies are looked at when they are written, and told of again in `_weir`. */
struct har_entry {
    const struct flow *flow;
    bool bodies; /* write them */
    struct jsonl_body request, response;
};

static bool body_there(const struct har_entry *e, const struct flow_message *m)
{
    return e->bodies && m->body.captured_bytes > 0;
}

/* ---- request ------------------------------------------------------------------------ */

/* Text that is not UTF-8 has no place in postData; it stands beside it. */
static void put_post_data(struct har_format *h, struct har_entry *e, struct json_put *p)
{
    const struct flow_message *m = &e->flow->request;

    if (m->body.wire_bytes <= 0 && m->body.captured_bytes <= 0)
        return;
    if (body_there(e, m))
        jsonl_body_look(&h->json, m, &e->request);
    JSON_PUT(p, ",\"postData\":{\"mimeType\":");
    json_put_string(p, flow_content_type(m));
    JSON_PUT(p, ",\"text\":");
    json_put_string(p, e->request.text ? e->request.content : bytes_make(NULL, 0));
    if (!e->request.text && body_there(e, m)) {
        JSON_PUT(p, ",\"_encoding\":\"base64\",\"_text64\":");
        json_put_base64(p, e->request.content);
    }
    JSON_PUT(p, "}");
}

static void put_request(struct har_format *h, struct har_entry *e, struct json_put *p)
{
    const struct flow_message *m = &e->flow->request;
    const struct head *head = m->received;
    const struct fields none = {0}, *fields = head ? &head->fields : &none;

    JSON_PUT(p, ",\"request\":{\"method\":");
    json_put_string(p, head ? head->method : BYTES("CONNECT"));
    JSON_PUT(p, ",\"url\":");
    json_put_string(p, buf_bytes(&h->url));
    JSON_PUT(p, ",\"httpVersion\":");
    json_put_string(p, bytes_of(head ? flow_version_text(head->version) : ""));
    JSON_PUT(p, ",\"cookies\":");
    har_put_cookies(h, fields, p);
    JSON_PUT(p, ",\"headers\":");
    har_put_fields(h, fields, p);
    JSON_PUT(p, ",\"queryString\":");
    har_put_query(h, p);
    put_post_data(h, e, p);
    put_sizes(head, head ? m->body.wire_bytes : -1, p);
    put_trailers(h, m, p);
    JSON_PUT(p, "}");
}

/* ---- response ----------------------------------------------------------------------- */

static bool is_coded(const struct flow_message *m)
{
    const struct head *head = flow_message_head(m);

    return head && fields_find(&head->fields, FIELD_CONTENT_ENCODING, 0) >= 0;
}

/* The decoded length; where it cannot be known, of what there is. */
static int64_t content_size(const struct har_entry *e)
{
    const struct flow_message *m = &e->flow->response;
    const struct flow_body *body = &m->body;

    if (body->decoded && body->content_bytes)
        return body->content_bytes;
    if (body_there(e, m) && e->response.content_bytes >= 0)
        return e->response.content_bytes;
    if (!is_coded(m) && body->wire_bytes >= 0)
        return body->wire_bytes;
    return (int64_t)e->response.content.len;
}

static void put_content(struct har_format *h, struct har_entry *e, struct json_put *p)
{
    const struct flow_message *m = &e->flow->response;
    struct bytes type = flow_content_type(m);
    int64_t size;

    if (body_there(e, m))
        jsonl_body_look(&h->json, m, &e->response);
    size = content_size(e);
    JSON_PUT(p, ",\"content\":{\"size\":");
    json_put_i64(p, size);
    if (is_coded(m) && !e->response.cut && body_there(e, m) && m->body.wire_bytes >= 0) {
        JSON_PUT(p, ",\"compression\":");
        json_put_i64(p, size - m->body.wire_bytes);
    }
    JSON_PUT(p, ",\"mimeType\":");
    json_put_string(p, type.len ? type : BYTES("x-unknown"));
    if (body_there(e, m)) {
        JSON_PUT(p, ",\"text\":");
        if (e->response.text)
            json_put_string(p, e->response.content);
        else
            json_put_base64(p, e->response.content);
        if (!e->response.text)
            JSON_PUT(p, ",\"encoding\":\"base64\"");
    }
    JSON_PUT(p, "}");
}

static void put_redirect(struct har_format *h, const struct fields *fields, struct json_put *p)
{
    int at = fields_find(fields, FIELD_LOCATION, 0);
    struct buf *clean = &h->json.clean;

    buf_clear(clean);
    if (at >= 0)
        redact_put_field(&h->json.redactor, fields->items[at].name, fields->items[at].value, clean);
    JSON_PUT(p, ",\"redirectURL\":");
    json_put_string(p, buf_bytes(clean));
}

/* What peers said may stand in it. */
static void put_error(struct har_format *h, const struct flow *f, struct json_put *p)
{
    struct buf *clean = &h->json.clean;

    if (!f->error)
        return;
    buf_clear(clean);
    redact_put_body(&h->json.redactor, BYTES(""), bytes_of(f->sentence ? f->sentence : f->reason),
                    clean);
    JSON_PUT(p, ",\"_error\":");
    json_put_string(p, buf_bytes(clean));
}

/* A response that never came: status 0, as browsers have it. */
static void put_no_response(struct har_format *h, const struct flow *f, struct json_put *p)
{
    JSON_PUT(p, ",\"response\":{\"status\":0,\"statusText\":\"\",\"httpVersion\":\"\",\"cookies\":"
                "[],\"headers\":[],\"content\":{\"size\":0,\"mimeType\":\"x-unknown\"},"
                "\"redirectURL\":\"\",\"headersSize\":-1,\"bodySize\":-1,\"_transferSize\":0");
    put_error(h, f, p);
    JSON_PUT(p, "}");
}

static void put_transfer_size(const struct flow_message *m, const struct head *head,
                              struct json_put *p)
{
    int64_t body = m->body.wire_bytes > 0 ? m->body.wire_bytes : 0;

    JSON_PUT(p, ",\"_transferSize\":");
    json_put_i64(p, body + (int64_t)head->head_bytes);
}

static void put_response(struct har_format *h, struct har_entry *e, struct json_put *p)
{
    const struct flow_message *m = &e->flow->response;
    const struct head *shown = m->sent ? m->sent : m->received, *head = flow_message_head(m);

    if (!shown) {
        put_no_response(h, e->flow, p);
        return;
    }
    JSON_PUT(p, ",\"response\":{\"status\":");
    json_put_u64(p, shown->status);
    JSON_PUT(p, ",\"statusText\":");
    json_put_string(p, shown->reason);
    JSON_PUT(p, ",\"httpVersion\":");
    jsonl_put_word(p, flow_version_text(shown->version));
    JSON_PUT(p, ",\"cookies\":");
    har_put_set_cookies(h, &head->fields, e->flow->started_us, p);
    JSON_PUT(p, ",\"headers\":");
    har_put_fields(h, &head->fields, p);
    put_content(h, e, p);
    put_redirect(h, &head->fields, p);
    put_sizes(head, m->body.wire_bytes, p);
    put_transfer_size(m, head, p);
    put_trailers(h, m, p);
    put_error(h, e->flow, p);
    JSON_PUT(p, "}");
}

/* ---- the rest ----------------------------------------------------------------------- */

/* "127.0.0.1:443", "[::1]:443" without port and brackets. */
static void put_server(const struct flow *f, struct json_put *p)
{
    struct bytes address = f->upstream;

    while (address.len && address.ptr[address.len - 1] != ':')
        address.len--;
    address.len -= address.len > 0;
    if (bytes_starts_with(address, BYTES("[")) && bytes_ends_with(address, BYTES("]")))
        address = bytes_make(address.ptr + 1, address.len - 2);
    if (!address.len)
        return;
    JSON_PUT(p, ",\"serverIPAddress\":");
    json_put_string(p, address);
}

/* Each loop numbers its own connections, so its number belongs to it. */
static void put_connection(const struct flow *f, struct json_put *p)
{
    bool upstream = f->upstream_connection != 0;

    if (!upstream && !f->client_connection)
        return;
    JSON_PUT(p, ",\"connection\":\"");
    json_put_u64(p, f->loop);
    if (upstream)
        JSON_PUT(p, "-u");
    else
        JSON_PUT(p, "-c");
    json_put_u64(p, upstream ? f->upstream_connection : f->client_connection);
    JSON_PUT(p, "\"");
}

static void put_interim(struct har_format *h, const struct flow *f, struct json_put *p)
{
    if (!f->interim)
        return;
    JSON_PUT(p, ",\"_interim\":[");
    for (const struct flow_interim *i = f->interim; i; i = i->next) {
        JSON_PUT(p, "{\"status\":");
        json_put_u64(p, i->head->status);
        JSON_PUT(p, ",\"statusText\":");
        json_put_string(p, i->head->reason);
        JSON_PUT(p, ",\"httpVersion\":");
        jsonl_put_word(p, flow_version_text(i->head->version));
        JSON_PUT(p, ",\"headers\":");
        har_put_fields(h, &i->head->fields, p);
        if (i->injected)
            JSON_PUT(p, ",\"injected\":true");
        JSON_PUT(p, "}");
        if (i->next)
            JSON_PUT(p, ",");
    }
    JSON_PUT(p, "]");
}

/* What jsonl_format.h tells of a body besides itself. */
static void put_body_facts(const struct har_entry *e, const struct flow_message *m,
                           const struct jsonl_body *b, struct json_put *p)
{
    int64_t whole = body_there(e, m) ? b->content_bytes : m->body.content_bytes;

    JSON_PUT(p, "\"captured_bytes\":");
    json_put_i64(p, m->body.captured_bytes);
    JSON_PUT(p, ",\"content_bytes\":");
    if (whole < 0)
        JSON_PUT(p, "null");
    else
        json_put_i64(p, whole);
    if (b->coded)
        JSON_PUT(p, ",\"body_coded\":true");
    if (b->cut || (!body_there(e, m) && m->body.wire_bytes > 0))
        JSON_PUT(p, ",\"body_cut\":true");
}

static void put_weir_request(struct har_format *h, const struct har_entry *e, struct json_put *p)
{
    const struct flow_message *m = &e->flow->request;

    if (!m->received) {
        JSON_PUT(p, ",\"request\":null");
        return;
    }
    JSON_PUT(p, ",\"request\":{");
    put_body_facts(e, m, &e->request, p);
    if (!bytes_equal(m->received->target, flow_path(e->flow))) {
        buf_clear(&h->json.clean);
        redact_put_url(&h->json.redactor, m->received->target, &h->json.clean);
        JSON_PUT(p, ",\"target\":");
        json_put_string(p, buf_bytes(&h->json.clean));
    }
    jsonl_put_sent(&h->json, m, p);
    JSON_PUT(p, "}");
}

static void put_weir_response(struct har_format *h, const struct har_entry *e, struct json_put *p)
{
    const struct flow_message *m = &e->flow->response;

    if (!flow_message_head(m)) {
        JSON_PUT(p, ",\"response\":null");
        return;
    }
    JSON_PUT(p, ",\"response\":{");
    put_body_facts(e, m, &e->response, p);
    JSON_PUT(p, ",\"received\":");
    if (m->received) {
        JSON_PUT(p, "{");
        jsonl_put_status_line(m->received, p);
        JSON_PUT(p, "}");
    } else {
        JSON_PUT(p, "null");
    }
    jsonl_put_sent(&h->json, m, p);
    JSON_PUT(p, "}");
}

static void put_weir(struct har_format *h, const struct har_entry *e, struct json_put *p)
{
    const struct flow *f = e->flow;

    JSON_PUT(p, ",\"_weir\":{\"id\":");
    jsonl_put_word(p, f->id);
    JSON_PUT(p, ",\"loop\":");
    json_put_u64(p, f->loop);
    JSON_PUT(p, ",\"sequence\":");
    json_put_u64(p, f->sequence);
    JSON_PUT(p, ",\"kind\":");
    jsonl_put_word(p, flow_kind_text(f->kind));
    jsonl_put_peers(f, p);
    jsonl_put_place(f, p);
    put_weir_request(h, e, p);
    put_weir_response(h, e, p);
    JSON_PUT(p, ",");
    jsonl_put_status(f->status, p);
    jsonl_put_facts(&h->json, f, p);
    JSON_PUT(p, "}");
}

static void put_entry(struct har_format *h, struct har_entry *e, struct json_put *p)
{
    const struct flow *f = e->flow;

    make_url(h, f);
    JSON_PUT(p, "{\"startedDateTime\":");
    jsonl_put_time(&h->json, f->started_us, p);
    har_put_time_all(&f->timings, p);
    put_request(h, e, p);
    put_response(h, e, p);
    JSON_PUT(p, ",\"cache\":{}");
    har_put_timings(&f->timings, p);
    put_server(f, p);
    put_connection(f, p);
    JSON_PUT(p, ",\"_resourceType\":");
    jsonl_put_word(p, har_resource_type(f));
    put_interim(h, f, p);
    har_put_messages(h, f, p);
    put_weir(h, e, p);
    JSON_PUT(p, "}\n");
}

enum status har_put_flow(struct har_format *h, const struct flow *f, struct buf *out)
{
    size_t before = out->len;
    enum status st = STATUS_OK;
    struct json_put p;

    for (int bodies = 1; bodies >= 0; bodies--) {
        struct har_entry e = {.flow = f,
                              .bodies = bodies,
                              .request = {.content_bytes = -1},
                              .response = {.content_bytes = -1}};

        json_put_begin(&p, out);
        put_entry(h, &e, &p);
        json_put_end(&p);
        st = buf_status(out);
        if (!st && out->len - before <= HAR_ENTRY_BYTES)
            return st;
        out->len = before;
        out->status = STATUS_OK;
    }
    return st ? st : STATUS_LIMIT;
}

void har_put_head(struct buf *out)
{
    buf_put_text(out, "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"weir\",\"version\":"
                      "\"" WEIR_VERSION "\"},\"pages\":[],\"entries\":[\n");
}

void har_put_foot(const struct log_gap *lost, struct buf *out)
{
    buf_put_text(out, "]");
    if (lost && (lost->flows || lost->bodies))
        buf_putf(out, ",\"_weir\":{\"lost\":{\"flows\":%llu,\"bodies\":%llu}}",
                 (unsigned long long)lost->flows, (unsigned long long)lost->bodies);
    buf_put_text(out, "}}\n");
}
