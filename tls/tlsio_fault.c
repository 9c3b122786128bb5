/* Why a TLS connection failed, in a sentence. */
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "tls/tls_internal.h"

enum { SENTENCE_BYTES = 512 };

void tlsio_set_error(struct tlsio *t, struct bytes sentence)
{
    size_t len = sentence.len;

    if (len > sizeof(t->error) - 1) {
        len = sizeof(t->error) - 1;
        while (len && (sentence.ptr[len] & 0xc0) == 0x80)
            len--;
    }
    memcpy(t->error, sentence.ptr, len);
    t->error[len] = '\0';
}

enum status tlsio_fail_with(struct tlsio *t, enum status st, const char *sentence)
{
    ERR_clear_error();
    if (!t->error[0])
        tlsio_set_error(t, bytes_of(sentence));
    t->end = st;
    return st;
}

static const char *peer_name(const struct tlsio *t)
{
    return t->server ? "the client" : t->host;
}

static void write_alert(const struct tlsio *t, char *out, size_t cap)
{
    const struct tls_alert *alert = tls_alert_find(t->alert);

    if (!alert)
        snprintf(out, cap, "%s ended TLS with the alert %d", peer_name(t), t->alert);
    else if (alert->refuses_certificate && t->server)
        snprintf(out, cap,
                 "the client refused the certificate (alert %s): %s; does it trust the CA of weir?",
                 alert->name, alert->meaning);
    else if (alert->refuses_certificate)
        snprintf(out, cap, "%s refused the client certificate (alert %s): %s", t->host, alert->name,
                 alert->meaning);
    else
        snprintf(out, cap, "%s ended TLS with the alert %s: %s", peer_name(t), alert->name,
                 alert->meaning);
}

/* Of an error of OpenSSL that people meet; NULL for the others. */
static const char *known_sentence(int reason)
{
    switch (reason) {
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_UNEXPECTED_MESSAGE:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
        return "it does not speak TLS here";
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
        return "it speaks plain HTTP here";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
        return "it speaks no version of TLS that is allowed (see tls.min_version)";
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
        return "there is no cipher suite both sides accept";
    case SSL_R_DH_KEY_TOO_SMALL:
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
        return "its keys or signatures are too weak";
    case SSL_R_UNSAFE_LEGACY_RENEGOTIATION_DISABLED:
        return "it is too old: it lacks secure renegotiation (RFC 5746)";
    default:
        return NULL;
    }
}

static void write_reason(const struct tlsio *t, unsigned long code, char *out, size_t cap)
{
    const char *known =
        ERR_GET_LIB(code) == ERR_LIB_SSL ? known_sentence(ERR_GET_REASON(code)) : NULL;
    const char *words = known ? known : ERR_reason_error_string(code);

    snprintf(out, cap, "TLS with %s failed: %s", peer_name(t), words ? words : "no reason given");
}

enum status tlsio_fail(struct tlsio *t)
{
    unsigned long code = ERR_peek_error();
    char sentence[SENTENCE_BYTES];

    if (t->cause)
        return tlsio_fail_with(t, t->cause, status_sentence(t->cause));
    if (ERR_GET_REASON(code) == ERR_R_MALLOC_FAILURE)
        return tlsio_fail_with(t, STATUS_NO_MEMORY, status_sentence(STATUS_NO_MEMORY));
    if (t->idle_messages > TLSIO_IDLE_MESSAGES)
        return tlsio_fail_with(t, STATUS_TLS, "the peer sends handshake messages without end");
    if (t->alert >= 0)
        write_alert(t, sentence, sizeof(sentence));
    else
        write_reason(t, code, sentence, sizeof(sentence));
    return tlsio_fail_with(t, STATUS_TLS, sentence);
}
