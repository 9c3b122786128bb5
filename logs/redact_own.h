/* redact_own: what a user takes for a secret besides the table of names, and what not.
 * Filled once, then only read: shared by all redactors and threads. Patterns are
 * searched by whoever can: rules and logs do not know each other. */
#ifndef WEIR_LOGS_REDACT_OWN_H
#define WEIR_LOGS_REDACT_OWN_H

#include "logs/redact_names.h"
#include "logs/redact_spans.h"

enum {
    REDACT_OWN_NAMES = 256, /* to be taken out, and as many to be let be */
    REDACT_OWN_PATTERNS = 32,
};

/* How patterns are searched. All of it may be called by several threads at once. */
struct redact_search {
    void *self;
    uint32_t patterns;
    /* What searches of one text need, with a time for all of them; NULL: no memory. */
    void *(*begin)(void *self);
    /* The next match at or behind span->end. */
    enum redact_found (*find)(void *self, void *desk, uint32_t pattern, struct bytes text,
                              struct redact_span *span);
    void (*end)(void *self, void *desk);
};

struct redact_own {
    struct redact_name names[REDACT_OWN_NAMES], allowed[REDACT_OWN_NAMES];
    uint32_t name_count, allowed_count;
    struct redact_places places; /* of `names` */
    struct redact_search search; /* patterns 0: none */
};

/* STATUS_BAD_INPUT: fewer than two letters and digits, or more than REDACT_NAME_BYTES;
 * STATUS_LIMIT: there are too many. */
MUST_USE enum status redact_own_add(struct redact_own *own, struct bytes name);
MUST_USE enum status redact_own_allow(struct redact_own *own, struct bytes name);

#endif
