/* What a row of attempts tells of the client. */
#include <string.h>

#include "logs/retry_impl.h"

/* Clocks and timers are not exact to the millisecond. */
#define EARLY_US INT64_C(50000)
/* A client may have the end of an answer before weir knows that it was sent. */
#define OVERLAP_US INT64_C(1000)

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

/* ---- what belongs together ---- */

/* Does `next` come soon enough after `before` failed? */
static bool follows(const struct attempt *before, const struct attempt *next)
{
    int64_t until = before->ended_us;

    if (before->wait_until_us > until)
        until = before->wait_until_us;
    return before->failed && next->started_us + OVERLAP_US >= before->ended_us &&
           next->started_us <= until + RETRY_WINDOW_US;
}

uint32_t retry_rows(const struct attempt *attempts, uint32_t count,
                    uint8_t ret_rows[static RETRY_ATTEMPTS])
{
    const struct attempt *last[RETRY_ATTEMPTS]; /* of each row */
    uint32_t rows = 0;

    for (uint32_t i = 0; i < count; i++) {
        const struct attempt *t = &attempts[i];
        uint32_t found = RETRY_NO_ROW;

        for (uint32_t k = 0; k < rows; k++) {
            bool own = last[k]->connection == t->connection;

            if (!follows(last[k], t))
                continue;
            if (found == RETRY_NO_ROW || own || last[k]->ended_us < last[found]->ended_us)
                found = k;
            if (own)
                break;
        }
        if (found == RETRY_NO_ROW && t->fault)
            found = rows++;
        ret_rows[i] = (uint8_t)found;
        if (found != RETRY_NO_ROW)
            last[found] = t;
    }
    return rows;
}

/* ---- what it tells ---- */

static int64_t pause_before(const struct retry_row *row, uint32_t i)
{
    int64_t pause = row->items[i]->started_us - row->items[i - 1]->ended_us;

    return pause > 0 ? pause : 0;
}

/* Each pause may be as little as half of the one before, since clients strew them; in all
 * they grow by a fifth. */
static enum retry_answer grows(const struct retry_row *row)
{
    int64_t first, last;

    if (row->count < 3)
        return RETRY_UNKNOWN;
    for (uint32_t i = 2; i < row->count; i++)
        if (pause_before(row, i) < pause_before(row, i - 1) / 2)
            return RETRY_NO;
    first = pause_before(row, 1);
    last = pause_before(row, row->count - 1);
    return last > first + first / 5 ? RETRY_YES : RETRY_NO;
}

static enum retry_answer obeys(const struct retry_row *row)
{
    enum retry_answer answer = RETRY_UNKNOWN;

    for (uint32_t i = 1; i < row->count; i++) {
        int64_t until = row->items[i - 1]->wait_until_us;

        if (until < 0)
            continue;
        if (row->items[i]->started_us + EARLY_US < until)
            return RETRY_NO;
        answer = RETRY_YES;
    }
    return answer;
}

static bool keys_are_equal(const struct retry_row *row)
{
    for (uint32_t i = 1; i < row->count; i++)
        if (row->items[i]->idempotency_key != row->items[0]->idempotency_key)
            return false;
    return row->items[0]->idempotency_key != 0;
}

struct retry_episode retry_judge(const struct retry_row *row)
{
    const struct attempt *first = row->items[0], *last = row->items[row->count - 1];
    struct retry_episode e = {
        .started_us = first->started_us,
        .fault = first->fault,
        .status = first->status,
        .retries = row->count - 1,
        .backoff = grows(row),
        .obeyed = obeys(row),
        .same_key = keys_are_equal(row),
        .recovered = !last->failed,
        .last_status = last->status,
    };

    memcpy(e.id, first->id, sizeof(e.id));
    for (uint32_t i = 0; i < row->count; i++) {
        e.faults += row->items[i]->fault != RETRY_FAULT_NONE;
        e.marks |= row->items[i]->marks;
        if (i > 0 && e.pause_count < RETRY_PAUSES)
            e.pauses_us[e.pause_count++] = pause_before(row, i);
    }
    return e;
}
