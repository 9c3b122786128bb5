/* launch: everything a proxy needs, made ready in the order in which a failure is
 * cheapest to tell: configuration, listeners, CA, log, TLS. Shared by `run` and
 * `exec`. Each step prints what is wrong and answers an exit code. */
#ifndef WEIR_CLI_LAUNCH_H
#define WEIR_CLI_LAUNCH_H

#include "cli/cli.h"
#include "cli/config.h"
#include "cli/faults.h"
#include "cli/verdicts.h"
#include "logs/sink_store.h"
#include "proxy/loop/fleet.h"

enum { LAUNCH_OWNER_TEXT = 64 };

struct launch {
    const struct cli *cli;
    struct rule_state *state;
    struct faults *faults; /* NULL: decisions are neither written down nor repeated */
    struct config config;
    struct settings settings;                  /* the configuration's, completed */
    struct listeners listeners;                /* the fleet's, once it runs */
    struct sockaddr_storage listen[LISTENERS]; /* the real addresses */
    uint32_t listen_count;
    struct ca *ca;
    char ca_path[PATHS_TEXT];         /* of its certificate */
    struct logs *logs;                /* NULL: nothing is logged */
    struct redactor redactor;         /* of its sinks */
    struct sink_store_settings store; /* store.path NULL: flows are not kept */
    struct store_facts store_facts;
    char store_path[PATHS_TEXT], other_store_path[PATHS_TEXT];
    struct tls_shared *tls;
    struct verdicts verdicts;
    _Atomic size_t rule_count;
    uint64_t fixed_hash; /* config_fixed_hash() */
    struct arena watched_arena;
    struct includes watched; /* where the configuration was read last; with --watch */
    uint32_t workers;
    bool hangs; /* see fleet_run() */
};

/* How `run` and `exec` differ. */
struct launch_plan {
    enum log_on_full on_full; /* when nothing is said */
    int console_fd;
    bool listen_any_port; /* one free port of 127.0.0.1, whatever is said */
    bool keeps_flows;     /* in a store, also when no option asks for it */
    bool quiet;           /* no flow is logged, no key written */
};

int launch_begin(struct launch *l, const struct cli *cli, const struct launch_plan *plan);
/* Runs the fleet: fills the rest of `env` in. An exit code. */
int launch_run(struct launch *l, struct fleet_env *env);
/* Does not return when a thread of libuv's hangs in a lookup: exit() would wait for it. */
void launch_end(struct launch *l, int code);

/* Loads the configuration and prints its diagnostics: CODE_OK or CODE_CONFIG. `c` is to
 * be released in any case. */
int launch_config(const struct cli *cli, struct config *c, struct rule_state *state);
/* The CA that the command line, the configuration or the data folder has. `ret_path` is
 * its certificate's (PATHS_TEXT). */
int launch_ca(const struct cli *cli, const struct config *c, struct ca **ret_ca, char *ret_path);
/* The files of the CA that the command line or the configuration names; "" for that of
 * the data folder. Both PATHS_TEXT. */
int launch_ca_named(const struct cli *cli, const struct config *c, char *ret_cert, char *ret_key);
/* The same for commands that need nothing else. */
int launch_ca_only(const struct cli *cli, struct ca **ret_ca, char *ret_path);
/* launch_listen.c */
int launch_listen(struct launch *l, const struct launch_plan *plan);
/* launch_log.c */
int launch_log(struct launch *l, const struct launch_plan *plan);
/* launch_store.c: decides on l->store. */
int launch_store(struct launch *l, const struct launch_plan *plan);
/* Who listens on that port, of any address: process and program (LAUNCH_OWNER_TEXT).
 * False: nobody that we may look into. */
bool launch_port_owner(uint16_t port, char *ret_pid, char *ret_comm);
/* Adds what stands in the way of a port, and what to do. */
void launch_explain_port(const struct cli *cli, const struct sockaddr_storage *address);

#endif
