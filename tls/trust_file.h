/* trust_file: the roots the system trusts. Inner header of tls/. */
#ifndef WEIR_TLS_TRUST_FILE_H
#define WEIR_TLS_TRUST_FILE_H

#include <openssl/x509.h>

#include "base/status.h"

/* Adds the certificates of the system's bundle to `store`; about 30 ms.
 * NOT_FOUND: no bundle is where one is looked for. The variable SSL_CERT_FILE is
 * not asked: `weir exec` sets it, to a bundle with weir's own CA in it. */
MUST_USE enum status trust_file_load(X509_STORE *store);

#endif
