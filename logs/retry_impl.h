/* retry_impl: what retry_audit.c keeps of each attempt, and how retry_judge.c reads a row
 * of them. */
#ifndef WEIR_LOGS_RETRY_IMPL_H
#define WEIR_LOGS_RETRY_IMPL_H

#include "logs/retry_audit.h"

struct attempt {
    int64_t started_us, ended_us;
    int64_t wait_until_us; /* of Retry-After; -1: none */
    enum retry_fault fault;
    bool failed;
    uint16_t status;
    uint64_t idempotency_key; /* its hash; 0: none */
    uint64_t marks;
    char id[FLOW_ID_TEXT];
};

/* A fault and what belongs to it. */
struct retry_span {
    const struct attempt *first;
    uint32_t count;
};

/* The next one behind `span` (at first: of none), with *left attempts from span->first on
 * behind it; false: there is no more. */
bool retry_span_next(struct retry_span *span, uint32_t *left);
/* Its facts; method, URL and `idempotent` are left open. */
struct retry_episode retry_judge(const struct retry_span *span);

#endif
