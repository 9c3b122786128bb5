/* query_impl: what a query is inside. Inner header of query*.c.
 *
 * A walk never holds a transaction between two calls, and each of its own is short, so
 * that it does not keep the writer from emptying its journal. It goes on in three
 * steps: the numbers of flows that may be wanted, found in the narrow table and by the
 * full-text index (candidates); their records, some at a time, asked the whole filter
 * (the batch); one flow of these for each query_next(). */
#ifndef WEIR_LOGS_QUERY_IMPL_H
#define WEIR_LOGS_QUERY_IMPL_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "logs/query.h"
#include "logs/record_read.h"
#include "logs/sql_filter.h"

enum {
    QUERY_CANDIDATES = 8192,             /* numbers found at a time */
    QUERY_BATCH = 128,                   /* flows read at a time */
    QUERY_BATCH_TRIES = 512,             /* records looked at for these */
    QUERY_BATCH_BYTES = 4 * 1024 * 1024, /* of these flows, about */
    QUERY_BUSY_MS = 2000,                /* waits so long for a lock of the writer's */
    QUERY_CACHE_KIB = 8 * 1024,
    QUERY_INTERRUPT_STEPS = 2000,          /* of SQLite's machine between two looks at the flag */
    QUERY_VALUE_BYTES = 128 * 1024 * 1024, /* the longest value that is read */
};

/* The walk. Numbers are done up to `at`, in its direction. */
struct query_walk {
    bool on;
    struct query_ask ask;
    struct sql_filter sql;
    struct filter_scratch scratch;
    uint64_t first, last; /* the numbers still to be looked at, both included; none: first > last */
    uint64_t newest;      /* in the store when it began */
    uint64_t left;        /* flows that may still be given */
    uint64_t *candidates; /* QUERY_CANDIDATES */
    uint32_t candidate_at, candidate_count;
    struct flow *batch[QUERY_BATCH];
    uint32_t batch_at, batch_count;
};

struct query {
    sqlite3 *db;
    struct record_reader records;
    atomic_bool interrupted;
    char error[QUERY_ERROR_TEXT];
    struct query_walk walk;
};

/* query.c */
/* What SQLite says, as a status, with q->error filled. `code` is its answer. */
enum status query_fail(struct query *q, int code);
/* Prepares; IO or NO_MEMORY. */
MUST_USE enum status query_prepare(struct query *q, const char *sql, sqlite3_stmt **ret_stmt);
/* One number of one row: NOT_FOUND when there is no row, or it is NULL. */
MUST_USE enum status query_number(struct query *q, const char *sql, uint64_t *ret_number);
/* So that what is read between them is of one moment. */
MUST_USE enum status query_lock(struct query *q);
void query_unlock(struct query *q);
/* record_read(), with q->error filled. Inside query_lock(). */
MUST_USE enum status query_read(struct query *q, uint64_t number, bool bodies,
                                struct flow **ret_flow);

#endif
