/* Walks of query.h: numbers, then records, then flows. See query_impl.h. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "logs/flow_make.h"
#include "logs/query_impl.h"
#include "logs/store_schema.h"

enum { SQL_TEXT = 128, STATEMENT_BYTES = 2 * SQL_FILTER_BYTES };

static uint64_t number_min(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t number_max(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

static bool is_interrupted(const struct query *q)
{
    return atomic_load_explicit(&q->interrupted, memory_order_relaxed);
}

/* ---- numbers ---- */

/* Some numbers in a row, and the full-text table that has all flows of them. */
struct window {
    uint64_t first, last;
    int64_t index; /* or SQL_FILTER_NO_INDEX */
};

/* STATUS_OK in any case but failures; 0: nothing is indexed. */
static enum status read_indexed(struct query *q, uint64_t *ret_upto)
{
    enum status st = query_number(q, "SELECT value FROM meta WHERE key='fts_upto'", ret_upto);

    if (st == STATUS_NOT_FOUND)
        *ret_upto = 0;
    return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

static bool has_index(struct query *q, int64_t index)
{
    char sql[SQL_TEXT];
    uint64_t found;

    snprintf(sql, sizeof(sql),
             "SELECT 1 FROM sqlite_schema WHERE type='table' AND name='fts_%" PRId64 "'", index);
    return query_number(q, sql, &found) == STATUS_OK;
}

/* What is looked at next: of one full-text table, indexed wholly or not at all. */
static struct window next_window(struct query *q, uint64_t indexed)
{
    const struct query_walk *w = &q->walk;
    bool down = w->ask.newest_first;
    uint64_t at = down ? w->last : w->first, start = at - at % STORE_FTS_FLOWS;
    struct window win = {number_max(w->first, start),
                         number_min(w->last, start + STORE_FTS_FLOWS - 1), SQL_FILTER_NO_INDEX};

    if (at <= indexed)
        win.last = number_min(win.last, indexed);
    else
        win.first = number_max(win.first, indexed + 1);
    if (at <= indexed && has_index(q, (int64_t)(at / STORE_FTS_FLOWS)))
        win.index = (int64_t)(at / STORE_FTS_FLOWS);
    return win;
}

/* "?1" and "?2" are the numbers, "?3" is the limit. */
static enum status prepare_window(struct query *q, const struct window *win,
                                  sqlite3_stmt **ret_stmt)
{
    struct query_walk *w = &q->walk;
    struct buf sql;
    enum status st;

    buf_init(&sql, STATEMENT_BYTES);
    buf_putf(&sql,
             "SELECT number FROM flows WHERE number BETWEEN ?1 AND ?2 AND (%s)"
             " ORDER BY number%s LIMIT ?3",
             w->sql.where, w->ask.newest_first ? " DESC" : "");
    st = buf_status(&sql);
    if (!st)
        st = query_prepare(q, buf_text(&sql), ret_stmt);
    buf_release(&sql);
    if (!st)
        st = sql_filter_bind(&w->sql, *ret_stmt);
    if (st)
        return st;
    sqlite3_bind_int64(*ret_stmt, 1, (sqlite3_int64)win->first);
    sqlite3_bind_int64(*ret_stmt, 2, (sqlite3_int64)win->last);
    sqlite3_bind_int64(*ret_stmt, 3, QUERY_CANDIDATES);
    return STATUS_OK;
}

static enum status read_candidates(struct query *q, const struct window *win)
{
    struct query_walk *w = &q->walk;
    sqlite3_stmt *stmt = NULL;
    int code = SQLITE_DONE;
    enum status st = sql_filter_make(w->ask.filter, win->index, &w->sql);

    if (st)
        return st;
    st = prepare_window(q, win, &stmt);
    while (!st && w->candidate_count < QUERY_CANDIDATES &&
           (code = sqlite3_step(stmt)) == SQLITE_ROW)
        w->candidates[w->candidate_count++] = (uint64_t)sqlite3_column_int64(stmt, 0);
    if (!st && code != SQLITE_ROW && code != SQLITE_DONE)
        st = query_fail(q, code);
    sqlite3_finalize(stmt);
    sql_filter_release(&w->sql);
    return st;
}

/* An index that is damaged is none: what it would have found is looked for without it. */
static enum status find_candidates(struct query *q, const struct window *win)
{
    struct window without = *win;
    enum status st = read_candidates(q, win);

    if (st != STATUS_IO || win->index == SQL_FILTER_NO_INDEX)
        return st;
    without.index = SQL_FILTER_NO_INDEX;
    q->walk.candidate_count = 0;
    return read_candidates(q, &without);
}

/* The nearest flow that is there, from `at` on in the walk's direction, is where it goes
 * on: retention leaves wide gaps. */
static enum status skip_gap(struct query *q)
{
    struct query_walk *w = &q->walk;
    char sql[SQL_TEXT];
    uint64_t found = 0;
    enum status st;

    if (w->first > w->last)
        return STATUS_OK;
    snprintf(sql, sizeof(sql),
             w->ask.newest_first ? "SELECT max(number) FROM flows WHERE number<=%" PRIu64
                                 : "SELECT min(number) FROM flows WHERE number>=%" PRIu64,
             w->ask.newest_first ? w->last : w->first);
    st = query_number(q, sql, &found);
    if (st == STATUS_NOT_FOUND || (!st && (found < w->first || found > w->last)))
        w->first = w->last + 1;
    else if (!st && w->ask.newest_first)
        w->last = found;
    else if (!st)
        w->first = found;
    return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

/* The numbers up to the end of the window, or to the last one found, are done. */
static void leave_window(struct query_walk *w, const struct window *win)
{
    bool whole = w->candidate_count < QUERY_CANDIDATES;
    uint64_t end = whole ? 0 : w->candidates[w->candidate_count - 1];

    if (w->ask.newest_first)
        w->last = (whole ? win->first : end) - 1;
    else
        w->first = (whole ? win->last : end) + 1;
}

/* In one transaction: what the index has does not change in between. */
static enum status fill_candidates(struct query *q)
{
    struct query_walk *w = &q->walk;
    uint64_t indexed = 0;
    enum status st = query_lock(q);

    if (st)
        return st;
    w->candidate_at = 0;
    w->candidate_count = 0;
    st = skip_gap(q);
    if (!st && w->first <= w->last)
        st = read_indexed(q, &indexed);
    if (!st && w->first <= w->last) {
        struct window win = next_window(q, indexed);

        st = find_candidates(q, &win);
        if (!st)
            leave_window(w, &win);
    }
    query_unlock(q);
    return st;
}

/* ---- flows ---- */

/* What could not be put together or decoded was not searched. */
static bool lacked_memory(const struct filter_scratch *s)
{
    return buf_status(&s->text) == STATUS_NO_MEMORY ||
           buf_status(&s->request.decoded) == STATUS_NO_MEMORY ||
           buf_status(&s->response.decoded) == STATUS_NO_MEMORY;
}

/* One record, and into the batch with it if the filter takes it. */
static enum status try_candidate(struct query *q, uint64_t number, bool bodies, size_t *bytes)
{
    struct query_walk *w = &q->walk;
    struct flow *f;
    enum status st = query_read(q, number, bodies, &f);

    if (st == STATUS_NOT_FOUND || st == STATUS_BAD_INPUT)
        return STATUS_OK; /* deleted meanwhile; or damaged, and the rest is not */
    if (st)
        return st;
    *bytes += f->arena.used;
    filter_scratch_forget(&w->scratch);
    if (!w->ask.filter || filter_match(w->ask.filter, f, &w->scratch)) {
        w->batch[w->batch_count++] = f;
        return STATUS_OK;
    }
    flow_free(f);
    return lacked_memory(&w->scratch) ? query_fail(q, SQLITE_NOMEM) : STATUS_OK;
}

static enum status fill_batch(struct query *q)
{
    struct query_walk *w = &q->walk;
    bool bodies = w->ask.bodies || sql_filter_wants_bodies(w->ask.filter);
    uint64_t most = number_min(QUERY_BATCH, w->left);
    size_t bytes = 0;
    enum status st = query_lock(q);

    if (st)
        return st;
    w->batch_at = 0;
    w->batch_count = 0;
    for (int tries = 0; tries < QUERY_BATCH_TRIES && w->batch_count < most &&
                        bytes < QUERY_BATCH_BYTES && w->candidate_at < w->candidate_count;
         tries++) {
        st = is_interrupted(q) ? query_fail(q, SQLITE_INTERRUPT)
                               : try_candidate(q, w->candidates[w->candidate_at++], bodies, &bytes);
        if (st)
            break;
    }
    query_unlock(q);
    return st;
}

/* ---- the walk ---- */

enum status query_begin(struct query *q, const struct query_ask *ask)
{
    struct query_walk *w = &q->walk;
    uint64_t newest = 0;
    enum status st;

    query_end(q);
    atomic_store_explicit(&q->interrupted, false, memory_order_relaxed);
    w->candidates = malloc(QUERY_CANDIDATES * sizeof(*w->candidates));
    if (!w->candidates)
        return query_fail(q, SQLITE_NOMEM);
    st = query_number(q, "SELECT max(number) FROM flows", &newest);
    if (st && st != STATUS_NOT_FOUND)
        return st;
    w->ask = *ask;
    w->on = true;
    w->newest = newest;
    w->first = ask->after < INT64_MAX ? ask->after + 1 : INT64_MAX;
    w->last = number_min(newest, INT64_MAX - 1);
    if (ask->before)
        w->last = number_min(w->last, ask->before - 1);
    w->left = ask->limit ? ask->limit : UINT64_MAX;
    return STATUS_OK;
}

enum status query_next(struct query *q, struct flow **ret_flow)
{
    struct query_walk *w = &q->walk;
    enum status st = STATUS_OK;

    while (!st && w->batch_at == w->batch_count) {
        if (!w->on || w->left == 0)
            st = STATUS_END;
        else if (is_interrupted(q))
            st = query_fail(q, SQLITE_INTERRUPT);
        else if (w->candidate_at < w->candidate_count)
            st = fill_batch(q);
        else if (w->first <= w->last)
            st = fill_candidates(q);
        else
            st = STATUS_END;
    }
    if (st)
        return st;
    *ret_flow = w->batch[w->batch_at++];
    w->left--;
    return STATUS_OK;
}

uint64_t query_newest(const struct query *q)
{
    return q->walk.newest;
}

void query_end(struct query *q)
{
    struct query_walk *w = &q->walk;

    while (w->batch_at < w->batch_count)
        flow_free(w->batch[w->batch_at++]);
    free(w->candidates);
    w->candidates = NULL;
    w->on = false;
    w->candidate_at = 0;
    w->candidate_count = 0;
    w->batch_at = 0;
    w->batch_count = 0;
}
