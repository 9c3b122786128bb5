/* route: where a request is meant to go, and what weir dials for it. */
#ifndef WEIR_PROXY_CORE_ROUTE_H
#define WEIR_PROXY_CORE_ROUTE_H

#include "proxy/core/settings.h"

struct engine;

/* How the target was named; further ways (SOCKS5, reverse, transparent) only fill
 * the struct in another way. */
enum target_how { TARGET_BY_REQUEST, TARGET_BY_CONNECT };

struct target {
    struct bytes host; /* normalised; lives in its owner's arena */
    uint16_t port;
    enum target_how how;
};

enum route_kind { ROUTE_HTTP, ROUTE_HTTPS, ROUTE_RAW };

enum { ROUTE_KEY_BYTES = 2048 };

struct route {
    enum route_kind kind;
    struct bytes host; /* of the target */
    uint16_t port;
    struct bytes sni;  /* HTTPS: sent to the origin; empty: none */
    struct bytes alpn; /* HTTPS: wire-format list offered */
    bool verify;
    const struct tls_identity *identity;
    const struct via_entry *via; /* NULL: direct */
    struct bytes dial_host;      /* after upstream.map and upstream.via */
    uint16_t dial_port;
    struct bytes key; /* equal only if nothing that matters differs */
    uint64_t hash;    /* of the key */
};

/* Fills a route; its bytes live in `a`. `sni` is what the client sent; the
 * target's host is used when it is empty. */
MUST_USE enum status route_make(struct engine *e, struct arena *a, enum route_kind kind,
                                const struct target *target, struct bytes sni,
                                struct route *ret_route);
/* A deep copy into `a`. */
MUST_USE enum status route_copy(struct arena *a, const struct route *from, struct route *ret_route);

#endif
