/* store_batch: flows on their way into a store, in memory: all that their rows will say.
 * It outlives a commit that failed, so that what could not be written now can be later. */
#ifndef WEIR_LOGS_STORE_BATCH_H
#define WEIR_LOGS_STORE_BATCH_H

#include "logs/sink.h"
#include "logs/store_body.h"
#include "logs/ulid.h"

enum {
    BATCH_ROWS = 8192,               /* flows that may wait */
    BATCH_SLOTS = 4 * BATCH_ROWS,    /* for the bodies' digests: two a flow, half of them free */
    BATCH_BYTES = 192 * 1024 * 1024, /* the longest two bodies and what stood before them */
    BATCH_SPARE_BYTES = 8 * 1024 * 1024, /* of memory kept for the next one */
};

/* A part of the batch's bytes. */
struct batch_span {
    uint32_t at, len;
};

/* The columns of the table `flows`, by their kinds. */
enum batch_number {
    BATCH_KIND,
    BATCH_STARTED,
    BATCH_DURATION,
    BATCH_PORT,
    BATCH_STATUS,
    BATCH_VERSION,
    BATCH_ERROR,
    BATCH_INJECTED,
    BATCH_REUSED,
    BATCH_WEBSOCKET,
    BATCH_ANOMALIES,
    BATCH_REQUEST_BYTES,
    BATCH_RESPONSE_BYTES,
    BATCH_CLASS,
    BATCH_NUMBERS
};

enum batch_text {
    BATCH_METHOD,
    BATCH_SCHEME,
    BATCH_HOST,
    BATCH_PATH,
    BATCH_REASON,
    BATCH_MIME,
    BATCH_CLIENT,
    BATCH_USER,
    BATCH_RULES,
    BATCH_TAGS,
    BATCH_TEXTS
};

struct batch_row {
    uint8_t id[ULID_BYTES];
    int64_t numbers[BATCH_NUMBERS];
    struct batch_span texts[BATCH_TEXTS], record;
    int32_t bodies[2];     /* by enum http_side: a place in the batch's bodies, or -1 */
    struct log_gap before; /* what is missing between the flow before it and this one */
};

struct batch_body {
    uint8_t digest[BODY_DIGEST_BYTES];
    int64_t known;  /* bodies.key when it was stored lately; then it has no data here */
    int64_t key;    /* bodies.key of this file; 0: none yet */
    bool fresh;     /* that commit made it */
    uint64_t bytes; /* as they passed */
    struct batch_span data;
    uint8_t coding;
};

struct store_batch {
    struct body_press press;
    struct buf bytes;
    struct batch_row *rows; /* owned */
    struct batch_body *bodies;
    uint32_t row_count, row_cap, body_count, body_cap;
    uint32_t row_first;          /* those before it are written */
    uint16_t slots[BATCH_SLOTS]; /* places in `bodies`, counted from 1 */
    struct log_gap gap;          /* behind the last row */
    struct body_recents recents;
};

MUST_USE enum status batch_init(struct store_batch *b,
                                enum status (*digest)(struct bytes content, uint8_t *ret_digest));
void batch_release(struct store_batch *b);
/* Forgets the flows. */
void batch_clear(struct store_batch *b);
/* What to put a flow down with. */
struct batch_how {
    int64_t class_key;
    bool without_bodies; /* there is too little room for them */
};
/* *ret_lost_bodies: how many captured bodies were left out; they are in the gap before the
 * next flow, too. LIMIT: it is full; NO_MEMORY: nothing was added. */
MUST_USE enum status batch_add(struct store_batch *b, const struct flow *f,
                               const struct batch_how *how, unsigned *ret_lost_bodies);
void batch_gap(struct store_batch *b, const struct log_gap *gap);
struct bytes batch_part(const struct store_batch *b, struct batch_span span);
bool batch_empty(const struct store_batch *b);
uint32_t batch_waiting(const struct store_batch *b); /* rows not written */

#endif
