#include "tls/digest.h"

#include <openssl/evp.h>

enum status digest_sha256(struct bytes content, uint8_t *ret_digest)
{
    return EVP_Digest(content.ptr, content.len, ret_digest, NULL, EVP_sha256(), NULL)
               ? STATUS_OK
               : STATUS_NO_MEMORY;
}
