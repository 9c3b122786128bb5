/* record_read: flows out of the tables of a store, by their numbers. Inner header of who
 * has a connection to it: its readers, and its writer for the full-text index. */
#ifndef WEIR_LOGS_RECORD_READ_H
#define WEIR_LOGS_RECORD_READ_H

#include <sqlite3.h>

#include "logs/flow.h"

struct record_reader {
    sqlite3_stmt *record, *body, *chunk;
};

/* On failure it is released. NO_MEMORY, IO. */
MUST_USE enum status record_reader_open(struct record_reader *r, sqlite3 *db);
void record_reader_release(struct record_reader *r);
/* To be called within a transaction, so that record and bodies are of one moment. The flow
 * is the caller's, by flow_free(); without `bodies` it has only their numbers. A body that
 * is damaged is missing. NOT_FOUND: there is none; BAD_INPUT: the record is damaged;
 * NO_MEMORY, CANCELLED, IO. */
MUST_USE enum status record_read(struct record_reader *r, uint64_t number, bool bodies,
                                 struct flow **ret_flow);
/* What SQLite answered (not OK) as one of NO_MEMORY, CANCELLED, IO. */
enum status record_failure(int code);

#endif
