/* store_fts_impl: what making and dropping full-text tables share. Inner header of
 * store_fts*.c. */
#ifndef WEIR_LOGS_STORE_FTS_IMPL_H
#define WEIR_LOGS_STORE_FTS_IMPL_H

#include "logs/store_fts.h"

/* What an answer of SQLite's means here: LIMIT: the disk is full; BAD_INPUT: the table is
 * damaged; else as record_failure(). */
enum status store_fts_failure(int code);
MUST_USE enum status store_fts_run(sqlite3 *db, const char *sql);

#endif
