/* openssl_failure: the status behind OpenSSL's error queue. Inner header of tls/. */
#ifndef WEIR_TLS_OPENSSL_FAILURE_H
#define WEIR_TLS_OPENSSL_FAILURE_H

#include "base/status.h"

/* Call it when an OpenSSL function has failed: NO_MEMORY when memory was the
 * cause, else TLS. Empties this thread's queue, so that nothing old is read into
 * a later failure. */
MUST_USE enum status openssl_failure(void);

#endif
