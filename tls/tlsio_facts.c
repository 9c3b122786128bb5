/* What is known of a TLS connection (tlsio.h). */
#include "tls/cert_names.h"
#include "tls/cert_text.h"
#include "tls/tls_internal.h"

struct tls_facts tlsio_facts(const struct tlsio *t)
{
    const struct tls_alert *alert = tls_alert_find(t->alert);
    struct tls_facts facts = {
        .version_text = "",
        .cipher = "",
        .alert = t->alert,
        .alert_text = alert ? alert->name : NULL,
    };
    const unsigned char *name;
    unsigned len;

    if (!t->ready)
        return facts;
    facts.version = (uint16_t)SSL_version(t->ssl);
    facts.version_text = SSL_get_version(t->ssl);
    facts.cipher = SSL_get_cipher_name(t->ssl);
    SSL_get0_alpn_selected(t->ssl, &name, &len);
    facts.alpn = bytes_make(name, len);
    facts.resumed = SSL_session_reused(t->ssl);
    facts.verified = t->verify && SSL_get_verify_result(t->ssl) == X509_V_OK;
    return facts;
}

const char *tlsio_error(const struct tlsio *t)
{
    return t->error;
}

bool tlsio_refused_peer(const struct tlsio *t)
{
    return t->refused_peer;
}

bool tlsio_refused_by_peer(const struct tlsio *t)
{
    const struct tls_alert *alert = tls_alert_find(t->alert);

    return alert && alert->refuses_certificate;
}

/* The one we refused, or the one the handshake was made with. Borrowed. */
static const X509 *peer_cert(const struct tlsio *t)
{
    return t->refused ? t->refused : SSL_get0_peer_certificate(t->ssl);
}

enum status tlsio_peer_names(const struct tlsio *t, struct cert_names *ret_names)
{
    const X509 *cert = peer_cert(t);

    return cert ? cert_names_read(cert, ret_names) : STATUS_NOT_FOUND;
}

enum status tlsio_peer_describe(const struct tlsio *t, struct buf *out)
{
    const X509 *cert = peer_cert(t);

    return cert ? cert_describe(cert, out) : STATUS_NOT_FOUND;
}
