/* engine_impl: what the parts of the engine share. For proxy/core only. */
#ifndef WEIR_PROXY_CORE_ENGINE_IMPL_H
#define WEIR_PROXY_CORE_ENGINE_IMPL_H

#include "proxy/core/address.h"
#include "proxy/core/close_reason.h"
#include "proxy/core/dns.h"
#include "proxy/core/engine.h"
#include "proxy/core/facts.h"
#include "proxy/core/live.h"
#include "proxy/core/pool.h"
#include "proxy/core/timers.h"
#include "proxy/core/wire.h"

enum {
    SPARE_ARENAS = 256,     /* arenas of ended exchanges kept for reuse */
    OWN_END_BUCKETS = 1024, /* ports of our ends of dialled connections */
    REJECTED_HOSTS = 512,   /* (client, host) pairs remembered that rejected our certificate */
};

struct duplicate;
struct gather_wait;
struct mint;
struct rule_job;
struct session;
struct upstream;

struct wire_table {
    struct wire **items; /* by number; [0] is unused */
    uint32_t *free_numbers;
    uint32_t count, cap, free_count;
};

/* Some places are reserved for commands that must not fail: the TIMER, and the end
 * of each wire. */
struct command_queue {
    struct command *items;
    uint32_t first, count, cap, reserved;
};

struct engine {
    struct engine_env env;
    const struct settings *settings;
    struct ruleset *rules; /* the current ones; a reference */
    struct h1_scratch *scratch;
    int64_t now_us, wall_us;
    int32_t zone_s;
    struct timers timers;
    int64_t timer_asked_us;
    bool timer_queued; /* the TIMER command; its time is put in when it is taken */
    struct wire_table wires;
    struct wire *listed; /* to be looked at before this turn ends */
    struct command_queue commands;
    struct grave_list graves;                  /* buried when the next event comes in */
    struct grave_list retired;                 /* buried when this event is done */
    struct session *sessions;                  /* doubly linked */
    struct upstream *upstreams;                /* doubly linked: all, pooled ones too */
    struct mint *mints;                        /* certificates being made */
    struct rule_job *rule_jobs;                /* rules at work off the loop */
    uint32_t jobs;                             /* numbers given to both */
    struct gather_wait *gathers, *last_gather; /* doubly linked, in order of arrival */
    struct timer gather_timer;                 /* somebody's turn may have come */
    struct duplicate *duplicates;              /* doubly linked */
    uint32_t duplicate_count;
    struct live_list live;
    struct dns dns;
    struct facts facts;
    struct pool pool;
    struct arena spare_arenas[SPARE_ARENAS];
    uint32_t spare_count;
    uint64_t sequence;    /* of flows */
    uint64_t connections; /* numbers given to client and upstream connections */
    uint64_t random;      /* state of engine_random() */
    int64_t ulid_ms;
    size_t in_flight;     /* held by all wires */
    size_t collected;     /* content credited before it went on */
    uint32_t log_outside; /* log events not yet back */
    uint32_t session_count, upstream_count, exchange_count;
    uint64_t rejected[REJECTED_HOSTS];  /* hashes */
    uint32_t own_ends[OWN_END_BUCKETS]; /* connections to proxies, by our port */
    bool draining, log_full;
    struct engine_stats stats;
};

/* Appends a command. STATUS_NO_MEMORY. */
MUST_USE enum status engine_command(struct engine *e, struct command c);
/* Keeps a place for a command to come. STATUS_NO_MEMORY. */
MUST_USE enum status engine_reserve(struct engine *e);
/* Gives the place back, or fills it with a command. */
void engine_unreserve(struct engine *e);
void engine_command_reserved(struct engine *e, struct command c);
/* For what commands may point into: freed when the next event comes in. */
void engine_bury(struct engine *e, struct grave *g, void (*bury)(void *self), void *self);
/* For what only callbacks still use: freed when this event is done. */
void engine_retire(struct engine *e, struct grave *g, void (*bury)(void *self), void *self);
uint64_t engine_random(struct engine *e);
/* A fresh arena for an exchange, one of the spare ones if there is any. */
void engine_arena_take(struct engine *e, struct arena *ret_arena);
void engine_arena_give(struct engine *e, struct arena *a);
void engine_ulid(struct engine *e, char ret_text[FLOW_ID_TEXT]);
/* Gives an event to the log; it comes back by EVENT_LOGGED. NO_MEMORY: it is the caller's. */
MUST_USE enum status engine_log_event(struct engine *e, struct log_event *ev);
/* Gives the flow to the log, or frees it. The arena is the flow's. flow->live: its
 * beginning was shown. */
void engine_log(struct engine *e, struct flow *f);
/* Is it our end of a connection that this engine has to a proxy? */
bool engine_is_own_end(const struct engine *e, const struct sockaddr_storage *a);
/* A timer at now + `us`; nothing when us is 0 ("none"). */
void engine_timer(struct engine *e, struct timer *t, int64_t us);

#endif
