/* ruleset: the rules of a configuration, compiled; immutable, counted, shared
 * by all loops. What changes while it runs, the counters of `when`, stands
 * beside it in rule_state and outlives a reload where the rule's text did not
 * change. Every function here but the compiler is thread safe. */
#ifndef WEIR_RULES_RULESET_H
#define WEIR_RULES_RULESET_H

#include "config/schema.h"
#include "rules/effect.h"

enum {
    RULES = 100 * 1000,                /* rules in a configuration */
    RULE_KEYS = 65536,                 /* counters of one rule, the oldest forgotten */
    RULE_CAPTURES = 32,                /* in one match */
    RULE_BODY_BYTES = 8 * 1024 * 1024, /* of `respond: file`, and of any injected body */
    RULE_PATTERN_US = 250 * 1000, /* of all pattern searches of one step, if there is a clock */
    RULE_LOOP_US = 1000,          /* the same on a loop; then the step goes on elsewhere */
    RULE_LOOP_REPLACE_US = 10000, /* of all `replace` by pattern in heads, of an exchange */
    RULE_LOOP_BYTES = 64 * 1024,  /* content that is searched or changed on a loop */
};

struct ruleset;
struct rule_state; /* the counters; one per process */

MUST_USE enum status rule_state_new(struct rule_state **ret_state);
void rule_state_free(struct rule_state *s);

/* `root` is the whole configuration's map: rules, groups, defaults and vars are
 * read of it. `folder` is where relative file names start. Diagnostics for
 * everything wrong; STATUS_BAD_CONFIG when anything was. With one reference. */
MUST_USE enum status ruleset_compile(const struct config_reader *r, const struct node *root,
                                     const char *folder, struct rule_state *state,
                                     struct ruleset **ret_rules);
void ruleset_ref(struct ruleset *rs);   /* atomic */
void ruleset_unref(struct ruleset *rs); /* atomic; NULL is fine */
size_t ruleset_count(const struct ruleset *rs);

/* The client's side of the TLS that weir ends. */
struct rule_tls {
    struct bytes version; /* "TLSv1.3" */
    struct bytes sni;     /* lower case, A-labels; empty: none was sent */
    struct bytes alpn;    /* what was offered, as on the wire: each name after its length */
    struct bytes ja4;
};

/* The content of a message, whole, for rules that look at it or change it. */
struct rule_body {
    struct bytes content;          /* decoded; lives until the next step */
    const char *fault;             /* static: why it cannot be had; NULL: it is there */
    int64_t wire_bytes;            /* as it passed; with a fault at least so many */
    const struct fields *trailers; /* NULL: none */
};

/* What is known of an exchange. Nothing is kept but `request`'s bytes, which must
 * live in the exchange's arena. */
struct rule_view {
    const struct head *request; /* as received */
    struct bytes scheme;        /* "http" "https" */
    struct bytes host;          /* lower case, A-labels, no brackets */
    uint16_t port;
    struct bytes client;         /* the proxy user, else the client's address as text */
    struct bytes address;        /* the client's address as text, without brackets and port */
    const struct rule_tls *tls;  /* NULL: the request came in the clear */
    uint64_t connection;         /* the client connection's number, of all loops */
    const struct head *response; /* from upstream; NULL in the request pass */
    int64_t response_us;         /* from the end of the request to that head */
    const struct rule_body *request_body, *response_body; /* NULL: not there yet */
    int64_t now_us;                                       /* since 1970 */
    unsigned minute;                                      /* of the local day, from 0 */
    /* A steady clock, read between the slices of a pattern's search to end one that
     * takes too long. NULL: only PCRE2's match limit ends it. */
    int64_t (*tick_us)(void);
    int64_t pattern_us; /* for all searches of a step; 0: RULE_PATTERN_US */
    bool on_loop;       /* what takes long answers RULES_NEED_TIME instead */
};

/* The cursor over the rules left for one exchange. */
struct rule_run; /* lives in the arena it was made of */
enum rule_need {
    RULES_DONE,
    RULES_NEED_REQUEST_BODY,
    RULES_NEED_RESPONSE,
    RULES_NEED_RESPONSE_BODY,
    RULES_NEED_TIME, /* call again with the same view, but not on_loop; on any thread */
};

/* `arena` is the exchange's; the run pins no reference: the exchange must. NULL
 * when out of memory. */
struct rule_run *rule_run_new(struct arena *arena, const struct ruleset *rs, uint64_t seed);
/* What it makes from here on lives in that arena. */
void rule_run_move(struct rule_run *run, struct arena *arena);
/* So long may `replace` search by pattern in what the run's effects change; 0:
 * RULE_PATTERN_US. */
void rule_run_time(struct rule_run *run, int64_t us);
void rule_run_release(struct rule_run *run); /* what does not live in the arena; NULL is fine */
/* Runs until it is done or needs more; appends effects. Call again with the same view
 * and what was needed: request_body, response, or response_body, each of which stays
 * set from then on. After a terminal effect (ANSWER ABORT FORWARD) no rule of
 * that pass is asked any more; WHOLE may follow a FORWARD.
 * With RULES_NEED_RESPONSE the request pass is over; an exchange that was answered or
 * aborted in it has no other. */
MUST_USE enum status rules_step(struct rule_run *run, const struct rule_view *view,
                                struct effects *effects, enum rule_need *ret_need);
/* Did rules change the request's content? *ret_content is what they made of it, which
 * lives until the next step. */
bool rule_run_body(const struct rule_run *run, struct bytes *ret_content);
/* Would every request of this host be answered here, so that it need be neither
 * looked up nor dialled? CONNECT and CORS preflights aside, which only rules that
 * name their methods take. May say false when in doubt. */
bool ruleset_answers_host(const struct ruleset *rs, struct bytes scheme, struct bytes host,
                          uint16_t port);
/* May any rule ever act on this host? (A quick no for hosts without rules.) */
bool ruleset_touches_host(const struct ruleset *rs, struct bytes host);

/* For lists: the i-th rule. Texts live in the ruleset. */
struct rule_info {
    const char *name, *label, *group; /* name and group: "" when there is none */
    const char *place;                /* "proxy.yaml:12" */
    bool enabled;                     /* as the file says, with its group */
    bool on;                          /* is it asked now? */
    uint64_t matched, fired;
};
void ruleset_info(const struct ruleset *rs, size_t i, struct rule_info *ret_info);

/* Does `word` mean the i-th rule: by its name, its group, or its place? A place may
 * leave out folders: "a.yaml:3" is also "rules.d/a.yaml:3". */
bool ruleset_means(const struct ruleset *rs, size_t i, struct bytes word);
/* The name, group or place that is nearest to `word`, or NULL; of the first rules when
 * there are many. */
const char *ruleset_nearest(const struct ruleset *rs, struct bytes word);
/* Switches the i-th rule while it runs, with all its counters; false: so it was already.
 * It holds across reloads that leave the rule's text alone. */
bool ruleset_switch(const struct ruleset *rs, size_t i, bool on);

#endif
