/* sink: where flows go. One row in sinks.def and one file each. */
#ifndef WEIR_LOGS_SINK_H
#define WEIR_LOGS_SINK_H

#include "logs/flow.h"
#include "logs/redact.h"

/* Flows that could not be kept, as counted since the last one that was. */
struct log_gap {
    uint64_t flows, bodies;
};

/* A piece of a message's captured content, while its flow is open. */
struct flow_piece {
    const char *id; /* of the flow */
    enum http_side side;
    struct bytes content;
};

struct sink_settings {
    const char *target; /* a path; "-" is standard output */
    int fd;             /* used instead of `target` when >= 0; not closed */
    int verbose;        /* console: 0 a line a flow, 1 heads, 2 decoded bodies */
    bool colour;
    uint32_t columns; /* of the terminal; 0: unknown */
    struct redactor redactor;
    void *context; /* what a row of sinks.def asks for besides; borrowed */
};

enum { SINK_ERROR_BYTES = 256 };

/* Formatting and writing are apart, so that a sink can be written by a thread of
 * its own: flow(), gap(), text() and flush() are called on the log thread, write()
 * and reopen() on that other thread where there is one, open() and close() while
 * neither runs. So write() and reopen() touch nothing that the others do.
 *
 * A sink whose text() is NULL keeps flows itself, on the log thread only: it has
 * commit() in place of text() and write(). */
struct sink {
    const char *name, *help;
    /* NULL with `error` (SINK_ERROR_BYTES) saying why. */
    void *(*open)(const struct sink_settings *settings, char *error);
    /* One flow, formatted into the sink's buffer. On failure nothing was added. */
    enum status (*flow)(void *self, const struct flow *f);
    enum status (*gap)(void *self, const struct log_gap *gap);
    /* For sinks that show a flow while it is open; all three or NULL. A record so far, of
     * one that stays open (flow->live): without content, of which begin() is followed by
     * what was captured, piece by piece. Then comes flow() with all of it, or forget().
     * It may be that neither comes: the whole flow was dropped, which a gap tells. What
     * fails here loses nothing. Borrowed for the call. */
    void (*begin)(void *self, const struct flow *f);
    void (*data)(void *self, const struct flow_piece *piece);
    void (*forget)(void *self, const char *id);
    /* What was formatted and not yet written; whoever takes it clears it. */
    struct buf *(*text)(void *self);
    /* Writes whole records. STATUS_IO: nothing of it was kept (it is counted). */
    enum status (*write)(void *self, struct bytes text);
    /* Makes lasting what was given when it is time for that, or at once if `now`; called
     * often. NEED_MORE: later. OK: all is kept. Else nothing given since the last OK is
     * (it is counted). */
    enum status (*commit)(void *self, bool now);
    /* A piece of work, a few milliseconds, that waits until there is nothing else to do;
     * true: there is more of it. May be NULL. */
    bool (*idle)(void *self);
    /* After a log file was moved away (SIGHUP); may be NULL. */
    enum status (*reopen)(void *self);
    void (*close)(void *self);
};

#define SINK(name) extern const struct sink sink_##name;
#include "logs/sinks.def"
#undef SINK
/* Does it show flows while they are open? */
bool sink_is_live(const struct sink *sink);
/* NULL when there is none of that name. */
const struct sink *sink_find(const char *name);

#endif
