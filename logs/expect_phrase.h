/* expect_phrase: the phrases of an `expect` section: "at least 1", "2xx", "at most 3
 * times with backoff". Words stand between blanks; case does not count. */
#ifndef WEIR_LOGS_EXPECT_PHRASE_H
#define WEIR_LOGS_EXPECT_PHRASE_H

#include "base/bytes.h"

#define EXPECT_NO_MAX UINT64_MAX

enum { EXPECT_NUMBER_MAX = 1000 * 1000 * 1000 };

struct expect_count {
    uint64_t min, max;
};

/* Status codes, both ends included. */
struct expect_status {
    uint16_t from, to;
};

/* How clients are to ask again after a fault. */
struct expect_retries {
    bool counted; /* `count` was said */
    struct expect_count count;
    bool backoff;     /* with growing pauses */
    bool jitter;      /* with pauses that differ */
    bool retry_after; /* not before Retry-After is over */
    bool safely;      /* nothing that is not idempotent, but with an Idempotency-Key */
};

/* "at least N", "at most N", "exactly N", "N", "between A and B", "never", "once", "twice",
 * each with "time" or "times" behind it or not. STATUS_BAD_INPUT. */
MUST_USE enum status expect_count_parse(struct bytes text, struct expect_count *ret_count);
/* Such a count, and then, or alone: "with backoff", "with jitter", "obeying
 * Retry-After", "safely"; "and" may stand between. STATUS_BAD_INPUT. */
MUST_USE enum status expect_retries_parse(struct bytes text, struct expect_retries *ret_retries);
/* "200", "2xx", "200-204". STATUS_BAD_INPUT. */
MUST_USE enum status expect_status_parse(struct bytes text, struct expect_status *ret_status);

#endif
