#include "tls/cert_names.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tls/openssl_failure.h"

enum {
    IPV4_TEXT_BYTES = 15,
    IPV6_TEXT_BYTES = 45, /* the longest spelling, with a dotted quad at its end */
    WILDCARD_LABELS = 3,  /* "*.a.test" */
    NAMES_BYTES = LEAF_NAMES * (DNS_NAME_BYTES + 1),
};

static bool is_name_byte(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

/* Labels of 1 to 63 bytes; how many, or 0 when one is wrong. `in` is lower case. */
static size_t count_labels(struct bytes in)
{
    size_t labels = 1, len = 0;

    for (size_t i = 0; i < in.len; i++) {
        if (in.ptr[i] == '.') {
            if (len == 0)
                return 0;
            labels++;
            len = 0;
        } else if (!is_name_byte(in.ptr[i]) || ++len > DNS_LABEL_BYTES) {
            return 0;
        }
    }
    return len ? labels : 0;
}

static bool parse_dns_name(struct bytes in, bool wildcards, struct cert_name *name)
{
    struct bytes labels;
    size_t count;

    if (bytes_ends_with(in, BYTES(".")))
        in.len--;
    if (in.len == 0 || in.len > DNS_NAME_BYTES)
        return false;
    for (size_t i = 0; i < in.len; i++)
        name->text[i] = (char)byte_lower(in.ptr[i]);
    name->text[in.len] = '\0';
    name->text_len = (uint8_t)in.len;

    labels = bytes_make(name->text, in.len); /* a NUL within is no name byte */
    if (!bytes_starts_with(labels, BYTES("*.")))
        return count_labels(labels) > 0;
    count = count_labels(bytes_from(labels, 2));
    return wildcards && count && count + 1 >= WILDCARD_LABELS;
}

static bool has_only(struct bytes in, const char *allowed)
{
    for (size_t i = 0; i < in.len; i++)
        if (in.ptr[i] == '\0' || !strchr(allowed, in.ptr[i]))
            return false;
    return in.len > 0;
}

/* OpenSSL reads the address, but is lax about what stands around it. NOT_FOUND:
 * this does not look like one. */
static enum status parse_address(struct bytes in, struct cert_name *name)
{
    bool four = has_only(in, "0123456789.");
    bool six = has_only(in, "0123456789abcdefABCDEF:.") && bytes_find(in, ':') >= 0;
    ASN1_OCTET_STRING *address;

    if (!four && !six)
        return STATUS_NOT_FOUND;
    if (in.len > (four ? IPV4_TEXT_BYTES : IPV6_TEXT_BYTES))
        return STATUS_BAD_INPUT;
    memcpy(name->text, in.ptr, in.len);
    name->text[in.len] = '\0';
    name->text_len = (uint8_t)in.len;
    address = a2i_IPADDRESS(name->text);
    if (!address)
        return openssl_failure() == STATUS_NO_MEMORY ? STATUS_NO_MEMORY : STATUS_BAD_INPUT;
    name->is_address = true;
    name->address_len = (uint8_t)ASN1_STRING_length(address);
    memcpy(name->address, ASN1_STRING_get0_data(address), name->address_len);
    ASN1_OCTET_STRING_free(address);
    return STATUS_OK;
}

enum status cert_name_parse(struct bytes in, bool wildcards, struct cert_name *ret_name)
{
    struct cert_name name = {0};
    enum status st = parse_address(in, &name);

    if (st == STATUS_NOT_FOUND)
        st = parse_dns_name(in, wildcards, &name) ? STATUS_OK : STATUS_BAD_INPUT;
    if (!st)
        *ret_name = name;
    return st;
}

static void put_address(struct buf *out, const uint8_t *address, int len)
{
    if (len == 4)
        buf_putf(out, "%d.%d.%d.%d", address[0], address[1], address[2], address[3]);
    for (int i = 0; len == 16 && i < 16; i += 2)
        buf_putf(out, "%s%x", i ? ":" : "", address[i] << 8 | address[i + 1]);
}

/* Appends the name with a NUL after it, if it is one to mirror. */
static bool put_name(struct buf *out, const GENERAL_NAME *general)
{
    struct cert_name name;
    const ASN1_STRING *value;
    struct bytes text;
    size_t before = out->len;
    int type;

    value = GENERAL_NAME_get0_value(general, &type);
    if (type != GEN_DNS && type != GEN_IPADD)
        return false;
    text = bytes_make(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value));
    if (type == GEN_IPADD)
        put_address(out, text.ptr, (int)text.len);
    else if (!cert_name_parse(text, true, &name) && !name.is_address)
        buf_put(out, bytes_make(name.text, name.text_len));
    if (out->len == before)
        return false;
    buf_put_byte(out, '\0');
    return true;
}

/* Cuts n->memory at its NULs. */
static enum status index_names(struct cert_names *n, uint32_t count)
{
    const char *at;

    if (count == 0)
        return STATUS_NOT_FOUND;
    if (buf_status(&n->memory))
        return buf_status(&n->memory);
    n->items = calloc(count, sizeof(*n->items));
    if (!n->items)
        return STATUS_NO_MEMORY;
    at = (const char *)n->memory.ptr;
    for (n->count = 0; n->count < count; n->count++) {
        n->items[n->count] = bytes_of(at);
        at += n->items[n->count].len + 1;
    }
    n->hash = bytes_hash(buf_bytes(&n->memory), 0);
    return STATUS_OK;
}

enum status cert_names_read(const X509 *cert, struct cert_names *ret_names)
{
    struct cert_names names = {0};
    GENERAL_NAMES *all;
    uint32_t count = 0;
    enum status st;

    buf_init(&names.memory, NAMES_BYTES);
    all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(all) && count < LEAF_NAMES; i++)
        count += put_name(&names.memory, sk_GENERAL_NAME_value(all, i));
    GENERAL_NAMES_free(all);
    ERR_clear_error();
    st = index_names(&names, count);
    if (st) {
        cert_names_release(&names);
        return st;
    }
    *ret_names = names;
    return STATUS_OK;
}

void cert_names_release(struct cert_names *n)
{
    free(n->items);
    buf_release(&n->memory);
    *n = (struct cert_names){0};
}
