/* log_port: one loop's way to the log thread and back. Inner header of logs/; what
 * the loop calls is declared in logs/logs.h. */
#ifndef WEIR_LOGS_LOG_PORT_H
#define WEIR_LOGS_LOG_PORT_H

#include "logs/bell.h"
#include "logs/event_list.h"
#include "logs/ring.h"

struct log_port {
    struct ring ring;
    /* The loop's. */
    _Alignas(CACHE_LINE_BYTES) struct bell *bell;
    enum log_on_full on_full;
    _Atomic bool ended;          /* no log thread takes from it any more */
    struct log_event *reclaimed; /* taken off `back` */
    size_t captured_bytes;
    _Atomic uint64_t dropped_flows, dropped_bodies, dropped_bytes;
    struct event_list overflow; /* on_full wait: what the ring has no room for */
    /* The log thread's. */
    _Alignas(CACHE_LINE_BYTES) struct event_list back; /* done with, on its way to the loop */
    struct log_gap told;                               /* of the drops, those the sinks know of */
};

MUST_USE enum status log_port_init(struct log_port *p, struct bell *bell, enum log_on_full on_full);
void log_port_release(struct log_port *p);

/* No log thread takes from it any more: what was not served comes back to the loop,
 * what is pushed is dropped. */
void log_port_end(struct log_port *p);
/* Any thread: adds this port's drops. */
void log_port_add_stats(const struct log_port *p, struct log_stats *stats);

/* What the log thread does with every event; afterwards it goes back. */
struct log_taker {
    void (*take)(void *self, const struct log_event *ev);
    void *self;
};

/* The log thread: everything that was pushed before this call, in its order.
 * How many events that was. */
size_t log_port_serve(struct log_port *p, const struct log_taker *taker);
/* The log thread: there is nothing to serve; see ring_empty(). */
bool log_port_idle(struct log_port *p);
/* The log thread: drops since the last call. */
struct log_gap log_port_take_gap(struct log_port *p);

#endif
