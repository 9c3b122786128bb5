/* dial_fault: what rules with dns and connect do before a connection is dialled: it is
 * held for a time, or fails, or both. Waits as long as the settings let a look-up or a
 * dial take. */
#ifndef WEIR_PROXY_CORE_DIAL_FAULT_H
#define WEIR_PROXY_CORE_DIAL_FAULT_H

#include "proxy/core/conn_view.h"
#include "proxy/core/timers.h"
#include "proxy/core/upstream.h"

struct dial_fault_user {
    /* A rule acts; both texts are to be copied. */
    void (*on_rule)(void *self, const char *label, const char *note);
    /* It is over, unless stopped before: `failure` says why there is no connection, or is
     * NULL: it is to be dialled now, and none of the pool is to be taken. */
    void (*on_over)(void *self, const struct failure *failure);
};

struct dial_fault {
    struct engine *engine;
    const struct dial_fault_user *user;
    void *self;
    struct timer timer;
    int64_t wait_us; /* DIAL_FAULT_EVER: until it is stopped */
    bool fails;
    struct failure failure;
};
#define DIAL_FAULT_EVER INT64_MAX

/* Who asks, and for what. */
struct dial_ask {
    const struct session *session;
    const struct ruleset *rules; /* may be NULL */
    const struct target *target;
    struct bytes scheme;
    struct arena *arena; /* the fault lives in it */
    const struct dial_fault_user *user;
    void *self;
};

/* Asks the rules. OK with *ret_fault NULL: none acts. Else on_rule() was called for each,
 * and on_over() comes later, never from within this call. NO_MEMORY. */
MUST_USE enum status dial_fault_start(const struct dial_ask *ask, struct dial_fault **ret_fault);
/* No on_over() any more; NULL is fine. */
void dial_fault_stop(struct dial_fault *d);
/* May such a rule act, now or later? Counts nothing. */
bool dial_fault_may_be(const struct session *s);

#endif
