/* outlet: a sink in use, with the account of what it has not been able to keep.
 * Every flow given to it is written, or counted in a gap record that the sink
 * gets as soon as it can take one. On the log thread only. */
#ifndef WEIR_LOGS_OUTLET_H
#define WEIR_LOGS_OUTLET_H

#include <stdatomic.h>

#include "logs/logs.h"
#include "logs/sink_queue.h"

enum { OUTLET_TEXT_BYTES = 256 * 1024 }; /* written out when it has grown to this */

struct outlet {
    const struct sink *sink;
    void *self;
    struct sink_queue *queue;  /* NULL: the log thread writes */
    struct sink_load text;     /* what the text not yet written tells of */
    struct log_gap gap;        /* what the sink has not been told of */
    _Atomic uint64_t failures; /* flows it could not keep, ever */
};

struct outlet_settings {
    const struct sink *sink;
    const struct sink_settings *settings;
    struct bell *bell;
    size_t queue_bytes; /* 0: written by the log thread */
};

/* `error` (SINK_ERROR_BYTES) says why on failure. */
MUST_USE enum status outlet_open(struct outlet *o, const struct outlet_settings *settings,
                                 char *error);
void outlet_take(struct outlet *o, const struct log_event *ev);
void outlet_gap(struct outlet *o, const struct log_gap *gap);
/* Writes what is there, or gives it to the queue; `now`: a sink that keeps flows itself
 * is to make them lasting at once. */
void outlet_flush(struct outlet *o, bool now);
/* The sink keeps something that it has not made lasting yet. */
bool outlet_pending(const struct outlet *o);
/* See sink.h. */
bool outlet_idle(struct outlet *o);
void outlet_reopen(struct outlet *o);
/* Nothing more comes: the queue writes what it has and ends. */
void outlet_finish(struct outlet *o);
/* Gives the queue until the deadline for that. */
void outlet_close(struct outlet *o, const struct timespec *deadline);

#endif
