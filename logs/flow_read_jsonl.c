/* Lines of weir's own. */
#include <string.h>

#include "logs/flow_read_impl.h"

/* ptr NULL: there is none. */
static struct bytes read_content(struct flow_read *r, const json_t *message)
{
    const json_t *coded = json_object_get(message, "body_base64");
    struct bytes content = {0};

    if (!json_is_string(coded))
        return flow_read_text_at(r, message, "body");
    if (!flow_read_base64(r, coded, &content))
        r->fault = "its body is not base64";
    return content;
}

/* trailers and body */
static enum status read_rest(struct flow_read *r, const json_t *message, struct flow_message *m)
{
    const json_t *trailers = json_object_get(message, "trailers");
    struct fields *fields;
    enum status st;

    m->body.wire_bytes = flow_read_number_at(message, "body_bytes");
    flow_read_body(r, m, message, read_content(r, message));
    flow_read_frame(m);
    if (r->fault)
        return STATUS_BAD_INPUT;
    if (!json_is_array(trailers))
        return STATUS_OK;
    fields = flow_read_alloc(r, sizeof(*fields));
    if (!fields)
        return STATUS_NO_MEMORY;
    st = flow_read_pairs(r, trailers, fields);
    m->trailers = fields;
    return st;
}

static enum status read_request(struct flow_read *r, const json_t *request)
{
    struct bytes method = flow_read_text_at(r, r->root, "method");
    struct bytes target = flow_read_text_at(r, request, "target");
    struct bytes url = flow_read_text_at(r, r->root, "url");
    struct head *head;
    enum status st = STATUS_OK;

    if (!json_is_object(request))
        return STATUS_OK;
    if (!http_token_valid(method))
        return flow_read_refuse(r, "there is no method or no url");
    if (r->f->kind == FLOW_HTTP && !r->f->host.len && url.len) /* a line written by hand */
        st = flow_read_url(r, url, &target);
    if (st)
        return st;
    st = flow_read_request(r, &(struct flow_read_asked){method, target, url}, &head);
    if (st)
        return st;
    head->version = flow_read_version(flow_read_text_at(r, request, "version"));
    st = flow_read_pairs(r, json_object_get(request, "headers"), &head->fields);
    if (st)
        return st;
    flow_read_sides(r, &r->f->request, head, json_object_get(request, "headers_sent"));
    return read_rest(r, request, &r->f->request);
}

static enum status read_response(struct flow_read *r, const json_t *response)
{
    struct flow_read_line shown;
    struct fields fields = {0};
    enum status st;

    if (!json_is_object(response))
        return STATUS_OK;
    shown = flow_read_line(r, response);
    st = flow_read_pairs(r, json_object_get(response, "headers"), &fields);
    if (st)
        return st;
    flow_read_response(r, &shown, json_object_get(response, "received"), &fields,
                       json_object_get(response, "headers_sent"));
    return read_rest(r, response, &r->f->response);
}

static enum status read_messages(struct flow_read *r, const json_t *list)
{
    struct flow_socket_message **last = &r->f->messages;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        struct flow_socket_message *m = flow_read_alloc(r, sizeof(*m));
        const json_t *coded = json_object_get(item, "data_base64");
        const char *from = json_string_value(json_object_get(item, "from"));

        if (!m)
            return STATUS_NO_MEMORY;
        m->from_client = from && strcmp(from, "client") == 0;
        m->opcode = (uint8_t)(flow_read_count_at(item, "opcode") & 15);
        m->time_us = flow_read_time(json_object_get(item, "time"));
        if (!json_is_string(coded))
            m->data = flow_read_text_at(r, item, "data");
        else if (!flow_read_base64(r, coded, &m->data))
            return flow_read_refuse(r, "a message is not base64");
        *last = m;
        last = &m->next;
    }
    return STATUS_OK;
}

static enum status read_line(struct flow_read *r)
{
    static const struct flow_read_words words = {flow_read_line, flow_read_pairs};
    const char *schema = json_string_value(json_object_get(r->root, "schema"));
    const json_t *kind = json_object_get(r->root, "kind");
    enum status st;

    if (schema && strcmp(schema, "weir.gap/1") == 0)
        return STATUS_END;
    if (!json_is_string(kind))
        return flow_read_refuse(r, "it is no line of weir's: it has no kind");
    st = flow_read_facts(r, r->root);
    r->f->started_us = flow_read_time(json_object_get(r->root, "time"));
    if (!st)
        st = read_request(r, json_object_get(r->root, "request"));
    if (!st)
        st = read_response(r, json_object_get(r->root, "response"));
    if (!st)
        st = flow_read_interim(r, json_object_get(r->root, "interim"), &words);
    if (!st)
        st = read_messages(r, json_object_get(r->root, "messages"));
    return st;
}

enum status flow_read_jsonl(struct bytes json, uint64_t number, struct flow **ret_flow,
                            const char **ret_fault)
{
    return flow_read_record(json, number, read_line, ret_flow, ret_fault);
}
