/* live: flows that are shown before their end. One that is open for longer than
 * LOG_LIVE_MS sends a record of it so far (LOG_BEGIN), then its captured content as it
 * comes (LOG_DATA), and at its end the whole record like any other (LOG_END), or word
 * that there is none to keep (LOG_FORGET). Only where a sink asks for it.
 *
 * What is sent early is for looking on: LOG_END has it all. So while the log is nearly
 * full a beginning waits, and content is left out; nothing is lost by that.
 *
 * A flow that is over sooner costs its place in a list: one timer serves them all. */
#ifndef WEIR_PROXY_CORE_LIVE_H
#define WEIR_PROXY_CORE_LIVE_H

#include "logs/logs.h"
#include "proxy/core/timers.h"

enum {
    LIVE_US = LOG_LIVE_MS * 1000,
    LIVE_OUTSIDE = LOG_RING / 4, /* events of an engine that are not yet back */
};

struct engine;

enum live_state {
    LIVE_OFF,   /* not to be shown, or over */
    LIVE_WAIT,  /* in the list of the young */
    LIVE_SHOWN, /* LOG_BEGIN has been sent */
};

/* Embedded in an exchange, or a session for its tunnel. All zero: LIVE_OFF. */
struct live {
    enum live_state state;
    int64_t due_us;
    struct live *prev, *next; /* while it waits */
    struct log_event *begin;  /* while it is outside, or NULL */
    /* The record so far, in an arena of its own; NULL when out of memory. */
    struct flow *(*on_show)(void *self);
    /* It was shown: content captured before can follow. May be NULL. */
    void (*on_shown)(void *self);
    void *self;
};

/* Of an engine: the young ones in the order of their start. */
struct live_list {
    struct live *first, *last;
    struct timer timer;
    uint32_t outside;
};

void live_list_init(struct engine *e);
/* Its callbacks and `self` are set. */
void live_start(struct engine *e, struct live *l);
/* A captured piece of content of a flow that is LIVE_SHOWN. */
void live_content(struct engine *e, const char id[FLOW_ID_TEXT], enum http_side side,
                  struct slice kept);
/* A flow that was shown is not to be kept after all. */
void live_forget(struct engine *e, const char id[FLOW_ID_TEXT]);
/* Nothing of it is sent from here on; in any state. Before its memory goes. */
void live_end(struct engine *e, struct live *l);
/* A LOG_BEGIN, LOG_DATA or LOG_FORGET is done with. */
void live_logged(struct engine *e, struct log_event *ev);

#endif
