/* ca_internal: what ca.c and the leaf files share. Inner header of tls/. */
#ifndef WEIR_TLS_CA_INTERNAL_H
#define WEIR_TLS_CA_INTERNAL_H

#include <openssl/x509.h>
#include <stdatomic.h>

#include "tls/ca.h"
#include "tls/cert_names.h"

struct lru;

/* What every leaf has alike: key usage, extended key usage, both key ids. */
enum { LEAF_FIXED_EXTENSIONS = 4 };

struct ca {
    atomic_uint refs;
    X509 *cert;
    EVP_PKEY *key;
    EVP_MD *digest;         /* fetched once; NULL for keys that need none (Ed25519) */
    STACK_OF(X509) * chain; /* sent after a leaf: the CA and what is above it; NULL
                               when it is a root, which clients have */
    int64_t not_after;      /* seconds since 1970 */
    bool slow;
    EVP_PKEY *leaf_key; /* one for all leaves */
    X509_EXTENSION *fixed[LEAF_FIXED_EXTENSIONS];
    struct lru *leaves;
};

struct leaf {
    atomic_uint refs;
    X509 *cert;
    EVP_PKEY *key;
    STACK_OF(X509) * chain; /* as in struct ca */
    X509 *issuer;
    int64_t not_before, not_after;
    enum leaf_fault fault;
    bool final; /* ends with the CA: a new one would not last longer */
};

/* leaf_key.c: a P-256 key of the kind that makes minting fast; NULL: no memory. */
EVP_PKEY *leaf_key_new(void);

/* leaf.c: sets up ca->leaf_key and ca->fixed. */
MUST_USE enum status leaf_prepare(struct ca *ca);
/* Mints for `host`, without any cache. With one reference. Of faults only SELF_SIGNED is
 * minded, and only by the signature. */
MUST_USE enum status leaf_mint(const struct ca *ca, const struct cert_name *host,
                               const struct leaf_request *req, struct leaf **ret_leaf);

/* leaf_fault.c: the same, with the fault that is asked for. */
MUST_USE enum status leaf_mint_faulty(const struct ca *ca, const struct cert_name *host,
                                      const struct leaf_request *req, struct leaf **ret_leaf);

/* leaf_cache.c */
MUST_USE enum status leaf_cache_new(struct lru **ret_leaves);

#endif
