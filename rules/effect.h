/* effect: what rules ask the core to do for one exchange. Rules decide, the
 * core does. All pointers live in the exchange's arena or in the ruleset that
 * the exchange pins. */
#ifndef WEIR_RULES_EFFECT_H
#define WEIR_RULES_EFFECT_H

#include "http/message.h"
#include "rules/delay_range.h"

enum effect_kind {
#define EFFECT(name, sentence) EFFECT_##name,
#include "rules/effects.def"
#undef EFFECT
};

enum edit_op { EDIT_SET, EDIT_APPEND, EDIT_REMOVE, EDIT_REPLACE };
enum edit_part {
    EDIT_HEADER,
    EDIT_COOKIE,     /* of Cookie, or of Set-Cookie */
    EDIT_QUERY,      /* request only */
    EDIT_STATUS,     /* response only; SET */
    EDIT_REASON,     /* response only; SET, REPLACE */
    EDIT_METHOD,     /* request only; SET */
    EDIT_PATH,       /* request only; SET; the query stays */
    EDIT_PATH_QUERY, /* request only; SET */
    EDIT_TRAILER,    /* of the trailer section: trailer_edit_apply() */
};

struct replacement;

struct head_edit {
    enum http_side side;
    enum edit_op op;
    enum edit_part part;
    struct bytes name;  /* HEADER, COOKIE; of QUERY decoded */
    struct bytes value; /* of a query as it is sent */
    uint16_t status;
    const struct replacement *replacement; /* REPLACE; in the exchange's arena */
};

/* Where a request goes from here on; its head is changed by edits of their own. */
struct rule_target {
    struct bytes scheme; /* "http" "https" */
    struct bytes host;   /* lower case, A-labels, no brackets */
    uint16_t port;
};

/* EMPTY, BAD_CHUNK: a head, then bytes that do not keep what it promised; GARBAGE: bytes
 * that are no head. After these three FIN. */
enum abort_kind {
    ABORT_CLOSE,
    ABORT_RESET,
    ABORT_HANG,
    ABORT_EMPTY,
    ABORT_BAD_CHUNK,
    ABORT_GARBAGE,
};

enum log_keep { LOG_ALL, LOG_HEADS, LOG_NOTHING };

struct answer {
    struct head head;  /* a response head: status, reason, fields, framing */
    struct bytes raw;  /* not empty: head and body as they are sent, however wrong; then FIN */
    struct bytes body; /* to be sent as it is; empty to HEAD and for 1xx/204/205/304 */
    struct fields trailers;
    bool early; /* answer at once, without reading the request's body */
};

struct abort {
    enum abort_kind kind;
    struct answer *answer; /* of EMPTY and BAD_CHUNK: its head is sent; else NULL */
    struct bytes bytes;    /* sent behind it, as they are */
};

/* SET and APPEND: `value`. REPLACE: `replacement`. MERGE: `value` is a JSON merge patch
 * (RFC 7396). OPS: `value` is a JSON patch (RFC 6902). */
enum body_op { BODY_SET, BODY_APPEND, BODY_REPLACE, BODY_MERGE, BODY_OPS };

struct body_edit {
    enum http_side side;
    enum body_op op;
    struct bytes value;
    const struct replacement *replacement;
    struct head_edit mark; /* of the response, made when this changed something; name len 0: none */
    const char *note;      /* of the request: what was changed */
};

/* What a rule of the connection pass does: TLS_* to the TLS that a client opens, the others
 * to weir's own dial. */
enum conn_fault_kind {
#define CONN_FAULT(name, verb, word, value, note) FAULT_##name,
#include "rules/conn_faults.def"
#undef CONN_FAULT
    CONN_FAULTS
};

struct conn_fault {
    enum conn_fault_kind kind;
    uint8_t alert; /* of TLS_ALERT */
    int64_t us;    /* of the delays */
};

/* A time for each piece of the response's body, drawn when its turn comes. */
struct chunk_delay {
    const struct delay_range *range;
    struct dice dice;
};

struct throttle {
    enum http_side side;
    int64_t bytes_s; /* above 0 */
};

struct dribble {
    int64_t bytes; /* of a piece; above 0 */
    int64_t every_us;
    bool head; /* the head goes like that, too */
};

enum { STALL_HEAD = -1 };
struct stall {
    int64_t after_bytes; /* of the body; STALL_HEAD: before the head */
    int64_t us;          /* 0: until the client leaves */
};

struct rendezvous;
struct gather {
    struct rendezvous *rendezvous; /* of the rule; lives as long as the ruleset */
    uint32_t count;
    bool reverse;
    int64_t timeout_us;
};

struct effect {
    enum effect_kind kind;
    const char *rule; /* "proxy.yaml:12 flaky checkout"; lives in the ruleset */
    union {
        struct answer *answer;
        struct head_edit edit;
        struct body_edit body;
        struct rule_target target;
        struct {
            enum http_side side;
            int64_t us;
        } delay;
        struct chunk_delay chunks;
        struct throttle throttle;
        struct dribble dribble;
        struct stall stall;
        int64_t cut_bytes;
        struct head *info; /* of a status 1xx */
        uint32_t copies;
        struct gather gather;
        struct abort abort;
        struct conn_fault fault;
        struct bytes tag;
        enum log_keep keep;
        const char *note; /* "rule_skipped: …", one sentence for the flow and the log */
    };
};

enum { EFFECTS = 256 }; /* of one exchange; a rule with more than what is left is skipped */

/* Filled by rules_step(); the items live in the exchange's arena. */
struct effects {
    struct effect *items;
    uint32_t count, cap;
};

/* One more effect, zeroed, of `kind` and `rule`; NULL when out of memory or at EFFECTS. */
struct effect *effects_add(struct arena *arena, struct effects *effects, enum effect_kind kind,
                           const char *rule);

#endif
