/* The heads that go on: what came, without what may not pass a proxy (RFC 9110
 * §7.6), in the form the next hop expects (RFC 9112 §3.2). Nothing is added but what
 * the configuration asks for. */
#include "proxy/core/exchange.h"

#include "proxy/core/session.h"
#include "rules/draft.h"

enum { TARGET_BYTES = 128 * 1024, AUTHORITY_BYTES = 512, MAX_FORWARDS_DIGITS = 9 };

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

/* RFC 9110 §7.6.2: how many may still pass it on; -1 when that is not said. */
static int32_t max_forwards(const struct head *h)
{
    struct bytes value = fields_value(&h->fields, BYTES("Max-Forwards"));
    int32_t number = 0;

    if (value.len == 0 || value.len > MAX_FORWARDS_DIGITS ||
        (!http_method_is(h, "TRACE") && !http_method_is(h, "OPTIONS")))
        return -1;
    for (size_t i = 0; i < value.len; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return -1;
        number = number * 10 + (value.ptr[i] - '0');
    }
    return number;
}

bool exchange_ends_here(const struct exchange *ex)
{
    return max_forwards(&ex->request) == 0;
}

static enum status count_forward(struct exchange *ex, struct head *h)
{
    int32_t left = max_forwards(h);
    const char *text;

    if (left < 0)
        return STATUS_OK;
    text = arena_printf(exchange_arena(ex), "%d", (int)left - 1);
    return text ? fields_set(exchange_arena(ex), &h->fields, BYTES("Max-Forwards"), bytes_of(text))
                : STATUS_NO_MEMORY;
}

static enum status add_via(struct exchange *ex, struct head *h)
{
    if (!ex->engine->settings->via_header)
        return STATUS_OK;
    return fields_append(exchange_arena(ex), &h->fields, BYTES("Via"), BYTES("1.1 weir"));
}

/* "a.test", "[::1]:8080": what the request is for, as a URL and Host have it. */
static enum status target_authority(struct exchange *ex, struct bytes *ret_authority)
{
    const struct rule_target target = {ex->secure ? BYTES("https") : BYTES("http"), ex->target.host,
                                       ex->target.port};
    struct buf text;
    struct bytes copy;
    enum status st;

    buf_init(&text, AUTHORITY_BYTES);
    target_authority_put(&text, &target);
    copy = arena_copy(exchange_arena(ex), buf_bytes(&text));
    st = buf_status(&text);
    buf_release(&text);
    if (!st && !copy.ptr)
        st = STATUS_NO_MEMORY;
    if (!st)
        *ret_authority = copy;
    return st;
}

/* A request of HTTP/1.0 may lack it, and goes on as HTTP/1.1 (RFC 9112 §3.2). */
static enum status add_host(struct exchange *ex, struct head *h)
{
    struct bytes host;
    enum status st;

    if (fields_find(&h->fields, FIELD_HOST, 0) >= 0)
        return STATUS_OK;
    st = target_authority(ex, &host);
    return st ? st : fields_append(exchange_arena(ex), &h->fields, field_name(FIELD_HOST), host);
}

enum status exchange_prepare_request(struct exchange *ex)
{
    struct arena *a = exchange_arena(ex);
    struct head *out = &ex->request_out;
    bool upgrade = upgrade_is_kept(&ex->request);
    enum status st = head_fork(a, &ex->request, out);

    if (!st)
        st = fields_strip_hop(a, &out->fields, upgrade);
    if (!st)
        st = add_host(ex, out);
    if (st)
        return st;
    out->upgrade = upgrade;
    out->version = HTTP_1_1;
    strip_trace(out);
    st = count_forward(ex, out);
    return st ? st : add_via(ex, out);
}

/* For another proxy. A request within a CONNECT goes where that went, whatever it
 * says of itself; one that a rule sends elsewhere goes there. */
static enum status absolute_target(struct exchange *ex, struct head *h)
{
    struct buf target;
    enum status st = STATUS_OK;

    h->scheme = BYTES("http");
    if (ex->session->connected || ex->redirected)
        st = target_authority(ex, &h->authority);
    if (st)
        return st;
    buf_init(&target, TARGET_BYTES);
    buf_put_text(&target, "http://");
    buf_put(&target, h->authority);
    if (!bytes_equal(h->path, BYTES("*"))) /* RFC 9112 §3.2.4 */
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
    enum status st;

    if (!via) {
        out->form = bytes_equal(out->path, BYTES("*")) ? TARGET_ASTERISK : TARGET_ORIGIN;
        out->target = out->path;
        return STATUS_OK;
    }
    st = absolute_target(ex, out);
    if (!st && via->credentials.len)
        st = fields_append(exchange_arena(ex), &out->fields, BYTES("Proxy-Authorization"),
                           via->credentials);
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
