#include "tls/ca.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/ca_internal.h"
#include "tls/cert_make.h"
#include "tls/cert_text.h"
#include "tls/lru.h"
#include "tls/openssl_failure.h"
#include "tls/pem_read.h"

enum {
    CA_SECONDS = CA_DAYS * 24 * 3600,
    CURVE_NAME_BYTES = 32,
    DIGEST_NAME_BYTES = 32,
};

/* Over a millisecond a signature: RSA by its size, and all curves but P-256,
 * which alone is written in assembly. */
static bool key_is_slow(const EVP_PKEY *key)
{
    char curve[CURVE_NAME_BYTES] = "";

    if (EVP_PKEY_is_a(key, "ED25519"))
        return false;
    if (!EVP_PKEY_is_a(key, "EC"))
        return true;
    return !EVP_PKEY_get_group_name(key, curve, sizeof(curve), NULL) ||
           strcmp(curve, SN_X9_62_prime256v1) != 0;
}

/* The digest to sign with; NULL for keys that bring their own. */
static enum status fetch_digest(EVP_PKEY *key, EVP_MD **ret_digest)
{
    char name[DIGEST_NAME_BYTES] = "";
    EVP_MD *digest = NULL;

    /* 2: this digest and no other */
    if (EVP_PKEY_get_default_digest_name(key, name, sizeof(name)) != 2 ||
        strcmp(name, "UNDEF") != 0) {
        digest = EVP_MD_fetch(NULL, "SHA256", NULL);
        if (!digest)
            return openssl_failure();
    }
    *ret_digest = digest;
    return STATUS_OK;
}

/* Takes over certificate, key and chain, on failure too. */
static enum status ca_new(X509 *cert, EVP_PKEY *key, STACK_OF(X509) * chain, struct ca **ret_ca)
{
    struct ca *ca = calloc(1, sizeof(*ca));
    enum status st;

    if (!ca) {
        X509_free(cert);
        EVP_PKEY_free(key);
        sk_X509_pop_free(chain, X509_free);
        return STATUS_NO_MEMORY;
    }
    atomic_init(&ca->refs, 1);
    ca->cert = cert;
    ca->key = key;
    ca->chain = chain;
    ca->not_after = cert_time(X509_get0_notAfter(cert));
    ca->slow = key_is_slow(key);
    st = fetch_digest(key, &ca->digest);
    if (!st)
        st = leaf_prepare(ca);
    if (!st)
        st = leaf_cache_new(&ca->leaves);
    if (st) {
        ca_free(ca);
        return st;
    }
    *ret_ca = ca;
    return STATUS_OK;
}

void ca_ref(struct ca *ca)
{
    atomic_fetch_add_explicit(&ca->refs, 1, memory_order_relaxed);
}

void ca_free(struct ca *ca)
{
    if (!ca || atomic_fetch_sub_explicit(&ca->refs, 1, memory_order_acq_rel) != 1)
        return;
    lru_free(ca->leaves);
    for (int i = 0; i < LEAF_FIXED_EXTENSIONS; i++)
        X509_EXTENSION_free(ca->fixed[i]);
    EVP_PKEY_free(ca->leaf_key);
    sk_X509_pop_free(ca->chain, X509_free);
    EVP_MD_free(ca->digest);
    X509_free(ca->cert);
    EVP_PKEY_free(ca->key); /* OpenSSL clears private numbers as it frees them */
    free(ca);
}

/* "weir CA <label>", at most 64 characters; what is not plain ASCII becomes '?'. */
static bool set_ca_name(X509 *cert, const char *label)
{
    char name[COMMON_NAME_BYTES + 1];
    int len = snprintf(name, sizeof(name), "weir CA %s", label);

    for (int i = 0; i < len && i < COMMON_NAME_BYTES; i++)
        if (name[i] < ' ' || name[i] > '~')
            name[i] = '?';
    return len > 0 && cert_set_common_name(cert, bytes_of(name)) &&
           X509_set_issuer_name(cert, X509_get_subject_name(cert));
}

/* Adds it and frees it. */
static bool add_extension(X509 *cert, X509_EXTENSION *extension)
{
    bool ok = extension && X509_add_ext(cert, extension, -1);

    X509_EXTENSION_free(extension);
    return ok;
}

static bool add_ca_extensions(X509 *cert)
{
    static const int usage[] = {USAGE_KEY_CERT_SIGN, USAGE_CRL_SIGN};
    uint8_t id[KEY_ID_BYTES];

    return cert_key_id(cert, id) && add_extension(cert, extension_authority(0)) &&
           add_extension(cert, extension_key_usage(usage, 2)) &&
           add_extension(cert, extension_subject_key_id(bytes_make(id, sizeof(id))));
}

enum status ca_generate(const char *label, int64_t now, struct ca **ret_ca)
{
    EVP_PKEY *key = EVP_EC_gen(SN_X9_62_prime256v1);
    X509 *cert = key ? cert_start(now - LEAF_BACKDATE_SECONDS, now + CA_SECONDS) : NULL;
    enum status st;

    if (cert && set_ca_name(cert, label) && X509_set_pubkey(cert, key) && add_ca_extensions(cert) &&
        X509_sign(cert, key, EVP_sha256()) > 0)
        return ca_new(cert, key, NULL, ret_ca);
    st = openssl_failure();
    X509_free(cert);
    EVP_PKEY_free(key);
    return st;
}

/* A sentence when this pair cannot sign leaves, else NULL. */
static const char *find_fault(X509 *cert, const EVP_PKEY *key)
{
    bool fits;

    if (!cert)
        return "there is no certificate in PEM form";
    if (!key)
        return "the private key cannot be read: it must be in PEM form, without a passphrase";
    fits = X509_check_private_key(cert, key) == 1;
    ERR_clear_error();
    if (!fits)
        return "the private key does not belong to the certificate";
    if (!(X509_get_extension_flags(cert) & EXFLAG_CA))
        return "the certificate is not one of a certificate authority (CA:TRUE is missing)";
    if (!(X509_get_key_usage(cert) & KU_KEY_CERT_SIGN))
        return "the certificate may not sign others (key usage lacks keyCertSign)";
    return NULL;
}

/* What clients need beside a leaf goes to *chain: nothing when the CA is a root,
 * else the CA and what is above it. */
static enum status finish_chain(X509 *cert, STACK_OF(X509) * *chain)
{
    if (X509_NAME_cmp(X509_get_subject_name(cert), X509_get_issuer_name(cert)) == 0) {
        sk_X509_pop_free(*chain, X509_free);
        *chain = NULL;
        return STATUS_OK;
    }
    if (!X509_up_ref(cert))
        return STATUS_NO_MEMORY;
    if (sk_X509_unshift(*chain, cert))
        return STATUS_OK;
    X509_free(cert);
    return STATUS_NO_MEMORY;
}

enum status ca_from_pem(struct bytes cert_pem, struct bytes key_pem, char *error,
                        struct ca **ret_ca)
{
    STACK_OF(X509) *chain = NULL;
    const char *fault = NULL;
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    enum status st;

    st = pem_read_certs(cert_pem, &cert, &chain);
    if (st != STATUS_NO_MEMORY)
        st = pem_read_key(key_pem, &key);
    if (st != STATUS_NO_MEMORY)
        fault = find_fault(cert, key);
    if (fault)
        st = STATUS_BAD_INPUT;
    if (!st)
        st = finish_chain(cert, &chain);
    if (st) {
        sk_X509_pop_free(chain, X509_free);
        X509_free(cert);
        EVP_PKEY_free(key);
    } else {
        st = ca_new(cert, key, chain, ret_ca);
    }
    if (st)
        snprintf(error, CA_ERROR_TEXT, "%s", fault ? fault : status_sentence(st));
    return st;
}

enum status ca_cert_pem(const struct ca *ca, struct buf *out)
{
    return cert_put_pem(out, ca->cert);
}

enum status ca_key_pem(const struct ca *ca, struct buf *out)
{
    BIO *memory = BIO_new(BIO_s_secmem());
    enum status st = STATUS_NO_MEMORY;

    if (memory && PEM_write_bio_PrivateKey(memory, ca->key, NULL, NULL, 0, NULL, NULL))
        st = bio_put_all(out, memory);
    BIO_free(memory);
    return st;
}

enum status ca_fingerprint(const struct ca *ca, struct buf *out)
{
    return cert_put_fingerprint(out, ca->cert);
}

enum status ca_describe(const struct ca *ca, struct buf *out)
{
    return cert_describe(ca->cert, out);
}

bool ca_is_slow(const struct ca *ca)
{
    return ca->slow;
}
