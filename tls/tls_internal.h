/* tls_internal: what tls_shared.c, tls_sessions.c, tls_identity.c and the tlsio
 * files share. Inner header of tls/. */
#ifndef WEIR_TLS_TLS_INTERNAL_H
#define WEIR_TLS_TLS_INTERNAL_H

#include <openssl/ssl.h>
#include <pthread.h>

#include "tls/tlsio.h"

enum {
    TLS_HASH_BYTES = 32,         /* a SHA-256 */
    TLSIO_ALPN_BYTES = 256,      /* the longest list offered or chosen from */
    TLSIO_HOST_TEXT = 256,       /* room of a host name with its NUL */
    TLSIO_IN_BYTES = 1 << 20,    /* ciphertext fed but not read yet */
    TLSIO_IDLE_MESSAGES = 32,    /* handshake messages in a row without any data */
    TLS_SESSION_BYTES = 16384,   /* a longer session is not kept */
    TLS_CERT_LIST_BYTES = 65536, /* the longest chain read from an origin */
    TLS_ADDED_ROOTS = 1000,      /* most certificates in upstream_ca_pem */
    TLS_SESSIONS_A_TARGET = 4,   /* kept for one target, for as many dials at once */
};

struct cert_name;
struct tls_sessions;

struct tls_shared {
    SSL_CTX *server, *client;
    BIO_METHOD *bio;
    struct tls_sessions *sessions;
    void (*on_keylog)(void *self, const char *line);
    void *keylog_self;
    pthread_mutex_t trust_mutex;
    X509_STORE *trust;   /* holds the added roots from the start */
    bool trust_loaded;   /* under trust_mutex: the system's are there too */
    bool trust_is_empty; /* under trust_mutex: no bundle of the system was found */
};

struct tls_identity {
    X509 *cert;
    EVP_PKEY *key;
    STACK_OF(X509) * chain;
    uint8_t hash[TLS_HASH_BYTES]; /* of the certificate */
};

struct tlsio {
    struct tls_shared *shared;
    struct chunk_pool *pool;
    SSL *ssl;
    struct slice_queue in, out;
    bool server, verify;
    bool ready;        /* the handshake is done */
    bool eof;          /* the peer's FIN came */
    bool closing;      /* our close_notify is queued */
    bool refused_peer; /* by us, for its certificate */
    bool session_kept; /* one of this connection is in the store */
    enum status end;   /* not OK: what all later reads answer */
    enum status cause; /* not OK: why a callback of ours made OpenSSL fail */
    int alert;         /* received, fatal; or -1 */
    uint32_t idle_messages;
    X509 *refused; /* the certificate refused, for people */
    uint8_t session_key[TLS_HASH_BYTES];
    uint8_t alpn[TLSIO_ALPN_BYTES];
    size_t alpn_len;
    char host[TLSIO_HOST_TEXT];
    char error[TLS_ERROR_TEXT];
};

/* tls_shared.c: SHA-256 over the parts, each with its length, so that no two
 * lists of parts give the same bytes. */
MUST_USE enum status tls_hash(const struct bytes *parts, size_t count,
                              uint8_t ret_hash[TLS_HASH_BYTES]);
/* The trust store, loaded by now; NULL when there is no memory. Borrowed. */
X509_STORE *tls_shared_trust(struct tls_shared *s);

/* tls_sessions.c */
MUST_USE enum status tls_sessions_new(struct tls_sessions **ret_sessions);
void tls_sessions_free(struct tls_sessions *s);
/* Takes over the reference. */
void tls_sessions_put(struct tls_sessions *s, const uint8_t key[TLS_HASH_BYTES],
                      SSL_SESSION *session);
/* A session that can be resumed, for this caller alone, or NULL. */
SSL_SESSION *tls_sessions_take(struct tls_sessions *s, const uint8_t key[TLS_HASH_BYTES]);

/* tlsio_bio.c: the door between OpenSSL and the slice queues of a tlsio. */
BIO_METHOD *tlsio_bio_method(void);
BIO *tlsio_bio_new(const BIO_METHOD *method, struct tlsio *t);

/* tlsio_events.c: what OpenSSL tells while it works; set on both contexts. */
void tlsio_events_watch(SSL_CTX *ctx);

/* tls_verify.c: has `t` verify the chain and the name of its peer. */
MUST_USE enum status tls_verify_set(struct tlsio *t, const struct cert_name *host);

/* tlsio_fault.c: gives t->end and t->error, for good, and answers t->end. */
enum status tlsio_fail(struct tlsio *t);
enum status tlsio_fail_with(struct tlsio *t, enum status st, const char *sentence);
/* Cut to what fits, between two characters. */
void tlsio_set_error(struct tlsio *t, struct bytes sentence);

/* tls_alerts.def */
struct tls_alert {
    int number;
    const char *name;
    bool refuses_certificate; /* says that the certificate shown is not accepted */
    const char *meaning;
};
/* NULL for a number that has no name. */
const struct tls_alert *tls_alert_find(int number);

#endif
