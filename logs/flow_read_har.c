/* Entries of HARs (1.2): weir's own by what stands in `_weir`, those of others by what the
 * format says, and as leniently as their writers need it (docs/exchange.md). */
#include <string.h>

#include "http/url.h"
#include "logs/flow_read_impl.h"

#define TIME_MOST_US 1e15 /* of one phase: some decades */

enum { US_PER_MS = 1000, US_PER_S = 1000 * 1000, CONNECTION_BITS = 31 };

/* ---- messages ---------------------------------------------------------------------- */

/* [{ "name": …, "value": … }] */
static enum status read_fields(struct flow_read *r, const json_t *list, struct fields *fields)
{
    const json_t *item;
    size_t i;

    if (json_array_size(list) > FLOW_READ_FIELDS)
        return flow_read_refuse(r, "it has more than 4096 headers");
    json_array_foreach(list, i, item)
    {
        flow_read_field(r, fields, flow_read_text_at(r, item, "name"),
                        flow_read_text_at(r, item, "value"));
    }
    return STATUS_OK;
}

static enum status read_trailers(struct flow_read *r, const json_t *message, struct flow_message *m)
{
    const json_t *list = json_object_get(message, "_trailers");
    struct fields *fields;

    if (!json_is_array(list))
        return STATUS_OK;
    fields = flow_read_alloc(r, sizeof(*fields));
    if (!fields)
        return STATUS_NO_MEMORY;
    m->trailers = fields;
    return read_fields(r, list, fields);
}

static uint32_t head_bytes(const json_t *message)
{
    return (uint32_t)(flow_read_count_at(message, "headersSize") & INT32_MAX);
}

/* { "text": …, "encoding": "base64" } as in `content`; some write postData so, too. Of weir
 * there is `_text64` besides. *ret_content has ptr NULL when there is none. */
static enum status read_content(struct flow_read *r, const json_t *content,
                                struct bytes *ret_content)
{
    const json_t *beside = json_object_get(content, "_text64");
    const char *encoding = json_string_value(json_object_get(content, "encoding"));
    const json_t *text = json_object_get(content, "text");

    if (!json_is_string(beside) && !(encoding && strcmp(encoding, "base64") == 0)) {
        *ret_content = flow_read_text(r, text);
        return STATUS_OK;
    }
    if (json_is_string(beside))
        text = beside;
    if (json_is_string(text) && !flow_read_base64(r, text, ret_content))
        return flow_read_refuse(r, "its body is not base64");
    return STATUS_OK;
}

/* Charles and old Firebug have the fields of a form here, and no text. */
static struct bytes read_params(struct flow_read *r, const json_t *list)
{
    struct bytes copy = {0};
    const json_t *item;
    struct buf text;
    size_t i;

    if (!json_array_size(list))
        return copy;
    buf_init(&text, FLOW_MAKE_BYTES);
    json_array_foreach(list, i, item)
    {
        if (i)
            buf_put_byte(&text, '&');
        percent_encode(flow_read_text_at(r, item, "name"), "", &text);
        buf_put_byte(&text, '=');
        percent_encode(flow_read_text_at(r, item, "value"), "", &text);
    }
    if (!buf_status(&text))
        copy = arena_copy(&r->f->arena, buf_bytes(&text));
    r->no_memory |= !copy.ptr;
    buf_release(&text);
    return copy;
}

/* What others wrote: the size may be unknown, or left out. `told`: the decoded length. */
static void read_foreign_body(struct flow_read *r, struct flow_message *m, int64_t told,
                              struct bytes content)
{
    struct flow_body *b = &m->body;

    flow_read_body(r, m, NULL, content);
    if (b->wire_bytes < 0)
        b->wire_bytes = content.len ? (int64_t)content.len : told;
    if (told > 0 && b->wire_bytes == 0 && content.len)
        b->wire_bytes = (int64_t)content.len; /* it came from a cache */
    b->content_bytes = told > 0 && !content.ptr ? told : 0;
    b->cut = !content.len && b->wire_bytes > 0;
}

static enum status read_request_body(struct flow_read *r, const json_t *request,
                                     const json_t *facts)
{
    const json_t *post = json_object_get(request, "postData");
    struct flow_message *m = &r->f->request;
    struct bytes content = {0};
    enum status st = read_content(r, post, &content);

    if (st)
        return st;
    m->body.wire_bytes = flow_read_number_at(request, "bodySize");
    if (facts) {
        bool there = content.len || flow_read_count_at(facts, "captured_bytes");

        flow_read_body(r, m, facts, there ? content : bytes_make(NULL, 0));
    } else {
        if (!content.len && json_is_object(post))
            content = read_params(r, json_object_get(post, "params"));
        read_foreign_body(r, m, -1, content);
        if (m->body.wire_bytes < 0)
            m->body.wire_bytes = 0;
    }
    flow_read_frame(m);
    return STATUS_OK;
}

static enum status read_response_body(struct flow_read *r, const json_t *response,
                                      const json_t *facts)
{
    const json_t *object = json_object_get(response, "content");
    struct flow_message *m = &r->f->response;
    struct bytes content = {0};
    enum status st = read_content(r, object, &content);

    if (st)
        return st;
    m->body.wire_bytes = flow_read_number_at(response, "bodySize");
    if (facts)
        flow_read_body(r, m, facts, content);
    else
        read_foreign_body(r, m, flow_read_number_at(object, "size"), content);
    flow_read_frame(m);
    return STATUS_OK;
}

/* ---- request ----------------------------------------------------------------------- */

/* data:, blob:, chrome-extension: and so on never met a proxy. */
static bool is_http(struct bytes url)
{
    ptrdiff_t colon = bytes_find(url, ':');

    return colon > 0 && flow_read_scheme(bytes_until(url, (size_t)colon)).len;
}

/* Path and query of a URL that weir wrote; it has none for the target "*". */
static struct bytes own_target(struct bytes url)
{
    ptrdiff_t scheme = bytes_search(url, BYTES("://"));
    struct bytes rest = scheme < 0 ? bytes_make(NULL, 0) : bytes_from(url, (size_t)scheme + 3);
    ptrdiff_t slash = bytes_find(rest, '/');

    return slash < 0 ? bytes_make(NULL, 0) : bytes_from(rest, (size_t)slash);
}

static enum status read_request(struct flow_read *r, const json_t *request, const json_t *facts)
{
    struct bytes method = flow_read_text_at(r, request, "method");
    struct bytes url = flow_read_text_at(r, request, "url"), target = {0};
    struct head *head;
    enum status st = STATUS_OK;

    if (!http_token_valid(method) || !url.len)
        return flow_read_refuse(r, "there is no method or no url");
    if (!facts && !is_http(url))
        return STATUS_END;
    if (!facts)
        st = flow_read_url(r, url, &target);
    else if (json_is_string(json_object_get(facts, "target")))
        target = flow_read_text_at(r, facts, "target");
    else
        target = own_target(url);
    if (st)
        return st;
    st = flow_read_request(r, &(struct flow_read_asked){method, target, url}, &head);
    if (st)
        return st;
    head->version = flow_read_version(flow_read_text_at(r, request, "httpVersion"));
    head->head_bytes = head_bytes(request);
    st = read_fields(r, json_object_get(request, "headers"), &head->fields);
    if (st)
        return st;
    flow_read_sides(r, &r->f->request, head, json_object_get(facts, "headers_sent"));
    st = read_trailers(r, request, &r->f->request);
    return st ? st : read_request_body(r, request, facts);
}

/* ---- response ---------------------------------------------------------------------- */

static struct flow_read_line har_line(struct flow_read *r, const json_t *object)
{
    int64_t status = flow_read_number_at(object, "status");

    return (struct flow_read_line){
        .status = status > 0 && status <= 999 ? (uint16_t)status : 0,
        .reason = flow_read_reason(r, object, "statusText"),
        .version = flow_read_version(flow_read_text_at(r, object, "httpVersion")),
    };
}

static void set_head_bytes(const struct flow_message *m, uint32_t bytes)
{
    struct head *head = (struct head *)(uintptr_t)flow_message_head(m); /* ours */

    if (head)
        head->head_bytes = bytes;
}

static enum status read_response(struct flow_read *r, const json_t *response, const json_t *facts)
{
    struct flow_read_line shown = har_line(r, response);
    const json_t *received = json_object_get(facts, "received");
    struct flow_message *m = &r->f->response;
    struct fields fields = {0};
    enum status st;

    st = read_fields(r, json_object_get(response, "headers"), &fields);
    if (st)
        return st;
    flow_read_response(r, &shown, received, &fields, json_object_get(facts, "headers_sent"));
    if (!facts)
        m->received = m->sent;
    set_head_bytes(m, head_bytes(response));
    st = read_trailers(r, response, m);
    return st ? st : read_response_body(r, response, facts);
}

/* ---- lists ------------------------------------------------------------------------- */

/* A number of `unit`s as µs; -1 when there is none. */
static int64_t read_us(const json_t *number, double unit)
{
    double us = json_is_number(number) ? json_number_value(number) * unit : -1;

    if (!(us >= 0))
        return -1;
    return us < 9e15 ? (int64_t)(us + 0.5) : INT64_C(9000000000000000);
}

/* Data of other opcodes than text is base64; what is none is taken as it stands. */
static void read_data(struct flow_read *r, const json_t *data, struct flow_socket_message *m)
{
    if (m->opcode == 1 || !flow_read_base64(r, data, &m->data))
        m->data = flow_read_text(r, data);
}

static enum status read_messages(struct flow_read *r, const json_t *list)
{
    struct flow_socket_message **last = &r->f->messages;
    const json_t *item;
    size_t i;

    json_array_foreach(list, i, item)
    {
        struct flow_socket_message *m = flow_read_alloc(r, sizeof(*m));
        const char *type = json_string_value(json_object_get(item, "type"));
        int64_t time_us = read_us(json_object_get(item, "time"), US_PER_S);

        if (!m)
            return STATUS_NO_MEMORY;
        m->from_client = type && strcmp(type, "send") == 0;
        m->opcode = (uint8_t)(flow_read_count_at(item, "opcode") & 15);
        m->time_us = time_us > 0 ? time_us : 0;
        read_data(r, json_object_get(item, "data"), m);
        *last = m;
        last = &m->next;
    }
    return STATUS_OK;
}

/* ---- what others tell of the rest ------------------------------------------------------ */

static int64_t phase_us(const json_t *timings, const char *key)
{
    int64_t us = read_us(json_object_get(timings, key), US_PER_MS);

    return us < (int64_t)TIME_MOST_US ? us : (int64_t)TIME_MOST_US;
}

/* connect has ssl in it, as the format wants; who writes it beside it has it longer. */
static void read_foreign_timings(const json_t *entry, struct flow_timings *t)
{
    const json_t *timings = json_object_get(entry, "timings");

    t->blocked = phase_us(timings, "blocked");
    t->dns = phase_us(timings, "dns");
    t->connect = phase_us(timings, "connect");
    t->tls = phase_us(timings, "ssl");
    t->send = phase_us(timings, "send");
    t->wait = phase_us(timings, "wait");
    t->receive = phase_us(timings, "receive");
    t->injected = 0;
    t->total = phase_us(entry, "time");
    if (t->tls > 0 && t->connect >= t->tls)
        t->connect -= t->tls;
}

/* The address may be in brackets; the port is the URL's. */
static void read_foreign_server(struct flow_read *r, const json_t *entry)
{
    struct bytes address = flow_read_text_at(r, entry, "serverIPAddress");
    bool bare = bytes_find(address, ':') >= 0 && !bytes_starts_with(address, BYTES("["));
    char *made;

    if (!address.len || address.len > HOST_BYTES)
        return;
    made = arena_printf(&r->f->arena, "%s%.*s%s:%u", bare ? "[" : "", (int)address.len,
                        (const char *)address.ptr, bare ? "]" : "", r->f->port);
    r->no_memory |= !made;
    r->f->upstream = bytes_of(made);
}

/* A number, or whatever: equal texts are equal connections. */
static uint64_t read_foreign_connection(struct flow_read *r, const json_t *entry)
{
    struct bytes text = flow_read_text_at(r, entry, "connection");
    uint64_t number;

    if (!text.len)
        return 0;
    if (bytes_to_u64(text, INT32_MAX, &number))
        number = bytes_hash(text, 0) >> (64 - CONNECTION_BITS) | 1;
    return number;
}

static void read_foreign_end(struct flow_read *r, const json_t *response)
{
    const char *error = flow_read_word_at(r, response, "_error");
    struct flow *f = r->f;

    if (!error && f->status == 0)
        error = "There is no response in the record.";
    f->reason = "imported";
    f->error = error && error[0] && f->status == 0;
    f->sentence = f->error ? error : "";
}

static void read_foreign_facts(struct flow_read *r)
{
    const json_t *response = json_object_get(r->root, "response");
    int64_t status = flow_read_number_at(response, "status");
    struct flow *f = r->f;

    f->status = status > 0 && status <= 999 ? (uint16_t)status : 0;
    read_foreign_timings(r->root, &f->timings);
    read_foreign_server(r, r->root);
    f->upstream_connection = f->upstream.len ? read_foreign_connection(r, r->root) : 0;
    f->upstream_reused = f->upstream_connection && f->timings.connect < 0 && f->status;
    read_foreign_end(r, response);
}

/* ---- entries ----------------------------------------------------------------------- */

static enum status read_own(struct flow_read *r, const json_t *weir)
{
    const json_t *request = json_object_get(weir, "request");
    const json_t *response = json_object_get(weir, "response");
    enum status st = flow_read_facts(r, weir);

    if (!st && json_is_object(request))
        st = read_request(r, json_object_get(r->root, "request"), request);
    if (!st && json_is_object(response))
        st = read_response(r, json_object_get(r->root, "response"), response);
    return st;
}

static enum status read_foreign(struct flow_read *r)
{
    const json_t *request = json_object_get(r->root, "request");
    const json_t *response = json_object_get(r->root, "response");
    enum status st;

    if (!json_is_object(request))
        return flow_read_refuse(r, "there is no request in it");
    st = read_request(r, request, NULL);
    if (st)
        return st;
    read_foreign_facts(r);
    if (r->f->status)
        st = read_response(r, response, NULL);
    if (r->f->upstream.len)
        r->f->request.sent = r->f->request.received;
    return st;
}

static enum status read_entry(struct flow_read *r)
{
    static const struct flow_read_words words = {har_line, read_fields};
    const json_t *weir = json_object_get(r->root, "_weir");
    enum status st;

    r->f->started_us = flow_read_time(json_object_get(r->root, "startedDateTime"));
    st = json_is_object(weir) && json_is_string(json_object_get(weir, "kind")) ? read_own(r, weir)
                                                                               : read_foreign(r);
    if (!st)
        st = flow_read_interim(r, json_object_get(r->root, "_interim"), &words);
    if (!st)
        st = read_messages(r, json_object_get(r->root, "_webSocketMessages"));
    return st;
}

enum status flow_read_har(struct bytes json, uint64_t number, struct flow **ret_flow,
                          const char **ret_fault)
{
    return flow_read_record(json, number, read_entry, ret_flow, ret_fault);
}
