#include "logs/record_read.h"

#include <string.h>
#include <zstd.h>

#include "logs/flow_make.h"
#include "logs/flow_pack.h"
#include "logs/store_schema.h"

enum { ROOM_BYTES = 4096 }; /* that the rest of a body takes */

enum status record_failure(int code)
{
    switch (code & 0xff) {
    case SQLITE_NOMEM:
        return STATUS_NO_MEMORY;
    case SQLITE_INTERRUPT:
        return STATUS_CANCELLED;
    default:
        return STATUS_IO;
    }
}

enum status record_reader_open(struct record_reader *r, sqlite3 *db)
{
    const struct {
        const char *sql;
        sqlite3_stmt **stmt;
    } rows[] = {
        {"SELECT record, request_body, response_body FROM records WHERE number=?1", &r->record},
        {"SELECT bytes, coding, data FROM bodies WHERE key=?1", &r->body},
        {"SELECT data FROM body_chunk WHERE body=?1 ORDER BY part", &r->chunk},
    };
    int code = SQLITE_OK;

    *r = (struct record_reader){0};
    for (size_t i = 0; code == SQLITE_OK && i < sizeof(rows) / sizeof(rows[0]); i++)
        code = sqlite3_prepare_v2(db, rows[i].sql, -1, rows[i].stmt, NULL);
    if (code == SQLITE_OK)
        return STATUS_OK;
    record_reader_release(r);
    return record_failure(code);
}

void record_reader_release(struct record_reader *r)
{
    sqlite3_finalize(r->record);
    sqlite3_finalize(r->body);
    sqlite3_finalize(r->chunk);
    *r = (struct record_reader){0};
}

/* A body on its way out of the store, into memory of its flow. */
struct body_out {
    uint8_t *ptr;
    size_t len, cap;
    ZSTD_DStream *zstd; /* NULL: it is kept as it is */
};

static struct bytes column_bytes(sqlite3_stmt *s, int column)
{
    const void *ptr = sqlite3_column_blob(s, column); /* before the length, as SQLite wants it */

    return bytes_make(ptr, ptr ? (size_t)sqlite3_column_bytes(s, column) : 0);
}

/* BAD_INPUT: it is more than was said, or broken. */
static enum status body_put(struct body_out *b, struct bytes piece)
{
    ZSTD_outBuffer out = {b->ptr, b->cap, b->len};
    ZSTD_inBuffer in = {piece.ptr, piece.len, 0};

    if (!b->zstd) {
        if (piece.len > b->cap - b->len)
            return STATUS_BAD_INPUT;
        if (piece.len)
            memcpy(b->ptr + b->len, piece.ptr, piece.len);
        b->len += piece.len;
        return STATUS_OK;
    }
    while (in.pos < in.size) {
        size_t before = in.pos + out.pos, code = ZSTD_decompressStream(b->zstd, &out, &in);

        if (ZSTD_isError(code) || in.pos + out.pos == before)
            return STATUS_BAD_INPUT;
    }
    b->len = out.pos;
    return STATUS_OK;
}

/* The rows of body_chunk, in order. */
static enum status put_chunks(struct record_reader *r, int64_t key, struct body_out *b)
{
    enum status st = STATUS_OK;
    int code = SQLITE_DONE;

    sqlite3_bind_int64(r->chunk, 1, key);
    while (!st && (code = sqlite3_step(r->chunk)) == SQLITE_ROW)
        st = body_put(b, column_bytes(r->chunk, 0));
    sqlite3_reset(r->chunk);
    if (!st && code != SQLITE_DONE)
        st = record_failure(code);
    return st;
}

/* r->body stands on its row. */
static enum status read_row(struct record_reader *r, int64_t key, struct flow *f,
                            struct flow_message *m)
{
    int64_t bytes = sqlite3_column_int64(r->body, 0);
    struct body_out b = {0};
    enum status st = STATUS_OK;

    if (bytes < 0 || (uint64_t)bytes + ROOM_BYTES > f->arena.max - f->arena.used)
        return STATUS_BAD_INPUT;
    b.cap = (size_t)bytes;
    b.ptr = arena_alloc(&f->arena, b.cap + 1);
    if (sqlite3_column_int(r->body, 1) == STORE_CODING_ZSTD)
        b.zstd = ZSTD_createDStream();
    if (!b.ptr || (sqlite3_column_int(r->body, 1) == STORE_CODING_ZSTD && !b.zstd))
        st = STATUS_NO_MEMORY;
    else if (sqlite3_column_type(r->body, 2) == SQLITE_NULL)
        st = put_chunks(r, key, &b);
    else
        st = body_put(&b, column_bytes(r->body, 2));
    ZSTD_freeDStream(b.zstd);
    if (!st && b.len != b.cap)
        st = STATUS_BAD_INPUT;
    return st ? st : flow_make_content(f, m, bytes_make(b.ptr, b.len));
}

/* What is kept of it. A body that is damaged is missing, no more: its flow is whole. */
static enum status read_body(struct record_reader *r, int64_t key, struct flow *f,
                             struct flow_message *m)
{
    int64_t captured = m->body.captured_bytes; /* of decoded content, the wire's bytes */
    enum status st = STATUS_OK;
    int code;

    m->body.captured_bytes = 0;
    sqlite3_bind_int64(r->body, 1, key);
    code = sqlite3_step(r->body);
    if (code == SQLITE_ROW)
        st = read_row(r, key, f, m);
    else if (code != SQLITE_DONE)
        st = record_failure(code);
    sqlite3_reset(r->body);
    if (!st && code == SQLITE_ROW)
        m->body.captured_bytes = captured;
    return st == STATUS_BAD_INPUT ? STATUS_OK : st;
}

/* r->record stands on its row. */
static enum status read_bodies(struct record_reader *r, struct flow *f)
{
    struct flow_message *messages[] = {&f->request, &f->response};
    enum status st = STATUS_OK;

    for (int i = 0; i < 2 && !st; i++) {
        if (sqlite3_column_type(r->record, 1 + i) != SQLITE_NULL)
            st = read_body(r, sqlite3_column_int64(r->record, 1 + i), f, messages[i]);
        else if (!messages[i]->body.decoded) /* decoded, it may be empty though some came */
            messages[i]->body.captured_bytes = 0;
    }
    return st;
}

enum status record_read(struct record_reader *r, uint64_t number, bool bodies,
                        struct flow **ret_flow)
{
    struct flow *f = NULL;
    enum status st = STATUS_NOT_FOUND;
    int code;

    sqlite3_bind_int64(r->record, 1, (sqlite3_int64)number);
    code = sqlite3_step(r->record);
    if (code == SQLITE_ROW)
        st = flow_unpack(column_bytes(r->record, 0), &f);
    else if (code != SQLITE_DONE)
        st = record_failure(code);
    if (!st && bodies)
        st = read_bodies(r, f);
    sqlite3_reset(r->record);
    if (st) {
        flow_free(f);
        return st;
    }
    f->number = number;
    *ret_flow = f;
    return STATUS_OK;
}
