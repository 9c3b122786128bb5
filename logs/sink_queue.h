/* sink_queue: the writer thread of a sink whose target can stall, and the text
 * that waits for it, up to a cap. Putting never waits for the target: what does
 * not fit is refused, and the caller counts it as a gap. */
#ifndef WEIR_LOGS_SINK_QUEUE_H
#define WEIR_LOGS_SINK_QUEUE_H

#include <time.h>

#include "logs/bell.h"
#include "logs/sink.h"

struct sink_queue; /* opaque */

/* What a block of text tells of: counted as lost when it cannot be written. */
struct sink_load {
    uint64_t flows;      /* flows in it */
    struct log_gap told; /* gap records in it */
};

/* Borrows `sink`, `self` and `bell`, which must outlive it. The bell is rung when
 * there is room again after a refusal. STATUS_NO_MEMORY: no memory or no thread. */
MUST_USE enum status sink_queue_new(const struct sink *sink, void *self, size_t max_bytes,
                                    struct bell *bell, struct sink_queue **ret_queue);
/* Copies `text`. STATUS_LIMIT: it is full; STATUS_NO_MEMORY. */
MUST_USE enum status sink_queue_put(struct sink_queue *q, struct bytes text,
                                    const struct sink_load *load);
/* What could not be written since the last call. */
struct sink_load sink_queue_take_lost(struct sink_queue *q);
/* Waits until all that was put before has been written or given up; STATUS_LIMIT
 * when the time is over. */
MUST_USE enum status sink_queue_wait(struct sink_queue *q, const struct timespec *deadline);
/* Before its next block the writer opens the target anew. */
void sink_queue_reopen(struct sink_queue *q);
/* Nothing more comes: the writer writes what is left and ends. */
void sink_queue_finish(struct sink_queue *q);
/* Waits for that end until the deadline; *ret_lost is then what was not written since
 * sink_queue_take_lost(). False: the writer hangs in a write that cannot be broken
 * off. It keeps the queue and the sink, closes and frees both should the write ever
 * return, and the caller must touch neither again. */
MUST_USE bool sink_queue_stop(struct sink_queue *q, const struct timespec *deadline,
                              struct sink_load *ret_lost);
/* Only after sink_queue_stop() was true. */
void sink_queue_free(struct sink_queue *q);

#endif
