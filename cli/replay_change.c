#include "cli/replay_change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/paths.h"
#include "http/url.h"
#include "logs/flow_make.h"

void replay_changes_init(struct replay_changes *c)
{
    c->count = 0;
    buf_init(&c->body, REPLAY_BODY_BYTES);
}

void replay_changes_release(struct replay_changes *c)
{
    buf_release(&c->body);
}

/* ---- reading ------------------------------------------------------------------------------ */

static enum status refuse(char *error, const char *sentence)
{
    snprintf(error, REPLAY_ERROR_TEXT, "%s", sentence);
    return STATUS_BAD_INPUT;
}

static enum status read_target(struct bytes key, struct replay_change *change, char *error)
{
    if (bytes_equal(key, BYTES("method"))) {
        change->target = REPLAY_METHOD;
    } else if (bytes_equal(key, BYTES("url"))) {
        change->target = REPLAY_URL;
    } else if (bytes_equal(key, BYTES("body"))) {
        change->target = REPLAY_BODY;
    } else if (bytes_starts_with(key, BYTES("header.")) &&
               http_token_valid(bytes_from(key, strlen("header.")))) {
        change->target = REPLAY_HEADER;
        change->name = bytes_from(key, strlen("header."));
    } else {
        return refuse(error, "--set is method=, url=, body= or header.NAME=");
    }
    return STATUS_OK;
}

static enum status load_body(struct replay_changes *c, struct replay_change *change, char *error)
{
    const char *path = (const char *)change->value.ptr + 1;
    enum status st;

    buf_clear(&c->body);
    st = file_read(path, &c->body);
    if (st == STATUS_NOT_FOUND || st == STATUS_IO)
        snprintf(error, REPLAY_ERROR_TEXT, "cannot read '%.100s': %s", path, strerror(errno));
    else if (st)
        snprintf(error, REPLAY_ERROR_TEXT, "cannot read '%.100s': %s", path, status_sentence(st));
    change->value = buf_bytes(&c->body);
    return st;
}

static enum status check_value(struct replay_changes *c, struct replay_change *change, char *error)
{
    struct url url;

    switch (change->target) {
    case REPLAY_METHOD:
        if (!http_token_valid(change->value) || bytes_equal(change->value, BYTES("CONNECT")))
            return refuse(error, "that is no method of a request that can be sent again");
        return STATUS_OK;
    case REPLAY_URL:
        if (url_parse(change->value, &url) || url_default_port(url.scheme) == 0)
            return refuse(error, "--set url= takes a URL of http or https");
        return STATUS_OK;
    case REPLAY_HEADER:
        if (!http_value_valid(change->value))
            return refuse(error, "a header's value has no line breaks and controls");
        return STATUS_OK;
    case REPLAY_BODY:
        if (change->value.len && change->value.ptr[0] == '@')
            return load_body(c, change, error);
        return STATUS_OK;
    }
    return STATUS_OK;
}

enum status replay_changes_add(struct replay_changes *c, const char *text, char *error)
{
    struct bytes all = bytes_of(text);
    ptrdiff_t equals = bytes_find(all, '=');
    struct bytes key = equals < 0 ? all : bytes_until(all, (size_t)equals);
    struct replay_change *change = &c->items[c->count];
    enum status st;

    if (c->count == REPLAY_CHANGES)
        return refuse(error, "there are more than 64 changes");
    *change = (struct replay_change){0};
    st = read_target(key, change, error);
    if (st)
        return st;
    if (equals < 0 && change->target != REPLAY_HEADER)
        return refuse(error, "--set wants a value, as in method=PUT");
    if (equals >= 0)
        change->value = bytes_from(all, (size_t)equals + 1);
    st = equals < 0 ? STATUS_OK : check_value(c, change, error);
    if (!st)
        c->count++;
    return st;
}

/* ---- doing -------------------------------------------------------------------------------- */

static enum status set_url(struct flow *f, struct head *head, struct bytes value)
{
    struct url url = {0};
    struct buf path, host;
    enum status st = url_parse(value, &url);

    if (st)
        return st;
    buf_init(&path, HTTP_REQUEST_LINE_BYTES);
    buf_init(&host, HOST_BYTES + 1);
    buf_put(&path, url.path.len ? url.path : BYTES("/"));
    if (url.query.ptr)
        buf_put_byte(&path, '?');
    buf_put(&path, url.query);
    st = host_normalise(url.authority.host, &host);
    if (!st)
        st = buf_status(&path);
    f->scheme = url.scheme;
    f->port = url.authority.port < 0 ? url_default_port(url.scheme) : (uint16_t)url.authority.port;
    f->host = arena_copy(&f->arena, buf_bytes(&host));
    head->path = arena_copy(&f->arena, buf_bytes(&path));
    head->target = head->path;
    fields_remove(&head->fields, BYTES("Host"));
    buf_release(&path);
    buf_release(&host);
    return st || (f->host.ptr && head->path.ptr) ? st : STATUS_NO_MEMORY;
}

static enum status set_body(struct flow *f, struct head *head, struct bytes value)
{
    f->request.body = (struct flow_body){.wire_bytes = (int64_t)value.len};
    f->body_not_captured = false;
    fields_remove(&head->fields, BYTES("Content-Encoding"));
    return flow_make_content(f, &f->request, value);
}

static enum status set_header(struct flow *f, struct head *head, const struct replay_change *change)
{
    if (change->value.ptr)
        return fields_set(&f->arena, &head->fields, change->name, change->value);
    fields_remove(&head->fields, change->name);
    return STATUS_OK;
}

static enum status change_apply(const struct replay_change *change, struct flow *f,
                                struct head *head)
{
    switch (change->target) {
    case REPLAY_METHOD:
        head->method = change->value;
        return STATUS_OK;
    case REPLAY_URL:
        return set_url(f, head, change->value);
    case REPLAY_BODY:
        return set_body(f, head, change->value);
    case REPLAY_HEADER:
        return set_header(f, head, change);
    }
    return STATUS_OK;
}

enum status replay_changes_apply(const struct replay_changes *c, struct flow *f)
{
    const struct head *was = flow_message_head(&f->request);
    struct head *head;
    enum status st;

    if (f->kind != FLOW_HTTP || !was)
        return STATUS_NOT_FOUND;
    head = arena_alloc(&f->arena, sizeof(*head));
    if (!head)
        return STATUS_NO_MEMORY;
    st = head_fork(&f->arena, was, head);
    f->request.received = head;
    for (uint32_t i = 0; i < c->count && !st; i++)
        st = change_apply(&c->items[i], f, head);
    return st;
}
