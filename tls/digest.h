/* digest: SHA-256 (FIPS 180-4) of bytes, for those who may not know OpenSSL. */
#ifndef WEIR_TLS_DIGEST_H
#define WEIR_TLS_DIGEST_H

#include "base/bytes.h"

enum { DIGEST_SHA256_BYTES = 32 };

/* NO_MEMORY. Any thread. */
MUST_USE enum status digest_sha256(struct bytes content, uint8_t *ret_digest);

#endif
