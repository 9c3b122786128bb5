/* What OpenSSL calls while it works on a tlsio. */
#include <string.h>

#include "tls/client_hello.h"
#include "tls/tls_internal.h"

static void on_keylog(const SSL *ssl, const char *line)
{
    const struct tls_shared *s = SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl));

    s->on_keylog(s->keylog_self, line);
}

/* Alerts received. close_notify and user_canceled end a connection in peace. */
static void on_info(const SSL *ssl, int where, int value)
{
    struct tlsio *t = SSL_get_app_data(ssl);
    int alert = value & 0xff;

    if (where == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL && alert != SSL3_AD_CLOSE_NOTIFY)
        t->alert = alert;
}

/* Counts handshake messages after the handshake (KeyUpdate, HelloRequest, hellos
 * to renegotiate): each costs us a few microseconds and an answer, and a peer may
 * send them for ever. */
static void on_message(int written, int version, int type, const void *message, size_t len,
                       SSL *ssl, void *self)
{
    struct tlsio *t = SSL_get_app_data(ssl);

    (void)version;
    (void)message;
    (void)len;
    (void)self;
    if (!written && type == SSL3_RT_HANDSHAKE && t->ready)
        t->idle_messages++;
}

/* Of our list the first that the client has offered too; none is no error: then
 * the connection goes without ALPN (RFC 7301 §3.2 would have it fail). */
static int on_alpn(SSL *ssl, const unsigned char **ret_name, unsigned char *ret_len,
                   const unsigned char *offered, unsigned offered_len, void *self)
{
    struct tlsio *t = SSL_get_app_data(ssl);
    struct bytes client = bytes_make(offered, offered_len);
    size_t at = 0;

    (void)self;
    while (at < t->alpn_len) {
        struct bytes name = bytes_make(t->alpn + at + 1, t->alpn[at]);

        if (alpn_list_has(client, name)) {
            *ret_name = name.ptr;
            *ret_len = (unsigned char)name.len;
            return SSL_TLSEXT_ERR_OK;
        }
        at += 1 + name.len;
    }
    return SSL_TLSEXT_ERR_NOACK;
}

/* 1: the reference is ours now. */
static int on_session(SSL *ssl, SSL_SESSION *session)
{
    struct tlsio *t = SSL_get_app_data(ssl);

    t->session_kept = true;
    tls_sessions_put(t->shared->sessions, t->session_key, session);
    return 1;
}

void tlsio_events_watch(SSL_CTX *ctx)
{
    const struct tls_shared *s = SSL_CTX_get_app_data(ctx);

    SSL_CTX_set_info_callback(ctx, on_info);
    SSL_CTX_set_msg_callback(ctx, on_message);
    SSL_CTX_set_alpn_select_cb(ctx, on_alpn, NULL);
    SSL_CTX_sess_set_new_cb(ctx, on_session);
    if (s->on_keylog)
        SSL_CTX_set_keylog_callback(ctx, on_keylog);
}
