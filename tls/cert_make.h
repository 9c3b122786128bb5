/* cert_make: the pieces of which certificates are put together, made of
 * structures, never of configuration strings: a name from the network cannot
 * become two. Inner header of tls/. */
#ifndef WEIR_TLS_CERT_MAKE_H
#define WEIR_TLS_CERT_MAKE_H

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "tls/cert_names.h"

enum {
    COMMON_NAME_BYTES = 64, /* ub-common-name, RFC 5280 appendix A.1 */
    SERIAL_BYTES = 16,
    KEY_ID_BYTES = 20, /* a SHA-1 */
};

/* Bits of keyUsage, RFC 5280 §4.2.1.3. */
enum key_usage_bit {
    USAGE_DIGITAL_SIGNATURE = 0,
    USAGE_KEY_CERT_SIGN = 5,
    USAGE_CRL_SIGN = 6,
};

/* A version 3 certificate with a random positive serial of 126 bits, valid from
 * `not_before` to `not_after` (seconds since 1970). NULL: no memory. */
X509 *cert_start(int64_t not_before, int64_t not_after);
/* Bytes that are no UTF-8 make it fail; the caller sees to that. */
bool cert_set_common_name(X509 *cert, struct bytes name);
/* SHA-1 of the public key: RFC 5280 §4.2.1.2 method 1. */
bool cert_key_id(const X509 *cert, uint8_t ret_id[KEY_ID_BYTES]);

/* Extensions, owned by the caller; NULL: no memory. */
X509_EXTENSION *extension_authority(int pathlen);
X509_EXTENSION *extension_key_usage(const int *bits, size_t count);
X509_EXTENSION *extension_server_auth(void);
X509_EXTENSION *extension_subject_key_id(struct bytes id);
X509_EXTENSION *extension_authority_key_id(struct bytes id);
/* `critical` when the subject is empty (RFC 5280 §4.2.1.6). */
X509_EXTENSION *extension_alternative_names(GENERAL_NAMES *names, bool critical);

/* Appends a name to a list. */
bool general_names_add(GENERAL_NAMES *names, const struct cert_name *name);

/* Seconds since 1970; 0 when the time cannot be read. */
int64_t cert_time(const ASN1_TIME *time);

#endif
