#include <string.h>

#include "http/h1_head.h"
#include "http/url.h"

static enum status bad_target(struct h1_reader *r)
{
    return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_BAD_TARGET);
}

/* RFC 9110 §4.2.4: userinfo is refused; a host is never empty in http and https. */
static enum status check_authority(struct h1_reader *r, struct bytes text, struct authority *ret)
{
    if (authority_parse(text, ret) || ret->userinfo)
        return bad_target(r);
    return STATUS_OK;
}

static enum status judge_connect(struct h1_reader *r, struct head *h)
{
    struct authority parts;
    enum status st = check_authority(r, h->target, &parts);

    if (st)
        return st;
    if (parts.port < 0) /* RFC 9112 §3.2.3: the port is not optional */
        return bad_target(r);
    h->form = TARGET_AUTHORITY;
    h->authority = h->target;
    return STATUS_OK;
}

/* The path that an absolute target without one means (RFC 9112 §3.2.1, §3.2.4). */
static enum status complete_path(struct h1_reader *r, struct head *h, struct bytes query)
{
    uint8_t *room;

    if (query.len == 0) {
        h->path = http_method_is(h, "OPTIONS") ? BYTES("*") : BYTES("/");
        return STATUS_OK;
    }
    room = h1_made_room(r);
    if (room == NULL)
        return STATUS_NO_MEMORY;
    room[0] = '/';
    memcpy(room + 1, query.ptr, query.len);
    r->scratch->made_len += 1 + query.len;
    h->path = bytes_make(room, 1 + query.len);
    return STATUS_OK;
}

/* RFC 3986 §3.1 */
static bool scheme_valid(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];
        bool letter = (uint8_t)((c | 0x20) - 'a') <= 25;

        if (!letter && (i == 0 || ((c < '0' || c > '9') && c != '+' && c != '-' && c != '.')))
            return false;
    }
    return in.len > 0;
}

static enum status judge_absolute(struct h1_reader *r, struct head *h)
{
    ptrdiff_t colon = bytes_search(h->target, BYTES("://"));
    struct authority parts;
    struct bytes rest;
    size_t len = 0;
    enum status st;

    if (colon < 0)
        return bad_target(r);
    h->form = TARGET_ABSOLUTE;
    h->scheme = bytes_until(h->target, (size_t)colon);
    if (!scheme_valid(h->scheme))
        return bad_target(r);
    rest = bytes_from(h->target, (size_t)colon + 3);
    while (len < rest.len && rest.ptr[len] != '/' && rest.ptr[len] != '?')
        len++;
    h->authority = bytes_until(rest, len);
    st = check_authority(r, h->authority, &parts);
    if (st)
        return st;
    h->path = bytes_from(rest, len);
    if (h->path.len == 0 || h->path.ptr[0] != '/')
        return complete_path(r, h, h->path);
    return STATUS_OK;
}

enum status h1_judge_target(struct h1_reader *r)
{
    struct head *h = &r->scratch->head;

    if (http_method_is(h, "CONNECT"))
        return judge_connect(r, h);
    if (h->target.ptr[0] == '/') {
        h->form = TARGET_ORIGIN;
        h->path = h->target;
        return STATUS_OK;
    }
    if (h->target.len == 1 && h->target.ptr[0] == '*') {
        if (!http_method_is(h, "OPTIONS")) /* RFC 9112 §3.2.4 */
            return bad_target(r);
        h->form = TARGET_ASTERISK;
        h->path = h->target;
        return STATUS_OK;
    }
    return judge_absolute(r, h);
}

static enum status bad_host(struct h1_reader *r)
{
    return h1_refuse(r, 400, HTTP_ANOMALY_PLACE_BAD_HOST);
}

/* RFC 9112 §3.2: more than one Host MUST be refused; equal ones are one. */
static enum status collapse_hosts(struct h1_reader *r, uint32_t first)
{
    struct fields *f = r->fields;

    for (int next; (next = fields_find(f, FIELD_HOST, first + 1)) >= 0;) {
        if (!bytes_equal_icase(f->items[first].value, f->items[next].value))
            return bad_host(r);
        fields_remove_at(f, (uint32_t)next);
        r->anomalies |= HTTP_ANOMALY(REPEATED_HOST);
    }
    return STATUS_OK;
}

/* Do Host and the target mean the same server? CONNECT clients often leave the
 * port out of Host, which is no disagreement. */
static bool same_server(const struct head *h, const struct authority *host)
{
    struct authority target;
    int32_t usual = url_default_port(h->scheme);

    if (authority_parse(h->authority, &target))
        return false;
    if (!bytes_equal_icase(target.host, host->host))
        return false;
    if (h->form == TARGET_AUTHORITY)
        return host->port < 0 || host->port == target.port;
    return (host->port < 0 ? usual : host->port) == (target.port < 0 ? usual : target.port);
}

/* RFC 9112 §3.2.2: a proxy that gets absolute-form MUST ignore Host and put the
 * target's host in its place. */
static void replace_host(struct h1_reader *r, uint32_t at, const struct authority *host)
{
    struct head *h = &r->scratch->head;
    struct field *f = &r->fields->items[at];

    if (bytes_equal(f->value, h->authority))
        return;
    if (!same_server(h, host))
        r->anomalies |= HTTP_ANOMALY(HOST_NOT_TARGET);
    f->value = h->authority;
    f->line = (struct bytes){NULL, 0};
}

static void insert_host(struct fields *f, struct bytes authority)
{
    memmove(f->items + 1, f->items, f->count * sizeof(*f->items));
    f->items[0] =
        (struct field){.name = field_name(FIELD_HOST), .value = authority, .id = FIELD_HOST};
    f->count++;
}

static enum status judge_no_host(struct h1_reader *r)
{
    struct head *h = &r->scratch->head;
    bool named = h->form == TARGET_ABSOLUTE || h->form == TARGET_AUTHORITY;

    if (h->version != HTTP_1_0) { /* RFC 9112 §3.2: MUST be refused */
        enum status st = h1_object(r, named && r->limits->lenient, HTTP_ANOMALY_PLACE_BAD_HOST);

        if (st)
            return st;
    }
    /* It goes on as HTTP/1.1, which cannot be without. */
    if (named)
        insert_host(r->fields, h->authority);
    return STATUS_OK;
}

static bool is_ascii(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] >= 0x80)
            return false;
    }
    return true;
}

enum status h1_judge_host(struct h1_reader *r)
{
    struct head *h = &r->scratch->head;
    struct authority parts = {.port = -1};
    int first = h1_saw(r, FIELD_HOST) ? fields_find(r->fields, FIELD_HOST, 0) : -1;
    bool named = h->form == TARGET_ABSOLUTE || h->form == TARGET_AUTHORITY;
    struct bytes value;
    enum status st;

    if (first < 0)
        return judge_no_host(r);
    if (h1_saw_again(r, FIELD_HOST)) {
        st = collapse_hosts(r, (uint32_t)first);
        if (st)
            return st;
    }
    value = r->fields->items[first].value;
    /* An empty Host is right for a target without authority (RFC 9110 §7.2),
     * and none of those that a proxy serves is such a one. A name that is not
     * ASCII may stand in a rule, not on the wire (RFC 3986 §3.2.2). */
    if (value.len > 0 || !named) {
        if (authority_parse(value, &parts) || parts.userinfo || !is_ascii(value))
            return bad_host(r);
    }
    if (named)
        replace_host(r, (uint32_t)first, &parts);
    else
        h->authority = value;
    return STATUS_OK;
}
