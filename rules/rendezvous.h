/* rendezvous: where requests that fire one rule wait for each other, whichever loop they
 * are on. It knows who may go; whoever calls the others must ring for their loops. All
 * functions are thread safe. */
#ifndef WEIR_RULES_RENDEZVOUS_H
#define WEIR_RULES_RENDEZVOUS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* One who waits; embedded by the one who does, who must not go away without leaving. */
struct guest {
    struct rendezvous *at;     /* NULL: it does not wait */
    struct guest *prev, *next; /* in order of arrival, among those called together */
    bool called;               /* it may go, or will when those behind it have left */
    bool reverse;              /* the last one goes first */
    bool early;                /* called before all had come */
};

struct rendezvous {
    pthread_mutex_t lock;
    struct guest *first, *last; /* those who were not called */
    uint32_t count;
};

void rendezvous_init(struct rendezvous *r);
void rendezvous_release(struct rendezvous *r);
/* Waits until there are `count`. True: there are, and all have been called. */
bool rendezvous_join(struct rendezvous *r, struct guest *g, uint32_t count, bool reverse);
/* Calls all who wait, if this one was not called yet. */
void rendezvous_call(struct guest *g);
/* May it go? In reverse order, until it leaves, nobody else may. */
bool rendezvous_may_go(const struct guest *g);
/* Called or not; nothing when it does not wait. True: now it is somebody else's turn. */
bool rendezvous_leave(struct guest *g);

#endif
