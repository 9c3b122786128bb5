/* The heads that go on: what came, without what may not pass a proxy (RFC 9110
 * §7.6), in the form the next hop expects (RFC 9112 §3.2). Nothing is added but what
 * the configuration asks for. */
#include "proxy/core/exchange.h"

#include "proxy/core/session.h"

enum { TARGET_BYTES = 128 * 1024 };

/* HTTP/2 in the clear is not offered: an Upgrade to it is dropped. */
static bool upgrade_is_kept(const struct head *request)
{
    return request->upgrade && !fields_list_has(&request->fields, FIELD_UPGRADE, BYTES("h2c"));
}

/* TRACE comes back as it was sent: it must carry no secrets (RFC 9110 §9.3.8). */
static void strip_trace(struct head *h)
{
    if (!http_method_is(h, "TRACE"))
        return;
    fields_remove(&h->fields, BYTES("Cookie"));
    fields_remove(&h->fields, BYTES("Authorization"));
}

static enum status add_via(struct exchange *ex, struct head *h)
{
    if (!ex->engine->settings->via_header)
        return STATUS_OK;
    return fields_append(exchange_arena(ex), &h->fields, BYTES("Via"), BYTES("1.1 weir"));
}

enum status exchange_prepare_request(struct exchange *ex)
{
    struct arena *a = exchange_arena(ex);
    struct head *out = &ex->request_out;
    bool upgrade = upgrade_is_kept(&ex->request);
    enum status st = head_fork(a, &ex->request, out);

    if (!st)
        st = fields_strip_hop(a, &out->fields, upgrade);
    if (st)
        return st;
    out->upgrade = upgrade;
    out->version = HTTP_1_1;
    strip_trace(out);
    return add_via(ex, out);
}

/* OPTIONS for a whole server is written "*" to the server itself (RFC 9112 §3.2.4). */
static bool asks_whole_server(const struct head *h)
{
    return http_method_is(h, "OPTIONS") && h->form == TARGET_ABSOLUTE &&
           bytes_equal(h->path, BYTES("/")) && !bytes_ends_with(h->target, BYTES("/"));
}

static enum status absolute_target(struct exchange *ex, struct head *h)
{
    struct buf target;
    enum status st;

    buf_init(&target, TARGET_BYTES);
    buf_put_text(&target, "http://");
    buf_put(&target, h->authority);
    if (!asks_whole_server(h) && !bytes_equal(h->path, BYTES("*")))
        buf_put(&target, h->path);
    h->target = arena_copy(exchange_arena(ex), buf_bytes(&target));
    h->form = TARGET_ABSOLUTE;
    st = buf_status(&target);
    buf_release(&target);
    return st || h->target.ptr ? st : STATUS_NO_MEMORY;
}

enum status exchange_route_request(struct exchange *ex)
{
    struct head *out = &ex->request_out;
    const struct via_entry *via = ex->route.kind == ROUTE_HTTP ? ex->route.via : NULL;
    enum status st = STATUS_OK;

    if (via) {
        st = absolute_target(ex, out);
        if (!st && via->credentials.len)
            st = fields_append(exchange_arena(ex), &out->fields, BYTES("Proxy-Authorization"),
                               via->credentials);
        return st;
    }
    if (asks_whole_server(out))
        out->path = BYTES("*");
    out->form = bytes_equal(out->path, BYTES("*")) ? TARGET_ASTERISK : TARGET_ORIGIN;
    out->target = out->path;
    return st;
}

enum status exchange_prepare_response(struct exchange *ex)
{
    struct arena *a = exchange_arena(ex);
    struct head *out = &ex->response_out;
    enum status st = head_fork(a, &ex->response, out);

    if (!st)
        st = fields_strip_hop(a, &out->fields, ex->response.status == 101);
    return st;
}
