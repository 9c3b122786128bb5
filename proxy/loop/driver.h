/* driver: carries events to one engine and does what it asks for, by libuv. Its
 * callbacks translate, never decide. All of it runs on the loop's thread.
 *
 * What is known at once (a write the kernel took whole, a dial that fails at
 * once, a refused log event) is put into a queue of what is pending and handed to
 * the engine when all of its commands are done: never from within another event. */
#ifndef WEIR_PROXY_LOOP_DRIVER_H
#define WEIR_PROXY_LOOP_DRIVER_H

#include <uv.h>

#include "proxy/core/engine.h"

enum {
    DRIVER_EARLY = 64,       /* events that failed before they had an object of their own */
    DRIVER_POOL_CHUNKS = 32, /* free chunks of each size a loop keeps */
    DRIVER_LOG_MS = 10,      /* how often the log is asked for what it gives back, when it must */
    DRIVER_WALL_US = 1000 * 1000, /* how long the wall clock's offset is believed */
    DRIVER_CANCEL_MS = 500,       /* how long the end waits for lookups that cannot be cancelled */
};

struct socket; /* socket.c: one wire */
struct job;    /* job.c: one lookup, or one piece of work off the loop */

/* Borrowed: all of it outlives the driver, `uv` too. */
struct driver_env {
    uv_loop_t *uv;
    struct engine_env engine;           /* .pool is set by the driver */
    struct ruleset *rules;              /* or NULL */
    void (*on_client_gone)(void *self); /* once for every driver_accept() */
    void (*on_turn)(void *self);        /* before the loop goes to sleep */
    void (*on_ring)(void *self);        /* driver_ring() for all others */
    void *self;
};

struct driver {
    uv_loop_t *uv;
    struct engine *engine;
    struct chunk_pool pool;
    struct chunk *slab; /* where the next read goes; NULL: none yet */
    bool pumping, draining;
    bool cutting; /* closing is resetting */

    struct socket **wires; /* by wire number */
    uint32_t wire_cap;
    uint32_t handles; /* libuv handles not yet closed, of sockets and our own */
    struct socket *pending, **pending_end;
    struct event early[DRIVER_EARLY];
    uint32_t early_count;

    struct job *jobs; /* all under way */
    uint32_t works;   /* of them those that run for the engine */

    struct log_port *port; /* or NULL */
    bool log_waits;        /* on_full: wait */
    bool log_full;         /* the engine was told */
    uint32_t logs_outside;
    struct log_event *refused; /* by the port, to be told to the engine */

    uv_timer_t timer, log_timer;
    uv_prepare_t turn;
    int64_t timer_at_us, armed_at_us; /* INT64_MAX: none */
    int64_t wall_offset_us, wall_read_us;
    int32_t zone_s;

    void (*on_client_gone)(void *self);
    void (*on_turn)(void *self);
    void (*on_ring)(void *self);
    void *self;
};

MUST_USE enum status driver_init(struct driver *d, const struct driver_env *env);
/* Takes over the descriptor; also when it cannot be served. */
void driver_accept(struct driver *d, int fd, const struct sockaddr_storage *from);
/* The engine takes a reference of its own. */
void driver_set_rules(struct driver *d, struct ruleset *rules);
void driver_drain(struct driver *d);
void driver_ring(struct driver *d);

/* No more waiting: a second EVENT_DRAIN, then every client is reset and the engine is
 * told of it, so that its flows reach the log. */
void driver_cut(struct driver *d);

/* The end, when the thread that ran the loop has stopped, or on it: resets what is
 * still open, waits for the jobs, takes the log's events back (the log must have
 * been stopped), frees the engine and closes all handles. True: a lookup could
 * not be cancelled; then the libuv loop cannot be closed. */
bool driver_finish(struct driver *d);

/* For socket.c and job.c: the only door into the engine. Sets the times. */
void driver_pump(struct driver *d, struct event *ev);
/* An event that has no object to be pending in. */
void driver_early(struct driver *d, const struct event *ev);

#endif
