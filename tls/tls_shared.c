#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/openssl_failure.h"
#include "tls/tls_internal.h"
#include "tls/trust_file.h"

/* AES-128-GCM is the cheapest where AES is in hardware; X25519 the cheapest group. */
#define SUITES_1_3 "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256"
/* Our leaves are ECDSA. The two CBC suites are for old devices that have no other. */
#define SERVER_CIPHERS                                                                             \
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:"   \
    "ECDHE-ECDSA-AES128-SHA:ECDHE-ECDSA-AES256-SHA"
/* Without finite-field DH: a hostile origin could choose a group that takes us
 * a tenth of a second. */
#define CLIENT_CIPHERS "DEFAULT:!kDHE"
#define GROUPS "X25519:P-256:P-384:P-521"

enum status tls_hash(const struct bytes *parts, size_t count, uint8_t ret_hash[TLS_HASH_BYTES])
{
    EVP_MD_CTX *digest = EVP_MD_CTX_new();
    uint8_t hash[EVP_MAX_MD_SIZE];
    bool ok = digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL);

    for (size_t i = 0; ok && i < count; i++) {
        uint64_t len = parts[i].len;

        ok = EVP_DigestUpdate(digest, &len, sizeof(len)) &&
             EVP_DigestUpdate(digest, parts[i].ptr, parts[i].len);
    }
    ok = ok && EVP_DigestFinal_ex(digest, hash, NULL);
    EVP_MD_CTX_free(digest);
    if (!ok)
        return openssl_failure();
    memcpy(ret_hash, hash, TLS_HASH_BYTES);
    return STATUS_OK;
}

enum status tls_binding(struct bytes host, uint16_t port, struct bytes policy,
                        uint8_t ret_binding[TLS_BINDING_BYTES])
{
    const struct bytes parts[] = {host, bytes_make(&port, sizeof(port)), policy};

    return tls_hash(parts, 3, ret_binding);
}

static bool set_common(SSL_CTX *ctx, struct tls_shared *s, uint16_t min_version)
{
    if (!SSL_CTX_set_app_data(ctx, s))
        return false;
    SSL_CTX_set_options(ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    /* NO_AUTO_CHAIN: else OpenSSL builds a chain anew in every handshake */
    SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                              SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_NO_AUTO_CHAIN);
    tlsio_events_watch(ctx);
    return SSL_CTX_set_min_proto_version(ctx, min_version) &&
           SSL_CTX_set_ciphersuites(ctx, SUITES_1_3) && SSL_CTX_set1_groups_list(ctx, GROUPS);
}

/* Tickets are stateless, and one is enough. 0-RTT is off unless asked for. */
static bool make_server(struct tls_shared *s, uint16_t min_version)
{
    s->server = SSL_CTX_new(TLS_server_method());
    if (!s->server || !set_common(s->server, s, min_version))
        return false;
    SSL_CTX_set_session_cache_mode(s->server, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_num_tickets(s->server, 1) &&
           SSL_CTX_set_cipher_list(s->server, SERVER_CIPHERS);
}

static bool make_client(struct tls_shared *s, uint16_t min_version)
{
    s->client = SSL_CTX_new(TLS_client_method());
    if (!s->client || !set_common(s->client, s, min_version))
        return false;
    SSL_CTX_set_session_cache_mode(s->client, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_max_cert_list(s->client, TLS_CERT_LIST_BYTES);
    return SSL_CTX_set_cipher_list(s->client, CLIENT_CIPHERS);
}

/* How many certificates of `pem` are in the store now; -1: no memory. */
static int add_roots(X509_STORE *store, struct bytes pem)
{
    BIO *memory = pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.ptr, (int)pem.len) : NULL;
    int count = 0;
    X509 *cert;

    if (!memory)
        return -1;
    while (count < TLS_ADDED_ROOTS && (cert = PEM_read_bio_X509(memory, NULL, NULL, NULL))) {
        count += X509_STORE_add_cert(store, cert);
        X509_free(cert);
    }
    BIO_free(memory);
    return openssl_failure() == STATUS_NO_MEMORY ? -1 : count;
}

static enum status make_trust(struct tls_shared *s, struct bytes added, char *error)
{
    int count;

    s->trust = X509_STORE_new();
    if (!s->trust)
        return STATUS_NO_MEMORY;
    if (added.len == 0)
        return STATUS_OK;
    count = add_roots(s->trust, added);
    if (count < 0)
        return STATUS_NO_MEMORY;
    if (count > 0)
        return STATUS_OK;
    snprintf(error, TLS_ERROR_TEXT,
             "the file of added authorities holds no certificate in PEM form");
    return STATUS_BAD_INPUT;
}

enum status tls_shared_new(const struct tls_settings *settings, char *error,
                           struct tls_shared **ret_shared)
{
    struct tls_shared *s = calloc(1, sizeof(*s));
    enum status st;

    snprintf(error, TLS_ERROR_TEXT, "%s", status_sentence(STATUS_NO_MEMORY));
    if (!s)
        return STATUS_NO_MEMORY;
    pthread_mutex_init(&s->trust_mutex, NULL);
    s->on_keylog = settings->on_keylog;
    s->keylog_self = settings->keylog_self;
    st = tls_sessions_new(&s->sessions);
    if (!st)
        st = make_trust(s, settings->upstream_ca_pem, error);
    if (!st) {
        s->bio = tlsio_bio_method();
        if (!s->bio || !make_server(s, settings->min_version) ||
            !make_client(s, settings->min_version)) {
            st = openssl_failure();
            snprintf(error, TLS_ERROR_TEXT, "OpenSSL cannot be set up: %s", status_sentence(st));
        }
    }
    if (st) {
        tls_shared_free(s);
        return st;
    }
    *ret_shared = s;
    return STATUS_OK;
}

void tls_shared_free(struct tls_shared *s)
{
    if (!s)
        return;
    SSL_CTX_free(s->server);
    SSL_CTX_free(s->client);
    BIO_meth_free(s->bio);
    tls_sessions_free(s->sessions);
    X509_STORE_free(s->trust);
    pthread_mutex_destroy(&s->trust_mutex);
    free(s);
}

enum status tls_shared_load_trust(struct tls_shared *s)
{
    enum status st;

    pthread_mutex_lock(&s->trust_mutex);
    if (!s->trust_loaded) {
        st = trust_file_load(s->trust);
        s->trust_is_empty = st == STATUS_NOT_FOUND;
        s->trust_loaded = st != STATUS_NO_MEMORY;
    } else {
        st = s->trust_is_empty ? STATUS_NOT_FOUND : STATUS_OK;
    }
    pthread_mutex_unlock(&s->trust_mutex);
    return st;
}

X509_STORE *tls_shared_trust(struct tls_shared *s)
{
    return tls_shared_load_trust(s) == STATUS_NO_MEMORY ? NULL : s->trust;
}
