/* verdict: what came of expectations. Sees each flow as it ends, on the log thread (by
 * sink_verdict.c) or out of a store, in bounded memory; judges when all have come.
 *
 * A part that was lost makes a verdict inconclusive, unless what did come has already
 * failed it. What did not come because a rule keeps it out of the log is not seen.
 * Flows that a rule sent as duplicates do not count. */
#ifndef WEIR_LOGS_VERDICT_H
#define WEIR_LOGS_VERDICT_H

#include "logs/expect.h"
#include "logs/retry_audit.h"
#include "logs/sink.h"

enum {
    VERDICT_EXAMPLES = 3, /* shown of each expectation */
    VERDICT_ORDER = 256,  /* matches of each step of `in order` that are remembered */
    VERDICT_RETRIES = 20, /* episodes in the report for people; the others have RETRY_EPISODES */
    VERDICT_TEXT_BYTES = 16 * 1024 * 1024, /* of each form of the report */
};

enum verdict_outcome { VERDICT_PASSED, VERDICT_INCONCLUSIVE, VERDICT_FAILED };

struct verdict; /* opaque; of one thread at a time */

/* The expectations are borrowed, the redactor is copied. NULL when out of memory. */
struct verdict *verdict_new(const struct expects *expects, const struct redactor *redactor);
void verdict_free(struct verdict *v); /* NULL is fine */
void verdict_flow(struct verdict *v, const struct flow *f);
void verdict_gap(struct verdict *v, const struct log_gap *gap);
/* When all have come; once. */
void verdict_finish(struct verdict *v);

/* All below: after that. */
enum verdict_outcome verdict_outcome(const struct verdict *v);
const char *verdict_outcome_text(enum verdict_outcome outcome); /* "passed" … */
/* For people; nothing in it acts on a terminal. */
void verdict_put_text(const struct verdict *v, bool colour, struct buf *out);
/* One object, schema weir.verdicts/1; docs/verdicts.md has its members. */
void verdict_put_json(const struct verdict *v, struct buf *out);
/* A JUnit file: a testsuite with a testcase for each expectation. */
void verdict_put_junit(const struct verdict *v, struct buf *out);

#endif
