#include "tls/trust_file.h"

#include <openssl/err.h>

#include "tls/openssl_failure.h"

static enum status load(X509_STORE *store, const char *path)
{
    ERR_clear_error();
    if (path && X509_STORE_load_file(store, path) == 1)
        return STATUS_OK;
    return openssl_failure() == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_NOT_FOUND;
}

enum status trust_file_load(X509_STORE *store)
{
    static const char *const others[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Arch */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Fedora, Red Hat */
        "/etc/ssl/cert.pem",                  /* Alpine, BSD, macOS */
    };
    enum status st = load(store, X509_get_default_cert_file());

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]) && st == STATUS_NOT_FOUND; i++)
        st = load(store, others[i]);
    return st;
}
