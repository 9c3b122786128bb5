/* Full-text tables that go: by a new name at once, so that no reader looks into one that is
 * half gone, then in pieces. To drop a large one in one go would take seconds. */
#include <inttypes.h>
#include <stdio.h>

#include "logs/record_read.h"
#include "logs/store_fts_impl.h"
#include "logs/store_schema.h"

enum {
    SQL_TEXT = 256,
    PIECE_ROWS = 512,      /* of a page each */
    FIRST_OF_SEGMENTS = 11 /* smaller keys of an FTS5 table's data are its own affairs */
};

/* NOT_FOUND: there is no row, or no number in it. */
static enum status ask(sqlite3 *db, const char *sql, int64_t *ret_value)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(db, sql, -1, &q, NULL);
    enum status st = STATUS_NOT_FOUND;

    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    if (code == SQLITE_ROW && sqlite3_column_type(q, 0) == SQLITE_INTEGER) {
        *ret_value = sqlite3_column_int64(q, 0);
        st = STATUS_OK;
    } else if (code != SQLITE_ROW && code != SQLITE_DONE) {
        st = store_fts_failure(code);
    }
    sqlite3_finalize(q);
    return st;
}

/* ---- how large it is ---- */

enum status store_fts_used(sqlite3 *db, int64_t *ret_pages)
{
    int64_t pages = 0, unused = 0;
    enum status st = ask(db, "PRAGMA page_count", &pages);

    if (!st)
        st = ask(db, "PRAGMA freelist_count", &unused);
    if (!st)
        *ret_pages = pages - unused;
    return st;
}

/* It cannot be more than there are, whatever stands there. */
enum status store_fts_pages(sqlite3 *db, int64_t *ret_pages)
{
    int64_t pages = 0, used = 0;
    enum status st = ask(db, "SELECT value FROM meta WHERE key='fts_pages'", &pages);

    if (st && st != STATUS_NOT_FOUND)
        return st;
    st = store_fts_used(db, &used);
    if (!st)
        *ret_pages = pages < 0 ? 0 : pages > used ? used : pages;
    return st;
}

enum status store_fts_note(sqlite3 *db, int64_t used_before)
{
    char sql[SQL_TEXT];
    int64_t used = 0, pages = 0;
    enum status st = store_fts_used(db, &used);

    if (!st)
        st = store_fts_pages(db, &pages);
    if (st || used == used_before)
        return st;
    pages += used - used_before;
    snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES('fts_pages', %" PRId64 ")",
             pages > 0 ? pages : 0);
    return store_fts_run(db, sql);
}

/* ---- taking away ---- */

static enum status finish(sqlite3 *db, enum status st)
{
    if (!st)
        st = store_fts_run(db, "COMMIT");
    if (st && !sqlite3_get_autocommit(db))
        (void)!store_fts_run(db, "ROLLBACK"); /* nothing more can be done about it */
    return st;
}

/* NOT_FOUND: there is none of that name, which nobody sees then in any case. */
static enum status hide(sqlite3 *db, int64_t table)
{
    char sql[SQL_TEXT];
    int64_t found;
    enum status st;

    snprintf(sql, sizeof(sql), "SELECT 1 FROM sqlite_schema WHERE name='fts_%" PRId64 "'", table);
    st = ask(db, sql, &found);
    if (st)
        return st;
    snprintf(sql, sizeof(sql), "ALTER TABLE fts_%" PRId64 " RENAME TO gone_%" PRId64, table, table);
    return store_fts_run(db, sql);
}

/* What could have been in it counts as looked at: the index goes on behind its last number. */
static enum status retire(sqlite3 *db, int64_t table)
{
    int64_t upto = 0, last = (table + 1) * STORE_FTS_FLOWS - 1;
    char sql[SQL_TEXT];
    enum status st = hide(db, table);

    if (!st || st == STATUS_NOT_FOUND)
        st = ask(db, "SELECT value FROM meta WHERE key='fts_upto'", &upto);
    if (st && st != STATUS_NOT_FOUND)
        return st;
    snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES('fts_upto', %" PRId64 ")",
             upto > last ? upto : last);
    return store_fts_run(db, sql);
}

enum status store_fts_retire(sqlite3 *db, int64_t table)
{
    enum status st = store_fts_run(db, "BEGIN IMMEDIATE");

    return finish(db, st ? st : retire(db, table));
}

static enum status take_piece(sqlite3 *db, int64_t table)
{
    char sql[SQL_TEXT];
    enum status st;

    snprintf(sql, sizeof(sql),
             "DELETE FROM gone_%" PRId64 "_data WHERE id IN (SELECT id FROM gone_%" PRId64
             "_data WHERE id>=%d LIMIT %d)",
             table, table, FIRST_OF_SEGMENTS, PIECE_ROWS);
    /* no statement but weir's own may write there */
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 0, NULL);
    st = store_fts_run(db, sql);
    sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (st || sqlite3_changes(db) == PIECE_ROWS)
        return st;
    snprintf(sql, sizeof(sql), "DROP TABLE gone_%" PRId64, table);
    return store_fts_run(db, sql);
}

static enum status drop_piece(sqlite3 *db, int64_t table)
{
    int64_t used = 0;
    enum status st = store_fts_used(db, &used);

    if (!st)
        st = take_piece(db, table);
    return st ? st : store_fts_note(db, used);
}

enum status store_fts_drop_step(sqlite3 *db, bool *ret_more)
{
    int64_t table = 0;
    enum status st = ask(db,
                         "SELECT CAST(substr(name, 6) AS INTEGER) FROM sqlite_schema"
                         " WHERE name GLOB 'gone_[0-9]*' AND sql LIKE 'CREATE VIRTUAL TABLE%'",
                         &table);

    *ret_more = !st;
    if (st)
        return st == STATUS_NOT_FOUND ? STATUS_OK : st;
    st = store_fts_run(db, "BEGIN IMMEDIATE");
    return finish(db, st ? st : drop_piece(db, table));
}
