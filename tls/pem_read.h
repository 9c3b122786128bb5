/* pem_read: certificates and keys from PEM. Inner header of tls/. */
#ifndef WEIR_TLS_PEM_READ_H
#define WEIR_TLS_PEM_READ_H

#include <openssl/x509.h>

#include "base/bytes.h"

enum { PEM_CHAIN = 8 }; /* most certificates read after the first */

/* The first certificate, and a list of those that follow (perhaps empty, never
 * NULL); both are the caller's. BAD_INPUT when there is none. */
MUST_USE enum status pem_read_certs(struct bytes pem, X509 **ret_first, STACK_OF(X509) * *ret_rest);
/* BAD_INPUT when there is none, or it is behind a passphrase: nobody is asked. */
MUST_USE enum status pem_read_key(struct bytes pem, EVP_PKEY **ret_key);

#endif
