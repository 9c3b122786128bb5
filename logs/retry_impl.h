/* retry_impl: what retry_audit.c keeps of each attempt, and how retry_judge.c reads rows
 * of them. */
#ifndef WEIR_LOGS_RETRY_IMPL_H
#define WEIR_LOGS_RETRY_IMPL_H

#include "logs/retry_audit.h"

struct attempt {
    int64_t started_us;
    int64_t ended_us;      /* of a client that left during a delay: its start */
    uint64_t connection;   /* the client's */
    int64_t wait_until_us; /* of Retry-After; -1: none */
    enum retry_fault fault;
    bool failed;
    uint16_t status;
    uint64_t idempotency_key; /* its hash; 0: none */
    uint64_t marks;
    char id[FLOW_ID_TEXT];
};

/* A fault and the retries that followed it, in order. */
struct retry_row {
    const struct attempt *items[RETRY_ATTEMPTS];
    uint32_t count;
};

enum { RETRY_NO_ROW = 255 };

/* Several clients may ask for the same at the same time, so each attempt follows at most
 * one that failed and had ended: that of its own connection, else the one that waits
 * longest. `attempts` are sorted by their starts, at most RETRY_ATTEMPTS; ret_rows[i] is
 * the row of each, from 0, or RETRY_NO_ROW. The number of rows. */
uint32_t retry_rows(const struct attempt *attempts, uint32_t count,
                    uint8_t ret_rows[static RETRY_ATTEMPTS]);
/* The facts of a row of at least one; method, URL and `idempotent` are left open. */
struct retry_episode retry_judge(const struct retry_row *row);

#endif
