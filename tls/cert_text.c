#include "tls/cert_text.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <time.h>

#include "base/text.h"
#include "tls/cert_names.h"

enum { NAMES_SHOWN = 20 };

enum status bio_put_all(struct buf *out, BIO *memory)
{
    char *data;
    long len = BIO_get_mem_data(memory, &data);

    if (len > 0)
        buf_put(out, bytes_make(data, (size_t)len));
    return buf_status(out);
}

enum status cert_put_pem(struct buf *out, const X509 *cert)
{
    BIO *memory = BIO_new(BIO_s_mem());
    enum status st = STATUS_NO_MEMORY;

    if (memory && PEM_write_bio_X509(memory, cert))
        st = bio_put_all(out, memory);
    BIO_free(memory);
    return st;
}

void cert_put_name(struct buf *out, const X509_NAME *name)
{
    BIO *memory = BIO_new(BIO_s_mem());
    char *data;

    if (memory && X509_NAME_print_ex(memory, name, 0,
                                     XN_FLAG_ONELINE & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long len = BIO_get_mem_data(memory, &data);

        if (len > 0)
            text_put_terminal(out, bytes_make(data, (size_t)len));
    }
    BIO_free(memory);
}

void cert_date(const ASN1_TIME *time, char ret_text[CERT_DATE_TEXT])
{
    struct tm parts;

    if (!ASN1_TIME_to_tm(time, &parts) ||
        strftime(ret_text, CERT_DATE_TEXT, "%Y-%m-%d", &parts) == 0)
        snprintf(ret_text, CERT_DATE_TEXT, "unknown");
}

enum status cert_put_fingerprint(struct buf *out, const X509 *cert)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    unsigned len;

    if (!X509_digest(cert, EVP_sha256(), digest, &len))
        return STATUS_NO_MEMORY;
    for (unsigned i = 0; i < len; i++)
        buf_putf(out, "%s%02x", i ? ":" : "", digest[i]);
    return buf_status(out);
}

static void put_time(struct buf *out, const char *label, const ASN1_TIME *time)
{
    struct tm parts;
    char text[40] = "unknown";

    if (ASN1_TIME_to_tm(time, &parts))
        strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &parts);
    buf_putf(out, "%s: %s\n", label, text);
}

static void put_names(struct buf *out, const X509 *cert)
{
    struct cert_names names;

    if (cert_names_read(cert, &names))
        return;
    buf_put_text(out, "names: ");
    for (uint32_t i = 0; i < names.count && i < NAMES_SHOWN; i++) {
        buf_put_text(out, i ? ", " : "");
        buf_put(out, names.items[i]);
    }
    if (names.count > NAMES_SHOWN)
        buf_putf(out, ", and %u more", names.count - NAMES_SHOWN);
    buf_put_byte(out, '\n');
    cert_names_release(&names);
}

static void put_key(struct buf *out, const X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    const char *type = key ? EVP_PKEY_get0_type_name(key) : NULL;

    if (!type)
        return;
    buf_putf(out, "key: %s, %d bits\n", type, EVP_PKEY_get_bits(key));
}

enum status cert_describe(const X509 *cert, struct buf *out)
{
    enum status st;

    buf_put_text(out, "subject: ");
    cert_put_name(out, X509_get_subject_name(cert));
    buf_put_text(out, "\nissuer: ");
    cert_put_name(out, X509_get_issuer_name(cert));
    buf_put_byte(out, '\n');
    put_time(out, "valid from", X509_get0_notBefore(cert));
    put_time(out, "valid to", X509_get0_notAfter(cert));
    put_names(out, cert);
    put_key(out, cert);
    buf_put_text(out, "sha-256: ");
    st = cert_put_fingerprint(out, cert);
    buf_put_byte(out, '\n');
    return st ? st : buf_status(out);
}
