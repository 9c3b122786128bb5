#include "tls/cert_make.h"

#include <openssl/rand.h>
#include <string.h>
#include <time.h>

static bool set_serial(X509 *cert)
{
    uint8_t random[SERIAL_BYTES];

    if (RAND_bytes(random, sizeof(random)) != 1)
        return false;
    random[0] = (uint8_t)((random[0] & 0x7f) | 0x40); /* positive, and always this long */
    return ASN1_STRING_set(X509_get_serialNumber(cert), random, sizeof(random));
}

X509 *cert_start(int64_t not_before, int64_t not_after)
{
    X509 *cert = X509_new();

    if (!cert)
        return NULL;
    if (X509_set_version(cert, X509_VERSION_3) && set_serial(cert) &&
        ASN1_TIME_set(X509_getm_notBefore(cert), (time_t)not_before) &&
        ASN1_TIME_set(X509_getm_notAfter(cert), (time_t)not_after))
        return cert;
    X509_free(cert);
    return NULL;
}

bool cert_set_common_name(X509 *cert, struct bytes name)
{
    return X509_NAME_add_entry_by_NID(X509_get_subject_name(cert), NID_commonName, MBSTRING_UTF8,
                                      name.ptr, (int)name.len, -1, 0);
}

bool cert_key_id(const X509 *cert, uint8_t ret_id[KEY_ID_BYTES])
{
    uint8_t digest[EVP_MAX_MD_SIZE];

    if (!X509_pubkey_digest(cert, EVP_sha1(), digest, NULL))
        return false;
    memcpy(ret_id, digest, KEY_ID_BYTES);
    return true;
}

X509_EXTENSION *extension_authority(int pathlen)
{
    BASIC_CONSTRAINTS *value = BASIC_CONSTRAINTS_new();
    X509_EXTENSION *extension = NULL;

    if (!value)
        return NULL;
    value->ca = 0xff; /* DER's true */
    value->pathlen = ASN1_INTEGER_new();
    if (value->pathlen && ASN1_INTEGER_set(value->pathlen, pathlen))
        extension = X509V3_EXT_i2d(NID_basic_constraints, 1, value);
    BASIC_CONSTRAINTS_free(value);
    return extension;
}

X509_EXTENSION *extension_key_usage(const int *bits, size_t count)
{
    ASN1_BIT_STRING *value = ASN1_BIT_STRING_new();
    X509_EXTENSION *extension = NULL;
    bool set = value != NULL;

    for (size_t i = 0; set && i < count; i++)
        set = ASN1_BIT_STRING_set_bit(value, bits[i], 1);
    if (set)
        extension = X509V3_EXT_i2d(NID_key_usage, 1, value);
    ASN1_BIT_STRING_free(value);
    return extension;
}

X509_EXTENSION *extension_server_auth(void)
{
    EXTENDED_KEY_USAGE *value = EXTENDED_KEY_USAGE_new();
    X509_EXTENSION *extension = NULL;

    if (value && sk_ASN1_OBJECT_push(value, OBJ_nid2obj(NID_server_auth)))
        extension = X509V3_EXT_i2d(NID_ext_key_usage, 0, value);
    EXTENDED_KEY_USAGE_free(value);
    return extension;
}

static ASN1_OCTET_STRING *octets_new(struct bytes in)
{
    ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

    if (octets && ASN1_OCTET_STRING_set(octets, in.ptr, (int)in.len))
        return octets;
    ASN1_OCTET_STRING_free(octets);
    return NULL;
}

X509_EXTENSION *extension_subject_key_id(struct bytes id)
{
    ASN1_OCTET_STRING *value = octets_new(id);
    X509_EXTENSION *extension = NULL;

    if (value)
        extension = X509V3_EXT_i2d(NID_subject_key_identifier, 0, value);
    ASN1_OCTET_STRING_free(value);
    return extension;
}

X509_EXTENSION *extension_authority_key_id(struct bytes id)
{
    AUTHORITY_KEYID *value = AUTHORITY_KEYID_new();
    X509_EXTENSION *extension = NULL;

    if (value)
        value->keyid = octets_new(id);
    if (value && value->keyid)
        extension = X509V3_EXT_i2d(NID_authority_key_identifier, 0, value);
    AUTHORITY_KEYID_free(value);
    return extension;
}

X509_EXTENSION *extension_alternative_names(GENERAL_NAMES *names, bool critical)
{
    return X509V3_EXT_i2d(NID_subject_alt_name, critical, names);
}

bool general_names_add(GENERAL_NAMES *names, const struct cert_name *name)
{
    GENERAL_NAME *general = GENERAL_NAME_new();
    struct bytes value = name->is_address ? bytes_make(name->address, name->address_len)
                                          : bytes_make(name->text, name->text_len);
    int type = name->is_address ? GEN_IPADD : GEN_DNS;
    ASN1_STRING *string =
        ASN1_STRING_type_new(name->is_address ? V_ASN1_OCTET_STRING : V_ASN1_IA5STRING);

    if (!general || !string || !ASN1_STRING_set(string, value.ptr, (int)value.len)) {
        ASN1_STRING_free(string);
        GENERAL_NAME_free(general);
        return false;
    }
    GENERAL_NAME_set0_value(general, type, string);
    if (sk_GENERAL_NAME_push(names, general))
        return true;
    GENERAL_NAME_free(general);
    return false;
}

int64_t cert_time(const ASN1_TIME *time)
{
    struct tm parts;

    return ASN1_TIME_to_tm(time, &parts) ? (int64_t)timegm(&parts) : 0;
}
