/* Leaves with a fault that is asked for (ca.h). */
#include "tls/ca_internal.h"

enum { LEAF_SECONDS = LEAF_DAYS * 24 * 3600 };

static enum status mint_for_another(const struct ca *ca, const struct leaf_request *req,
                                    struct leaf **ret_leaf)
{
    struct leaf_request other = {.now = req->now};
    struct cert_name name;
    enum status st = cert_name_parse(BYTES(LEAF_WRONG_NAME), false, &name);

    return st ? st : leaf_mint(ca, &name, &other, ret_leaf);
}

static enum status mint_by_a_stranger(const struct cert_name *host, const struct leaf_request *req,
                                      struct leaf **ret_leaf)
{
    struct ca *stranger;
    enum status st = ca_generate("that nobody trusts", req->now, &stranger);

    if (st)
        return st;
    st = leaf_mint(stranger, host, req, ret_leaf);
    ca_free(stranger);
    return st;
}

/* It is the leaf alone that is shown: there is nobody above it. */
static enum status mint_alone(const struct ca *ca, const struct cert_name *host,
                              const struct leaf_request *req, struct leaf **ret_leaf)
{
    struct leaf *leaf;
    enum status st = leaf_mint(ca, host, req, &leaf);

    if (st)
        return st;
    sk_X509_pop_free(leaf->chain, X509_free);
    leaf->chain = NULL;
    *ret_leaf = leaf;
    return STATUS_OK;
}

enum status leaf_mint_faulty(const struct ca *ca, const struct cert_name *host,
                             const struct leaf_request *req, struct leaf **ret_leaf)
{
    struct leaf_request shifted = *req;
    struct leaf *leaf = NULL;
    enum status st = STATUS_OK;

    switch (req->fault) {
    case LEAF_EXPIRED: /* it ended a day ago */
        shifted.now -= LEAF_SECONDS + LEAF_FAULT_SECONDS;
        st = leaf_mint(ca, host, &shifted, &leaf);
        break;
    case LEAF_NOT_YET: /* it begins in two days, and is good for tests for one of them */
        shifted.now += LEAF_BACKDATE_SECONDS + 2 * LEAF_FAULT_SECONDS;
        st = leaf_mint(ca, host, &shifted, &leaf);
        break;
    case LEAF_WRONG_HOST:
        st = mint_for_another(ca, req, &leaf);
        break;
    case LEAF_UNTRUSTED:
        st = mint_by_a_stranger(host, req, &leaf);
        break;
    case LEAF_SELF_SIGNED:
        st = mint_alone(ca, host, req, &leaf);
        break;
    case LEAF_SOUND:
        st = leaf_mint(ca, host, req, &leaf);
        break;
    }
    if (st)
        return st;
    leaf->fault = req->fault;
    *ret_leaf = leaf;
    return STATUS_OK;
}
