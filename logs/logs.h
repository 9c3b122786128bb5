/* logs: carries flows from the loops to the sinks. Each loop has a port: a
 * single-producer ring there and one back. One log thread serves all ports; a
 * sink that can stall has a writer thread and a bounded queue of its own, so
 * that a terminal that stops reading holds up nobody.
 *
 * The loop never waits. When the ring or the byte budget is full, bodies are not
 * captured, then flows are dropped; both are counted exactly and leave a gap
 * record in every sink. With on_full `wait` no flow is dropped: the port says it is
 * full and the loop stops reading from its clients; what exchanges already under
 * way still log goes in beyond the ring. Only their bodies can then pass the byte
 * budget, and are dropped and counted. */
#ifndef WEIR_LOGS_LOGS_H
#define WEIR_LOGS_LOGS_H

#include "logs/sink.h"

enum {
    LOG_RING = 4096,                         /* events on their way, of one loop */
    LOG_BYTES = 64 * 1024 * 1024,            /* captured body bytes on their way, of one loop */
    LOG_SINK_QUEUE_BYTES = 16 * 1024 * 1024, /* formatted text waiting for a sink that stalls */
    LOG_FLUSH_MS = 5,                        /* what comes within it is written in one go */
    LOG_SPARE_EVENTS = 256, /* a turn with fewer leaves time for what sinks put off */
    LOG_IDLE_MS = 1000,     /* how often a sink looks after itself while nothing comes */
    LOG_LIVE_MS = 100,      /* a flow open longer is shown before its end */
};

enum log_event_kind {
    LOG_BEGIN,   /* a flow that stays open: its record so far (a copy; flow->live) */
    LOG_DATA,    /* a part of its captured body, on its way */
    LOG_MESSAGE, /* a WebSocket message of it */
    LOG_END,     /* the whole record, complete: also what BEGIN and DATA told */
    LOG_FORGET,  /* in place of END, after a BEGIN: it is not to be kept */
};

/* Made by a loop; comes back to it by log_port_reclaim() when no sink needs it. */
struct log_event {
    enum log_event_kind kind;
    struct flow *flow;     /* BEGIN, END */
    char id[FLOW_ID_TEXT]; /* of which flow */
    enum http_side side;
    struct slice data;
    bool refused;           /* set by log_port_push() when it was */
    void *owner;            /* the loop's own: the log never looks at it */
    struct log_event *next; /* for whoever has it: the loop, or the port */
};

enum log_on_full { LOG_DROP, LOG_WAIT };

struct log_settings {
    enum log_on_full on_full;
    uint32_t ports; /* loops */
    struct {
        const struct sink *sink;
        struct sink_settings settings;
        bool stalls; /* give it a writer thread of its own: all but regular files */
    } sinks[8];
    uint32_t sink_count;
};

struct log_stats {
    uint64_t flows; /* given to the sinks */
    uint64_t dropped_flows, dropped_bodies, dropped_bytes;
    uint64_t sink_failures; /* flows a sink could not keep */
};

struct logs;
struct log_port;

/* STATUS_BAD_INPUT, STATUS_IO, STATUS_NO_MEMORY, with `error` (SINK_ERROR_BYTES)
 * saying why. All threads it starts have every signal blocked. */
MUST_USE enum status logs_start(const struct log_settings *settings, char *error,
                                struct logs **ret_logs);
struct log_port *logs_port(struct logs *l, uint32_t loop);
/* Everything pushed before this call has been written when it returns, or
 * `timeout_ms` has passed (STATUS_LIMIT). */
MUST_USE enum status logs_drain(struct logs *l, int64_t timeout_ms);
/* Serves what was pushed, ends the threads, closes the sinks; waits at most 5 s for
 * sinks that stall. What is pushed later is dropped. Events not yet reclaimed can
 * still be, by log_port_reclaim(), until logs_free(). */
void logs_stop(struct logs *l);
void logs_free(struct logs *l);
void logs_stats(struct logs *l, struct log_stats *ret_stats); /* from any thread */
void logs_reopen(struct logs *l);                             /* from any thread */
/* Appends a line to the SSLKEYLOGFILE; from any thread; never waits for the disk:
 * the log thread writes it. */
void logs_keylog(void *logs, const char *line);
MUST_USE enum status logs_keylog_open(struct logs *l, const char *path);

/* All below are for the port's own loop only. */
/* False: the ring is full, or the log has stopped; the event stays the caller's. A
 * dropped END was counted (its flow, and its bodies); of the others nothing is: the END
 * that follows has what they told. */
bool log_port_push(struct log_port *p, struct log_event *ev);
/* An event that is done with, or NULL. Nobody wakes the loop for it: it looks when it
 * has a turn, and by a timer while it waits for room. */
struct log_event *log_port_reclaim(struct log_port *p);
/* May a body chunk of that many bytes of room be captured? Counted until
 * log_port_uncapture(), which the loop calls when it drops the chunk: after its event
 * came back, or when it was never pushed. A refusal counts as a dropped body once per
 * flow by log_port_body_dropped(). */
bool log_port_capture(struct log_port *p, size_t chunk_bytes);
void log_port_uncapture(struct log_port *p, size_t chunk_bytes);
void log_port_body_dropped(struct log_port *p, size_t bytes);
/* Over three quarters of the ring or of the bytes are in use. */
bool log_port_full(const struct log_port *p);

#endif
