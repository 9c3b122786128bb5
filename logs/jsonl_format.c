#include "logs/jsonl_format.h"

#include "logs/jsonl_body.h"
#include "logs/jsonl_facts.h"

void jsonl_format_init(struct jsonl_format *j, const struct redactor *redactor)
{
    jsonl_format_init_for(j, redactor, JSONL_CONTENT_BYTES);
}

void jsonl_format_init_for(struct jsonl_format *j, const struct redactor *redactor,
                           size_t content_bytes)
{
    *j = (struct jsonl_format){.redactor = *redactor, .second = -1};
    buf_init(&j->content, content_bytes);
    buf_init(&j->clean, 2 * content_bytes); /* pseudonyms may be longer than secrets */
}

void jsonl_format_release(struct jsonl_format *j)
{
    buf_release(&j->content);
    buf_release(&j->clean);
}

/* The target in j->clean, redacted. */
static void redact_target(struct jsonl_format *j, struct bytes target)
{
    buf_clear(&j->clean);
    redact_put_url(&j->redactor, target, &j->clean);
}

/* Before the request, whose target it leaves in j->clean: that is mostly the path of
 * the URL, and has to be redacted once only. */
static void put_url(struct jsonl_format *j, const struct flow *f, struct json_put *p)
{
    const struct head *request = f->request.received;

    JSON_PUT(p, ",\"method\":");
    jsonl_put_text_or_null(p, request ? request->method : bytes_make(NULL, 0));
    buf_clear(&j->content);
    flow_put_origin(f, &j->content);
    redact_target(j, flow_path(f));
    buf_put(&j->content, buf_bytes(&j->clean));
    JSON_PUT(p, ",\"url\":");
    jsonl_put_text_or_null(p, f->host.len ? buf_bytes(&j->content) : bytes_make(NULL, 0));
    jsonl_put_place(f, p);
    if (request && !bytes_equal(request->target, flow_path(f)))
        redact_target(j, request->target);
}

/* The headers of a message that came, or was made here; and what became of them. */
static void put_headers(struct jsonl_format *j, const struct flow_message *m, struct json_put *p)
{
    JSON_PUT(p, ",\"headers\":");
    jsonl_put_fields(j, &flow_message_head(m)->fields, p);
    jsonl_put_sent(j, m, p);
}

static void put_request(struct jsonl_format *j, const struct flow *f, bool bodies,
                        struct json_put *p)
{
    const struct head *head = f->request.received;

    if (!head) {
        JSON_PUT(p, ",\"request\":null");
        return;
    }
    JSON_PUT(p, ",\"request\":{\"method\":");
    json_put_string(p, head->method);
    JSON_PUT(p, ",\"target\":");
    json_put_string(p, buf_bytes(&j->clean)); /* by put_url() */
    JSON_PUT(p, ",\"version\":");
    jsonl_put_word(p, flow_version_text(head->version));
    put_headers(j, &f->request, p);
    jsonl_put_body(j, &f->request, bodies, p);
    jsonl_put_trailers(j, f->request.trailers, p);
    JSON_PUT(p, "}");
}

static void put_response(struct jsonl_format *j, const struct flow *f, bool bodies,
                         struct json_put *p)
{
    const struct flow_message *m = &f->response;
    const struct head *shown = m->sent ? m->sent : m->received;

    if (!shown) {
        JSON_PUT(p, ",\"response\":null");
        return;
    }
    JSON_PUT(p, ",\"response\":{");
    jsonl_put_status_line(shown, p);
    JSON_PUT(p, ",\"received\":");
    if (m->received) {
        JSON_PUT(p, "{");
        jsonl_put_status_line(m->received, p);
        JSON_PUT(p, "}");
    } else {
        JSON_PUT(p, "null");
    }
    put_headers(j, m, p);
    jsonl_put_body(j, m, bodies, p);
    jsonl_put_trailers(j, m->trailers, p);
    JSON_PUT(p, "}");
}

static void put_interim(struct jsonl_format *j, const struct flow *f, struct json_put *p)
{
    JSON_PUT(p, ",\"interim\":[");
    for (const struct flow_interim *i = f->interim; i; i = i->next) {
        JSON_PUT(p, "{");
        jsonl_put_status_line(i->head, p);
        JSON_PUT(p, ",\"headers\":");
        jsonl_put_fields(j, &i->head->fields, p);
        if (i->injected)
            JSON_PUT(p, ",\"injected\":true");
        JSON_PUT(p, "}");
        if (i->next)
            JSON_PUT(p, ",");
    }
    JSON_PUT(p, "]");
}

/* Few flows have any, as with tags. */
static void put_messages(struct jsonl_format *j, const struct flow *f, struct json_put *p)
{
    if (!f->messages)
        return;
    JSON_PUT(p, ",\"messages\":[");
    for (const struct flow_socket_message *m = f->messages; m; m = m->next) {
        JSON_PUT(p, "{\"from\":");
        jsonl_put_word(p, m->from_client ? "client" : "server");
        JSON_PUT(p, ",\"time\":");
        jsonl_put_time(j, m->time_us, p);
        JSON_PUT(p, ",\"opcode\":");
        json_put_u64(p, m->opcode);
        if (m->opcode == JSONL_OPCODE_TEXT) {
            JSON_PUT(p, ",\"data\":");
            json_put_string(p, jsonl_message_text(j, m->data));
        } else {
            JSON_PUT(p, ",\"data_base64\":");
            json_put_base64(p, m->data);
        }
        JSON_PUT(p, "}");
        if (m->next)
            JSON_PUT(p, ",");
    }
    JSON_PUT(p, "]");
}

static void put_record(struct jsonl_format *j, const struct flow *f, bool bodies,
                       struct json_put *p)
{
    JSON_PUT(p, "{\"schema\":\"weir.flow/1\",\"id\":");
    jsonl_put_word(p, f->id);
    JSON_PUT(p, ",\"loop\":");
    json_put_u64(p, f->loop);
    JSON_PUT(p, ",\"sequence\":");
    json_put_u64(p, f->sequence);
    JSON_PUT(p, ",\"kind\":");
    jsonl_put_word(p, flow_kind_text(f->kind));
    JSON_PUT(p, ",\"time\":");
    jsonl_put_time(j, f->started_us, p);
    jsonl_put_peers(f, p);
    put_url(j, f, p);
    put_request(j, f, bodies, p);
    put_response(j, f, bodies, p);
    JSON_PUT(p, ",");
    jsonl_put_status(f->status, p);
    put_interim(j, f, p);
    put_messages(j, f, p);
    jsonl_put_facts(j, f, p);
    JSON_PUT(p, "}\n");
}

enum status jsonl_put_flow(struct jsonl_format *j, const struct flow *f, struct buf *out)
{
    size_t before = out->len;
    enum status st = STATUS_OK;
    struct json_put p;

    for (int bodies = 1; bodies >= 0; bodies--) {
        json_put_begin(&p, out);
        put_record(j, f, bodies, &p);
        json_put_end(&p);
        st = buf_status(out);
        if (!st)
            return st;
        out->len = before;
        out->status = STATUS_OK;
    }
    return st;
}

enum status jsonl_put_gap(const struct log_gap *gap, struct buf *out)
{
    size_t before = out->len;
    enum status st;
    struct json_put p;

    json_put_begin(&p, out);
    JSON_PUT(&p, "{\"schema\":\"weir.gap/1\",\"flows\":");
    json_put_u64(&p, gap->flows);
    JSON_PUT(&p, ",\"bodies\":");
    json_put_u64(&p, gap->bodies);
    JSON_PUT(&p, "}\n");
    json_put_end(&p);
    st = buf_status(out);
    if (st) {
        out->len = before;
        out->status = STATUS_OK;
    }
    return st;
}
