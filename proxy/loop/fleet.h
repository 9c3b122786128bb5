/* fleet: the whole proxy while it runs: the listeners, the loops and their threads,
 * the control socket, signals, reloads and the end. The main thread is in
 * fleet_run() from start to end, and owns all of it. */
#ifndef WEIR_PROXY_LOOP_FLEET_H
#define WEIR_PROXY_LOOP_FLEET_H

#include "proxy/core/engine.h"
#include "proxy/loop/acceptor.h"
#include "proxy/loop/endpoint.h"

enum {
    FLEET_WORKERS = 64,
    FLEET_ERROR_TEXT = 256,
    FLEET_REPORT_BYTES = 1024 * 1024,      /* text of a reload */
    FLEET_ANSWER_BYTES = 64 * 1024 * 1024, /* of what stopped() tells */
    FLEET_FOLDERS_BYTES = 2 * 1024 * 1024, /* names of watched folders */
};

struct fleet; /* opaque */
struct uv_loop_s;

/* What compiling the configuration again gave. */
struct fleet_reload {
    bool only_if_changed;  /* asked for: the files may be what they were */
    bool unchanged;        /* then: so they are, and nothing was done */
    struct ruleset *rules; /* with a reference, taken over; NULL: it failed */
    struct buf text;       /* the report, or the diagnostics */
    struct buf folders;    /* to be watched from now on, with a NUL behind each */
};

/* For `weir status`. Borrowed. */
struct fleet_facts {
    const char *version;
    const char *config; /* path; NULL: none */
    const char *ca;     /* path of the CA's certificate; NULL: none */
    const char *store;  /* path of the store of flows; NULL: they are not kept */
    struct store_facts *store_facts;
};

/* Borrowed: all of it outlives fleet_run(). */
struct fleet_env {
    const struct settings *settings; /* .own is filled: see own_addresses() */
    struct listeners *listeners;     /* open; taken over */
    uint32_t workers;                /* 1: on the main thread */
    struct ca *ca;
    struct tls_shared *tls;
    struct logs *logs; /* or NULL; stopped at the end by fleet_run(), not freed */
    uint64_t seed;
    const char *control_path; /* or NULL: no control socket */
    struct fleet_facts facts;
    /* All is up. */
    void (*on_ready)(void *self, struct fleet *f);
    /* On a thread of the pool, never twice at a time: compile again. NULL: there is
     * nothing to reload. */
    void (*reload)(void *self, struct fleet_reload *ret_reload);
    bool watch; /* reload when something changes in the folders that reload() names */
    /* The log has stopped: what came of it, as a JSON object, for who asked by the control
     * socket to stop; it is answered then only. A broken `out` is answered with 500. NULL: a
     * stop is answered at once. */
    void (*stopped)(void *self, struct buf *out);
    void (*say)(void *self, const char *text); /* a line for people */
    /* Of SIGINT, SIGTERM and SIGHUP; true: it has been dealt with. May be NULL. */
    bool (*on_signal)(void *self, struct fleet *f, int number);
    void *self;
};

/* Blocks until all is over. The exit status: 0 after a drain, 1 after a failure
 * (`error`, FLEET_ERROR_TEXT bytes, else "") or when it was told twice to stop.
 * `rules` may be NULL; takes a reference of its own. *ret_hangs: a lookup could not
 * be ended, so that the process must leave by _exit(). */
int fleet_run(const struct fleet_env *env, struct ruleset *rules, char *error, bool *ret_hangs);

/* From on_ready and the like, on the main thread. */
struct uv_loop_s *fleet_uv(struct fleet *f);
uint64_t fleet_clients(const struct fleet *f);
/* Lets what runs go on for at most `drain_us`, then ends. The first call counts. */
void fleet_stop(struct fleet *f, int64_t drain_us);

#endif
