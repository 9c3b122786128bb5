/* The key of all leaves. X509_set_pubkey() sends a key made by a provider through
 * OpenSSL 3's encoder and decoder, at 220 µs a certificate; a key that still has
 * its EC_KEY goes the old way, in 2 µs. The calls for it are deprecated and stand
 * in this file alone. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include "tls/ca_internal.h"

EVP_PKEY *leaf_key_new(void)
{
    EC_KEY *ec = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);
    EVP_PKEY *key = EVP_PKEY_new();

    if (ec && key && EC_KEY_generate_key(ec) && EVP_PKEY_assign_EC_KEY(key, ec))
        return key;
    EC_KEY_free(ec);
    EVP_PKEY_free(key);
    return NULL;
}
