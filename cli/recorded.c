#include "cli/recorded.h"

#include <jansson.h>

#include "base/text.h"
#include "cli/trial_input.h"

enum { MINUTES_OF_HOUR = 60 };

/* One record while it is read. */
struct recorded {
    struct trial_input *in;
    const json_t *root;
    const char *fault;
    bool no_memory; /* a text could not be copied */
};

static enum status refuse(struct recorded *r, const char *fault)
{
    r->fault = fault;
    return STATUS_BAD_INPUT;
}

/* A string's bytes, as a copy; ptr NULL when there is none. */
static struct bytes text_copy(struct recorded *r, const json_t *text)
{
    struct bytes in, copy;

    if (!json_is_string(text))
        return bytes_make(NULL, 0);
    in = bytes_make(json_string_value(text), json_string_length(text));
    copy = arena_copy(r->in->arena, in);
    r->no_memory |= in.len && !copy.ptr;
    return copy;
}

static struct bytes text_at(struct recorded *r, const json_t *object, const char *key)
{
    return text_copy(r, json_object_get(object, key));
}

/* ---- fields ------------------------------------------------------------------------ */

/* HTTP/2's pseudo-fields are said by the URL; what is no field is left out. */
static enum status field_add(struct recorded *r, struct head *head, struct bytes name,
                             struct bytes value)
{
    enum status st;

    if (name.len == 0 || name.ptr[0] == ':')
        return STATUS_OK;
    st = trial_input_field(r->in, head, name, value);
    return st == STATUS_BAD_INPUT ? STATUS_OK : st;
}

/* [{ "name": …, "value": … }] */
static enum status read_har_fields(struct recorded *r, const json_t *list, struct head *head)
{
    const json_t *item;
    enum status st = STATUS_OK;
    size_t i;

    if (json_array_size(list) > HTTP_FIELDS)
        return refuse(r, "it has more than 256 headers");
    json_array_foreach(list, i, item)
    {
        if (!st)
            st = field_add(r, head, text_at(r, item, "name"), text_at(r, item, "value"));
    }
    return st;
}

/* [[name, value]] */
static enum status read_pairs(struct recorded *r, const json_t *list, struct head *head)
{
    const json_t *pair;
    enum status st = STATUS_OK;
    size_t i;

    if (json_array_size(list) > HTTP_FIELDS)
        return refuse(r, "it has more than 256 headers");
    json_array_foreach(list, i, pair)
    {
        if (!st)
            st = field_add(r, head, text_copy(r, json_array_get(pair, 0)),
                           text_copy(r, json_array_get(pair, 1)));
    }
    return st;
}

/* ---- contents ------------------------------------------------------------------------ */

static enum status content_take(struct recorded *r, struct bytes text, bool base64,
                                struct rule_body *body)
{
    struct buf decoded;
    enum status st;

    if (!text.len)
        return STATUS_OK;
    body->content = text;
    if (base64) {
        buf_init(&decoded, RULE_BODY_BYTES);
        st = text_base64_decode(&decoded, text);
        body->content = arena_copy(r->in->arena, buf_bytes(&decoded));
        buf_release(&decoded);
        if (st == STATUS_NO_MEMORY || st == STATUS_BAD_INPUT)
            return st == STATUS_NO_MEMORY ? st : refuse(r, "its body is not base64");
        if (!body->content.ptr)
            body->content = BYTES("");
    }
    if (body->content.len <= RULE_BODY_BYTES)
        return STATUS_OK;
    body->fault = "the content is larger than 8 MiB";
    body->content = BYTES("");
    return STATUS_OK;
}

/* { "text": …, "encoding": "base64" } */
static enum status read_har_content(struct recorded *r, const json_t *content,
                                    struct rule_body *body)
{
    struct bytes encoding = text_at(r, content, "encoding");

    return content_take(r, text_at(r, content, "text"), bytes_equal(encoding, BYTES("base64")),
                        body);
}

static enum status read_line_content(struct recorded *r, const json_t *message,
                                     struct rule_body *body)
{
    struct bytes coded = text_at(r, message, "body_base64");

    if (json_is_true(json_object_get(message, "body_cut"))) {
        body->fault = "the content was not recorded whole";
        return STATUS_OK;
    }
    return content_take(r, coded.len ? coded : text_at(r, message, "body"), coded.len, body);
}

/* ---- the rest -------------------------------------------------------------------------- */

/* "2026-11-23T13:05:…": the time of day as it stands there. */
static void read_time(struct recorded *r, const char *key)
{
    struct bytes text = text_at(r, r->root, key);
    uint64_t hour, minute;

    if (text.len >= 16 && !bytes_to_u64(bytes_until(bytes_from(text, 11), 2), 23, &hour) &&
        !bytes_to_u64(bytes_until(bytes_from(text, 14), 2), 59, &minute))
        r->in->view.minute = (unsigned)(hour * MINUTES_OF_HOUR + minute);
}

static enum status read_url(struct recorded *r, const json_t *object)
{
    struct bytes method = text_at(r, object, "method"), url = text_at(r, object, "url");
    enum status st;

    if (!method.len || !url.len)
        return refuse(r, "there is no method or no url");
    st = trial_input_url(r->in, method, url);
    return st == STATUS_BAD_INPUT ? refuse(r, "its url is not one of http or https") : st;
}

/* Browsers write status 0 where no response came. */
static void read_status(struct recorded *r, const json_t *response, const char *key)
{
    const json_t *status = json_object_get(response, key);
    json_int_t code = json_integer_value(status);

    if (code >= 200 && code <= 599)
        trial_input_status(r->in, (uint16_t)code);
}

static enum status read_har_entry(struct recorded *r)
{
    const json_t *request = json_object_get(r->root, "request");
    const json_t *response = json_object_get(r->root, "response");
    const json_t *wait = json_object_get(json_object_get(r->root, "timings"), "wait");
    enum status st;

    if (!json_is_object(request))
        return refuse(r, "there is no request in it");
    st = read_url(r, request);
    if (!st)
        st = read_har_fields(r, json_object_get(request, "headers"), &r->in->request);
    if (!st)
        st = read_har_content(r, json_object_get(request, "postData"), &r->in->request_body);
    if (st)
        return st;
    read_time(r, "startedDateTime");
    read_status(r, response, "status");
    if (json_number_value(wait) > 0 && json_number_value(wait) < 1e9)
        r->in->view.response_us = (int64_t)(json_number_value(wait) * 1000);
    st = read_har_fields(r, json_object_get(response, "headers"), &r->in->response);
    return st ? st
              : read_har_content(r, json_object_get(response, "content"), &r->in->response_body);
}

static enum status read_flow(struct recorded *r)
{
    const json_t *request = json_object_get(r->root, "request");
    const json_t *response = json_object_get(r->root, "response");
    const json_t *client = json_object_get(r->root, "client");
    struct bytes user = text_at(r, client, "user"), kind = text_at(r, r->root, "kind");
    enum status st;

    if (!bytes_equal(kind, BYTES("http")) || !json_is_object(request))
        return STATUS_END;
    st = read_url(r, r->root);
    if (!st)
        st = read_pairs(r, json_object_get(request, "headers"), &r->in->request);
    if (!st)
        st = read_line_content(r, request, &r->in->request_body);
    if (st)
        return st;
    read_time(r, "time");
    if (user.len)
        r->in->view.client = user;
    /* What a rule had answered says nothing of the origin. */
    if (!json_is_object(json_object_get(response, "received")))
        return STATUS_OK;
    read_status(r, json_object_get(response, "received"), "status_code");
    st = read_pairs(r, json_object_get(response, "headers"), &r->in->response);
    return st ? st : read_line_content(r, response, &r->in->response_body);
}

static enum status record_read(struct bytes text, struct trial_input *in,
                               enum status (*read)(struct recorded *r), const char **ret_fault)
{
    struct recorded r = {.in = in};
    json_error_t error;
    json_t *root = json_loadb((const char *)text.ptr, text.len, JSON_ALLOW_NUL, &error);
    enum status st;

    r.root = root;
    st = json_is_object(root) ? read(&r) : refuse(&r, "it is not a JSON object");
    json_decref(root);
    if (r.no_memory)
        return STATUS_NO_MEMORY;
    if (!st)
        st = trial_input_finish(in);
    if (st == STATUS_BAD_INPUT)
        *ret_fault = r.fault;
    return st;
}

enum status recorded_read_har(struct bytes json, struct trial_input *in, const char **ret_fault)
{
    return record_read(json, in, read_har_entry, ret_fault);
}

enum status recorded_read_line(struct bytes json, struct trial_input *in, const char **ret_fault)
{
    return record_read(json, in, read_flow, ret_fault);
}
