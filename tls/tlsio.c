#include "tls/tlsio.h"

#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

#include "tls/ca_internal.h"
#include "tls/openssl_failure.h"
#include "tls/tls_internal.h"

enum {
    RECORD_BYTES = SSL3_RT_MAX_PLAIN_LENGTH,
    GATHER_SLICES = 64, /* most slices that go into one record */
    /* Replies that TLS itself makes to a peer that does not read them. */
    OUT_CAP_BYTES = 2 * TLSIO_OUT_BYTES,
};

/* NULL: no memory. */
static struct tlsio *tlsio_new(struct tls_shared *s, struct chunk_pool *pool, SSL_CTX *ctx)
{
    struct tlsio *t = calloc(1, sizeof(*t));
    BIO *bio;

    if (!t)
        return NULL;
    t->shared = s;
    t->pool = pool;
    t->alert = -1;
    t->server = ctx == s->server;
    slice_queue_init(&t->in);
    slice_queue_init(&t->out);
    ERR_clear_error();
    t->ssl = SSL_new(ctx);
    bio = t->ssl && SSL_set_app_data(t->ssl, t) ? tlsio_bio_new(s->bio, t) : NULL;
    if (!bio) {
        tlsio_free(t);
        ERR_clear_error();
        return NULL;
    }
    SSL_set_bio(t->ssl, bio, bio);
    return t;
}

static enum status set_alpn(struct tlsio *t, struct bytes alpn)
{
    if (alpn.len > sizeof(t->alpn))
        return STATUS_LIMIT;
    for (size_t at = 0; at < alpn.len; at += 1 + alpn.ptr[at])
        if (alpn.ptr[at] == 0 || alpn.ptr[at] >= alpn.len - at)
            return STATUS_BAD_INPUT;
    if (alpn.len)
        memcpy(t->alpn, alpn.ptr, alpn.len);
    t->alpn_len = alpn.len;
    if (t->server || alpn.len == 0)
        return STATUS_OK;
    /* this one function of OpenSSL answers 0 when it went well */
    return SSL_set_alpn_protos(t->ssl, alpn.ptr, (unsigned)alpn.len) == 0 ? STATUS_OK
                                                                          : openssl_failure();
}

enum status tlsio_accept(struct tls_shared *s, struct chunk_pool *pool, struct leaf *leaf,
                         struct bytes alpn, const uint8_t binding[TLS_BINDING_BYTES],
                         struct tlsio **ret_tls)
{
    struct tlsio *t = tlsio_new(s, pool, s->server);
    enum status st = STATUS_OK;

    if (!t)
        return STATUS_NO_MEMORY;
    if (!SSL_use_cert_and_key(t->ssl, leaf->cert, leaf->key, leaf->chain, 1) ||
        !SSL_set_session_id_context(t->ssl, binding, TLS_BINDING_BYTES))
        st = openssl_failure();
    if (!st)
        st = set_alpn(t, alpn);
    if (st) {
        tlsio_free(t);
        return st;
    }
    SSL_set_accept_state(t->ssl);
    *ret_tls = t;
    return STATUS_OK;
}

enum status tlsio_cap_version(struct tlsio *t)
{
    if (SSL_set_min_proto_version(t->ssl, TLS1_2_VERSION) &&
        SSL_set_max_proto_version(t->ssl, TLS1_2_VERSION))
        return STATUS_OK;
    return openssl_failure();
}

static enum status set_sni(struct tlsio *t, struct bytes sni)
{
    struct cert_name name;
    enum status st;

    if (sni.len == 0)
        return STATUS_OK;
    st = cert_name_parse(sni, false, &name);
    if (st || name.is_address) /* RFC 6066 §3: addresses are not sent */
        return st;
    return SSL_set_tlsext_host_name(t->ssl, name.text) ? STATUS_OK : openssl_failure();
}

static enum status set_identity(struct tlsio *t, const struct tls_identity *i)
{
    if (!i || SSL_use_cert_and_key(t->ssl, i->cert, i->key, i->chain, 1))
        return STATUS_OK;
    return openssl_failure();
}

static enum status set_trust(struct tlsio *t, const struct tls_target *target,
                             const struct cert_name *host)
{
    t->verify = target->verify;
    if (t->verify)
        return tls_verify_set(t, host);
    /* Whoever turned verification off has an old or odd origin to reach. */
    SSL_set_security_level(t->ssl, 0);
    SSL_set_options(t->ssl, SSL_OP_LEGACY_SERVER_CONNECT);
    return STATUS_OK;
}

/* Verification is not repeated when a session is resumed: all it hangs on is in
 * the key. */
static enum status set_session(struct tlsio *t, const struct tls_target *target)
{
    uint8_t verify = target->verify;
    const struct bytes parts[] = {
        target->host,
        bytes_make(&target->port, sizeof(target->port)),
        target->sni,
        target->alpn,
        bytes_make(&verify, sizeof(verify)),
        bytes_make(target->identity ? target->identity->hash : NULL,
                   target->identity ? TLS_HASH_BYTES : 0),
    };
    SSL_SESSION *session;
    enum status st;

    st = tls_hash(parts, sizeof(parts) / sizeof(parts[0]), t->session_key);
    if (st)
        return st;
    session = tls_sessions_take(t->shared->sessions, t->session_key);
    if (session && !SSL_set_session(t->ssl, session))
        st = openssl_failure();
    SSL_SESSION_free(session);
    return st;
}

static enum status set_target(struct tlsio *t, const struct tls_target *target)
{
    struct cert_name host;
    enum status st;

    st = cert_name_parse(target->host, false, &host);
    if (st)
        return st;
    memcpy(t->host, host.text, sizeof(host.text));
    st = set_sni(t, target->sni);
    if (!st)
        st = set_alpn(t, target->alpn);
    if (!st)
        st = set_identity(t, target->identity);
    if (!st)
        st = set_trust(t, target, &host);
    if (!st)
        st = set_session(t, target);
    return st;
}

enum status tlsio_connect(struct tls_shared *s, struct chunk_pool *pool,
                          const struct tls_target *target, struct tlsio **ret_tls)
{
    struct tlsio *t = tlsio_new(s, pool, s->client);
    enum status st;

    if (!t)
        return STATUS_NO_MEMORY;
    st = set_target(t, target);
    if (st) {
        tlsio_free(t);
        return st;
    }
    SSL_set_connect_state(t->ssl);
    *ret_tls = t;
    return STATUS_OK;
}

/* May still be written to: what ended was at most the peer's direction. */
static bool is_alive(const struct tlsio *t)
{
    return t->ready && (!t->end || t->end == STATUS_END || t->end == STATUS_TRUNCATED);
}

/* SSL_free() marks a session as not to be resumed unless both sides said goodbye. */
void tlsio_free(struct tlsio *t)
{
    if (!t)
        return;
    if (is_alive(t))
        SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->ssl);
    X509_free(t->refused);
    slice_queue_release(&t->in);
    slice_queue_release(&t->out);
    free(t);
}

enum status tlsio_feed(struct tlsio *t, struct slice ciphertext)
{
    if (ciphertext.len > TLSIO_IN_BYTES - t->in.bytes) {
        slice_drop(ciphertext);
        return STATUS_LIMIT;
    }
    if (ciphertext.chunk)
        return slice_queue_push(&t->in, ciphertext);
    return slice_queue_put(&t->in, t->pool, slice_bytes(ciphertext)); /* borrowed */
}

void tlsio_feed_eof(struct tlsio *t)
{
    t->eof = true;
}

/* A session of TLS 1.2 may be used again and the origin need not send a new one. */
static void keep_resumed_session(struct tlsio *t)
{
    if (t->server || t->session_kept || !SSL_session_reused(t->ssl) ||
        SSL_version(t->ssl) > TLS1_2_VERSION)
        return;
    t->session_kept = true;
    tls_sessions_put(t->shared->sessions, t->session_key, SSL_get1_session(t->ssl));
}

enum status tlsio_handshake(struct tlsio *t)
{
    int result;

    if (t->ready)
        return STATUS_OK;
    if (t->end)
        return t->end;
    ERR_clear_error();
    result = SSL_do_handshake(t->ssl);
    if (result == 1) {
        t->ready = true;
        keep_resumed_session(t);
        return STATUS_OK;
    }
    if (SSL_get_error(t->ssl, result) != SSL_ERROR_WANT_READ)
        return tlsio_fail(t);
    if (!t->eof)
        return STATUS_NEED_MORE;
    return tlsio_fail_with(t, STATUS_TLS,
                           t->server ? "the client closed the connection in the middle of the TLS "
                                       "handshake; does it trust the CA of weir?"
                                     : "the origin closed the connection in the middle of the TLS "
                                       "handshake");
}

bool tlsio_ready(const struct tlsio *t)
{
    return t->ready;
}

/* SSL_read_ex() gave nothing. */
static enum status read_stopped(struct tlsio *t)
{
    int error = SSL_get_error(t->ssl, 0);

    if (error == SSL_ERROR_ZERO_RETURN) {
        t->end = STATUS_END;
        return t->end;
    }
    if (error != SSL_ERROR_WANT_READ)
        return tlsio_fail(t);
    if (t->out.bytes > OUT_CAP_BYTES)
        return tlsio_fail_with(t, STATUS_TLS, "the peer asks for replies and does not read them");
    /* a ticket has a write buffer made, which RELEASE_BUFFERS alone leaves there */
    SSL_free_buffers(t->ssl);
    if (!t->eof)
        return STATUS_NEED_MORE;
    return tlsio_fail_with(t, STATUS_TRUNCATED,
                           "the connection was closed without the end of TLS (close_notify): "
                           "something may be missing");
}

/* Decrypts until the chunk is full or there is nothing more to decrypt. */
static enum status fill_chunk(struct tlsio *t, struct chunk *c)
{
    while (c->len < c->cap) {
        size_t len;

        ERR_clear_error();
        if (!SSL_read_ex(t->ssl, c->data + c->len, c->cap - c->len, &len))
            return read_stopped(t);
        c->len += (uint32_t)len;
        t->idle_messages = 0;
    }
    return STATUS_OK;
}

enum status tlsio_read(struct tlsio *t, struct slice *ret_plain)
{
    bool much = t->in.bytes > 2 * CHUNK_SMALL_BYTES;
    struct chunk *c;
    enum status st;

    if (t->end)
        return t->end;
    if (!t->ready || (t->in.bytes == 0 && !t->eof && SSL_pending(t->ssl) == 0))
        return STATUS_NEED_MORE;
    c = chunk_new(t->pool, much ? CHUNK_LARGE_BYTES : CHUNK_SMALL_BYTES);
    if (!c)
        return STATUS_NO_MEMORY;
    st = fill_chunk(t, c);
    if (c->len == 0) {
        chunk_unref(c);
        return st;
    }
    *ret_plain = (struct slice){c->data, c->len, c}; /* an end is told next time */
    return STATUS_OK;
}

/* Copies the front of `plain` until a record is full or a slice comes that fills
 * one by itself. */
static size_t gather(const struct slice_queue *plain, uint8_t record[RECORD_BYTES])
{
    struct iovec parts[GATHER_SLICES];
    int count = slice_queue_iov(plain, parts, GATHER_SLICES);
    size_t len = 0;

    for (int i = 0; i < count && len < RECORD_BYTES; i++) {
        size_t part = parts[i].iov_len;

        if (part >= RECORD_BYTES && len)
            break;
        if (part > RECORD_BYTES - len)
            part = RECORD_BYTES - len;
        memcpy(record + len, parts[i].iov_base, part);
        len += part;
    }
    return len;
}

/* Encrypts one record; *ret_len: how much of `plain` went into it. */
static enum status write_record(struct tlsio *t, const struct slice_queue *plain, size_t *ret_len)
{
    struct slice first = slice_queue_first(plain);
    uint8_t record[RECORD_BYTES];
    const uint8_t *from = first.ptr;
    size_t len = first.len, written;

    if (len > RECORD_BYTES) {
        len = RECORD_BYTES;
    } else if (len < RECORD_BYTES && len < plain->bytes) {
        len = gather(plain, record);
        from = record;
    }
    ERR_clear_error();
    if (!SSL_write_ex(t->ssl, from, len, &written))
        return tlsio_fail(t);
    *ret_len = written;
    return STATUS_OK;
}

enum status tlsio_write(struct tlsio *t, struct slice_queue *plain, size_t *ret_taken)
{
    size_t taken = 0;

    if (t->closing)
        return STATUS_CLOSED;
    if (!is_alive(t))
        return t->end ? t->end : STATUS_NEED_MORE;
    while (plain->bytes && t->out.bytes < TLSIO_OUT_BYTES) {
        size_t len = 0;
        enum status st = write_record(t, plain, &len);

        if (st)
            return st;
        slice_queue_consume(plain, len);
        taken += len;
    }
    *ret_taken = taken;
    return STATUS_OK;
}

void tlsio_close(struct tlsio *t)
{
    if (!is_alive(t) || t->closing)
        return;
    t->closing = true;
    ERR_clear_error();
    SSL_shutdown(t->ssl);
    ERR_clear_error();
}

struct slice_queue *tlsio_out(struct tlsio *t)
{
    return &t->out;
}
