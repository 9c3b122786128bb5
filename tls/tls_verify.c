/* Verification of an origin's certificate, and the sentence when it fails. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "tls/cert_names.h"
#include "tls/cert_text.h"
#include "tls/openssl_failure.h"
#include "tls/tls_internal.h"

enum {
    SENTENCE_BYTES = 4096,
    NAMES_IN_SENTENCE = 3,
};

/* The certificate found wrong, and where in the chain. */
struct finding {
    int error, depth;
    const X509 *cert;
};

/* "the certificate of old.test", or of an authority above it. */
static void put_whose(struct buf *out, const char *host, const struct finding *f)
{
    if (f->depth == 0) {
        buf_putf(out, "the certificate of %s", host);
        return;
    }
    buf_put_text(out, "the certificate of the authority ");
    cert_put_name(out, X509_get_subject_name(f->cert));
    buf_putf(out, ", which vouches for %s,", host);
}

static void put_expired(struct buf *out, const char *host, const struct finding *f)
{
    char date[CERT_DATE_TEXT];

    cert_date(X509_get0_notAfter(f->cert), date);
    put_whose(out, host, f);
    buf_putf(out, " has expired (%s)", date);
}

static void put_not_yet(struct buf *out, const char *host, const struct finding *f)
{
    char date[CERT_DATE_TEXT];

    cert_date(X509_get0_notBefore(f->cert), date);
    put_whose(out, host, f);
    buf_putf(out, " is not valid before %s: is the clock of this machine right?", date);
}

static void put_self_signed(struct buf *out, const char *host, const struct finding *f)
{
    (void)f;
    buf_putf(out, "the certificate of %s is self-signed: no authority vouches for it", host);
}

static void put_unknown_root(struct buf *out, const char *host, const struct finding *f)
{
    buf_putf(out, "the certificate of %s comes from an authority that is not trusted: ", host);
    cert_put_name(out, X509_get_subject_name(f->cert));
}

static void put_unknown_issuer(struct buf *out, const char *host, const struct finding *f)
{
    buf_putf(out, "the certificate of %s comes from an authority that is not known: ", host);
    cert_put_name(out, X509_get_issuer_name(f->cert));
    if (f->depth == 0)
        buf_put_text(out, " (or the origin does not send the certificates in between)");
}

static void put_wrong_host(struct buf *out, const char *host, const struct finding *f)
{
    struct cert_names names;

    if (cert_names_read(f->cert, &names)) {
        buf_putf(out, "the certificate of %s names no host at all", host);
        return;
    }
    buf_putf(out, "the certificate of %s is for other hosts: ", host);
    for (uint32_t i = 0; i < names.count && i < NAMES_IN_SENTENCE; i++) {
        buf_put_text(out, i ? ", " : "");
        buf_put(out, names.items[i]);
    }
    if (names.count > NAMES_IN_SENTENCE)
        buf_putf(out, " and %u more", names.count - NAMES_IN_SENTENCE);
    cert_names_release(&names);
}

static void put_weak(struct buf *out, const char *host, const struct finding *f)
{
    put_whose(out, host, f);
    buf_put_text(out, " is too weak: its key is too short or its signature too old");
}

static void put_other(struct buf *out, const char *host, const struct finding *f)
{
    put_whose(out, host, f);
    buf_putf(out, " is not accepted: %s", X509_verify_cert_error_string(f->error));
}

static void put_finding(struct buf *out, const char *host, const struct finding *f)
{
    static const struct {
        int error;
        void (*put)(struct buf *out, const char *host, const struct finding *f);
    } sentences[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, put_expired},
        {X509_V_ERR_CERT_NOT_YET_VALID, put_not_yet},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, put_self_signed},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, put_unknown_root},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, put_unknown_issuer},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, put_unknown_issuer},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, put_unknown_issuer},
        {X509_V_ERR_HOSTNAME_MISMATCH, put_wrong_host},
        {X509_V_ERR_IP_ADDRESS_MISMATCH, put_wrong_host},
        {X509_V_ERR_EE_KEY_TOO_SMALL, put_weak},
        {X509_V_ERR_CA_KEY_TOO_SMALL, put_weak},
        {X509_V_ERR_CA_MD_TOO_WEAK, put_weak},
    };

    for (size_t i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
        if (sentences[i].error == f->error) {
            sentences[i].put(out, host, f);
            return;
        }
    }
    put_other(out, host, f);
}

static void write_sentence(struct tlsio *t, const struct finding *f)
{
    struct buf out;

    buf_init(&out, SENTENCE_BYTES);
    put_finding(&out, t->host, f);
    if (t->shared->trust_is_empty)
        buf_put_text(&out, "; no bundle of trusted authorities was found on this machine");
    if (buf_bytes(&out).len)
        tlsio_set_error(t, buf_bytes(&out));
    else
        tlsio_set_error(t, BYTES("the certificate is not accepted"));
    buf_release(&out);
}

/* Called for each certificate; the first fault ends the verification. */
static int on_verify(int ok, X509_STORE_CTX *ctx)
{
    SSL *ssl = X509_STORE_CTX_get_ex_data(ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct tlsio *t = SSL_get_app_data(ssl);
    X509 *shown = X509_STORE_CTX_get0_cert(ctx);
    X509 *current = X509_STORE_CTX_get_current_cert(ctx);
    struct finding f = {
        .error = X509_STORE_CTX_get_error(ctx),
        .depth = X509_STORE_CTX_get_error_depth(ctx),
        .cert = current ? current : shown,
    };

    if (ok)
        return 1;
    if (f.error == X509_V_ERR_OUT_OF_MEM) {
        t->cause = STATUS_NO_MEMORY;
        return 0;
    }
    t->refused_peer = true;
    if (!t->refused && X509_up_ref(shown))
        t->refused = shown;
    write_sentence(t, &f);
    return 0;
}

static bool set_name(X509_VERIFY_PARAM *param, const struct cert_name *host)
{
    /* RFC 9525 §6.3 and §2: no "f*.test", and no name out of the subject */
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
                                               X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (host->is_address)
        return X509_VERIFY_PARAM_set1_ip(param, host->address, host->address_len);
    return X509_VERIFY_PARAM_set1_host(param, host->text, host->text_len);
}

enum status tls_verify_set(struct tlsio *t, const struct cert_name *host)
{
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
    X509_STORE *trust = tls_shared_trust(t->shared);

    if (!trust)
        return STATUS_NO_MEMORY;
    /* PARTIAL_CHAIN: a certificate the user added is trusted, root or not */
    if (!SSL_set1_verify_cert_store(t->ssl, trust) ||
        !X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) || !set_name(param, host))
        return openssl_failure();
    SSL_set_verify(t->ssl, SSL_VERIFY_PEER, on_verify);
    return STATUS_OK;
}
