/* store_schema: the tables of a store of flows, and how older ones become them.
 * docs/store.md tells what stands in each column. */
#ifndef WEIR_LOGS_STORE_SCHEMA_H
#define WEIR_LOGS_STORE_SCHEMA_H

#include <sqlite3.h>

#include "base/bytes.h"

enum {
    STORE_APPLICATION_ID = 0x57454952,      /* "WEIR": PRAGMA application_id */
    STORE_VERSION = 1,                      /* PRAGMA user_version */
    STORE_BUSY_MS = 250,                    /* waits so long for a lock of another process */
    STORE_CACHE_KIB = 16 * 1024,            /* pages held in memory */
    STORE_JOURNAL_BYTES = 64 * 1024 * 1024, /* the -wal file is cut to it when it was emptied */
    STORE_FTS_FLOWS = 100 * 1000,           /* flows of one full-text table fts_<number / this> */
    STORE_INDEXED_BYTES = 1024, /* shorter bodies are known only as long as they are recent */
    STORE_CODING_PLAIN = 0,     /* bodies.coding */
    STORE_CODING_ZSTD = 1,      /* one stream, whatever pieces it is kept in */
};

/* What every connection of the writer has: WAL, who waits how long. IO; what SQLite says
 * of it is sqlite3_errmsg(). */
MUST_USE enum status store_schema_tune(sqlite3 *db);
/* *ret_version: 0 for an empty file. BAD_INPUT: it has tables, and they are not ours;
 * UNSUPPORTED: a newer weir made it; IO: it cannot be read. */
MUST_USE enum status store_schema_look(sqlite3 *db, int *ret_version);
/* Makes the tables, or brings older ones up to STORE_VERSION, each step a transaction. */
MUST_USE enum status store_schema_raise(sqlite3 *db, int version);

#endif
