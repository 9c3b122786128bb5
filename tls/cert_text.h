/* cert_text: certificates as people read them. What stands in a certificate
 * from the network is escaped. Inner header of tls/. */
#ifndef WEIR_TLS_CERT_TEXT_H
#define WEIR_TLS_CERT_TEXT_H

#include <openssl/x509.h>

#include "base/buf.h"

enum {
    CERT_DATE_TEXT = 16, /* room of "2024-05-01" with its NUL */
    CERT_TEXT_BYTES = 64 * 1024,
};

/* "subject: …", "issuer: …", "valid from: …", "valid to: …", "names: …",
 * "key: …", "sha-256: …", a line each. */
MUST_USE enum status cert_describe(const X509 *cert, struct buf *out);
/* "CN = R3, O = Let's Encrypt, C = US". */
void cert_put_name(struct buf *out, const X509_NAME *name);
/* "2024-05-01"; "unknown" when it cannot be read. */
void cert_date(const ASN1_TIME *time, char ret_text[CERT_DATE_TEXT]);
/* Lower-case hex with colons. */
MUST_USE enum status cert_put_fingerprint(struct buf *out, const X509 *cert);

MUST_USE enum status cert_put_pem(struct buf *out, const X509 *cert);
/* Appends what a memory BIO holds. */
MUST_USE enum status bio_put_all(struct buf *out, BIO *memory);

#endif
