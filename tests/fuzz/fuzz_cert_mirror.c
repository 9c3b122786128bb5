/* An origin's certificate, in DER, whose names go into a leaf: the leaf is for our
 * host and for names that are valid only, and it says what its CA says. */
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "tls/ca_internal.h"
#include "tls/cert_text.h"

#include "fuzz.h"

enum { NOW = 1790000000, TEXT_BYTES = 1024 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_names(const struct cert_names *names)
{
    require(names->count > 0 && names->count <= LEAF_NAMES);
    for (uint32_t i = 0; i < names->count; i++) {
        struct cert_name name;

        require(cert_name_parse(names->items[i], true, &name) == STATUS_OK);
        require(name.text_len == names->items[i].len);
        require(memchr(name.text, ',', name.text_len) == NULL);
    }
}

static void check_leaf(const struct ca *ca, const struct leaf *leaf, uint32_t most)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(leaf->cert, NID_subject_alt_name, NULL, NULL);

    require(sk_GENERAL_NAME_num(names) >= 1 && sk_GENERAL_NAME_num(names) <= (int)most + 1);
    require(X509_check_host(leaf->cert, "host.test", 0, 0, NULL) == 1);
    require(X509_check_host(leaf->cert, "com", 0, 0, NULL) != 1);
    require(X509_verify(leaf->cert, X509_get0_pubkey(ca->cert)) == 1);
    GENERAL_NAMES_free(names);
}

static void mint(struct ca *ca, const struct cert_names *mirror)
{
    struct leaf_request request = {.host = BYTES("host.test"), .mirror = mirror, .now = NOW};
    struct leaf *leaf;

    require(ca_leaf(ca, &request, &leaf) == STATUS_OK);
    check_leaf(ca, leaf, mirror->count);
    leaf_unref(leaf);
}

static void describe(const X509 *cert)
{
    struct buf text;

    buf_init(&text, TEXT_BYTES);
    if (cert_describe(cert, &text) == STATUS_OK)
        for (size_t i = 0; i < text.len; i++)
            require(text.ptr[i] >= ' ' || text.ptr[i] == '\n');
    buf_release(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static struct ca *ca; /* made once: what is tried is not the making of it */
    const unsigned char *at = data;
    struct cert_names names;
    X509 *cert;

    if (!ca)
        require(ca_generate("fuzz", NOW, &ca) == STATUS_OK);
    cert = d2i_X509(NULL, &at, (long)len);
    ERR_clear_error();
    if (!cert)
        return 0;
    describe(cert);
    if (cert_names_read(cert, &names) == STATUS_OK) {
        check_names(&names);
        mint(ca, &names);
        cert_names_release(&names);
    }
    require(ERR_peek_error() == 0);
    X509_free(cert);
    return 0;
}
