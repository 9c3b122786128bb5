/* stats: counts over flows in constant memory, whole and by groups: errors, bytes, durations
 * by histogram, and how many came when. docs/stats.md has its words. */
#ifndef WEIR_LOGS_STATS_H
#define WEIR_LOGS_STATS_H

#include "base/sip_hash.h"
#include "logs/flow.h"
#include "logs/histogram.h"
#include "logs/redact.h"

enum {
    STATS_GROUPS = 10000,  /* further keys are counted together */
    STATS_KEY_BYTES = 512, /* a longer key is cut */
    STATS_SLOTS = 64,      /* of time */
    STATS_RULES = 512,     /* of a flow that are looked at: an imported one may have any number */
    STATS_BYTES = 128 * 1024 * 1024,
};

enum stats_by {
#define STATS_KEY(id, name, help) STATS_BY_##id,
#include "logs/stats_keys.def"
#undef STATS_KEY
    STATS_BY_COUNT
};
/* Static; `by` below STATS_BY_COUNT. */
const char *stats_by_name(enum stats_by by);
const char *stats_by_help(enum stats_by by);
/* False: there is none of that name; *ret_near is the nearest one or NULL. */
bool stats_by_find(struct bytes name, enum stats_by *ret_by, const char **ret_near);

struct stats_count {
    uint64_t flows;
    uint64_t errors;     /* ended by an error, or answered 400 and above */
    uint64_t classes[6]; /* by the status' first digit; 0: no answer */
    uint64_t injected;
    uint64_t request_bytes, response_bytes; /* bodies as they passed; of tunnels all */
    struct histogram durations;             /* µs */
    uint64_t durations_missed;              /* no room was left for them */
};

struct stats_group {
    struct bytes key; /* as it came: for a terminal it is yet to be escaped */
    struct stats_count count;
};

/* Flows over time: slots of equal width, doubled when the time they cover does not do. */
struct stats_times {
    int64_t start_us, step_us; /* step 0: there is nothing yet */
    struct {
        uint64_t flows, errors;
    } slots[STATS_SLOTS];
};

struct stats {
    enum stats_by by;
    struct arena arena;
    struct stats_count all, other; /* other: beyond STATS_GROUPS */
    struct stats_group *groups;    /* STATS_GROUPS */
    uint32_t *slots;               /* a hash table: places in `groups`, plus one */
    uint32_t group_count;
    uint8_t key[SIP_HASH_KEY_BYTES]; /* so that nobody makes keys collide */
    struct stats_times times;
    int64_t first_us, last_us; /* starts, since 1970 */
    struct buf text;           /* of a key */
};

/* NO_MEMORY. `key` is random. */
MUST_USE enum status stats_init(struct stats *s, enum stats_by by,
                                const uint8_t key[static SIP_HASH_KEY_BYTES]);
void stats_release(struct stats *s);
/* Counts always: where memory or STATS_BYTES run out a new key goes to `other`, and a
 * duration is missed, which is counted too. */
void stats_add(struct stats *s, const struct flow *f);
/* Most flows first, equal ones by key; when all are in. */
void stats_sort(struct stats *s);

/* "/users/{id}/orders" of "/users/42/orders?x=1": segments that are numbers, UUIDs, ULIDs, dates
 * or long words with digits become a word in braces; the query is left out. */
void stats_fold_path(struct bytes path, struct buf *out);

/* A group's key without secrets. */
void stats_put_key(const struct stats *s, struct bytes key, const struct redactor *redactor,
                   struct buf *out);

struct stats_style {
    bool colour, utf8;
    uint32_t columns; /* of the terminal; 0: unknown */
    uint64_t groups;  /* shown at most */
    struct redactor redactor;
};
/* For people, and as one JSON object on a line. Keys go through the redactor. */
void stats_put_text(const struct stats *s, const struct stats_style *style, struct buf *out);
void stats_put_json(const struct stats *s, const struct stats_style *style, struct buf *out);

#endif
