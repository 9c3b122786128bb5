#include "tls/openssl_failure.h"

#include <openssl/err.h>

enum status openssl_failure(void)
{
    enum status st = STATUS_TLS;
    unsigned long code;

    /* the queue holds at most ERR_NUM_ERRORS entries */
    while ((code = ERR_get_error()) != 0)
        if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
            st = STATUS_NO_MEMORY;
    return st;
}
