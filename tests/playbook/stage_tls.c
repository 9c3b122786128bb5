/* Peers that speak TLS: clients of weir and origins, by OpenSSL itself and not by
 * weir's own tls/, so that weir is not only tested against itself. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stage.h"
#include "tls/ca_internal.h"
#include "tls/tlsio.h"

enum { DAY = 24 * 3600, MICROS = 1000000, PEM_BYTES = 64 * 1024, READ_BYTES = 16 * 1024 };

struct tls_peer {
    SSL *ssl;
    BIO *from_weir, *to_weir;
    struct buf clear; /* weir's answer to `before`, which is not TLS yet */
    bool in_clear, broken, ended, mute;
    int alerted;
};

/* One for all scripts of a process: making it is slow. */
struct tls_world {
    struct ca *weir, *slow, *origin, *stranger;
    EVP_PKEY *slow_key;
    X509 *slow_cert;
    struct tls_shared *shared;
    SSL_CTX *client, *stranger_client, *origin_client, *server;
};

static struct tls_world world;
static SSL_SESSION *last_session; /* of clients, in this playing */

static struct bytes pem_of(const struct ca *ca, struct buf *memory)
{
    buf_init(memory, PEM_BYTES);
    assert_int_equal(ca_cert_pem(ca, memory), STATUS_OK);
    return buf_bytes(memory);
}

static struct tls_shared *shared_trusting(const struct ca *ca)
{
    char error[TLS_ERROR_TEXT] = "";
    struct tls_shared *shared = NULL;
    struct tls_settings settings = {.min_version = TLS1_2_VERSION};
    struct buf pem;

    settings.upstream_ca_pem = pem_of(ca, &pem);
    assert_int_equal(tls_shared_new(&settings, error, &shared), STATUS_OK);
    buf_release(&pem);
    return shared;
}

static int keep_session(SSL *ssl, SSL_SESSION *session)
{
    (void)ssl;
    SSL_SESSION_free(last_session);
    last_session = session;
    return 1;
}

/* Scripts play at a fixed time; so do the certificates that weir makes in them. */
static SSL_CTX *client_trusting(const struct ca *ca, int64_t now)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

    assert_non_null(ctx);
    X509_VERIFY_PARAM_set_time(SSL_CTX_get0_param(ctx), now);
    assert_int_equal(X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), ca->cert), 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_sess_set_new_cb(ctx, keep_session);
    return ctx;
}

static int choose_alpn(SSL *ssl, const unsigned char **ret, unsigned char *ret_len,
                       const unsigned char *offered, unsigned offered_len, void *self)
{
    const unsigned char *ours = SSL_get_app_data(ssl);

    (void)self;
    if (!ours)
        return SSL_TLSEXT_ERR_NOACK;
    if (SSL_select_next_proto((unsigned char **)(uintptr_t)ret, ret_len, ours,
                              (unsigned)strlen((const char *)ours), offered,
                              offered_len) != OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *server_new(void)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

    assert_non_null(ctx);
    SSL_CTX_set_alpn_select_cb(ctx, choose_alpn, NULL);
    assert_int_equal(SSL_CTX_set_session_id_context(ctx, (const void *)"stage", 5), 1);
    return ctx;
}

static void add_extension(X509 *cert, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509_EXTENSION *extension;

    X509V3_set_ctx(&ctx, cert, cert, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    assert_non_null(extension);
    assert_int_equal(X509_add_ext(cert, extension, -1), 1);
    X509_EXTENSION_free(extension);
}

static X509 *self_signed(EVP_PKEY *key)
{
    X509 *cert = X509_new();
    X509_NAME *name = X509_get_subject_name(cert);

    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), 1);
    ASN1_TIME_set(X509_getm_notBefore(cert), STAGE_WALL_US / MICROS - DAY);
    ASN1_TIME_set(X509_getm_notAfter(cert), STAGE_WALL_US / MICROS + 3650 * (time_t)DAY);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const void *)"slow", -1, -1, 0);
    X509_set_issuer_name(cert, name);
    X509_set_pubkey(cert, key);
    add_extension(cert, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(cert, NID_key_usage, "critical,keyCertSign");
    add_extension(cert, NID_subject_key_identifier, "hash");
    assert_true(X509_sign(cert, key, EVP_sha256()) > 0);
    return cert;
}

static struct bytes bio_bytes(BIO *bio)
{
    char *text;
    long len = BIO_get_mem_data(bio, &text);

    return bytes_make(text, (size_t)len);
}

/* A CA with an RSA key; its key is made once, its cache is empty each time. */
static struct ca *slow_ca(void)
{
    BIO *cert_pem = BIO_new(BIO_s_mem()), *key_pem = BIO_new(BIO_s_mem());
    char error[CA_ERROR_TEXT] = "";
    struct ca *ca = NULL;

    if (!world.slow_key) {
        world.slow_key = EVP_RSA_gen(2048);
        world.slow_cert = self_signed(world.slow_key);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(world.client), world.slow_cert);
    }
    assert_int_equal(PEM_write_bio_X509(cert_pem, world.slow_cert), 1);
    assert_int_equal(PEM_write_bio_PrivateKey(key_pem, world.slow_key, NULL, NULL, 0, NULL, NULL),
                     1);
    assert_int_equal(ca_from_pem(bio_bytes(cert_pem), bio_bytes(key_pem), error, &ca), STATUS_OK);
    BIO_free(cert_pem);
    BIO_free(key_pem);
    return ca;
}

static void world_end(void)
{
    tls_peers_forget();
    ca_free(world.slow);
    X509_free(world.slow_cert);
    EVP_PKEY_free(world.slow_key);
    SSL_CTX_free(world.client);
    SSL_CTX_free(world.stranger_client);
    SSL_CTX_free(world.origin_client);
    SSL_CTX_free(world.server);
    tls_shared_free(world.shared);
    ca_free(world.weir);
    ca_free(world.origin);
    ca_free(world.stranger);
}

static void world_begin(void)
{
    int64_t now = (int64_t)time(NULL), begin = now - 400 * DAY;

    if (world.shared)
        return;
    assert_int_equal(ca_generate("play", STAGE_WALL_US / MICROS, &world.weir), STATUS_OK);
    assert_int_equal(ca_generate("origins", begin, &world.origin), STATUS_OK);
    assert_int_equal(ca_generate("stranger", begin, &world.stranger), STATUS_OK);
    world.shared = shared_trusting(world.origin);
    world.client = client_trusting(world.weir, STAGE_WALL_US / MICROS);
    world.stranger_client = client_trusting(world.stranger, STAGE_WALL_US / MICROS);
    world.origin_client = client_trusting(world.origin, now);
    world.server = server_new();
    atexit(world_end);
}

struct ca *stage_ca(bool slow)
{
    world_begin();
    if (!slow)
        return world.weir;
    ca_free(world.slow);
    world.slow = slow_ca();
    return world.slow;
}

struct tls_shared *stage_tls(void)
{
    world_begin();
    return world.shared;
}

void tls_peers_forget(void)
{
    SSL_SESSION_free(last_session);
    last_session = NULL;
}

/* ---- a peer ------------------------------------------------------------- */

static void on_info(const SSL *ssl, int where, int value)
{
    struct tls_peer *t = SSL_get_ex_data(ssl, 1);

    if ((where & SSL_CB_READ_ALERT) == SSL_CB_READ_ALERT && value >> 8 == SSL3_AL_FATAL)
        t->alerted = value & 0xff;
}

static struct tls_peer *tls_peer_new(SSL_CTX *ctx, const struct tls_role *role)
{
    struct tls_peer *t = calloc(1, sizeof(*t));

    assert_non_null(t);
    t->ssl = SSL_new(ctx);
    t->from_weir = BIO_new(BIO_s_mem());
    t->to_weir = BIO_new(BIO_s_mem());
    assert_true(t->ssl && t->from_weir && t->to_weir);
    SSL_set_bio(t->ssl, t->from_weir, t->to_weir);
    while (SSL_get_ex_new_index(0, NULL, NULL, NULL, NULL) < 1) /* [0] is the app data */
        ;
    SSL_set_ex_data(t->ssl, 1, t);
    SSL_set_info_callback(t->ssl, on_info);
    if (role->old)
        SSL_set_max_proto_version(t->ssl, TLS1_2_VERSION);
    buf_init(&t->clear, PEM_BYTES);
    return t;
}

struct tls_peer *tls_peer_client(const struct tls_role *role)
{
    struct tls_peer *t = tls_peer_new(role->distrusts       ? world.stranger_client
                                      : role->knows_origins ? world.origin_client
                                                            : world.client,
                                      role);
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);

    if (X509_VERIFY_PARAM_set1_ip_asc(param, role->host) != 1)
        assert_int_equal(SSL_set1_host(t->ssl, role->host), 1);
    if (role->careless)
        SSL_set_verify(t->ssl, SSL_VERIFY_NONE, NULL);
    if (role->sni)
        SSL_set_tlsext_host_name(t->ssl, role->sni);
    if (role->alpn)
        SSL_set_alpn_protos(t->ssl, (const void *)role->alpn, (unsigned)strlen(role->alpn));
    if (role->resumes && last_session)
        SSL_set_session(t->ssl, last_session);
    SSL_set_connect_state(t->ssl);
    if (role->before) {
        t->in_clear = true;
        BIO_write(t->to_weir, role->before, (int)strlen(role->before));
    }
    SSL_do_handshake(t->ssl);
    t->mute = role->mute;
    return t;
}

static struct leaf *origin_leaf(const struct tls_role *role)
{
    int64_t now = (int64_t)time(NULL);
    struct leaf_request request = {.host = bytes_of(role->host),
                                   .now = role->expired ? now - 100 * DAY : now};
    struct leaf *leaf = NULL;

    assert_int_equal(ca_leaf(role->forged ? world.stranger : world.origin, &request, &leaf),
                     STATUS_OK);
    return leaf;
}

struct tls_peer *tls_peer_origin(const struct tls_role *role)
{
    struct tls_peer *t = tls_peer_new(world.server, role);
    struct leaf *leaf = origin_leaf(role);

    assert_int_equal(SSL_use_cert_and_key(t->ssl, leaf->cert, leaf->key, leaf->chain, 1), 1);
    leaf_unref(leaf);
    SSL_set_app_data(t->ssl, (char *)(uintptr_t)role->alpn);
    SSL_set_accept_state(t->ssl);
    t->mute = role->mute;
    return t;
}

void tls_peer_free(struct tls_peer *t)
{
    if (!t)
        return;
    SSL_set_shutdown(t->ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(t->ssl);
    buf_release(&t->clear);
    free(t);
}

static void tls_peer_step(struct tls_peer *t, struct buf *plain)
{
    uint8_t bytes[READ_BYTES];
    size_t len;

    if (t->broken || t->mute)
        return;
    ERR_clear_error();
    while (SSL_read_ex(t->ssl, bytes, sizeof(bytes), &len))
        buf_put(plain, bytes_make(bytes, len));
    switch (SSL_get_error(t->ssl, 0)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        break;
    case SSL_ERROR_ZERO_RETURN:
        t->ended = true;
        break;
    default:
        t->broken = true;
    }
}

/* The head of weir's answer comes before its TLS; *in is left with what follows. */
static void tls_peer_take_clear(struct tls_peer *t, struct bytes *in, struct buf *plain)
{
    ptrdiff_t end;
    size_t before = t->clear.len;

    buf_put(&t->clear, *in);
    end = bytes_search(buf_bytes(&t->clear), BYTES("\r\n\r\n"));
    t->in_clear = end < 0;
    if (end >= 0)
        buf_put(plain, bytes_until(buf_bytes(&t->clear), (size_t)end + 4));
    *in = bytes_from(*in, end < 0 ? in->len : (size_t)end + 4 - before);
}

void tls_peer_take(struct tls_peer *t, struct bytes ciphertext, struct buf *plain)
{
    if (t->in_clear)
        tls_peer_take_clear(t, &ciphertext, plain);
    if (ciphertext.len)
        BIO_write(t->from_weir, ciphertext.ptr, (int)ciphertext.len);
    tls_peer_step(t, plain);
}

size_t tls_peer_give(struct tls_peer *t, uint8_t *into, size_t max)
{
    int len = BIO_read(t->to_weir, into, (int)max);

    return len > 0 ? (size_t)len : 0;
}

void tls_peer_write(struct tls_peer *t, struct bytes plain)
{
    size_t len;

    ERR_clear_error();
    if (!SSL_write_ex(t->ssl, plain.ptr, plain.len, &len) || len != plain.len)
        FAIL("TLS takes nothing");
}

void tls_peer_speak(struct tls_peer *t, struct buf *plain)
{
    t->mute = false;
    tls_peer_step(t, plain);
}

void tls_peer_end(struct tls_peer *t)
{
    ERR_clear_error();
    SSL_shutdown(t->ssl);
}

bool tls_peer_ready(const struct tls_peer *t)
{
    return !t->broken && SSL_is_init_finished(t->ssl);
}

bool tls_peer_broken(const struct tls_peer *t)
{
    return t->broken;
}

int tls_peer_alerted(const struct tls_peer *t)
{
    return t->alerted;
}

const char *tls_peer_verdict(const struct tls_peer *t)
{
    return X509_verify_cert_error_string(SSL_get_verify_result(t->ssl));
}

const char *tls_peer_version(const struct tls_peer *t)
{
    return SSL_get_version(t->ssl);
}

bool tls_peer_ended(const struct tls_peer *t)
{
    return t->ended;
}

bool tls_peer_resumed(const struct tls_peer *t)
{
    return SSL_session_reused(t->ssl);
}

const char *tls_peer_alpn(struct tls_peer *t)
{
    static char text[64];
    const unsigned char *name;
    unsigned len;

    SSL_get0_alpn_selected(t->ssl, &name, &len);
    if (len && len < sizeof(text))
        memcpy(text, name, len);
    text[len < sizeof(text) ? len : 0] = 0;
    return text;
}
