/* Client certificates (tlsio.h). */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>

#include "tls/openssl_failure.h"
#include "tls/pem_read.h"
#include "tls/tls_internal.h"

static const char *find_fault(const struct tls_identity *i)
{
    bool fits;

    if (!i->cert)
        return "there is no certificate in PEM form";
    if (!i->key)
        return "the private key cannot be read: it must be in PEM form, without a passphrase";
    fits = X509_check_private_key(i->cert, i->key) == 1;
    ERR_clear_error();
    return fits ? NULL : "the private key does not belong to the certificate";
}

static enum status read_identity(struct tls_identity *i, struct bytes cert_pem,
                                 struct bytes key_pem, char *error)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    const char *fault;
    enum status st;

    st = pem_read_certs(cert_pem, &i->cert, &i->chain);
    if (!st)
        st = pem_read_key(key_pem, &i->key);
    fault = st == STATUS_NO_MEMORY ? status_sentence(st) : find_fault(i);
    if (fault) {
        snprintf(error, TLS_ERROR_TEXT, "%s", fault);
        return st == STATUS_NO_MEMORY ? st : STATUS_BAD_INPUT;
    }
    if (!X509_digest(i->cert, EVP_sha256(), digest, NULL)) {
        st = openssl_failure();
        snprintf(error, TLS_ERROR_TEXT, "%s", status_sentence(st));
        return st;
    }
    for (int n = 0; n < TLS_HASH_BYTES; n++)
        i->hash[n] = digest[n];
    return STATUS_OK;
}

enum status tls_identity_new(struct bytes cert_pem, struct bytes key_pem, char *error,
                             struct tls_identity **ret_identity)
{
    struct tls_identity *i = calloc(1, sizeof(*i));
    enum status st;

    if (!i) {
        snprintf(error, TLS_ERROR_TEXT, "%s", status_sentence(STATUS_NO_MEMORY));
        return STATUS_NO_MEMORY;
    }
    st = read_identity(i, cert_pem, key_pem, error);
    if (st) {
        tls_identity_free(i);
        return st;
    }
    *ret_identity = i;
    return STATUS_OK;
}

void tls_identity_free(struct tls_identity *i)
{
    if (!i)
        return;
    X509_free(i->cert);
    EVP_PKEY_free(i->key);
    sk_X509_pop_free(i->chain, X509_free);
    free(i);
}
