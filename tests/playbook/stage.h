/* stage: one playing of a script: an engine, its peers, and what it asked for. For
 * the files of the playbook only. */
#ifndef WEIR_TESTS_STAGE_H
#define WEIR_TESTS_STAGE_H

#include "base/buf.h"
#include "playbook.h"

enum {
    STAGE_OUT_BYTES = 64 * 1024 * 1024,
    STAGE_FLOWS = 256,
    STAGE_ASKED = 64,
    STAGE_EVENTS = 512,
    STAGE_LOGS = 64,
    STAGE_JOBS = 16,
    STAGE_SHOWN = 8,
    STAGE_HOST = 256,
    STAGE_ADDRESS = 64,
    STAGE_CLIENT_PORT = 50001, /* of C1 */
};
/* What the first moment of every script is, in µs since 1970: 2026-09-21 13:33:20. */
#define STAGE_WALL_US INT64_C(1790000000000000)

struct tls_peer;

struct peer {
    uint32_t number; /* of the wire; 0: none */
    bool fin, rst, closed, reads, holds;
    bool gone;      /* it said FIN or RST itself */
    struct buf out; /* what came to it; of a TLS peer the plaintext */
    size_t unsent;  /* of the SEND that is out */
    struct tls_peer *tls;
    bool tls_was; /* it spoke TLS before it was closed */
};

struct stage {
    struct engine *engine;
    struct settings settings;
    struct chunk_pool pool;
    struct arena arena;
    struct rule_state *rule_state;
    struct peer peers[PLAYBOOK_WIRES];
    int64_t now_us, timer_us;
    struct {
        char host[STAGE_HOST];
        uint32_t job;
        bool seen, unwanted;
    } resolves[STAGE_ASKED];
    int resolve_count;
    struct {
        char address[STAGE_ADDRESS];
        uint32_t number;
    } dials[STAGE_ASKED];
    int dial_count;
    char *flows[STAGE_FLOWS], *sentences[STAGE_FLOWS];
    bool told[PLAYBOOK_WIRES]; /* clients that a flow speaks of */
    int flow_count, flow_seen;
    char shown[STAGE_SHOWN][FLOW_ID_TEXT]; /* flows that were shown and have not ended; or "" */
    struct log_event *logs[STAGE_LOGS];    /* not yet written, while `log_held` */
    int log_count;
    bool log_held;
    struct command jobs[STAGE_JOBS]; /* not yet run, while `job_held` */
    int job_count;
    bool job_held;
    int line;
    size_t cut; /* 0: inputs in one piece */
    bool late;  /* a kernel that takes bytes when all else has been done, in two parts */
};

extern struct stage *stage_failing; /* for messages only */
/* Called around all that weir does, unless NULL: for tests that make memory scarce. */
extern void (*stage_arm)(bool weir_runs);

#define FAIL(...)                                                                                  \
    do {                                                                                           \
        print_message("playbook line %d, cut %zu%s: ", stage_failing->line, stage_failing->cut,    \
                      stage_failing->late ? ", late kernel" : "");                                 \
        print_message(__VA_ARGS__);                                                                \
        print_message("\n");                                                                       \
        fail();                                                                                    \
    } while (0)

struct stage_setup {
    void (*change)(struct settings *settings, struct arena *arena); /* or NULL */
    bool slow_ca;
    bool unpooled; /* no chunk is kept for reuse: each is allocated */
};
void stage_open(struct stage *s, size_t cut, bool late, const struct stage_setup *setup);
/* Every peer breaks, every look-up and every dial fails, every job ends. */
void stage_take_away(struct stage *s);
/* Of all that, nothing may be left in the engine. */
void stage_check_nothing_left(struct stage *s);
/* Takes all peers away and checks that nothing is left. */
void stage_close(struct stage *s);
/* Frees what there is, if anything: after a failure. */
void stage_release(struct stage *s);

/* Gives the engine an event and does what it asks for, until it asks for nothing. */
void stage_event(struct stage *s, struct event ev);
/* Until nothing goes on by itself: TLS peers have spoken, kernels have taken. */
void stage_settle(struct stage *s);
/* The rules are replaced by this YAML. */
void stage_rules(struct stage *s, const char *yaml);
/* Runs the jobs that were held. */
void stage_run_jobs(struct stage *s);
/* Bytes of a peer, as they are, in one read. */
void stage_feed(struct stage *s, struct peer *p, const void *bytes, size_t len);
struct peer *stage_named(struct stage *s, enum side_name wire);
void stage_forget_dial(struct stage *s, uint32_t number);
/* What is logged, in words of one line: a flow, "live http GET …" of one that is open,
 * "data response <content>", "forget". */
void stage_take_log(struct stage *s, const struct log_event *log);

/* stage_tls.c: what all scripts of a process share: two CAs and weir's own. */
struct ca;
struct tls_shared;
struct ca *stage_ca(bool slow);
struct tls_shared *stage_tls(void);

/* A peer's end of a TLS connection. */
struct tls_peer *tls_peer_client(const struct tls_role *role);
struct tls_peer *tls_peer_origin(const struct tls_role *role);
void tls_peer_free(struct tls_peer *t);
/* Ciphertext from weir; what comes out of it goes to `plain`. */
void tls_peer_take(struct tls_peer *t, struct bytes ciphertext, struct buf *plain);
/* Ciphertext for weir: up to `max` bytes of it are moved to `into`. */
size_t tls_peer_give(struct tls_peer *t, uint8_t *into, size_t max);
void tls_peer_write(struct tls_peer *t, struct bytes plain);
void tls_peer_end(struct tls_peer *t); /* close_notify */
/* A mute one is mute no more. */
void tls_peer_speak(struct tls_peer *t, struct buf *plain);
bool tls_peer_ready(const struct tls_peer *t);
bool tls_peer_broken(const struct tls_peer *t);
/* The number of the fatal alert that came, or 0. */
int tls_peer_alerted(const struct tls_peer *t);
/* What it found out about the certificate it was shown; "ok". */
const char *tls_peer_verdict(const struct tls_peer *t);
const char *tls_peer_version(const struct tls_peer *t);
bool tls_peer_ended(const struct tls_peer *t); /* a close_notify came */
bool tls_peer_resumed(const struct tls_peer *t);
const char *tls_peer_alpn(struct tls_peer *t);
/* Forgets the sessions of clients. */
void tls_peers_forget(void);

#endif
