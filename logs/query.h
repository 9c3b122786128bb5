/* query: reads a store of flows, as somebody other than its writer; in any process, while
 * it is being written. Of one thread. */
#ifndef WEIR_LOGS_QUERY_H
#define WEIR_LOGS_QUERY_H

#include "logs/filter.h"

enum { QUERY_ERROR_TEXT = 256 };

struct query; /* opaque */

struct query_ask {
    const struct filter *filter; /* borrowed; NULL: all flows */
    uint64_t after, before;      /* only flows with a number above, below; 0: no bound */
    uint64_t limit;              /* at most so many; 0: all */
    bool newest_first;
    bool bodies; /* load them; heads and all else always are */
};

/* NOT_FOUND: there is no such file; BAD_INPUT: it is no store of weir's, or of a newer
 * weir; IO; NO_MEMORY: each with `error` (QUERY_ERROR_TEXT) saying so. */
MUST_USE enum status query_open(const char *path, char *error, struct query **ret_query);
void query_close(struct query *q); /* NULL is fine */

/* One walk at a time; a new one ends the old. It sees the store as it is now. */
MUST_USE enum status query_begin(struct query *q, const struct query_ask *ask);
/* The caller's, to be freed by flow_free(). END: no more; IO; NO_MEMORY; CANCELLED. */
MUST_USE enum status query_next(struct query *q, struct flow **ret_flow);
void query_end(struct query *q);
/* The highest number that there was at the last query_begin(); 0: no flow was there. */
uint64_t query_newest(const struct query *q);
/* From any thread, or a signal's handler: lets what runs end with CANCELLED, and whatever
 * is asked after it until the next query_begin(). */
void query_interrupt(struct query *q);

/* One flow by its number. NOT_FOUND. */
MUST_USE enum status query_load(struct query *q, uint64_t number, bool bodies,
                                struct flow **ret_flow);
/* One flow by its name: its number ("1234"), "@1" for the newest, "@2" for the one before,
 * its ULID or a part of it from the start of at least 4 letters. With its bodies.
 * NOT_FOUND; EXISTS: several begin so; BAD_INPUT: it is no such name. */
MUST_USE enum status query_find(struct query *q, struct bytes name, struct flow **ret_flow);
/* What a walk could not do, for people; static or in `q`. */
const char *query_error(const struct query *q);

#endif
