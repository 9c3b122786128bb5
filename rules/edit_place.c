#include "rules/edit_place.h"

#include "http/url.h"
#include "rules/template_part.h"

/* The texts of these may hold what must not stand there; an arena makes them. */
enum { PLACE_BYTES = 4 * HTTP_HEAD_BYTES };

enum status target_parse_url(struct arena *arena, struct bytes in, struct rule_target *ret_target,
                             struct bytes *ret_path)
{
    struct rule_target target;
    struct url url;
    struct buf host;
    enum status st = url_parse(in, &url);

    if (st || url.authority.userinfo)
        return STATUS_BAD_INPUT;
    if (bytes_equal_icase(url.scheme, BYTES("http")))
        target.scheme = BYTES("http");
    else if (bytes_equal_icase(url.scheme, BYTES("https")))
        target.scheme = BYTES("https");
    else
        return STATUS_BAD_INPUT;
    buf_init(&host, HOST_BYTES + 1);
    st = host_normalise(url.authority.host, &host);
    if (!st) {
        target.host = arena_copy(arena, buf_bytes(&host));
        st = target.host.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buf_release(&host);
    if (st)
        return st;
    target.port =
        url.authority.port > 0 ? (uint16_t)url.authority.port : url_default_port(target.scheme);
    *ret_target = target;
    *ret_path = url.path;
    if (url.query.ptr) /* both stand in one row */
        *ret_path =
            url.path.len
                ? bytes_make(url.path.ptr, (size_t)(url.query.ptr - url.path.ptr) + url.query.len)
                : bytes_make(url.query.ptr - 1, url.query.len + 1);
    return STATUS_OK;
}

/* ---- what may stand there --------------------------------------------------- */

static const char *method_fault(struct bytes value)
{
    if (!http_token_valid(value))
        return "is not a method";
    /* Whether content follows hangs on HEAD, where it goes on CONNECT; TRACE would echo
     * the client's secrets. */
    if (bytes_equal(value, BYTES("HEAD")) || bytes_equal(value, BYTES("CONNECT")) ||
        bytes_equal(value, BYTES("TRACE")))
        return "is a method that no other becomes";
    return NULL;
}

static bool host_is_valid(struct bytes value)
{
    struct buf host;
    bool valid;

    buf_init(&host, HOST_BYTES + 1);
    valid = host_normalise(value, &host) == STATUS_OK;
    buf_release(&host);
    return valid;
}

static const char *url_fault(struct bytes value)
{
    struct url url;
    bool http;

    if (bytes_starts_with(value, BYTES("/")) && !bytes_starts_with(value, BYTES("//")))
        return bytes_find(value, '#') >= 0 ? "holds a '#', which is never sent" : NULL;
    if (url_parse(value, &url) || url.authority.userinfo || !host_is_valid(url.authority.host))
        return "is not a URL, as https://b.test/path, and not a path";
    http = bytes_equal_icase(url.scheme, BYTES("http")) ||
           bytes_equal_icase(url.scheme, BYTES("https"));
    if (!http)
        return "is not a URL of http or https";
    return url.fragment.ptr ? "holds a '#', which is never sent" : NULL;
}

static const char *scheme_fault(struct bytes value)
{
    bool known = bytes_equal(value, BYTES("http")) || bytes_equal(value, BYTES("https"));

    return known ? NULL : "is not http or https";
}

static const char *host_fault(struct bytes value)
{
    return host_is_valid(value) ? NULL : "is not a host";
}

static const char *port_fault(struct bytes value)
{
    uint64_t port;

    return bytes_to_u64(value, UINT16_MAX, &port) || port == 0
               ? "is not a port: a number from 1 to 65535"
               : NULL;
}

static const char *path_fault(struct bytes value)
{
    if (!bytes_starts_with(value, BYTES("/")))
        return "is not a path: it starts with '/'";
    if (bytes_find(value, '?') >= 0 || bytes_find(value, '#') >= 0)
        return "holds a '?' or '#'; parameters are request.query.NAME";
    return NULL;
}

/* ---- what stands there now, and how it is changed ---------------------------- */

static void method_put(const struct draft *d, struct buf *out)
{
    buf_put(out, d->head.method);
}

static enum status head_set(struct firing *f, enum edit_part part, struct bytes value)
{
    struct head_edit edit = {.side = HTTP_REQUEST, .op = EDIT_SET, .part = part, .value = value};

    return firing_edit(f, edit);
}

static enum status method_set(struct firing *f, struct bytes value)
{
    if (bytes_equal(f->draft->head.method, value))
        return STATUS_OK;
    if (method_fault(f->draft->head.method))
        return firing_skip(f, "rule_skipped: HEAD, CONNECT and TRACE become no other method");
    return head_set(f, EDIT_METHOD, value);
}

static void url_put(const struct draft *d, struct buf *out)
{
    target_url_put(out, &d->target, d->head.path);
}

/* Bytes that no URL may hold are encoded. */
static enum status legal(struct firing *f, struct bytes in, struct bytes *ret_out)
{
    struct buf out;

    buf_init(&out, PLACE_BYTES);
    if (!bytes_starts_with(in, BYTES("/")))
        buf_put_byte(&out, '/');
    url_put_legal(&out, in, "");
    *ret_out = arena_copy(f->arena, buf_bytes(&out));
    buf_release(&out);
    return ret_out->ptr ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status url_set(struct firing *f, struct bytes value)
{
    struct rule_target target = f->draft->target;
    struct bytes path = value;
    bool whole = !bytes_starts_with(value, BYTES("/"));
    enum status st = whole ? target_parse_url(f->arena, value, &target, &path) : STATUS_OK;

    if (!st)
        st = legal(f, path, &path);
    if (!st && whole)
        st = firing_redirect(f, &target, false);
    return st ? st : head_set(f, EDIT_PATH_QUERY, path);
}

static void scheme_put(const struct draft *d, struct buf *out)
{
    buf_put(out, d->target.scheme);
}

/* The scheme's usual port goes with it. */
static enum status scheme_set(struct firing *f, struct bytes value)
{
    struct rule_target target = f->draft->target;
    bool usual = target.port == url_default_port(target.scheme);

    target.scheme = value;
    if (usual)
        target.port = url_default_port(value);
    return firing_redirect(f, &target, false);
}

static void host_put(const struct draft *d, struct buf *out)
{
    buf_put(out, d->target.host);
}

static enum status host_set(struct firing *f, struct bytes value)
{
    struct rule_target target = f->draft->target;
    struct buf host;
    enum status st;

    buf_init(&host, HOST_BYTES + 1);
    st = host_normalise(value, &host);
    if (!st)
        target.host = arena_copy(f->arena, buf_bytes(&host));
    buf_release(&host);
    return st || !target.host.ptr ? STATUS_NO_MEMORY : firing_redirect(f, &target, false);
}

static void port_put(const struct draft *d, struct buf *out)
{
    buf_put_u64(out, d->target.port);
}

static enum status port_set(struct firing *f, struct bytes value)
{
    struct rule_target target = f->draft->target;
    uint64_t port = 0;

    if (bytes_to_u64(value, UINT16_MAX, &port))
        return STATUS_OK;
    target.port = (uint16_t)port;
    return firing_redirect(f, &target, false);
}

static void path_put(const struct draft *d, struct buf *out)
{
    ptrdiff_t mark = bytes_find(d->head.path, '?');

    buf_put(out, mark < 0 ? d->head.path : bytes_until(d->head.path, (size_t)mark));
}

static enum status path_set(struct firing *f, struct bytes value)
{
    struct bytes path;
    enum status st = legal(f, value, &path);

    return st ? st : head_set(f, EDIT_PATH, path);
}

static const struct place {
    enum template_use use;
    const char *(*fault)(struct bytes value);
    void (*put)(const struct draft *d, struct buf *out);
    enum status (*set)(struct firing *f, struct bytes value);
} places[PLACES] = {
    [PLACE_METHOD] = {TEMPLATE_HEADER, method_fault, method_put, method_set},
    [PLACE_URL] = {TEMPLATE_URL, url_fault, url_put, url_set},
    [PLACE_SCHEME] = {TEMPLATE_HEADER, scheme_fault, scheme_put, scheme_set},
    [PLACE_HOST] = {TEMPLATE_HEADER, host_fault, host_put, host_set},
    [PLACE_PORT] = {TEMPLATE_HEADER, port_fault, port_put, port_set},
    [PLACE_PATH] = {TEMPLATE_URL, path_fault, path_put, path_set},
};

const char *edit_place_fault(enum edit_place place, struct bytes value)
{
    return places[place].fault(value);
}

enum template_use edit_place_use(enum edit_place place)
{
    return places[place].use;
}

void edit_place_put(enum edit_place place, const struct draft *d, struct buf *out)
{
    places[place].put(d, out);
}

enum status edit_place_set(enum edit_place place, struct firing *f, struct bytes value)
{
    return places[place].set(f, value);
}
