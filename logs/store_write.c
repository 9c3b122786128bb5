/* Flows of the batch become rows. */
#include <time.h>

#include "logs/store_impl.h"

enum {
    INLINE_BYTES = 2 * 1024, /* shorter bodies stand in their row */
    CHUNK_BYTES = 256 * 1024,
    SQUEEZES = 64,          /* tries of one commit, while the disk is full … */
    SQUEEZE_US = 50 * 1000, /* … and the time after which no further one is begun */
    NUMBER_AT = 1,          /* parameters of PUT_FLOW */
    ID_AT = 2,
    NUMBERS_AT = 3,
    TEXTS_AT = NUMBERS_AT + BATCH_NUMBERS,
};

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t clock_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void count(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_fetch_add_explicit(counter, more, memory_order_relaxed);
}

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

/* One more use of what is in the file already; NOT_FOUND: retention was quicker, and maybe
 * the key is that of another one by now. */
static enum status use_body(struct store *s, int64_t key, const uint8_t *digest)
{
    enum status st;

    sqlite3_bind_int64(s->statements[STORE_USE_BODY], 1, key);
    bind_blob(s->statements[STORE_USE_BODY], 2, bytes_make(digest, BODY_DIGEST_BYTES));
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
        st = use_body(s, key, b->digest);
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
void store_rows_stored(struct store *s, uint32_t number)
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

    if (st)
        return st;
    if (number > batch_waiting(&s->batch)) /* some turned out to be there */
        number = batch_waiting(&s->batch);
    s->lost_bodies = 0;
    st = store_end(s, write_rows(s, number));
    if (st)
        rows_failed(s);
    else
        store_rows_stored(s, number);
    return st;
}

/* A disk that has no room for all may have it for a part: smaller and smaller ones are
 * tried, down to a single flow without its bodies. */
static enum status rows_squeeze(struct store *s)
{
    int64_t until_us = clock_us() + SQUEEZE_US;
    uint32_t number = s->squeezed ? s->squeezed * 2 : batch_waiting(&s->batch);
    enum status st = STATUS_LIMIT;

    for (int i = 0; i < SQUEEZES && store_pending(s) && clock_us() < until_us; i++) {
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
    s->squeezed = number; /* the next one goes on from there */
    return st || !store_pending(s) ? st : STATUS_LIMIT;
}

enum status store_write(struct store *s)
{
    enum status st = rows_write(s, batch_waiting(&s->batch));

    return st == STATUS_LIMIT && batch_waiting(&s->batch) ? rows_squeeze(s) : st;
}
