#include "logs/store_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    COMMIT_ROWS = 1000, /* flows worth a commit of their own */
    COMMIT_BYTES = 4 * 1024 * 1024,
    WAIT_BYTES = 16 * 1024 * 1024,      /* while commits fail: from here on no bodies, … */
    WAIT_MOST_BYTES = 24 * 1024 * 1024, /* from here on no flows */
    JOURNAL_PAGES = 4096,               /* are carried over into the file when it has so many */
    INLINE_BYTES = 2 * 1024,            /* shorter bodies stand in their row */
    CHUNK_BYTES = 256 * 1024,
    SQUEEZES = 64, /* tries of one commit, while the disk is full */
    NUMBER_AT = 1, /* parameters of PUT_FLOW */
    ID_AT = 2,
    NUMBERS_AT = 3,
    TEXTS_AT = NUMBERS_AT + BATCH_NUMBERS,
};

static const char *const statement_rows[STORE_STATEMENTS] = {
#define STATEMENT(id, sql) sql,
#include "logs/store_statements.def"
#undef STATEMENT
};

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

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

enum status store_begin(struct store *s)
{
    return store_run(s, STORE_BEGIN);
}

enum status store_end(struct store *s, enum status st)
{
    if (!st)
        st = store_run(s, STORE_COMMIT);
    if (st && !sqlite3_get_autocommit(s->file.db)) {
        char why[sizeof(s->error)];

        memcpy(why, s->error, sizeof(why));
        (void)!store_run(s, STORE_ROLLBACK); /* nothing more can be done about it */
        memcpy(s->error, why, sizeof(why));
    }
    return st;
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

        if (code != SQLITE_OK)
            return store_failure(s, code);
    }
    return STATUS_OK;
}

/* What is to be known of a file that was just opened. */
static enum status store_acquaint(struct store *s)
{
    int64_t number = 0, flows = 0, used, bytes;
    enum status st = statements_prepare(s);

    s->damaged = false;
    sqlite3_wal_hook(s->file.db, on_journal, s);
    if (!st)
        st = store_ask(s, STORE_LAST_NUMBER, &number);
    if (!st)
        st = store_ask(s, STORE_FLOWS, &flows);
    if (!st)
        st = store_keep_classes(s);
    if (!st)
        st = store_measure(s, &used, &bytes);
    if (st) {
        statements_finalize(s);
        return st;
    }
    if (number > s->last_number) /* a file that replaces another one goes on counting */
        s->last_number = number;
    s->flows = (uint64_t)flows;
    s->oldest = 0;
    s->journal_pages = 0;
    atomic_store_explicit(&s->facts->flows, s->flows, memory_order_relaxed);
    memcpy(s->notice, s->file.notice, sizeof(s->notice));
    return STATUS_OK;
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
    count(&s->facts->lost_flows, batch_waiting(&s->batch));
    batch_clear(&s->batch);
}

/* ---- into the file ---- */

static int bind_text(sqlite3_stmt *q, int at, struct bytes text)
{
    if (text.len == 0)
        return sqlite3_bind_null(q, at);
    return sqlite3_bind_text(q, at, (const char *)text.ptr, (int)text.len, SQLITE_STATIC);
}

static int bind_blob(sqlite3_stmt *q, int at, struct bytes blob)
{
    return sqlite3_bind_blob(q, at, blob.len ? blob.ptr : (const uint8_t *)"", (int)blob.len,
                             SQLITE_STATIC);
}

static enum status write_chunks(struct store *s, int64_t key, struct bytes data)
{
    sqlite3_stmt *q = s->statements[STORE_PUT_CHUNK];
    enum status st = STATUS_OK;

    for (int64_t part = 0; !st && data.len; part++) {
        sqlite3_bind_int64(q, 1, key);
        sqlite3_bind_int64(q, 2, part);
        bind_blob(q, 3, bytes_until(data, CHUNK_BYTES));
        st = store_run(s, STORE_PUT_CHUNK);
        data = bytes_from(data, CHUNK_BYTES);
    }
    return st;
}

static enum status insert_body(struct store *s, struct batch_body *b)
{
    struct bytes data = batch_part(&s->batch, b->data);
    sqlite3_stmt *q = s->statements[STORE_PUT_BODY];
    bool inside = data.len <= INLINE_BYTES;
    enum status st;

    bind_blob(q, 1, bytes_make(b->digest, sizeof(b->digest)));
    sqlite3_bind_int64(q, 2, (int64_t)b->bytes);
    sqlite3_bind_int(q, 3, b->coding);
    if (inside)
        bind_blob(q, 4, data);
    else
        sqlite3_bind_null(q, 4);
    st = store_run(s, STORE_PUT_BODY);
    if (st)
        return st;
    b->key = sqlite3_last_insert_rowid(s->file.db);
    b->fresh = true;
    return inside ? STATUS_OK : write_chunks(s, b->key, data);
}

/* One more use of what is in the file already; NOT_FOUND: retention was quicker. */
static enum status use_body(struct store *s, int64_t key)
{
    enum status st;

    sqlite3_bind_int64(s->statements[STORE_USE_BODY], 1, key);
    st = store_run(s, STORE_USE_BODY);
    return !st && sqlite3_changes(s->file.db) == 0 ? STATUS_NOT_FOUND : st;
}

static enum status find_body(struct store *s, const struct batch_body *b, int64_t *ret_key)
{
    if (b->key || b->known || b->bytes < STORE_INDEXED_BYTES) {
        *ret_key = b->key ? b->key : b->known;
        return *ret_key ? STATUS_OK : STATUS_NOT_FOUND;
    }
    bind_blob(s->statements[STORE_FIND_BODY], 1, bytes_make(b->digest, sizeof(b->digest)));
    return store_ask(s, STORE_FIND_BODY, ret_key);
}

/* NOT_FOUND: it has gone meanwhile, and its bytes are not here. */
static enum status write_body(struct store *s, struct batch_body *b)
{
    int64_t key = 0;
    enum status st = find_body(s, b, &key);

    if (st == STATUS_NOT_FOUND)
        return insert_body(s, b);
    if (!st)
        st = use_body(s, key);
    if (!st && !b->key) {
        b->key = key;
        b->fresh = true;
    }
    return st;
}

/* The key of a row's body on that side; *ret_key 0: it has none here. */
static enum status row_body(struct store *s, const struct batch_row *row, int side,
                            int64_t *ret_key)
{
    struct batch_body *b = row->bodies[side] < 0 ? NULL : &s->batch.bodies[row->bodies[side]];
    enum status st = STATUS_OK;

    *ret_key = 0;
    if (!b)
        return STATUS_OK;
    if (s->bare) {
        s->lost_bodies++;
        return STATUS_OK;
    }
    st = write_body(s, b);
    if (!st)
        *ret_key = b->key;
    if (st != STATUS_NOT_FOUND)
        return st;
    s->lost_bodies++;
    return STATUS_OK;
}

static enum status write_flow(struct store *s, const struct batch_row *row, int64_t number)
{
    sqlite3_stmt *q = s->statements[STORE_PUT_FLOW];

    sqlite3_bind_int64(q, NUMBER_AT, number);
    bind_blob(q, ID_AT, bytes_make(row->id, sizeof(row->id)));
    for (int i = 0; i < BATCH_NUMBERS; i++)
        sqlite3_bind_int64(q, NUMBERS_AT + i, row->numbers[i]);
    for (int i = 0; i < BATCH_TEXTS; i++)
        bind_text(q, TEXTS_AT + i, batch_part(&s->batch, row->texts[i]));
    return store_run(s, STORE_PUT_FLOW);
}

static enum status write_record(struct store *s, const struct batch_row *row, int64_t number)
{
    sqlite3_stmt *q = s->statements[STORE_PUT_RECORD];
    enum status st = STATUS_OK;

    sqlite3_bind_int64(q, 1, number);
    for (int side = 0; !st && side < 2; side++) {
        int64_t key = 0;

        st = row_body(s, row, side, &key);
        if (key)
            sqlite3_bind_int64(q, 2 + side, key);
        else
            sqlite3_bind_null(q, 2 + side);
    }
    bind_blob(q, 4, batch_part(&s->batch, row->record));
    return st ? st : store_run(s, STORE_PUT_RECORD);
}

static enum status write_gap(struct store *s, const struct log_gap *gap, int64_t after)
{
    sqlite3_stmt *q = s->statements[STORE_PUT_GAP];

    if (!gap->flows && !gap->bodies)
        return STATUS_OK;
    sqlite3_bind_int64(q, 1, after);
    sqlite3_bind_int64(q, 2, now_us());
    sqlite3_bind_int64(q, 3, (int64_t)gap->flows);
    sqlite3_bind_int64(q, 4, (int64_t)gap->bodies);
    return store_run(s, STORE_PUT_GAP);
}

static enum status write_count(struct store *s, enum store_statement id, int64_t value)
{
    sqlite3_bind_int64(s->statements[id], 1, value);
    return store_run(s, id);
}

/* The next `count` rows; with the last one what is missing behind it, too. */
static enum status write_rows(struct store *s, uint32_t count)
{
    const struct store_batch *b = &s->batch;
    int64_t number = s->last_number;
    enum status st = STATUS_OK;

    for (uint32_t i = b->row_first; !st && i < b->row_first + count; i++) {
        struct log_gap without = {.bodies = s->lost_bodies};

        st = write_gap(s, &b->rows[i].before, number);
        if (!st)
            st = write_flow(s, &b->rows[i], ++number);
        if (!st)
            st = write_record(s, &b->rows[i], number);
        without.bodies = s->lost_bodies - without.bodies;
        if (!st)
            st = write_gap(s, &without, number);
    }
    if (!st && count == batch_waiting(b))
        st = write_gap(s, &b->gap, number);
    if (!st)
        st = write_count(s, STORE_SET_LAST, number);
    if (!st)
        st = write_count(s, STORE_SET_FLOWS, (int64_t)s->flows + count);
    return st;
}

/* Only what is in the file for good is counted, and known by its key. */
static void rows_stored(struct store *s, uint32_t number)
{
    struct store_batch *b = &s->batch;

    for (uint32_t i = 0; i < b->body_count; i++) {
        struct batch_body *body = &b->bodies[i];

        if (body->fresh)
            body_recents_set(&b->recents, body->digest, body->key);
        body->fresh = false;
    }
    b->row_first += number;
    s->last_number += number;
    s->flows += number;
    count(&s->facts->stored, number);
    count(&s->facts->lost_bodies, s->lost_bodies);
    atomic_store_explicit(&s->facts->flows, s->flows, memory_order_relaxed);
    if (b->row_first == b->row_count)
        batch_clear(b);
}

static void rows_failed(struct store *s)
{
    struct store_batch *b = &s->batch;

    for (uint32_t i = 0; i < b->body_count; i++) {
        if (b->bodies[i].fresh)
            b->bodies[i].key = 0;
        b->bodies[i].fresh = false;
    }
}

static enum status rows_write(struct store *s, uint32_t number)
{
    enum status st = store_begin(s);

    s->lost_bodies = 0;
    if (!st)
        st = store_end(s, write_rows(s, number));
    if (st)
        rows_failed(s);
    else
        rows_stored(s, number);
    return st;
}

/* A disk that has no room for all may have it for a part: smaller and smaller ones are
 * tried, down to a single flow without its bodies. */
static enum status rows_squeeze(struct store *s)
{
    uint32_t number = batch_waiting(&s->batch);
    enum status st = STATUS_LIMIT;

    for (int i = 0; i < SQUEEZES && store_pending(s); i++) {
        number = st ? number / 2 : number * 2;
        if (number > batch_waiting(&s->batch))
            number = batch_waiting(&s->batch);
        s->bare = number == 0;
        st = rows_write(s, s->bare ? 1 : number);
        if (st && (s->bare || st != STATUS_LIMIT))
            break;
        if (s->bare)
            number = 1;
    }
    s->bare = false;
    return st || !store_pending(s) ? st : STATUS_LIMIT;
}

static enum status batch_write(struct store *s)
{
    int64_t used, bytes;
    enum status st = journal_room(s);

    if (!st)
        st = rows_write(s, batch_waiting(&s->batch));
    else
        return st;
    if (st == STATUS_LIMIT && batch_waiting(&s->batch))
        st = rows_squeeze(s);
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
