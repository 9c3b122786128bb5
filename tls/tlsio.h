/* tlsio: one end of a TLS connection as a pump without sockets: ciphertext
 * slices go in, plaintext slices come out, and the other way round. One tlsio
 * belongs to one loop; a tls_shared serves all loops (its caches are locked). */
#ifndef WEIR_TLS_TLSIO_H
#define WEIR_TLS_TLSIO_H

#include "base/chunk.h"
#include "tls/ca.h"

enum {
    TLSIO_OUT_BYTES = 256 * 1024, /* tlsio_write() takes nothing while more is queued */
    TLS_SESSIONS = 4096,          /* upstream sessions kept for resumption */
    TLS_ERROR_TEXT = 256,
    TLS_BINDING_BYTES = 32,
};

struct tls_shared;
struct tlsio;

struct tls_settings {
    uint16_t min_version;         /* 0x0303 or 0x0304 */
    struct bytes upstream_ca_pem; /* added to the system's roots; may be empty */
    /* Called for each key log line (NSS format), from any loop's thread; or NULL. */
    void (*on_keylog)(void *self, const char *line);
    void *keylog_self;
};

/* `error`: TLS_ERROR_TEXT bytes. The system's trust store is loaded later, at the
 * first verification or by tls_shared_load_trust(). */
MUST_USE enum status tls_shared_new(const struct tls_settings *settings, char *error,
                                    struct tls_shared **ret_shared);
/* All tlsio must be gone. NULL is fine. */
void tls_shared_free(struct tls_shared *s);
/* Loads the system's roots unless they are there; about 30 ms. Call it from a
 * JOB soon after start, so that no first connection has to wait for it. May be
 * called from any thread. NOT_FOUND: no bundle was found; all but origins signed
 * by `upstream_ca_pem` will be refused. */
MUST_USE enum status tls_shared_load_trust(struct tls_shared *s);

/* A certificate of our own to show to origins that ask for one. */
struct tls_identity; /* opaque */
MUST_USE enum status tls_identity_new(struct bytes cert_pem, struct bytes key_pem, char *error,
                                      struct tls_identity **ret_identity);
void tls_identity_free(struct tls_identity *i);

/* Towards an origin. The key under which sessions are kept for resumption is
 * made of host, port, sni, alpn, verify and identity: TLS state never mixes. */
struct tls_target {
    struct bytes host; /* the name that must stand in the certificate; or an address */
    uint16_t port;
    struct bytes sni;  /* empty: none is sent (an address) */
    struct bytes alpn; /* wire-format list to offer; may be empty */
    bool verify;
    const struct tls_identity *identity; /* or NULL */
};

/* Towards a client: shows `leaf` (takes a reference); chooses of `alpn` (our
 * wire-format list, in order of preference; empty: no ALPN) what the client
 * offers, or goes without ALPN when there is nothing in common.
 * `binding` keeps tickets from being used under another host or policy.
 * BAD_INPUT, LIMIT: of `alpn`. */
MUST_USE enum status tlsio_accept(struct tls_shared *s, struct chunk_pool *pool, struct leaf *leaf,
                                  struct bytes alpn, const uint8_t binding[TLS_BINDING_BYTES],
                                  struct tlsio **ret_tls);
/* No later version than TLS 1.2 for a connection from a client, whatever the settings say;
 * before its handshake. STATUS_TLS: OpenSSL would not. */
MUST_USE enum status tlsio_cap_version(struct tlsio *t);
/* BAD_INPUT: host or sni is no name or address, or alpn is no list. The first
 * verification loads the system's roots, see tls_shared_load_trust(). */
MUST_USE enum status tlsio_connect(struct tls_shared *s, struct chunk_pool *pool,
                                   const struct tls_target *target, struct tlsio **ret_tls);
/* Without a sent close_notify a session could not be resumed: sends none, but
 * marks it as orderly unless it failed. */
void tlsio_free(struct tlsio *t);

/* The binding for tlsio_accept(): a hash over what must not mix. */
MUST_USE enum status tls_binding(struct bytes host, uint16_t port, struct bytes policy,
                                 uint8_t ret_binding[TLS_BINDING_BYTES]);

/* Takes over the reference; bytes without a chunk are copied. Then call
 * tlsio_handshake() until it answers OK, and tlsio_read() until NEED_MORE.
 * STATUS_LIMIT: over 1 MiB was fed and not read; STATUS_NO_MEMORY. */
MUST_USE enum status tlsio_feed(struct tlsio *t, struct slice ciphertext);
/* The peer's FIN: what follows the last byte. */
void tlsio_feed_eof(struct tlsio *t);
/* OK: done. NEED_MORE: send tlsio_out(), feed more. STATUS_TLS (or NO_MEMORY):
 * failed for good, see tlsio_error(); send tlsio_out() all the same, it may hold
 * an alert. */
MUST_USE enum status tlsio_handshake(struct tlsio *t);
bool tlsio_ready(const struct tlsio *t); /* the handshake is done */
/* The next run of plaintext, with a reference that is the caller's; several
 * records share a chunk. NEED_MORE (reading may have put replies into
 * tlsio_out()); STATUS_END: close_notify came; STATUS_TRUNCATED: FIN without it;
 * STATUS_TLS. After END and TRUNCATED the other direction may still be written. */
MUST_USE enum status tlsio_read(struct tlsio *t, struct slice *ret_plain);
/* Encrypts from the front of `plain` and consumes what it took, in full records,
 * small slices gathered; stops while tlsio_out() holds TLSIO_OUT_BYTES.
 * NEED_MORE: the handshake is not done; CLOSED: after tlsio_close(); STATUS_TLS. */
MUST_USE enum status tlsio_write(struct tlsio *t, struct slice_queue *plain, size_t *ret_taken);
/* Queues close_notify, once; nothing before the handshake is done. */
void tlsio_close(struct tlsio *t);
struct slice_queue *tlsio_out(struct tlsio *t);

/* What is known of a connection, for people and the log; texts are static or
 * live as long as the tlsio. */
struct tls_facts {
    uint16_t version; /* 0x0303, 0x0304; 0 before the handshake */
    const char *version_text, *cipher;
    struct bytes alpn; /* chosen; empty: none */
    bool resumed;
    bool verified;          /* the chain and the name were checked and hold */
    int alert;              /* received fatal alert, or -1 */
    const char *alert_text; /* "unknown_ca" … or NULL */
};
struct tls_facts tlsio_facts(const struct tlsio *t);
/* The last failure as a sentence for people, such as: the certificate of
 * old.test has expired (2024-05-01). "" when there is none. */
const char *tlsio_error(const struct tlsio *t);
/* Did the handshake fail because the peer's certificate was refused by us? */
bool tlsio_refused_peer(const struct tlsio *t);
/* Did the peer refuse our certificate (alerts bad_certificate, unknown_ca,
 * certificate_expired, certificate_unknown, unsupported_certificate …)? */
bool tlsio_refused_by_peer(const struct tlsio *t);
/* Names of the origin's certificate; NOT_FOUND when there is none. */
MUST_USE enum status tlsio_peer_names(const struct tlsio *t, struct cert_names *ret_names);
/* "CN=…; issuer …; valid from … to …; SHA-256 …" facts, one `key: value` a line. */
MUST_USE enum status tlsio_peer_describe(const struct tlsio *t, struct buf *out);

#endif
