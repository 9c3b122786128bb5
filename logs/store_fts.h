/* store_fts: the full-text index of a store: trigrams (FTS5) of URLs, of the fields of all
 * heads and trailers, and of the first FTS_BODY_BYTES of the decoded text of each body. It
 * stands in tables fts_<n> of STORE_FTS_FLOWS flows each, without the text itself; what it
 * finds is to be looked at again. Flows whose bodies it has not all of are marked, so that
 * whoever searches bodies can look at them too (column `more`). Up to which number flows
 * are in it says meta.fts_upto. */
#ifndef WEIR_LOGS_STORE_FTS_H
#define WEIR_LOGS_STORE_FTS_H

#include <sqlite3.h>

#include "base/bytes.h"

enum {
    FTS_BODY_BYTES = 16 * 1024,
    FTS_STEP_BYTES = 256 * 1024, /* of text that a step takes, or one flow: some 20 ms; smaller
                                    steps cost more in all, by the merging of what they leave */
};

/* Takes the next flows into the index, in a transaction of its own; for the writer's
 * connection, when there is nothing else to do. *ret_more: there are flows left. On
 * failure nothing has changed: LIMIT: the disk is full; BAD_INPUT: a table is damaged, or
 * cannot have what a flow has, and is out of use now; NO_MEMORY, IO. */
MUST_USE enum status store_fts_step(sqlite3 *db, size_t budget_bytes, bool *ret_more);

/* ---- store_fts_drop.c; failures as above, BAD_INPUT: the file is damaged ---- */

/* Takes fts_<table> out of use, in a transaction of its own. Its numbers, to the last that
 * it could hold, count as looked at: whoever searches them does so without an index. */
MUST_USE enum status store_fts_retire(sqlite3 *db, int64_t table);
/* Takes away a piece, of a few milliseconds, of a table that is out of use. *ret_more: there
 * may be more of them. */
MUST_USE enum status store_fts_drop_step(sqlite3 *db, bool *ret_more);
/* Pages that the index takes of the file, all its tables together. */
MUST_USE enum status store_fts_pages(sqlite3 *db, int64_t *ret_pages);
/* Pages of the file in use; and, in the same transaction, that the index has made the
 * difference since. */
MUST_USE enum status store_fts_used(sqlite3 *db, int64_t *ret_pages);
MUST_USE enum status store_fts_note(sqlite3 *db, int64_t used_before);

#endif
