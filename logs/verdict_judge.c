/* What came of each check of an expectation. */
#include <string.h>

#include "logs/verdict_impl.h"

static bool is_incomplete(const struct verdict *v, const struct verdict_result *r)
{
    return v->starved || v->gap.flows || (v->gap.bodies && r->wants_bodies);
}

/* What was seen to fail has failed, whatever was lost; the rest needs all of it. */
static enum verdict_outcome outcome_of(bool failed, bool incomplete)
{
    if (failed)
        return VERDICT_FAILED;
    return incomplete ? VERDICT_INCONCLUSIVE : VERDICT_PASSED;
}

static enum verdict_outcome judge_count(const struct verdict_result *r, bool incomplete)
{
    const struct expect_count *c = &r->expect->count;
    bool too_few = r->matched < c->min;

    return outcome_of(r->matched > c->max || (too_few && !incomplete), incomplete);
}

/* Each step takes its first match behind that of the step before. */
static enum verdict_outcome judge_order(struct verdict_result *r, bool incomplete)
{
    const struct verdict_order *o = r->order;
    struct verdict_moment last = {INT64_MIN, 0};
    uint32_t step = 0;

    while (step < r->expect->step_count) {
        uint32_t i = 0;

        while (i < o->count[step] && (o->at[step][i].started_us < last.started_us ||
                                      (o->at[step][i].started_us == last.started_us &&
                                       o->at[step][i].number <= last.number)))
            i++;
        if (i == o->count[step])
            break;
        last = o->at[step++][i];
    }
    r->order_reached = step;
    incomplete |= o->cut && step < r->expect->step_count;
    return outcome_of(step < r->expect->step_count && !incomplete, incomplete);
}

static void example_of_episode(struct verdict_result *r, const struct retry_episode *e)
{
    struct verdict_example *x;

    if (r->example_count == VERDICT_EXAMPLES)
        return;
    x = &r->examples[r->example_count++];
    *x = (struct verdict_example){.status = e->status, .total_us = -1};
    memcpy(x->id, e->id, sizeof(x->id));
    memcpy(x->method, e->method, sizeof(x->method));
    memcpy(x->url, e->url, sizeof(x->url));
}

static void judge_episode(struct verdict_result *r, const struct retry_episode *e)
{
    const struct expect_retries *want = &r->expect->retries;
    bool count = e->retries < want->count.min || e->retries > want->count.max;
    bool backoff = want->backoff && e->backoff == RETRY_NO && e->obeyed != RETRY_YES;
    bool wait = want->retry_after && e->obeyed == RETRY_NO;
    bool safety = want->safely && retry_unsafe(e);

    r->episodes++;
    r->wrong_count += count;
    r->wrong_backoff += backoff;
    r->wrong_wait += wait;
    r->wrong_safety += safety;
    if (count || backoff || wait || safety)
        example_of_episode(r, e);
}

static enum verdict_outcome judge_retries(const struct verdict *v, struct verdict_result *r,
                                          bool incomplete)
{
    uint64_t mark = UINT64_C(1) << r->expect->retried;
    bool failed;

    for (uint32_t i = 0; i < retry_audit_count(v->audit); i++)
        if (retry_audit_at(v->audit, i)->marks & mark)
            judge_episode(r, retry_audit_at(v->audit, i));
    if (r->expect->retries.jitter)
        r->jitter = retry_audit_jitter(v->audit, mark);
    failed = r->wrong_count || r->wrong_backoff || r->wrong_wait || r->wrong_safety ||
             (r->expect->retries.jitter && r->jitter == RETRY_NO);
    incomplete |= retry_audit_cut(v->audit) || r->episodes == 0 ||
                  (r->expect->retries.jitter && r->jitter == RETRY_UNKNOWN);
    return outcome_of(failed, incomplete);
}

static enum verdict_outcome judge_check(const struct verdict *v, struct verdict_result *r,
                                        enum expect_check check)
{
    bool incomplete = is_incomplete(v, r);

    switch (check) {
    case EXPECT_COUNT:
        return judge_count(r, incomplete);
    case EXPECT_STATUS:
        return outcome_of(r->bad_status > 0, incomplete);
    case EXPECT_OK:
        return outcome_of(r->bad_ok > 0, incomplete);
    case EXPECT_UNDER:
        return outcome_of(r->slow > 0, incomplete);
    case EXPECT_ORDER:
        return judge_order(r, incomplete);
    case EXPECT_RETRIES:
        return judge_retries(v, r, incomplete);
    case EXPECT_CHECKS:
        break;
    }
    return VERDICT_PASSED;
}

void verdict_judge(struct verdict *v, struct verdict_result *r)
{
    for (enum expect_check check = 0; check < EXPECT_CHECKS; check++) {
        if (!(r->expect->checks & 1U << check))
            continue;
        r->outcomes[check] = judge_check(v, r, check);
        if (r->outcomes[check] > r->outcome)
            r->outcome = r->outcomes[check];
    }
}
