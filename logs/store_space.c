/* What is done in spare time: the full-text index, and space that is free goes back to the
 * disk; and is the file sound? */
#include <stdio.h>

#include "logs/store_fts.h"
#include "logs/store_impl.h"

enum {
    STEP_PAGES = 512,                /* given back in one transaction */
    SPARE_PAGES = 1024,              /* left free: the next flows need them */
    INDEX_JOURNAL_PAGES = 32 * 1024, /* of a journal to which the index still adds */
    SQL_TEXT = 64,
    ERROR_PART = 120, /* of what SQLite says */
};

static enum status run_text(struct store *s, const char *sql)
{
    int code = sqlite3_exec(s->file.db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? STATUS_OK : store_failure(s, code);
}

/* A table of the full-text index of which no flow is left; NOT_FOUND: there is none. */
static enum status find_idle_index(struct store *s, int64_t *ret_index)
{
    sqlite3_stmt *q = s->statements[STORE_FTS_TABLES];
    sqlite3_stmt *within = s->statements[STORE_FLOWS_WITHIN];
    enum status st = STATUS_NOT_FOUND;
    int code = SQLITE_DONE;

    sqlite3_bind_int64(q, 1, s->last_number / STORE_FTS_FLOWS);
    while (st == STATUS_NOT_FOUND && (code = sqlite3_step(q)) == SQLITE_ROW) {
        int64_t index = sqlite3_column_int64(q, 0);

        sqlite3_bind_int64(within, 1, index * STORE_FTS_FLOWS);
        sqlite3_bind_int64(within, 2, (index + 1) * STORE_FTS_FLOWS);
        if (sqlite3_step(within) == SQLITE_DONE) {
            *ret_index = index;
            st = STATUS_OK;
        }
        sqlite3_reset(within);
    }
    sqlite3_reset(q);
    return code == SQLITE_ROW || code == SQLITE_DONE ? st : store_failure(s, code);
}

static enum status fts_failure(struct store *s, enum status st)
{
    if (st)
        snprintf(s->error, sizeof(s->error), "%.120s: %.100s", s->settings.path,
                 sqlite3_errmsg(s->file.db));
    return st;
}

static enum status retire_index(struct store *s, int64_t index)
{
    s->fts_gone = true;
    return fts_failure(s, store_fts_retire(s->file.db, index));
}

enum status store_retire_index(struct store *s, int64_t most_bytes, bool *ret_retired)
{
    int64_t pages = 0, page_bytes = 0, index = 0;
    enum status st = fts_failure(s, store_fts_pages(s->file.db, &pages));

    if (!st)
        st = store_ask(s, STORE_PAGE_BYTES, &page_bytes);
    *ret_retired = false;
    if (st || pages <= most_bytes / page_bytes)
        return st;
    sqlite3_bind_int64(s->statements[STORE_FTS_TABLES], 1, s->last_number / STORE_FTS_FLOWS + 1);
    st = store_ask(s, STORE_FTS_TABLES, &index);
    if (!st)
        st = retire_index(s, index);
    *ret_retired = !st;
    return st == STATUS_NOT_FOUND ? STATUS_OK : st;
}

enum status store_drop_index(struct store *s, bool *ret_more)
{
    enum status st;

    *ret_more = false;
    if (!s->fts_gone)
        return STATUS_OK;
    st = fts_failure(s, store_fts_drop_step(s->file.db, ret_more));
    s->damaged = s->damaged || st == STATUS_BAD_INPUT;
    s->fts_gone = st == STATUS_LIMIT || *ret_more; /* other failures would last */
    return st;
}

/* Those of which no flow is left. */
static enum status look_for_idle(struct store *s, bool *ret_more)
{
    int64_t index = 0;
    enum status st = find_idle_index(s, &index);

    *ret_more = st == STATUS_OK;
    s->fts_look = *ret_more;
    if (st)
        return st == STATUS_NOT_FOUND ? STATUS_OK : st;
    return retire_index(s, index);
}

static enum status pages_back(struct store *s, bool *ret_more)
{
    char sql[SQL_TEXT];
    int64_t unused = 0;
    enum status st = store_ask(s, STORE_FREE_PAGES, &unused);

    *ret_more = false;
    if (st)
        return st;
    if (unused > (s->tight ? 0 : SPARE_PAGES)) {
        snprintf(sql, sizeof(sql), "PRAGMA incremental_vacuum(%d)", STEP_PAGES);
        *ret_more = s->vacuumed = true;
        return run_text(s, sql);
    }
    if (s->vacuumed) /* only now the file becomes shorter */
        sqlite3_wal_checkpoint_v2(s->file.db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    s->vacuumed = false;
    return STATUS_OK;
}

enum status store_give_back(struct store *s, bool *ret_more)
{
    enum status st = s->fts_look ? look_for_idle(s, ret_more) : STATUS_OK;

    return st || *ret_more ? st : pages_back(s, ret_more);
}

void store_keep_tight(struct store *s, bool tight)
{
    s->tight = tight;
}

enum status store_index(struct store *s, bool *ret_more)
{
    enum status st;

    if (!s->file.db || s->damaged || s->failing)
        return STATUS_IO;
    if (s->journal_pages > INDEX_JOURNAL_PAGES)
        return STATUS_LIMIT; /* a reader holds the journal: flows need its room more */
    st = store_fts_step(s->file.db, FTS_STEP_BYTES, ret_more);
    s->fts_gone = s->fts_gone || st == STATUS_BAD_INPUT;
    return fts_failure(s, st);
}

enum status store_shrink(struct store *s)
{
    int64_t used, bytes;
    enum status st = run_text(s, "PRAGMA incremental_vacuum");

    if (!st)
        st = run_text(s, "PRAGMA wal_checkpoint(TRUNCATE)");
    return st ? st : store_measure(s, &used, &bytes);
}

static struct bytes column_text(sqlite3_stmt *q)
{
    const unsigned char *text = sqlite3_column_text(q, 0);

    return text ? bytes_of((const char *)text) : BYTES("out of memory");
}

enum status store_check(struct store *s)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(s->file.db, "PRAGMA integrity_check(1)", -1, &q, NULL);
    enum status st = STATUS_OK;

    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    if (code != SQLITE_ROW) {
        st = store_failure(s, code);
        st = store_file_is_damage(code) ? STATUS_BAD_INPUT : st;
    } else if (!bytes_equal(column_text(q), BYTES("ok"))) {
        struct bytes what = column_text(q);

        snprintf(s->error, sizeof(s->error), "%.120s: %.*s", s->settings.path,
                 (int)(what.len < ERROR_PART ? what.len : ERROR_PART), (const char *)what.ptr);
        st = STATUS_BAD_INPUT;
    }
    sqlite3_finalize(q);
    return st;
}
