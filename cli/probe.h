/* probe: asks a server of its own on this machine's loopback through a proxy, and says
 * what came back. Blocks, for at most some seconds; starts threads for that server. */
#ifndef WEIR_CLI_PROBE_H
#define WEIR_CLI_PROBE_H

#include <netinet/in.h>

#include "tls/tlsio.h"

enum {
    PROBE_ERROR_TEXT = 512,
    PROBE_SECONDS = 10,             /* without a byte */
    PROBE_ANSWER_BYTES = 64 * 1024, /* the longest answer read */
    PROBE_CLIENTS = 8,              /* connections that the server takes */
};

struct probe_ask {
    const struct sockaddr_storage *proxy;
    struct bytes auth;      /* "user:password"; empty: none */
    struct ca *ca;          /* signs the server's certificate; NULL: HTTP only */
    struct tls_shared *tls; /* trusts what the proxy's certificates are verified with */
    bool https;
};

struct probe_answer {
    bool encrypted;   /* the proxy's TLS handshake was done, its certificate verified */
    bool from_server; /* it is what the server said */
    bool by_rule;     /* it has weir's mark */
    unsigned status;
    char error[PROBE_ERROR_TEXT]; /* "": there was an answer */
};

/* Fills *ret_answer in any case. */
void probe_run(const struct probe_ask *ask, struct probe_answer *ret_answer);

#endif
