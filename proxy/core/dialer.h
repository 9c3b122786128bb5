/* dialer: from a host and a port to an open wire: looks the name up, refuses our
 * own listeners (judged on the address), and tries the addresses one after the
 * other, a quarter of a second apart, until one stands (RFC 8305). */
#ifndef WEIR_PROXY_CORE_DIALER_H
#define WEIR_PROXY_CORE_DIALER_H

#include "proxy/core/close_reason.h"
#include "proxy/core/dns.h"
#include "proxy/core/settings.h"
#include "proxy/core/timers.h"
#include "proxy/core/wire.h"

enum { DIALER_TRIES = 16 }; /* addresses tried */

struct dialer;

struct dialer_user {
    /* The wire is now the user's, its reading off. */
    void (*on_wire)(void *self, struct wire *w);
    /* `detail` is for people: "connection refused"; it may be NULL; static. */
    void (*on_failure)(void *self, enum close_reason reason, const char *detail);
};

struct dial_try {
    struct dialer *dialer;
    struct wire *wire; /* NULL: over */
};

struct dialer {
    struct engine *engine;
    const struct dialer_user *user;
    void *self;
    struct dns_waiter waiter;
    struct timer timer;  /* next address, or the time limit */
    int64_t deadline_us; /* of what it does now; INT64_MAX: none */
    int64_t started_us, resolved_us, connected_us;
    uint16_t port;
    struct sockaddr_storage addresses[DNS_ADDRESSES];
    uint32_t address_count, tried, alive;
    struct dial_try tries[DIALER_TRIES];
    const char *last_error;
};

void dialer_init(struct dialer *d, struct engine *e, const struct dialer_user *user, void *self);
/* One of the two callbacks comes, once, unless the dialer is stopped before; a
 * failure that is known at once comes from within this call. `host` is
 * normalised. */
void dialer_start(struct dialer *d, struct bytes host, uint16_t port);
/* Gives up; no callback. */
void dialer_stop(struct dialer *d);

#endif
