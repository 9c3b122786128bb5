/* cert_names: the names a certificate is for. Inner header of tls/; the struct
 * itself is in tls/ca.h. */
#ifndef WEIR_TLS_CERT_NAMES_H
#define WEIR_TLS_CERT_NAMES_H

#include <openssl/x509.h>

#include "tls/ca.h"

enum {
    DNS_NAME_BYTES = 253, /* RFC 1035 §2.3.4, without the last dot */
    DNS_LABEL_BYTES = 63,
};

/* One name in the one form weir uses: DNS names in lower case without a last dot. */
struct cert_name {
    bool is_address;
    uint8_t address_len; /* 4 or 16 */
    uint8_t address[16];
    uint8_t text_len;
    char text[DNS_NAME_BYTES + 1]; /* NUL-terminated; of an address as it was written */
};

/* STATUS_BAD_INPUT: neither an address nor a DNS name of letters, digits, '-'
 * and '_' (numbers and dots alone must be an address). A wildcard is taken only if `wildcards`, and
 * only as the whole first label above two more: never "*" or "*.com". */
MUST_USE enum status cert_name_parse(struct bytes in, bool wildcards, struct cert_name *ret_name);

/* The DNS names and addresses in the subject alternative names of `cert` that
 * are valid, the first LEAF_NAMES of them. NOT_FOUND when there is none. */
MUST_USE enum status cert_names_read(const X509 *cert, struct cert_names *ret_names);

#endif
