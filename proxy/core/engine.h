/* engine: the sans-IO core of one loop: all its sessions, exchanges, wires and
 * its pool. Events go in, commands come out; it touches no socket, descriptor,
 * clock or thread. One engine belongs to one thread.
 *
 *     engine_handle(e, &event);
 *     while (engine_next(e, &command))
 *         …do it; what is known at once becomes the next event…
 *
 * Neither function is called from within the other. */
#ifndef WEIR_PROXY_CORE_ENGINE_H
#define WEIR_PROXY_CORE_ENGINE_H

#include "proxy/core/settings.h"

enum {
    ENGINE_IOV = 64, /* vectors in one SEND */
    ENGINE_WIRES = 1 << 20,
};

struct engine; /* opaque */

/* Borrowed: all of it outlives the engine. */
struct engine_env {
    const struct settings *settings;
    struct ca *ca;
    struct tls_shared *tls;
    struct chunk_pool *pool; /* the loop's; the slices of EVENT_BYTES come from it */
    struct log_port *log;    /* only for its budget: log_port_capture() and its kin; NULL: no log */
    uint32_t loop;           /* number of this loop, from 0 */
    uint64_t seed;           /* for ids and jitter */
    /* Upstream connections at once; above it the idle ones go first. 0: no limit. */
    uint32_t upstreams;
    /* A steady clock in µs, for rules alone: it bounds the search of a pattern. NULL: none. */
    int64_t (*tick_us)(void);
};

/* `rules` may be NULL. Takes a reference of it. */
MUST_USE enum status engine_new(const struct engine_env *env, struct ruleset *rules,
                                struct engine **ret_engine);
/* Drops everything without a command. Log events that are still outside must have
 * come back by EVENT_LOGGED before. */
void engine_free(struct engine *e);

enum event_kind {
    EVENT_ACCEPTED,    /* .wire: engine_wire_new(); .address: the client's; reading is off */
    EVENT_BYTES,       /* .wire .data: borrowed; its chunk is of env.pool (or NULL: copied) */
    EVENT_EOF,         /* .wire: the peer's FIN */
    EVENT_RESET,       /* .wire: RST, or an error of reading or writing; CLOSE will follow */
    EVENT_SENT,        /* .wire .count: so many bytes of the last SEND are the kernel's */
    EVENT_CONNECTED,   /* .wire .address: our own end's; reading is off */
    EVENT_DIAL_FAILED, /* .wire .error; the wire is gone */
    EVENT_RESOLVED,    /* .job .addresses .count; .count 0: .error says why, NULL: not begun */
    EVENT_TIMER,       /* the time asked for by COMMAND_TIMER has come */
    EVENT_JOB_DONE,    /* .job */
    EVENT_RULES,       /* .rules: replaces the ruleset; the engine takes its own reference */
    EVENT_LOGGED,      /* .log: an event of COMMAND_LOG is done with */
    EVENT_LOG_FULL,    /* only with on_full wait: stop reading from clients */
    EVENT_LOG_ROOM,
    EVENT_RUNG,  /* another engine has asked for COMMAND_RING */
    EVENT_DRAIN, /* finish what runs, then engine_drained(); the second: end it now */
};

struct event {
    enum event_kind kind;
    int64_t now_us;  /* monotonic */
    int64_t wall_us; /* since 1970 */
    int32_t zone_s;  /* what local time is ahead of UTC, modulo a day */
    uint32_t wire;
    uint32_t job;
    size_t count;
    union {
        struct slice data;
        const struct sockaddr_storage *address;
        const struct sockaddr_storage *addresses; /* at most DNS_ADDRESSES; ports are not set */
        const char *error;                        /* for people: "connection refused"; static */
        struct ruleset *rules;
        struct log_event *log;
    };
};

enum command_kind {
    COMMAND_RESOLVE,   /* .job .host (NUL-terminated): EVENT_RESOLVED in the end, always */
    COMMAND_UNRESOLVE, /* .job: nobody waits for it; RESOLVED comes, soon if it has not begun */
    COMMAND_DIAL,      /* .wire .address: CONNECTED or DIAL_FAILED in the end, unless closed */
    COMMAND_SEND,      /* .wire .iov .count: the bytes stay until EVENT_SENT; one at a time */
    COMMAND_READ_ON,   /* .wire */
    COMMAND_READ_OFF,  /* .wire */
    COMMAND_SHUTDOWN,  /* .wire: FIN; nothing is sent after it; all was SENT before */
    COMMAND_RESET,     /* .wire: RST; the number is free again, no event comes for it */
    COMMAND_CLOSE,     /* .wire: the number is free again, no event comes for it */
    COMMAND_TIMER,     /* .at_us: the one wake-up of this engine; replaces the last one */
    COMMAND_JOB,       /* .job .run .argument: off the loop; EVENT_JOB_DONE in the end, always */
    COMMAND_RING,      /* EVENT_RUNG for all other engines with these rules, soon */
    COMMAND_LOG,       /* .log: to log_port_push(); EVENT_LOGGED in the end, at once if refused */
};

struct command {
    enum command_kind kind;
    uint32_t wire;
    uint32_t job;
    int count;
    union {
        const struct iovec *iov;
        const struct sockaddr_storage *address;
        const char *host;
        int64_t at_us; /* monotonic; INT64_MAX: none */
        struct {
            void (*run)(void *argument);
            void *argument;
        };
        struct log_event *log;
    };
};

/* A number for a connection that was accepted; 0 when there is none left. */
uint32_t engine_wire_new(struct engine *e);
void engine_handle(struct engine *e, const struct event *ev);
/* False: nothing more to do now. Pointers in the command are valid until the next
 * engine_handle(); the vectors of SEND until EVENT_SENT. */
bool engine_next(struct engine *e, struct command *ret_command);
/* After EVENT_DRAIN: no session is left, and no copy of a request. */
bool engine_drained(const struct engine *e);

struct engine_stats {
    uint64_t clients, exchanges_open, upstreams, upstreams_idle;
    uint64_t connections, exchanges, tunnels, refused, injected, errors;
    uint64_t bytes_up, bytes_down, in_flight_bytes;
};
uint32_t engine_upstreams(const struct engine *e); /* connections to servers */
void engine_stats(const struct engine *e, struct engine_stats *ret_stats);

#endif
