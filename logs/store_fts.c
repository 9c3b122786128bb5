#include "logs/store_fts_impl.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"
#include "logs/flow_make.h"
#include "logs/record_read.h"
#include "logs/store_schema.h"

enum {
    SQL_TEXT = 256,
    TEXT_BYTES = 1024 * 1024, /* of one column of one flow */
    FIELDS_AHEAD = 8,         /* looked at for one that is alike */
    STEP_FLOWS = 1024,
    MERGE_AT = 8, /* pieces of about one size; the fewer, the more often all is written anew */
    COLUMNS = 4,
};

enum column { COLUMN_URL, COLUMN_HEAD, COLUMN_BODY, COLUMN_MORE };

/* What a step works with. */
struct step {
    sqlite3 *db;
    struct record_reader records;
    sqlite3_stmt *next, *put; /* `put` is for the table `table` */
    int64_t table;
    struct buf columns[COLUMNS];
    struct buf content; /* the start of a decoded body */
};

/* ---- text ---- */

/* FTS5 ends a text at a NUL, and reads broken UTF-8 as it likes. */
static void put_clean(struct buf *out, struct bytes in)
{
    size_t from = 0, at = 0;

    while (at < in.len) {
        uint32_t code = 0;
        size_t len = in.ptr[at] && in.ptr[at] < 0x80 ? 1 : utf8_decode(bytes_from(in, at), &code);

        if (len && in.ptr[at]) {
            at += len;
            continue;
        }
        buf_put(out, bytes_make(in.ptr + from, at - from));
        buf_put_byte(out, ' ');
        from = ++at;
    }
    buf_put(out, bytes_from(in, from));
}

static bool same_field(const struct field *a, const struct field *b)
{
    return bytes_equal(a->name, b->name) && bytes_equal(a->value, b->value);
}

/* Those that `before` (or NULL) has not, as far as it has them in the same order. */
static void put_fields(struct buf *out, const struct fields *fields, const struct fields *before)
{
    uint32_t from = 0;

    for (uint32_t i = 0; i < fields->count; i++) {
        const struct field *field = &fields->items[i];
        uint32_t at = from, end = before ? before->count : 0;

        end = end - from > FIELDS_AHEAD ? from + FIELDS_AHEAD : end;
        while (at < end && !same_field(field, &before->items[at]))
            at++;
        if (at < end) {
            from = at + 1;
            continue;
        }
        put_clean(out, field->name);
        buf_put_text(out, ": ");
        put_clean(out, field->value);
        buf_put_byte(out, '\n');
    }
}

static void put_heads(struct buf *out, const struct flow_message *m)
{
    if (m->received)
        put_fields(out, &m->received->fields, NULL);
    if (m->sent && m->sent != m->received)
        put_fields(out, &m->sent->fields, m->received ? &m->received->fields : NULL);
    if (m->trailers)
        put_fields(out, m->trailers, NULL);
}

/* The start of the content, and whether there is more of it than the index gets: a picture
 * is not taken apart into trigrams. */
static bool put_content(struct step *s, const struct flow_message *m)
{
    struct bytes content = {0}, start;
    enum status st;
    bool text;

    if (m->body.captured_bytes <= 0)
        return false;
    buf_clear(&s->content);
    st = flow_content_view(m, &s->content, &content); /* what is broken ends there */
    start = bytes_until(content, FTS_BODY_BYTES);
    text = bytes_find(start, '\0') < 0;
    if (text)
        put_clean(&s->columns[COLUMN_BODY], start);
    buf_put_byte(&s->columns[COLUMN_BODY], '\n');
    return !text || st == STATUS_LIMIT || st == STATUS_NO_MEMORY || start.len < content.len;
}

static void put_flow(struct step *s, const struct flow *f)
{
    bool more;

    for (int i = 0; i < COLUMNS; i++)
        buf_clear(&s->columns[i]);
    flow_put_url(f, &s->columns[COLUMN_BODY]);
    put_clean(&s->columns[COLUMN_URL], buf_bytes(&s->columns[COLUMN_BODY]));
    buf_clear(&s->columns[COLUMN_BODY]);
    put_heads(&s->columns[COLUMN_HEAD], &f->request);
    put_heads(&s->columns[COLUMN_HEAD], &f->response);
    more = put_content(s, &f->request);
    more = put_content(s, &f->response) || more;
    if (more)
        buf_put_text(&s->columns[COLUMN_MORE], "more");
}

/* ---- the tables ---- */

enum status store_fts_failure(int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL:
        return STATUS_LIMIT;
    case SQLITE_CORRUPT:
        return STATUS_BAD_INPUT;
    default:
        return record_failure(code);
    }
}

enum status store_fts_run(sqlite3 *db, const char *sql)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

    return code == SQLITE_OK ? STATUS_OK : store_fts_failure(code);
}

/* If it is not there. */
static enum status make_table(sqlite3 *db, int64_t table)
{
    char sql[SQL_TEXT];
    sqlite3_stmt *ask = NULL;
    int code;

    snprintf(sql, sizeof(sql), "SELECT 1 FROM sqlite_schema WHERE name='fts_%" PRId64 "'", table);
    code = sqlite3_prepare_v2(db, sql, -1, &ask, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(ask);
    sqlite3_finalize(ask);
    if (code != SQLITE_DONE)
        return code == SQLITE_ROW ? STATUS_OK : store_fts_failure(code);
    snprintf(sql, sizeof(sql),
             "CREATE VIRTUAL TABLE fts_%" PRId64
             " USING fts5(url, head, body, more, content='', columnsize=0, tokenize='trigram');"
             "INSERT INTO fts_%" PRId64 "(fts_%" PRId64 ", rank) VALUES('automerge', %d)",
             table, table, table, MERGE_AT);
    return store_fts_run(db, sql);
}

/* `put` for the table that a number belongs to, which is made if need be. */
static enum status turn_to(struct step *s, int64_t number)
{
    int64_t table = number / STORE_FTS_FLOWS;
    char sql[SQL_TEXT];
    enum status st;
    int code;

    if (s->put && s->table == table)
        return STATUS_OK;
    sqlite3_finalize(s->put);
    s->put = NULL;
    st = make_table(s->db, table);
    if (st)
        return st;
    snprintf(sql, sizeof(sql),
             "INSERT INTO fts_%" PRId64 "(rowid, url, head, body, more) VALUES(?1, ?2, ?3, ?4, ?5)",
             table);
    code = sqlite3_prepare_v2(s->db, sql, -1, &s->put, NULL);
    s->table = table;
    return code == SQLITE_OK ? STATUS_OK : store_fts_failure(code);
}

static enum status insert(struct step *s, int64_t number, size_t *bytes)
{
    enum status st = turn_to(s, number);
    int code;

    if (st)
        return st;
    sqlite3_bind_int64(s->put, 1, number);
    for (int i = 0; i < COLUMNS; i++) {
        struct bytes text = buf_bytes(&s->columns[i]);

        if (buf_status(&s->columns[i]) == STATUS_LIMIT)
            return STATUS_BAD_INPUT; /* a table that has not all is of no use */
        if (buf_status(&s->columns[i]))
            return buf_status(&s->columns[i]);
        sqlite3_bind_text64(s->put, 2 + i, text.len ? (const char *)text.ptr : "", text.len,
                            SQLITE_STATIC, SQLITE_UTF8);
        *bytes += text.len;
    }
    code = sqlite3_step(s->put);
    sqlite3_reset(s->put);
    return code == SQLITE_DONE ? STATUS_OK : store_fts_failure(code);
}

static enum status take_flow(struct step *s, int64_t number, size_t *bytes)
{
    struct flow *f;
    enum status st = record_read(&s->records, (uint64_t)number, true, &f);

    if (st == STATUS_NOT_FOUND || st == STATUS_BAD_INPUT)
        return STATUS_OK; /* damaged: nobody will read it */
    if (st)
        return st;
    put_flow(s, f);
    flow_free(f);
    return insert(s, number, bytes);
}

static enum status set_upto(sqlite3 *db, int64_t number)
{
    char sql[SQL_TEXT];

    snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES('fts_upto', %" PRId64 ")",
             number);
    return store_fts_run(db, sql);
}

static enum status take_flows(struct step *s, size_t budget_bytes, bool *ret_more)
{
    size_t bytes = 0;
    int64_t last = 0, used = 0;
    int code = SQLITE_ROW;
    enum status st = store_fts_used(s->db, &used);

    for (int flows = 0; !st && bytes < budget_bytes && flows < STEP_FLOWS; flows++) {
        code = sqlite3_step(s->next);
        if (code != SQLITE_ROW)
            break;
        last = sqlite3_column_int64(s->next, 0);
        st = take_flow(s, last, &bytes);
    }
    sqlite3_reset(s->next);
    if (!st && code != SQLITE_ROW && code != SQLITE_DONE)
        st = store_fts_failure(code);
    if (!st && last)
        st = set_upto(s->db, last);
    if (!st && last) /* what FTS5 still holds in memory is written at a savepoint */
        st = store_fts_run(s->db, "SAVEPOINT written;RELEASE written");
    if (!st && last)
        st = store_fts_note(s->db, used);
    *ret_more = code == SQLITE_ROW;
    return st;
}

static enum status step_open(struct step *s, sqlite3 *db)
{
    int code;

    *s = (struct step){.db = db};
    for (int i = 0; i < COLUMNS; i++)
        buf_init(&s->columns[i], TEXT_BYTES);
    buf_init(&s->content, FTS_BODY_BYTES + 1);
    code = sqlite3_prepare_v2(db,
                              "SELECT number FROM flows WHERE number >"
                              " coalesce((SELECT value FROM meta WHERE key='fts_upto'), 0)"
                              " ORDER BY number",
                              -1, &s->next, NULL);
    if (code != SQLITE_OK)
        return store_fts_failure(code);
    return record_reader_open(&s->records, db);
}

static void step_close(struct step *s)
{
    for (int i = 0; i < COLUMNS; i++)
        buf_release(&s->columns[i]);
    buf_release(&s->content);
    record_reader_release(&s->records);
    sqlite3_finalize(s->next);
    sqlite3_finalize(s->put);
}

enum status store_fts_step(sqlite3 *db, size_t budget_bytes, bool *ret_more)
{
    struct step s;
    bool more = false, damaged;
    enum status st = step_open(&s, db);

    if (!st)
        st = store_fts_run(db, "BEGIN IMMEDIATE");
    if (!st)
        st = take_flows(&s, budget_bytes, &more);
    damaged = st == STATUS_BAD_INPUT && s.put;
    step_close(&s);
    if (!st)
        st = store_fts_run(db, "COMMIT");
    if (st && !sqlite3_get_autocommit(db))
        (void)!store_fts_run(db, "ROLLBACK"); /* nothing more can be done about it */
    if (damaged && store_fts_retire(db, s.table))
        return STATUS_IO;
    if (!st)
        *ret_more = more;
    return st;
}
