/* gather: requests that wait until others have come. Those of other loops are told by
 * COMMAND_RING, and tell by EVENT_RUNG. */
#ifndef WEIR_PROXY_CORE_GATHER_H
#define WEIR_PROXY_CORE_GATHER_H

#include "proxy/core/engine_impl.h"
#include "rules/effect.h"
#include "rules/rendezvous.h"

/* Embedded by the one who waits. */
struct gather_wait {
    struct engine *engine;
    struct guest guest;
    struct timer timer;
    int64_t since_us;
    bool going; /* on_go() was called, and in reverse order the next one waits for it */
    void (*on_go)(void *self);
    void *self;
    struct gather_wait *prev, *next; /* in the engine */
};

void gather_wait_init(struct gather_wait *w, struct engine *e, void (*on_go)(void *self),
                      void *self);
/* on_go() is called later, once, unless it leaves before. When that which waited is on its
 * way it must leave, to let the next one go. */
void gather_wait_start(struct gather_wait *w, const struct gather *g);
/* Nothing when it does not wait. */
void gather_wait_leave(struct gather_wait *w);
/* Lets all go who may. */
void gather_look(struct engine *e);

#endif
