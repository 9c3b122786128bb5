/* logs: carries flows from the loops to the sinks. Each loop has a port: a
 * single-producer ring there and one back. One log thread serves all ports; a
 * sink that can stall has a writer thread and a bounded queue of its own, so
 * that a terminal that stops reading holds up nobody.
 *
 * The loop never waits. When the ring or the byte budget is full, bodies are not
 * captured, then flows are dropped; both are counted exactly and leave a gap
 * record in every sink. With on_full `wait` nothing is dropped: the port says it
 * is full and the loop stops reading from its clients. */
#ifndef WEIR_LOGS_LOGS_H
#define WEIR_LOGS_LOGS_H

#include "logs/sink.h"

enum {
    LOG_RING = 4096,                         /* events on their way, of one loop */
    LOG_BYTES = 64 * 1024 * 1024,            /* captured body bytes on their way, of one loop */
    LOG_SINK_QUEUE_BYTES = 16 * 1024 * 1024, /* formatted text waiting for a sink that stalls */
    LOG_FLUSH_MS = 100,                      /* text waits no longer than this for its flush */
    LOG_LIVE_MS = 100,                       /* a flow open longer is shown before its end */
};

enum log_event_kind {
    LOG_BEGIN,   /* a flow that stays open: its record so far (a copy; flow->live) */
    LOG_DATA,    /* a part of its body */
    LOG_MESSAGE, /* a WebSocket message of it */
    LOG_END,     /* the whole record, complete */
};

/* Made by a loop; comes back to it by log_port_reclaim() when no sink needs it. */
struct log_event {
    enum log_event_kind kind;
    struct flow *flow;     /* BEGIN, END */
    char id[FLOW_ID_TEXT]; /* DATA, MESSAGE: of which flow */
    enum http_side side;
    struct slice data;
    struct log_event *next; /* for the loop's own use */
};

enum log_on_full { LOG_DROP, LOG_WAIT };

struct log_settings {
    enum log_on_full on_full;
    uint32_t ports; /* loops */
    struct {
        const struct sink *sink;
        struct sink_settings settings;
        bool stalls; /* give it a writer thread of its own */
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

MUST_USE enum status logs_start(const struct log_settings *settings, char *error,
                                struct logs **ret_logs);
struct log_port *logs_port(struct logs *l, uint32_t loop);
/* Everything pushed before this call has been written when it returns, or
 * `timeout_ms` has passed (STATUS_LIMIT). */
MUST_USE enum status logs_drain(struct logs *l, int64_t timeout_ms);
/* Drains (at most 5 s), ends the threads, closes the sinks. Events not yet
 * reclaimed can still be, by log_port_reclaim(), until logs_free(). */
void logs_stop(struct logs *l);
void logs_free(struct logs *l);
void logs_stats(struct logs *l, struct log_stats *ret_stats); /* from any thread */
void logs_reopen(struct logs *l);                             /* from any thread */
/* Appends a line to the SSLKEYLOGFILE; from any thread; never waits for the disk:
 * the log thread writes it. */
void logs_keylog(void *logs, const char *line);
MUST_USE enum status logs_keylog_open(struct logs *l, const char *path);

/* The three below are for the port's own loop only. */
/* False: the ring is full; the event stays the caller's and was counted as
 * dropped (its flow, and its body). */
bool log_port_push(struct log_port *p, struct log_event *ev);
/* An event that is done with, or NULL. */
struct log_event *log_port_reclaim(struct log_port *p);
/* May a body chunk of that many bytes of room be captured? Counted until its
 * event comes back, or log_port_uncapture(). A refusal counts as a dropped body once
 * per flow by log_port_body_dropped(). */
bool log_port_capture(struct log_port *p, size_t chunk_bytes);
void log_port_uncapture(struct log_port *p, size_t chunk_bytes);
void log_port_body_dropped(struct log_port *p, size_t bytes);
/* Over three quarters of the ring or of the bytes are in use. */
bool log_port_full(const struct log_port *p);

#endif
