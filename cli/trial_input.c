#include "cli/trial_input.h"

#include <time.h>

#include "http/url.h"

/* 2026-01-01 12:00 UTC: $(now) is the same on every run and machine. */
#define TRIAL_NOW_US (INT64_C(1767268800) * 1000000)

enum { NOON_MINUTE = 12 * 60 };

/* It ends nothing but a search by pattern that takes too long. */
static int64_t clock_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

void trial_input_init(struct trial_input *in, struct arena *arena)
{
    *in = (struct trial_input){
        .arena = arena,
        .request = {.side = HTTP_REQUEST, .version = HTTP_1_1, .length = -1, .keep_alive = true},
        .response = {.side = HTTP_RESPONSE, .version = HTTP_1_1, .length = -1, .keep_alive = true},
        .request_body = {.content = BYTES("")},
        .response_body = {.content = BYTES("")},
        .view = {.tick_us = clock_us,
                 .client = BYTES("127.0.0.1"),
                 .address = BYTES("127.0.0.1"),
                 .connection = 1,
                 .now_us = TRIAL_NOW_US,
                 .minute = NOON_MINUTE},
    };
}

/* The host as rules compare it, and the port. */
static enum status take_authority(struct trial_input *in, const struct authority *authority)
{
    struct buf host;
    enum status st;

    buf_init(&host, HOST_BYTES + 1);
    st = host_normalise(authority->host, &host);
    if (!st) {
        in->view.host = arena_copy(in->arena, buf_bytes(&host));
        st = in->view.host.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buf_release(&host);
    in->view.port =
        authority->port > 0 ? (uint16_t)authority->port : url_default_port(in->view.scheme);
    return st;
}

static enum status take_connect(struct trial_input *in, struct bytes target)
{
    struct authority authority;
    enum status st = authority_parse(target, &authority);

    in->request.form = TARGET_AUTHORITY;
    in->request.target = in->request.authority = target;
    return st ? st : take_authority(in, &authority);
}

/* http stands for ws too, and https for wss. */
static struct bytes plain_scheme(struct bytes scheme)
{
    if (bytes_equal_icase(scheme, BYTES("http")) || bytes_equal_icase(scheme, BYTES("ws")))
        return BYTES("http");
    if (bytes_equal_icase(scheme, BYTES("https")) || bytes_equal_icase(scheme, BYTES("wss")))
        return BYTES("https");
    return bytes_make(NULL, 0);
}

/* What is sent of the URL: the path, "/" at least, and the query. */
static struct bytes target_path(struct arena *arena, const struct url *url)
{
    struct bytes path = url->path;

    if (url->query.ptr)
        path = bytes_make(url->path.ptr ? url->path.ptr : url->query.ptr - 1,
                          url->path.len + 1 + url->query.len);
    if (!bytes_starts_with(path, BYTES("/")))
        path = bytes_of(
            arena_printf(arena, "/%.*s", (int)path.len, path.ptr ? (const char *)path.ptr : ""));
    return path;
}

static struct bytes with_scheme(struct arena *arena, struct bytes url)
{
    if (bytes_search(url, BYTES("://")) >= 0)
        return arena_copy(arena, url);
    return bytes_of(arena_printf(arena, "http://%.*s", (int)url.len, (const char *)url.ptr));
}

static enum status take_url(struct trial_input *in, struct bytes given)
{
    struct bytes all = with_scheme(in->arena, given);
    struct url url;
    enum status st = all.ptr ? url_parse(all, &url) : STATUS_NO_MEMORY;

    if (st)
        return st;
    in->view.scheme = plain_scheme(url.scheme);
    if (!in->view.scheme.len)
        return STATUS_BAD_INPUT;
    in->request.target = all;
    in->request.form = TARGET_ABSOLUTE;
    in->request.scheme = in->view.scheme;
    in->request.authority = url.authority_text;
    in->request.path = target_path(in->arena, &url);
    return in->request.path.ptr ? take_authority(in, &url.authority) : STATUS_NO_MEMORY;
}

enum status trial_input_url(struct trial_input *in, struct bytes method, struct bytes url)
{
    if (!http_token_valid(method) || url.len == 0 || url.len > HTTP_HEAD_BYTES)
        return STATUS_BAD_INPUT;
    in->request.method = method;
    return http_method_is(&in->request, "CONNECT") ? take_connect(in, url) : take_url(in, url);
}

enum status trial_input_field(struct trial_input *in, struct head *head, struct bytes name,
                              struct bytes value)
{
    if (!http_token_valid(name) || !http_value_valid(value))
        return STATUS_BAD_INPUT;
    return fields_append(in->arena, &head->fields, name, value);
}

void trial_input_status(struct trial_input *in, uint16_t status)
{
    const struct http_status *known = http_status_find(status);

    in->has_response = true;
    in->response.status = status;
    in->response.reason = bytes_of(known ? known->phrase : "");
}

/* `none`: whatever was given, there is no content (RFC 9110 §6.4.1). */
static void frame(struct head *head, struct rule_body *body, bool none)
{
    if (none)
        body->content = BYTES("");
    none |= body->content.len == 0 && head->side == HTTP_REQUEST;
    body->wire_bytes = (int64_t)body->content.len;
    head->framing = none ? HTTP_NO_BODY : HTTP_LENGTH;
    head->length = none ? -1 : body->wire_bytes;
}

enum status trial_input_finish(struct trial_input *in)
{
    struct fields *fields = &in->request.fields;
    enum status st = STATUS_OK;

    if (fields_find(fields, FIELD_HOST, 0) < 0)
        st = fields_append(in->arena, fields, field_name(FIELD_HOST), in->request.authority);
    in->request.upgrade = fields_want_upgrade(fields);
    frame(&in->request, &in->request_body, false);
    frame(&in->response, &in->response_body,
          http_status_bodiless(in->response.status) || http_method_is(&in->request, "HEAD"));
    in->tls = (struct rule_tls){.version = BYTES("TLSv1.3"), .sni = in->view.host};
    in->view.tls = bytes_equal(in->view.scheme, BYTES("https")) ? &in->tls : NULL;
    in->view.request = &in->request;
    in->view.request_body = &in->request_body;
    return st;
}

struct trial_case trial_input_case(const struct trial_input *in, const struct ruleset *rules)
{
    return (struct trial_case){
        .rules = rules,
        .view = in->view,
        .response = in->has_response ? &in->response : NULL,
        .response_body = in->has_response ? &in->response_body : NULL,
    };
}
