/* Where a request wants to go, and whether it may: the target, the proxy's own
 * address, authentication, CONNECT. */
#include <string.h>

#include "base/text.h"
#include "http/url.h"
#include "proxy/core/exchange.h"
#include "proxy/core/flow_tap.h"
#include "proxy/core/page.h"
#include "proxy/core/session.h"

enum { CREDENTIALS_BYTES = 1024, HTTP_PORT = 80, HTTPS_PORT = 443 };

/* ---- authentication ----------------------------------------------------- */

/* Takes the same time wherever they differ. */
static bool equal_in_constant_time(struct bytes a, struct bytes b)
{
    unsigned differ = a.len != b.len;

    for (size_t i = 0; i < a.len; i++)
        differ |= (unsigned)(a.ptr[i] ^ b.ptr[b.len ? i % b.len : 0]);
    return differ == 0;
}

static bool session_check_auth(struct session *s, const struct head *request)
{
    static const struct bytes basic = BYTES_INIT("Basic ");
    struct bytes auth = s->engine->settings->auth;
    struct bytes value = fields_value(&request->fields, BYTES("Proxy-Authorization"));
    struct buf given;
    ptrdiff_t colon;
    bool ok;

    if (!auth.len)
        return true;
    if (value.len < basic.len || !bytes_equal_icase(bytes_until(value, basic.len), basic))
        return false;
    buf_init(&given, CREDENTIALS_BYTES);
    ok = text_base64_decode(&given, bytes_trim(bytes_from(value, basic.len))) == STATUS_OK &&
         given.len && equal_in_constant_time(buf_bytes(&given), auth);
    buf_release(&given);
    colon = bytes_find(auth, ':');
    if (ok && !s->user.len)
        s->user = bytes_until(auth, colon < 0 ? auth.len : (size_t)colon);
    return ok;
}

/* ---- the target --------------------------------------------------------- */

static enum status target_parse(struct arena *a, struct bytes authority, uint16_t default_port,
                                struct target *ret_target)
{
    struct authority parts;
    struct buf host;
    struct target t = {0};
    enum status st = authority_parse(authority, &parts);

    if (st)
        return st;
    if (parts.port < 0 && !default_port)
        return STATUS_BAD_INPUT;
    buf_init(&host, HOST_BYTES + 3);
    st = host_normalise(parts.host, &host);
    t.host = arena_copy(a, buf_bytes(&host));
    t.port = parts.port < 0 ? default_port : (uint16_t)parts.port;
    buf_release(&host);
    if (!st && !t.host.ptr)
        st = STATUS_NO_MEMORY;
    if (!st)
        *ret_target = t;
    return st;
}

/* Within a CONNECT the target is the CONNECT's; else the request names it. */
static enum status exchange_find_target(struct exchange *ex)
{
    const struct session *s = ex->session;
    const struct head *h = &ex->request;

    if (h->form == TARGET_AUTHORITY && s->connected)
        return STATUS_BAD_INPUT; /* a CONNECT within a CONNECT */
    if (s->connected) {
        ex->secure = s->wire->tls != NULL;
        ex->target.port = s->target.port;
        ex->target.how = TARGET_BY_CONNECT;
        ex->target.host = arena_copy(exchange_arena(ex), s->target.host);
        return ex->target.host.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    if (h->form != TARGET_ABSOLUTE)
        return STATUS_NOT_FOUND;
    ex->secure = bytes_equal_icase(h->scheme, BYTES("https"));
    if (!ex->secure && !bytes_equal_icase(h->scheme, BYTES("http")))
        return STATUS_BAD_INPUT;
    return target_parse(exchange_arena(ex), h->authority, ex->secure ? HTTPS_PORT : HTTP_PORT,
                        &ex->target);
}

/* Origin-form on the proxy's own port is never forwarded. */
static void exchange_answer_own(struct exchange *ex)
{
    struct page page = {.status = 200, .welcome = true};
    bool welcome = bytes_equal(ex->request.path, BYTES("/")) &&
                   (http_method_is(&ex->request, "GET") || http_method_is(&ex->request, "HEAD"));

    if (welcome)
        exchange_answer(ex, CLOSE_ANSWERED_BY_WEIR, NULL, &page);
    else
        exchange_fail(ex, CLOSE_NOT_A_PROXY_REQUEST, NULL);
}

static void exchange_answer_last(struct exchange *ex)
{
    static const char sentence[] = "Max-Forwards is 0: the request ends here, at weir.";
    struct page page = {.status = 200, .sentence = sentence, .reason = CLOSE_ANSWERED_BY_WEIR};

    exchange_answer(ex, CLOSE_ANSWERED_BY_WEIR, sentence, &page);
}

/* ---- requests ----------------------------------------------------------- */

/* What only a lenient host may send. */
static const uint32_t lenient_anomalies = HTTP_ANOMALY(BARE_LF) | HTTP_ANOMALY(SPACE_BEFORE_COLON) |
                                          HTTP_ANOMALY(FOLDED_FIELD) | HTTP_ANOMALY(LEADING_SPACE) |
                                          HTTP_ANOMALY(CONTROL_IN_VALUE) | HTTP_ANOMALY(BAD_HOST) |
                                          HTTP_ANOMALY(BARE_CR) | HTTP_ANOMALY(BAD_FIELD_NAME);

/* The codec was as lenient as the most lenient host, since it could not know this one. */
static bool exchange_is_too_untidy(const struct exchange *ex)
{
    return !ex->session->connected && (ex->request.anomalies & lenient_anomalies) &&
           !host_list_has(&ex->engine->settings->lenient, ex->target.host);
}

void session_request(struct session *s, uint32_t stream, const struct head *request)
{
    struct exchange *ex;
    enum status st;

    if (http_method_is(request, "CONNECT") && !s->connected) {
        s->connect_stream = stream;
        s->connect_head = arena_alloc(&s->arena, sizeof(*s->connect_head));
        if (!s->connect_head || head_copy(&s->arena, request, s->connect_head))
            session_end(s, true);
        return;
    }
    ex = exchange_new(s, stream, request);
    if (!ex) {
        session_note_refusal(s, CLOSE_NO_MEMORY, NULL);
        session_end(s, true);
        return;
    }
    st = exchange_find_target(ex);
    if (!s->connected && !session_check_auth(s, request)) {
        ex->flow->kind = FLOW_REFUSED;
        exchange_note_request(ex);
        exchange_fail(ex, CLOSE_AUTH_REQUIRED, NULL);
    } else if (engine_is_own_end(s->engine, &s->wire->peer)) {
        exchange_note_request(ex);
        exchange_fail(ex, CLOSE_LOOP, NULL);
    } else if (st == STATUS_OK && exchange_is_too_untidy(ex)) {
        ex->flow->kind = FLOW_REFUSED;
        exchange_note_request(ex);
        codec_drain(s->codec); /* nothing more is believed of this client */
        exchange_fail(ex, CLOSE_BAD_REQUEST, NULL);
    } else if (st == STATUS_OK && exchange_ends_here(ex)) {
        exchange_note_request(ex);
        exchange_answer_last(ex);
    } else if (st == STATUS_OK) {
        exchange_start(ex);
    } else {
        exchange_note_request(ex);
        if (st == STATUS_NOT_FOUND)
            exchange_answer_own(ex);
        else
            exchange_fail(ex, st == STATUS_NO_MEMORY ? CLOSE_NO_MEMORY : CLOSE_BAD_TARGET, NULL);
    }
}

/* ---- CONNECT ------------------------------------------------------------ */

static bool connect_is_own(const struct session *s)
{
    struct sockaddr_storage a;

    return address_parse(s->target.host, s->target.port, &a) == STATUS_OK &&
           address_is_own(s->engine->settings, &a);
}

/* Says 200 and leaves HTTP: what follows is the tunnel's. */
static enum status connect_accept(struct session *s)
{
    struct head head = {.side = HTTP_RESPONSE,
                        .version = HTTP_1_1,
                        .status = 200,
                        .reason = BYTES("Connection established"),
                        .length = -1};
    struct message_event ev = {.kind = MESSAGE_HEAD, .head = &head};
    enum status st = codec_send(s->codec, s->connect_stream, &ev);

    if (!st)
        st = session_leave_codec(s);
    if (st)
        return st;
    wire_flush(s->wire);
    wire_wake(s->wire);
    return STATUS_OK;
}

void session_connect(struct session *s)
{
    struct engine *e = s->engine;
    const struct head *request = s->connect_head;
    enum status st = target_parse(&s->arena, request->authority, 0, &s->target);

    s->connect_head = NULL;
    s->flow_left = false; /* what it leads to leaves a flow of its own */
    if (!session_check_auth(s, request)) {
        session_refuse(s, CLOSE_AUTH_REQUIRED, 0, NULL, request->anomalies);
        return;
    }
    if (st || engine_is_own_end(e, &s->wire->peer)) {
        session_refuse(s, st ? CLOSE_BAD_TARGET : CLOSE_LOOP, 0, NULL, request->anomalies);
        return;
    }
    s->target.how = TARGET_BY_CONNECT;
    if (connect_is_own(s)) {
        session_refuse(s, CLOSE_OWN_ADDRESS, 0, NULL, request->anomalies);
        return;
    }
    if (connect_accept(s)) {
        session_end(s, true);
        return;
    }
    s->connected = true;
    s->exchanges = 0; /* what follows is a connection of its own */
    if (host_list_has(&e->settings->tls.passthrough, s->target.host))
        session_tunnel(s);
    else
        session_wait(s, SESSION_WAIT_PEEK, e->settings->timeouts.peek);
}
