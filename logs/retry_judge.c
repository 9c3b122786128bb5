/* What a row of attempts tells of the client. */
#include <string.h>

#include "logs/retry_impl.h"

/* Clocks and timers are not exact to the millisecond. */
#define EARLY_US INT64_C(50000)

static const char *const fault_texts[] = {
    [RETRY_FAULT_NONE] = "none",   [RETRY_FAULT_STATUS] = "status",
    [RETRY_FAULT_ABORT] = "abort", [RETRY_FAULT_CONNECTION] = "connection",
    [RETRY_FAULT_DELAY] = "delay",
};
static const char *const answer_texts[] = {
    [RETRY_UNKNOWN] = "unknown", [RETRY_NO] = "no", [RETRY_YES] = "yes"};

const char *retry_fault_text(enum retry_fault fault)
{
    return fault_texts[fault];
}

const char *retry_answer_text(enum retry_answer answer)
{
    return answer_texts[answer];
}

bool retry_unsafe(const struct retry_episode *e)
{
    return e->retries > 0 && !e->idempotent && !e->same_key;
}

/* Does `next` belong to what `before` began? */
static bool follows(const struct attempt *before, const struct attempt *next)
{
    int64_t until = before->ended_us;

    if (before->wait_until_us > until)
        until = before->wait_until_us;
    return before->failed && next->started_us <= until + RETRY_WINDOW_US;
}

bool retry_span_next(struct retry_span *span, uint32_t *left)
{
    const struct attempt *at = span->first + span->count;

    while (*left && !at->fault) {
        at++;
        --*left;
    }
    span->first = at;
    span->count = 0;
    while (*left && (span->count == 0 || follows(&at[span->count - 1], &at[span->count]))) {
        span->count++;
        --*left;
    }
    return span->count > 0;
}

static int64_t pause_before(const struct attempt *t)
{
    int64_t pause = t->started_us - t[-1].ended_us;

    return pause > 0 ? pause : 0;
}

/* Each pause may be as little as half of the one before, since clients strew them; in all
 * they grow by a fifth. */
static enum retry_answer grows(const struct retry_span *span)
{
    int64_t first, last;

    if (span->count < 3)
        return RETRY_UNKNOWN;
    for (uint32_t i = 2; i < span->count; i++)
        if (pause_before(&span->first[i]) < pause_before(&span->first[i - 1]) / 2)
            return RETRY_NO;
    first = pause_before(&span->first[1]);
    last = pause_before(&span->first[span->count - 1]);
    return last > first + first / 5 ? RETRY_YES : RETRY_NO;
}

static enum retry_answer obeys(const struct retry_span *span)
{
    enum retry_answer answer = RETRY_UNKNOWN;

    for (uint32_t i = 1; i < span->count; i++) {
        const struct attempt *before = &span->first[i - 1];

        if (before->wait_until_us < 0)
            continue;
        if (span->first[i].started_us + EARLY_US < before->wait_until_us)
            return RETRY_NO;
        answer = RETRY_YES;
    }
    return answer;
}

static bool keys_are_equal(const struct retry_span *span)
{
    for (uint32_t i = 1; i < span->count; i++)
        if (span->first[i].idempotency_key != span->first[0].idempotency_key)
            return false;
    return span->first[0].idempotency_key != 0;
}

struct retry_episode retry_judge(const struct retry_span *span)
{
    const struct attempt *first = span->first, *last = first + span->count - 1;
    struct retry_episode e = {
        .started_us = first->started_us,
        .fault = first->fault,
        .status = first->status,
        .retries = span->count - 1,
        .backoff = grows(span),
        .obeyed = obeys(span),
        .same_key = keys_are_equal(span),
        .recovered = !last->failed,
        .last_status = last->status,
    };

    memcpy(e.id, first->id, sizeof(e.id));
    for (uint32_t i = 0; i < span->count; i++) {
        e.faults += first[i].fault != RETRY_FAULT_NONE;
        e.marks |= first[i].marks;
        if (i > 0 && e.pause_count < RETRY_PAUSES)
            e.pauses_us[e.pause_count++] = pause_before(&first[i]);
    }
    return e;
}
