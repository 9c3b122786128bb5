/* Minting of leaves (ca.h). */
#include <stdlib.h>
#include <string.h>

#include "tls/ca_internal.h"
#include "tls/cert_make.h"
#include "tls/cert_text.h"
#include "tls/openssl_failure.h"

enum {
    LEAF_SECONDS = LEAF_DAYS * 24 * 3600,
};

static bool key_id_of_leaves(const struct ca *ca, uint8_t ret_id[KEY_ID_BYTES])
{
    X509 *bare = X509_new();
    bool ok = bare && X509_set_pubkey(bare, ca->leaf_key) && cert_key_id(bare, ret_id);

    X509_free(bare);
    return ok;
}

/* The CA's own subject key id, as it stands there: a client finds the issuer by
 * it. Computed when the CA has none. */
static bool key_id_of_ca(const struct ca *ca, uint8_t computed[KEY_ID_BYTES], struct bytes *ret_id)
{
    const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(ca->cert);

    if (own) {
        *ret_id = bytes_make(ASN1_STRING_get0_data(own), (size_t)ASN1_STRING_length(own));
        return true;
    }
    *ret_id = bytes_make(computed, KEY_ID_BYTES);
    return cert_key_id(ca->cert, computed);
}

enum status leaf_prepare(struct ca *ca)
{
    static const int usage[] = {USAGE_DIGITAL_SIGNATURE};
    uint8_t leaf_id[KEY_ID_BYTES], computed[KEY_ID_BYTES];
    struct bytes ca_id;

    ca->leaf_key = leaf_key_new();
    if (!ca->leaf_key || !key_id_of_leaves(ca, leaf_id) || !key_id_of_ca(ca, computed, &ca_id))
        return openssl_failure();
    ca->fixed[0] = extension_key_usage(usage, 1);
    ca->fixed[1] = extension_server_auth();
    ca->fixed[2] = extension_subject_key_id(bytes_make(leaf_id, sizeof(leaf_id)));
    ca->fixed[3] = extension_authority_key_id(ca_id);
    for (int i = 0; i < LEAF_FIXED_EXTENSIONS; i++)
        if (!ca->fixed[i])
            return openssl_failure();
    return STATUS_OK;
}

static bool same_name(const struct cert_name *a, const struct cert_name *b)
{
    if (a->is_address != b->is_address)
        return false;
    if (a->is_address)
        return a->address_len == b->address_len &&
               memcmp(a->address, b->address, a->address_len) == 0;
    return strcmp(a->text, b->text) == 0;
}

/* The host first, then those of `mirror` that are names to mint for. */
static bool add_names(GENERAL_NAMES *list, const struct cert_name *host,
                      const struct cert_names *mirror)
{
    if (!general_names_add(list, host))
        return false;
    for (uint32_t i = 0; mirror && i < mirror->count; i++) {
        struct cert_name name;

        if (sk_GENERAL_NAME_num(list) >= LEAF_NAMES)
            break;
        if (cert_name_parse(mirror->items[i], true, &name) || same_name(&name, host))
            continue;
        if (!general_names_add(list, &name))
            return false;
    }
    return true;
}

static bool set_names(X509 *cert, const struct cert_name *host, const struct cert_names *mirror)
{
    bool named = host->text_len <= COMMON_NAME_BYTES;
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    X509_EXTENSION *extension = NULL;
    bool ok;

    if (list && add_names(list, host, mirror))
        extension = extension_alternative_names(list, !named);
    ok = extension && X509_add_ext(cert, extension, -1);
    if (ok && named)
        ok = cert_set_common_name(cert, bytes_of(host->text));
    X509_EXTENSION_free(extension);
    GENERAL_NAMES_free(list);
    return ok;
}

static bool add_fixed(X509 *cert, const struct ca *ca, int count)
{
    for (int i = 0; i < count; i++)
        if (!X509_add_ext(cert, ca->fixed[i], -1))
            return false;
    return X509_set_pubkey(cert, ca->leaf_key);
}

static bool sign(X509 *cert, const struct ca *ca)
{
    return add_fixed(cert, ca, LEAF_FIXED_EXTENSIONS) &&
           X509_set_issuer_name(cert, X509_get_subject_name(ca->cert)) &&
           X509_sign(cert, ca->key, ca->digest) > 0;
}

/* The last of the extensions names the CA's key. */
static bool sign_by_itself(X509 *cert, const struct ca *ca)
{
    return add_fixed(cert, ca, LEAF_FIXED_EXTENSIONS - 1) &&
           X509_set_issuer_name(cert, X509_get_subject_name(cert)) &&
           X509_sign(cert, ca->leaf_key, EVP_sha256()) > 0;
}

static X509 *mint_cert(const struct ca *ca, const struct cert_name *host,
                       const struct leaf_request *req, const struct leaf *leaf)
{
    X509 *cert = cert_start(leaf->not_before, leaf->not_after);
    bool alone = req->fault == LEAF_SELF_SIGNED;

    if (cert && set_names(cert, host, req->mirror) &&
        (alone ? sign_by_itself(cert, ca) : sign(cert, ca))) {
        /* has OpenSSL fill in what it keeps beside a certificate, while it is
         * still this thread's alone */
        X509_check_purpose(cert, -1, 0);
        return cert;
    }
    X509_free(cert);
    return NULL;
}

/* Takes what a connection needs of the CA, so that a leaf may outlive it. */
static bool borrow(struct leaf *leaf, const struct ca *ca)
{
    if (!EVP_PKEY_up_ref(ca->leaf_key))
        return false;
    leaf->key = ca->leaf_key;
    if (!X509_up_ref(ca->cert))
        return false;
    leaf->issuer = ca->cert;
    if (!ca->chain)
        return true;
    leaf->chain = X509_chain_up_ref(ca->chain);
    return leaf->chain != NULL;
}

enum status leaf_mint(const struct ca *ca, const struct cert_name *host,
                      const struct leaf_request *req, struct leaf **ret_leaf)
{
    struct leaf *leaf = calloc(1, sizeof(*leaf));

    if (!leaf)
        return STATUS_NO_MEMORY;
    atomic_init(&leaf->refs, 1);
    leaf->not_before = req->now - LEAF_BACKDATE_SECONDS;
    leaf->not_after = req->now + LEAF_SECONDS;
    leaf->final = leaf->not_after >= ca->not_after;
    if (leaf->final)
        leaf->not_after = ca->not_after;
    if (borrow(leaf, ca))
        leaf->cert = mint_cert(ca, host, req, leaf);
    if (!leaf->cert) {
        leaf_unref(leaf);
        return openssl_failure();
    }
    *ret_leaf = leaf;
    return STATUS_OK;
}

void leaf_ref(struct leaf *l)
{
    atomic_fetch_add_explicit(&l->refs, 1, memory_order_relaxed);
}

void leaf_unref(struct leaf *l)
{
    if (!l || atomic_fetch_sub_explicit(&l->refs, 1, memory_order_acq_rel) != 1)
        return;
    X509_free(l->cert);
    EVP_PKEY_free(l->key);
    X509_free(l->issuer);
    sk_X509_pop_free(l->chain, X509_free);
    free(l);
}

enum status leaf_pem(const struct leaf *l, struct buf *out)
{
    enum status st = cert_put_pem(out, l->cert);

    return st ? st : cert_put_pem(out, l->issuer);
}
