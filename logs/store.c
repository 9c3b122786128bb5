#include "logs/store_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    COMMIT_ROWS = 1000, /* flows worth a commit of their own */
    COMMIT_BYTES = 4 * 1024 * 1024,
    WAIT_BYTES = 16 * 1024 * 1024,      /* while commits fail: from here on no bodies, … */
    WAIT_MOST_BYTES = 24 * 1024 * 1024, /* from here on no flows */
    JOURNAL_PAGES = 4096,               /* are carried over into the file when it has so many */
};

#define NUMBER_MOST (INT64_MAX / 4) /* no store gets there */

static const char *const statement_rows[STORE_STATEMENTS] = {
#define STATEMENT(id, sql) sql,
#include "logs/store_statements.def"
#undef STATEMENT
};

/* ---- SQLite ---- */

enum status store_failure(struct store *s, int code)
{
    int kind = code & 0xff;

    snprintf(s->error, sizeof(s->error), "%.120s: %.100s", s->settings.path,
             s->file.db ? sqlite3_errmsg(s->file.db) : sqlite3_errstr(code));
    s->damaged = s->damaged || store_file_is_damage(code);
    if (kind == SQLITE_NOMEM)
        return STATUS_NO_MEMORY;
    return kind == SQLITE_FULL ? STATUS_LIMIT : STATUS_IO;
}

enum status store_run(struct store *s, enum store_statement id)
{
    int code = sqlite3_step(s->statements[id]);
    enum status st = STATUS_OK;

    if (code != SQLITE_DONE && code != SQLITE_ROW)
        st = store_failure(s, code);
    sqlite3_reset(s->statements[id]);
    return st;
}

enum status store_ask(struct store *s, enum store_statement id, int64_t *ret_value)
{
    int code = sqlite3_step(s->statements[id]);
    enum status st = STATUS_NOT_FOUND;

    if (code == SQLITE_ROW) {
        *ret_value = sqlite3_column_int64(s->statements[id], 0);
        st = STATUS_OK;
    } else if (code != SQLITE_DONE) {
        st = store_failure(s, code);
    }
    sqlite3_reset(s->statements[id]);
    return st;
}

/* A COMMIT that failed for want of memory may have been one all the same: what the file
 * says is so. */
static enum status store_resolve(struct store *s)
{
    int64_t last = 0, flows = 0;
    enum status st = s->doubt ? store_ask(s, STORE_LAST_NUMBER, &last) : STATUS_OK;

    if (!s->doubt || st)
        return st;
    st = store_ask(s, STORE_FLOWS, &flows);
    if (st)
        return st;
    s->doubt = false;
    if (last > s->last_number && last - s->last_number <= batch_waiting(&s->batch))
        store_rows_stored(s, (uint32_t)(last - s->last_number));
    if (flows >= 0 && (uint64_t)flows < s->flows)
        store_flows_removed(s, s->flows - (uint64_t)flows);
    return STATUS_OK;
}

enum status store_end(struct store *s, enum status st)
{
    if (!st) {
        st = store_run(s, STORE_COMMIT);
        s->doubt = s->doubt || st;
    }
    if (st && !sqlite3_get_autocommit(s->file.db)) {
        char why[sizeof(s->error)];

        memcpy(why, s->error, sizeof(why));
        (void)!store_run(s, STORE_ROLLBACK); /* nothing more can be done about it */
        memcpy(s->error, why, sizeof(why));
    }
    return st;
}

enum status store_begin(struct store *s)
{
    enum status st = store_run(s, STORE_BEGIN);

    if (st)
        return st;
    st = store_resolve(s);
    return st ? store_end(s, st) : STATUS_OK;
}

enum status store_measure(struct store *s, int64_t *ret_used, int64_t *ret_bytes)
{
    int64_t pages = 0, unused = 0, page_bytes = 0;
    enum status st = store_ask(s, STORE_PAGES, &pages);

    if (!st)
        st = store_ask(s, STORE_FREE_PAGES, &unused);
    if (!st)
        st = store_ask(s, STORE_PAGE_BYTES, &page_bytes);
    if (st)
        return st;
    s->used = (pages - unused) * page_bytes;
    *ret_used = s->used;
    *ret_bytes = pages * page_bytes;
    atomic_store_explicit(&s->facts->bytes, (uint64_t)*ret_bytes, memory_order_relaxed);
    return STATUS_OK;
}

/* What a commit left in the journal. Without this hook SQLite would look after it. */
static int on_journal(void *self, sqlite3 *db, const char *name, int pages)
{
    struct store *s = self;

    s->journal_pages = pages;
    if (pages >= JOURNAL_PAGES)
        sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
    return SQLITE_OK; /* a checkpoint that failed is tried again */
}

/* While a reader stands in the journal it can only grow: up to a point. */
static enum status journal_room(struct store *s)
{
    int64_t page_bytes = 0;
    enum status st = store_ask(s, STORE_PAGE_BYTES, &page_bytes);

    if (st || s->journal_pages * page_bytes <= s->settings.journal_most_bytes)
        return st;
    if (sqlite3_wal_checkpoint_v2(s->file.db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL) ==
        SQLITE_OK) {
        s->journal_pages = 0;
        return STATUS_OK;
    }
    snprintf(s->error, sizeof(s->error),
             "%.120s: its journal is full, and cannot be emptied: %.60s", s->settings.path,
             sqlite3_errmsg(s->file.db));
    return STATUS_LIMIT;
}

/* ---- opening and closing ---- */

static void statements_finalize(struct store *s)
{
    for (size_t i = 0; i < STORE_STATEMENTS; i++) {
        sqlite3_finalize(s->statements[i]);
        s->statements[i] = NULL;
    }
}

static enum status statements_prepare(struct store *s)
{
    for (size_t i = 0; i < STORE_STATEMENTS; i++) {
        int code = sqlite3_prepare_v3(s->file.db, statement_rows[i], -1, SQLITE_PREPARE_PERSISTENT,
                                      &s->statements[i], NULL);

        if (code == SQLITE_ERROR) /* a table or a column is not there */
            code = SQLITE_CORRUPT;
        if (code != SQLITE_OK)
            return store_failure(s, code);
    }
    return STATUS_OK;
}

/* What is to be known of a file that was just opened. */
static enum status store_acquaint(struct store *s)
{
    int64_t number = 0, flows = 0, used, bytes;
    enum status st;

    s->damaged = false;
    st = statements_prepare(s);
    s->doubt = false;
    sqlite3_wal_hook(s->file.db, on_journal, s);
    if (!st)
        st = store_ask(s, STORE_LAST_NUMBER, &number);
    if (!st)
        st = store_ask(s, STORE_FLOWS, &flows);
    if (!st)
        st = store_keep_classes(s);
    if (!st)
        st = store_measure(s, &used, &bytes);
    if (st == STATUS_NOT_FOUND ||
        (!st && (number < 0 || number > NUMBER_MOST || flows < 0 || flows > NUMBER_MOST)))
        st = store_failure(s, SQLITE_CORRUPT);
    if (st) {
        statements_finalize(s);
        return st;
    }
    if (number > s->last_number) /* a file that replaces another one goes on counting */
        s->last_number = number;
    s->flows = (uint64_t)flows;
    s->oldest = 0;
    s->fts_gone = true;
    s->journal_pages = 0;
    atomic_store_explicit(&s->facts->flows, s->flows, memory_order_relaxed);
    memcpy(s->notice, s->file.notice, sizeof(s->notice));
    return STATUS_OK;
}

/* The file is damaged, or there is none since another beginning failed. */
static enum status store_renew(struct store *s)
{
    enum status st;

    statements_finalize(s);
    st = store_file_renew(&s->file, s->error);
    if (st)
        return st;
    memset(&s->batch.recents, 0, sizeof(s->batch.recents));
    st = store_acquaint(s);
    s->damaged = st != STATUS_OK; /* then it is to be tried again from here */
    return st;
}

enum status store_open(const struct store_settings *settings, struct store_facts *facts,
                       char *error, struct store **ret_store)
{
    struct store *s = calloc(1, sizeof(*s));
    enum status st = STATUS_NO_MEMORY;

    snprintf(error, STORE_ERROR_TEXT, "%s", status_sentence(st));
    if (!s)
        return st;
    s->settings = *settings;
    if (!s->settings.journal_most_bytes)
        s->settings.journal_most_bytes = STORE_JOURNAL_MOST_BYTES;
    s->facts = facts;
    filter_scratch_init(&s->scratch);
    st = batch_init(&s->batch, settings->digest);
    if (st)
        goto no_file;
    st = store_file_open(&s->file, settings->path, settings->own_place, error);
    if (st)
        goto no_file;
    s->settings.path = s->file.path;
    st = store_acquaint(s);
    if (st && s->damaged) /* its schema was sound: it is weir's */
        st = store_renew(s);
    if (!st) {
        *ret_store = s;
        return STATUS_OK;
    }
    memcpy(error, s->error, STORE_ERROR_TEXT);
    store_file_close(&s->file);
no_file:
    batch_release(&s->batch);
    filter_scratch_release(&s->scratch);
    free(s);
    return st;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    store_drop(s);
    statements_finalize(s);
    store_file_close(&s->file);
    batch_release(&s->batch);
    filter_scratch_release(&s->scratch);
    free(s);
}

const char *store_notice(struct store *s)
{
    static const char nothing[] = "";

    if (!s->notice[0])
        return nothing;
    memcpy(s->told, s->notice, sizeof(s->told));
    s->notice[0] = '\0';
    return s->told;
}

const char *store_error(const struct store *s)
{
    return s->error;
}

/* ---- into memory ---- */

static void count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

enum status store_put(struct store *s, const struct flow *f)
{
    size_t waiting = s->failing ? s->batch.bytes.len : 0;
    const struct batch_how how = {
        .class_key = store_keep_class(s, f),
        .without_bodies = waiting >= WAIT_BYTES,
    };
    unsigned lost = 0;
    enum status st = STATUS_LIMIT;

    if (waiting < WAIT_MOST_BYTES)
        st = batch_add(&s->batch, f, &how, &lost);
    count(&s->facts->lost_flows, st ? 1 : 0);
    count(&s->facts->lost_bodies, lost);
    return st;
}

void store_gap(struct store *s, const struct log_gap *gap)
{
    batch_gap(&s->batch, gap);
}

bool store_pending(const struct store *s)
{
    return !batch_empty(&s->batch);
}

bool store_full(const struct store *s)
{
    return batch_waiting(&s->batch) >= COMMIT_ROWS || s->batch.bytes.len >= COMMIT_BYTES;
}

void store_drop(struct store *s)
{
    (void)!store_resolve(s); /* if not even that can be known, it counts as lost */
    count(&s->facts->lost_flows, batch_waiting(&s->batch));
    batch_clear(&s->batch);
}

/* ---- into the file ---- */

static enum status batch_write(struct store *s)
{
    int64_t used, bytes;
    enum status st = journal_room(s);

    if (st)
        return st;
    st = store_write(s);
    if (!s->damaged)
        (void)!store_measure(s, &used, &bytes); /* the flows are kept, whatever it says */
    return st;
}

enum status store_commit(struct store *s)
{
    enum status st = STATUS_OK;

    if (!store_pending(s))
        return STATUS_OK;
    if (!s->damaged)
        st = batch_write(s);
    if (s->damaged) {
        st = store_renew(s);
        if (!st)
            st = batch_write(s);
    }
    s->failing = st != STATUS_OK;
    return st;
}
