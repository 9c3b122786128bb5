/* explain: why a rule does not take a request: the first key of its match that does not
 * hold, found by the matcher itself. For people who try their rules. */
#ifndef WEIR_RULES_EXPLAIN_H
#define WEIR_RULES_EXPLAIN_H

#include "rules/ruleset.h"

enum explain_verdict {
    EXPLAIN_TAKES,   /* it matches; whether it fires is up to `when` */
    EXPLAIN_OFF,     /* it is not asked at all */
    EXPLAIN_MISSES,  /* a key of its match does not hold */
    EXPLAIN_UNFIT,   /* it matches, but its status does not fit the request */
    EXPLAIN_UNKNOWN, /* it depends on a response or a connection, and there is none */
};

/* What it names of host and path: both hold, or one of them does, or neither. */
enum explain_nearness { EXPLAIN_FAR, EXPLAIN_HALF, EXPLAIN_NEAR };

struct explanation {
    enum explain_verdict verdict;
    enum explain_nearness near;
    const char *sentence; /* "method is GET, wanted POST"; in the arena; "" if it takes it */
};

/* Of the i-th rule, for the request of `view`, whose contents are there. NO_MEMORY. */
MUST_USE enum status ruleset_explain(const struct ruleset *rs, size_t i,
                                     const struct rule_view *view, struct arena *arena,
                                     struct explanation *ret_explanation);

#endif
