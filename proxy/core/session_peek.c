/* After CONNECT: what do the first bytes look like? TLS is opened, HTTP is read,
 * anything else is relayed as it is. A client that says nothing may wait for the
 * server to speak first. */
#include "proxy/core/session.h"

#include "proxy/core/upstream.h"

enum { TLS_HANDSHAKE_RECORD = 0x16 };

enum peek { PEEK_MORE, PEEK_TLS, PEEK_HTTP, PEEK_OTHER };

/* A target that names a host is one of HTTP only with its scheme: the request of
 * a CONNECT to a further proxy is none of ours. */
static enum peek peek_scheme(struct bytes target)
{
    static const struct bytes schemes[] = {BYTES_INIT("http://"), BYTES_INIT("https://")};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        struct bytes start = bytes_until(schemes[i], target.len);

        if (bytes_equal_icase(bytes_until(target, start.len), start))
            return start.len < schemes[i].len ? PEEK_MORE : PEEK_HTTP;
    }
    return PEEK_OTHER;
}

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
    if (c == '/' || c == '*')
        return PEEK_HTTP;
    return peek_scheme(bytes_from(in, (size_t)space + 1));
}

static enum peek peek_what(struct bytes in)
{
    if (!in.len)
        return PEEK_MORE;
    return in.ptr[0] == TLS_HANDSHAKE_RECORD ? PEEK_TLS : peek_request_line(in);
}

/* The codec is given all of it, from the first byte on. */
static void session_peek_http(struct session *s, size_t before)
{
    enum status st = session_use_codec(s);

    session_forgo_raw(s);
    if (!st)
        st = wire_give_back(s->wire, bytes_until(buf_bytes(&s->peek), before));
    buf_release(&s->peek);
    if (st)
        session_end(s, true);
}

static void session_peek_tls(struct session *s)
{
    enum status st = client_hello_parse(buf_bytes(&s->peek), &s->hello_scratch, &s->hello);

    switch (st) {
    case STATUS_OK:
        session_forgo_raw(s);
        session_start_tls(s);
        break;
    case STATUS_NEED_MORE:
        if (!s->head_timed)
            engine_timer(s->engine, &s->timer, s->engine->settings->timeouts.head);
        s->head_timed = true;
        break;
    case STATUS_UNSUPPORTED:
        session_tunnel(s);
        break;
    default:
        session_note_refusal(s, CLOSE_BAD_CLIENT_HELLO, NULL);
        session_end(s, false);
        break;
    }
}

void session_peek_bytes(struct session *s, struct slice in, size_t *ret_used)
{
    size_t before = s->peek.len;

    *ret_used = in.len;
    buf_put(&s->peek, slice_bytes(in));
    if (buf_status(&s->peek)) {
        session_note_refusal(s, CLOSE_BAD_CLIENT_HELLO, "The client sent too much at once.");
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
        *ret_used = 0;
        session_peek_http(s, before);
        break;
    case PEEK_OTHER:
        session_tunnel(s);
        break;
    }
}
