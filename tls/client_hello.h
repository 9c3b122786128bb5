/* client_hello: reads a TLS ClientHello before any TLS object exists, so that
 * weir can decide what to do with the connection while it may still be relayed
 * untouched. Pure; RFC 8446 §4.1.2, RFC 6066 §3, RFC 7301. */
#ifndef WEIR_TLS_CLIENT_HELLO_H
#define WEIR_TLS_CLIENT_HELLO_H

#include "base/buf.h"

enum {
    CLIENT_HELLO_BYTES = 64 * 1024, /* the longest one read, over all its records */
    JA4_TEXT = 40,                  /* room of a JA4 fingerprint with its NUL */
};

struct client_hello {
    /* Both point into `scratch` of client_hello_parse(). */
    struct bytes sni;  /* host name as sent; empty when absent */
    struct bytes alpn; /* the list as on the wire (length-prefixed names) */
    uint16_t legacy_version;
    uint16_t max_version; /* of supported_versions, else legacy_version */
    bool ech;             /* an encrypted ClientHello is there (outer SNI) */
    bool resumes;         /* offers a session ticket or PSK */
    char ja4[JA4_TEXT];   /* "t13d1516h2_8daaf6152771_e5627efa2ab1" */
};

/* `in`: all bytes the client has sent so far. The handshake message is
 * reassembled over records into `scratch` (cleared first).
 * STATUS_OK; STATUS_NEED_MORE; STATUS_UNSUPPORTED: this is no TLS at all (decided
 * by the first bytes); STATUS_BAD_MESSAGE: it is TLS, but broken; STATUS_LIMIT;
 * STATUS_NO_MEMORY. */
MUST_USE enum status client_hello_parse(struct bytes in, struct buf *scratch,
                                        struct client_hello *ret_hello);
/* Does a wire-format ALPN list hold this protocol? */
bool alpn_list_has(struct bytes list, struct bytes protocol);

#endif
