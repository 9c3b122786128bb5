/* One flow of query.h, by its number or another name. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "logs/query_impl.h"
#include "logs/ulid.h"

enum { SQL_TEXT = 128, ID_LEAST_LETTERS = 4 };

enum status query_load(struct query *q, uint64_t number, bool bodies, struct flow **ret_flow)
{
    enum status st = query_lock(q);

    if (st)
        return st;
    st = query_read(q, number, bodies, ret_flow);
    query_unlock(q);
    if (st == STATUS_BAD_INPUT) {
        snprintf(q->error, sizeof(q->error), "the record of flow %" PRIu64 " is damaged", number);
        return STATUS_IO;
    }
    return st;
}

/* "@2" is the one before the newest. */
static enum status find_recent(struct query *q, struct bytes digits, uint64_t *ret_number)
{
    char sql[SQL_TEXT];
    uint64_t place;

    if (bytes_to_u64(digits, INT64_MAX, &place) || place == 0)
        return STATUS_BAD_INPUT;
    snprintf(sql, sizeof(sql),
             "SELECT number FROM flows ORDER BY number DESC LIMIT 1 OFFSET %" PRIu64, place - 1);
    return query_number(q, sql, ret_number);
}

/* The ends of the range of those that start so. */
static enum status id_range(struct bytes start, uint8_t (*ids)[ULID_BYTES])
{
    char letters[ULID_LETTERS];

    if (start.len < ID_LEAST_LETTERS || start.len > ULID_LETTERS)
        return STATUS_BAD_INPUT;
    for (int i = 0; i < 2; i++) {
        enum status st;

        memset(letters, i ? 'z' : '0', sizeof(letters));
        memcpy(letters, start.ptr, start.len);
        st = ulid_parse(bytes_make(letters, sizeof(letters)), ids[i]);
        if (st)
            return st;
    }
    return STATUS_OK;
}

static enum status find_id(struct query *q, struct bytes start, uint64_t *ret_number)
{
    uint8_t ids[2][ULID_BYTES];
    sqlite3_stmt *ask = NULL;
    uint64_t number = 0;
    int code, found = 0;
    enum status st = id_range(start, ids);

    if (!st)
        st = query_prepare(q, "SELECT number FROM flows WHERE id BETWEEN ?1 AND ?2 LIMIT 2", &ask);
    if (st)
        return st;
    sqlite3_bind_blob(ask, 1, ids[0], ULID_BYTES, SQLITE_STATIC);
    sqlite3_bind_blob(ask, 2, ids[1], ULID_BYTES, SQLITE_STATIC);
    while ((code = sqlite3_step(ask)) == SQLITE_ROW) {
        number = (uint64_t)sqlite3_column_int64(ask, 0);
        found++;
    }
    if (code != SQLITE_DONE)
        st = query_fail(q, code);
    sqlite3_finalize(ask);
    if (st)
        return st;
    if (found != 1)
        return found ? STATUS_EXISTS : STATUS_NOT_FOUND;
    *ret_number = number;
    return STATUS_OK;
}

/* A ULID starts with a letter or two that are digits, and a number with no 0. */
static enum status find_number(struct query *q, struct bytes name, uint64_t *ret_number)
{
    if (name.len && name.ptr[0] == '@')
        return find_recent(q, bytes_from(name, 1), ret_number);
    if (name.len && name.ptr[0] != '0' && !bytes_to_u64(name, INT64_MAX, ret_number))
        return STATUS_OK;
    return find_id(q, name, ret_number);
}

enum status query_find(struct query *q, struct bytes name, struct flow **ret_flow)
{
    uint64_t number = 0;
    enum status st = find_number(q, name, &number);

    return st ? st : query_load(q, number, true, ret_flow);
}
