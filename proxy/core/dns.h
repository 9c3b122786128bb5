/* dns: names to addresses, with one look-up at a time for a name and a short
 * memory. The look-up itself is the loop's (COMMAND_RESOLVE). */
#ifndef WEIR_PROXY_CORE_DNS_H
#define WEIR_PROXY_CORE_DNS_H

#include <netinet/in.h>

#include "base/bytes.h"

struct engine;
struct dns_entry;

struct dns_answer {
    const struct sockaddr_storage *addresses; /* ports are not set */
    uint32_t count;                           /* 0: failed */
    const char *error;                        /* static; when failed */
};

/* One who waits; embedded in his own struct. */
struct dns_waiter {
    void (*on_answer)(void *self, const struct dns_answer *answer);
    void *self;
    struct dns_entry *entry; /* while he waits */
    struct dns_waiter *next, *prev;
};

struct dns {
    struct engine *engine;
    struct dns_entry **table; /* DNS_HOSTS / 4 buckets */
    struct dns_entry *oldest, *newest;
    uint32_t count;
    uint32_t next_job;
};

MUST_USE enum status dns_init(struct dns *d, struct engine *e);
void dns_release(struct dns *d);
/* Answers at once from memory (then OK, with *ret_answer), or NEED_MORE: `w` will
 * be called. A host that is an address is answered at once. */
MUST_USE enum status dns_ask(struct dns *d, struct bytes host, struct dns_waiter *w,
                             struct dns_answer *ret_answer);
/* He does not wait any more. A look-up that nobody waits for does not begin: names
 * that nobody answers for must not hold up the others behind them for long. */
void dns_leave(struct dns *d, struct dns_waiter *w);
/* EVENT_RESOLVED. */
void dns_resolved(struct dns *d, uint32_t job, const struct sockaddr_storage *addresses,
                  size_t count, const char *error);

#endif
