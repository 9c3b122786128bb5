/* ja4: the JA4 fingerprint of a ClientHello (FoxIO's published form), without
 * the wire format around it. Inner header of tls/. */
#ifndef WEIR_TLS_JA4_H
#define WEIR_TLS_JA4_H

#include "tls/client_hello.h"

enum {
    CLIENT_HELLO_CIPHERS = 1024,   /* most cipher suites in one hello */
    CLIENT_HELLO_EXTENSIONS = 256, /* most extensions */
    CLIENT_HELLO_SIGALGS = 512,    /* most signature algorithms */
};

/* All lists of 16-bit numbers are big-endian, as on the wire; their lengths are
 * even and within the caps above. */
struct ja4_facts {
    uint16_t version;        /* the highest offered */
    bool has_sni;            /* the extension is there */
    struct bytes first_alpn; /* one protocol name; empty when there is none */
    struct bytes ciphers;
    struct bytes signature_algorithms;
    uint16_t extensions[CLIENT_HELLO_EXTENSIONS]; /* in order of appearance */
    size_t extension_count;
};

/* The reserved values of RFC 8701, which mean nothing. */
bool is_grease(uint16_t value);

/* Writes the fingerprint with its NUL. NO_MEMORY. */
MUST_USE enum status ja4_text(const struct ja4_facts *facts, char ret_text[JA4_TEXT]);

#endif
