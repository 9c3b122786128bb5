/* verdict_impl: what the files of verdict.h share: verdict.c gathers, verdict_judge.c
 * decides, verdict_say.c has the words, and text, JSON and JUnit are written by one file
 * each. */
#ifndef WEIR_LOGS_VERDICT_IMPL_H
#define WEIR_LOGS_VERDICT_IMPL_H

#include "logs/verdict.h"

/* A flow to look at, redacted and cut. */
struct verdict_example {
    char method[RETRY_METHOD_BYTES], url[RETRY_URL_BYTES], id[FLOW_ID_TEXT];
    uint16_t status; /* 0: none */
    int64_t total_us;
};

/* When a step matched: by start, and for equal starts by the order of ends. */
struct verdict_moment {
    int64_t started_us;
    uint64_t number;
};

struct verdict_order {
    struct verdict_moment at[EXPECT_STEPS][VERDICT_ORDER]; /* the earliest, sorted */
    uint32_t count[EXPECT_STEPS];
    bool cut; /* there were more */
};

struct verdict_result {
    const struct expect *expect;
    bool any_kind;
    bool wants_bodies;
    uint64_t matched, bad_status, bad_ok, slow;
    struct verdict_example examples[VERDICT_EXAMPLES];
    uint32_t example_count;
    struct verdict_order *order; /* owned; NULL: not asked for */
    uint32_t order_reached;      /* steps that were found, when judged */
    uint32_t episodes, wrong_count, wrong_backoff, wrong_wait, wrong_safety;
    enum retry_answer jitter;
    enum verdict_outcome outcomes[EXPECT_CHECKS];
    enum verdict_outcome outcome;
};

struct verdict {
    const struct expects *expects;
    struct redactor redactor;
    struct verdict_result *results; /* owned; as many as expectations */
    struct retry_audit *audit;      /* owned */
    struct filter_scratch scratch;
    struct buf url, clean;
    struct log_gap gap;
    uint64_t flows; /* requests */
    int64_t first_us, last_us;
    bool starved; /* without memory for something */
    uint32_t tally[VERDICT_FAILED + 1];
    enum verdict_outcome outcome;
};

/* A method or URL, cut at a code point; `size` with the NUL. */
void verdict_cut(char *to, size_t size, struct bytes from);
/* verdict_judge.c */
void verdict_judge(struct verdict *v, struct verdict_result *r);
/* verdict_say.c: what a check wants, and what came of it; plain text of the
 * expectation's own words and numbers. */
const char *verdict_check_text(enum expect_check check);
void verdict_put_expected(const struct expect *x, enum expect_check check, struct buf *out);
void verdict_put_came(const struct verdict_result *r, enum expect_check check, struct buf *out);
/* "proxy.yaml:12"; not escaped. */
void verdict_put_place(const struct expect *x, struct buf *out);
/* Why what came cannot be trusted to be all; nothing when it can. */
void verdict_put_doubt(const struct verdict *v, const struct verdict_result *r, struct buf *out);
/* One line about it, without its method and URL. */
void verdict_put_episode(const struct retry_episode *e, struct buf *out);

#endif
