/* The words of a verdict, for all its forms. */
#include <inttypes.h>

#include "base/sizes.h"
#include "logs/verdict_impl.h"

const char *verdict_outcome_text(enum verdict_outcome outcome)
{
    static const char *const texts[] = {[VERDICT_PASSED] = "passed",
                                        [VERDICT_INCONCLUSIVE] = "inconclusive",
                                        [VERDICT_FAILED] = "failed"};

    return texts[outcome];
}

const char *verdict_check_text(enum expect_check check)
{
    static const char *const texts[EXPECT_CHECKS] = {
        [EXPECT_COUNT] = "count", [EXPECT_STATUS] = "status",  [EXPECT_OK] = "ok",
        [EXPECT_UNDER] = "under", [EXPECT_ORDER] = "in order", [EXPECT_RETRIES] = "retried"};

    return texts[check];
}

void verdict_put_place(const struct expect *x, struct buf *out)
{
    buf_put_text(out, x->file);
    if (x->line)
        buf_putf(out, ":%" PRIu32, x->line);
}

/* ---- expected ---- */

static void put_count(const struct expect_count *c, struct buf *out)
{
    if (c->max == 0)
        buf_put_text(out, "none");
    else if (c->min == c->max)
        buf_putf(out, "exactly %" PRIu64, c->min);
    else if (c->max == EXPECT_NO_MAX)
        buf_putf(out, "at least %" PRIu64, c->min);
    else if (c->min == 0)
        buf_putf(out, "at most %" PRIu64, c->max);
    else
        buf_putf(out, "between %" PRIu64 " and %" PRIu64, c->min, c->max);
}

static void put_statuses(const struct expect *x, struct buf *out)
{
    buf_put_text(out, "status ");
    for (uint32_t i = 0; i < x->status_count; i++) {
        const struct expect_status *s = &x->statuses[i];

        buf_putf(out, "%s%u", i ? ", " : "", (unsigned)s->from);
        if (s->to != s->from)
            buf_putf(out, "-%u", (unsigned)s->to);
    }
    buf_put_text(out, " for all");
}

static void put_steps(const struct expect *x, struct buf *out)
{
    buf_put_text(out, "in this order: ");
    for (uint32_t i = 0; i < x->step_count; i++) {
        buf_put_text(out, i ? ", then " : "");
        buf_put(out, filter_text(x->steps[i]));
    }
}

static void put_retries(const struct expect_retries *r, struct buf *out)
{
    buf_put_text(out, "faults tried again");
    if (r->counted) {
        buf_put_byte(out, ' ');
        put_count(&r->count, out);
        buf_put_text(out, " times");
    }
    buf_put_text(out, r->backoff ? ", with backoff" : "");
    buf_put_text(out, r->jitter ? ", with jitter" : "");
    buf_put_text(out, r->retry_after ? ", obeying Retry-After" : "");
    buf_put_text(out, r->safely ? ", safely" : "");
}

void verdict_put_expected(const struct expect *x, enum expect_check check, struct buf *out)
{
    switch (check) {
    case EXPECT_COUNT:
        put_count(&x->count, out);
        buf_put_text(out, " to match");
        return;
    case EXPECT_STATUS:
        put_statuses(x, out);
        return;
    case EXPECT_OK:
        buf_put_text(out, x->ok ? "a status below 400 for all" : "a status below 400 for none");
        return;
    case EXPECT_UNDER:
        buf_put_text(out, "less than ");
        duration_put(out, x->under_us);
        buf_put_text(out, " for all");
        return;
    case EXPECT_ORDER:
        put_steps(x, out);
        return;
    case EXPECT_RETRIES:
        put_retries(&x->retries, out);
        return;
    case EXPECT_CHECKS:
        return;
    }
}

/* ---- came ---- */

static void put_share(uint64_t bad, uint64_t all, const char *what, struct buf *out)
{
    if (bad)
        buf_putf(out, "%" PRIu64 " of %" PRIu64 " %s", bad, all, what);
    else
        buf_putf(out, "that, for all %" PRIu64, all);
}

static void put_step(const struct verdict_result *r, struct buf *out)
{
    if (r->order_reached == r->expect->step_count) {
        buf_put_text(out, "that");
        return;
    }
    buf_put_text(out, "nothing for ");
    buf_put(out, filter_text(r->expect->steps[r->order_reached]));
    if (r->order_reached)
        buf_put_text(out, " behind the step before it");
}

static void put_wrong(uint32_t count, const char *what, struct buf *out)
{
    if (count)
        buf_putf(out, "; %" PRIu32 " %s", count, what);
}

static void put_faults(const struct verdict_result *r, struct buf *out)
{
    if (!r->episodes) {
        buf_put_text(out, "no injected fault");
        return;
    }
    buf_putf(out, "%" PRIu32 " injected fault%s", r->episodes, r->episodes == 1 ? "" : "s");
    put_wrong(r->wrong_count, "tried again too often or too seldom", out);
    put_wrong(r->wrong_backoff, "without growing pauses", out);
    put_wrong(r->wrong_wait, "tried again before Retry-After was over", out);
    put_wrong(r->wrong_safety, "repeated though it is not idempotent and has no Idempotency-Key",
              out);
    if (!r->expect->retries.jitter)
        return;
    if (r->jitter == RETRY_NO)
        buf_put_text(out, "; pauses that are all alike");
    else if (r->jitter == RETRY_UNKNOWN)
        buf_put_text(out, "; too few pauses to tell of jitter");
}

void verdict_put_came(const struct verdict_result *r, enum expect_check check, struct buf *out)
{
    switch (check) {
    case EXPECT_COUNT:
        buf_put_u64(out, r->matched);
        return;
    case EXPECT_STATUS:
        put_share(r->bad_status, r->matched, "with another", out);
        return;
    case EXPECT_OK:
        put_share(r->bad_ok, r->matched, "otherwise", out);
        return;
    case EXPECT_UNDER:
        put_share(r->slow, r->matched, "took longer", out);
        return;
    case EXPECT_ORDER:
        put_step(r, out);
        return;
    case EXPECT_RETRIES:
        put_faults(r, out);
        return;
    case EXPECT_CHECKS:
        return;
    }
}

void verdict_put_doubt(const struct verdict *v, const struct verdict_result *r, struct buf *out)
{
    if (v->gap.flows)
        buf_putf(out, "%" PRIu64 " flows were lost on the way to the log", v->gap.flows);
    else if (v->gap.bodies && r->wants_bodies)
        buf_putf(out, "%" PRIu64 " bodies were not captured", v->gap.bodies);
    else if (v->starved)
        buf_put_text(out, "there was not memory for all");
    else if (r->order && r->order->cut)
        buf_putf(out, "a step matched more than %d times", VERDICT_ORDER);
    else if (r->expect->checks & 1U << EXPECT_RETRIES && retry_audit_cut(v->audit))
        buf_put_text(out, "there were too many faults to follow all");
}

/* ---- retries ---- */

static void put_pauses(const struct retry_episode *e, struct buf *out)
{
    buf_putf(out, "asked again %" PRIu32 " time%s after ", e->retries, e->retries == 1 ? "" : "s");
    for (uint32_t i = 0; i < e->pause_count; i++) {
        buf_put_text(out, i ? ", " : "");
        duration_put(out, e->pauses_us[i]);
    }
    if (e->retries > e->pause_count)
        buf_put_text(out, ", …");
    if (e->backoff == RETRY_YES)
        buf_put_text(out, " (growing)");
    else if (e->backoff == RETRY_NO)
        buf_put_text(out, " (not growing)");
}

static void put_end(const struct retry_episode *e, struct buf *out)
{
    buf_put_text(out, e->recovered ? "; then " : "; given up with ");
    if (e->last_status)
        buf_putf(out, "status %u", (unsigned)e->last_status);
    else
        buf_put_text(out, "no answer");
}

void verdict_put_episode(const struct retry_episode *e, struct buf *out)
{
    buf_put_text(out, retry_fault_text(e->fault));
    if (e->status)
        buf_putf(out, " %u", (unsigned)e->status);
    buf_put_text(out, " injected; ");
    if (!e->retries) {
        buf_put_text(out, "never asked again");
        return;
    }
    put_pauses(e, out);
    if (e->obeyed != RETRY_UNKNOWN)
        buf_put_text(out,
                     e->obeyed == RETRY_YES ? "; Retry-After obeyed" : "; Retry-After not obeyed");
    put_end(e, out);
    if (retry_unsafe(e))
        buf_put_text(out, "; not idempotent, and without an Idempotency-Key");
    else if (!e->idempotent)
        buf_put_text(out, "; not idempotent, with the same Idempotency-Key");
}
