/* After CONNECT: what do the first bytes look like? TLS is opened, HTTP is read,
 * anything else is relayed as it is. A client that says nothing may wait for the
 * server to speak first. */
#include "proxy/core/session.h"

#include "proxy/core/upstream.h"

enum { TLS_HANDSHAKE_RECORD = 0x16 };

enum peek { PEEK_MORE, PEEK_TLS, PEEK_HTTP, PEEK_OTHER };

/* A request line starts with a token, one space, and a target. */
static enum peek peek_request_line(struct bytes in)
{
    struct bytes start = bytes_until(in, REQUEST_LINE_PEEK_BYTES);
    ptrdiff_t space = bytes_find(start, ' ');
    uint8_t c;

    if (!http_token_valid(space < 0 ? start : bytes_until(start, (size_t)space)))
        return PEEK_OTHER;
    if (space < 0)
        return in.len < REQUEST_LINE_PEEK_BYTES ? PEEK_MORE : PEEK_OTHER;
    if (in.len == (size_t)space + 1)
        return PEEK_MORE;
    c = in.ptr[space + 1];
    if (c == '/' || c == '*' || bytes_starts_with(bytes_from(in, (size_t)space + 1), BYTES("http")))
        return PEEK_HTTP;
    return PEEK_OTHER;
}

static enum peek peek_what(struct bytes in)
{
    if (!in.len)
        return PEEK_MORE;
    return in.ptr[0] == TLS_HANDSHAKE_RECORD ? PEEK_TLS : peek_request_line(in);
}

static void session_peek_http(struct session *s)
{
    struct slice in = slice_of(buf_bytes(&s->peek));
    struct slice kept;
    enum status st = session_use_codec(s);

    session_drop_raw(s);
    if (!st)
        st = slice_retain(s->engine->env.pool, in, &kept);
    if (!st)
        st = slice_queue_push(&s->wire->in, kept);
    if (st) {
        session_end(s, true);
        return;
    }
    buf_release(&s->peek);
    wire_wake(s->wire);
}

static void session_peek_tls(struct session *s)
{
    enum status st = client_hello_parse(buf_bytes(&s->peek), &s->hello_scratch, &s->hello);

    switch (st) {
    case STATUS_OK:
        session_drop_raw(s);
        session_start_tls(s);
        break;
    case STATUS_NEED_MORE:
        engine_timer(s->engine, &s->timer, s->engine->settings->timeouts.head);
        break;
    case STATUS_UNSUPPORTED:
        session_tunnel(s);
        break;
    default:
        session_note_refusal(s, CLOSE_BAD_CLIENT_HELLO, NULL, 0);
        session_end(s, false);
        break;
    }
}

void session_peek_bytes(struct session *s, struct slice in, size_t *ret_used)
{
    *ret_used = in.len;
    buf_put(&s->peek, slice_bytes(in));
    if (buf_status(&s->peek)) {
        session_note_refusal(s, CLOSE_BAD_CLIENT_HELLO, "The client sent too much at once.", 0);
        session_end(s, true);
        return;
    }
    if (s->state == SESSION_WAIT_FACTS || s->state == SESSION_WAIT_LEAF)
        return; /* more of what follows the ClientHello */
    switch (peek_what(buf_bytes(&s->peek))) {
    case PEEK_MORE:
        break;
    case PEEK_TLS:
        if (s->state == SESSION_WAIT_INNER)
            session_tunnel(s);
        else
            session_peek_tls(s);
        break;
    case PEEK_HTTP:
        session_peek_http(s);
        break;
    case PEEK_OTHER:
        session_tunnel(s);
        break;
    }
}
