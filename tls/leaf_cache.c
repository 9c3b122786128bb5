/* The leaves kept for reuse (ca.h). */
#include <openssl/rand.h>
#include <string.h>

#include "tls/ca_internal.h"
#include "tls/lru.h"

static void keep_leaf(void *value)
{
    leaf_ref(value);
}

static void drop_leaf(void *value)
{
    leaf_unref(value);
}

enum status leaf_cache_new(struct lru **ret_leaves)
{
    static const struct lru_values values = {keep_leaf, drop_leaf};
    uint64_t seed;

    if (RAND_bytes((unsigned char *)&seed, sizeof(seed)) != 1)
        return STATUS_NO_MEMORY;
    return lru_new(LEAF_CACHE, seed, values, ret_leaves);
}

enum { LEAF_KEY_BYTES = sizeof(uint64_t) + 1 + DNS_NAME_BYTES };

/* What a leaf is kept under: the names mirrored, its fault, then the host. An address has
 * 4 or 16 bytes, and a name of that length differs in the first bit of the hash. */
static struct bytes leaf_key(uint8_t key[LEAF_KEY_BYTES], const struct cert_name *host,
                             const struct leaf_request *req)
{
    uint64_t hash = (req->mirror ? req->mirror->hash : 0) & ~UINT64_C(1);
    size_t len = host->is_address ? host->address_len : host->text_len;
    uint8_t *at = key + sizeof(hash);

    hash |= host->is_address;
    memcpy(key, &hash, sizeof(hash));
    *at++ = (uint8_t)req->fault;
    memcpy(at, host->is_address ? (const void *)host->address : host->text, len);
    return bytes_make(key, sizeof(hash) + 1 + len);
}

static bool leaf_serves(const struct leaf *leaf, int64_t now)
{
    if (leaf->fault == LEAF_EXPIRED)
        return now - leaf->not_after >= LEAF_FAULT_SECONDS;
    if (leaf->fault == LEAF_NOT_YET)
        return leaf->not_before - now >= LEAF_FAULT_SECONDS;
    if (now < leaf->not_before)
        return false; /* the clock was set back */
    return leaf->final || leaf->not_after - now >= LEAF_RENEW_SECONDS;
}

enum status ca_leaf(struct ca *ca, const struct leaf_request *req, struct leaf **ret_leaf)
{
    uint8_t memory[LEAF_KEY_BYTES];
    struct cert_name host;
    struct leaf *leaf;
    struct bytes key;
    enum status st;

    st = cert_name_parse(req->host, false, &host);
    if (st)
        return st;
    key = leaf_key(memory, &host, req);
    leaf = lru_get(ca->leaves, key);
    if (leaf && leaf_serves(leaf, req->now)) {
        *ret_leaf = leaf;
        return STATUS_OK;
    }
    leaf_unref(leaf);
    if (req->only_cached)
        return STATUS_NOT_FOUND;
    st = req->fault ? leaf_mint_faulty(ca, &host, req, &leaf) : leaf_mint(ca, &host, req, &leaf);
    if (st)
        return st;
    leaf_ref(leaf);
    st = lru_put(ca->leaves, key, leaf);
    if (st) {
        leaf_unref(leaf);
        return st;
    }
    *ret_leaf = leaf;
    return STATUS_OK;
}
