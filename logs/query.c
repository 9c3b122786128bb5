#include "logs/query.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "logs/query_impl.h"
#include "logs/store_schema.h"

enum { URI_TEXT = 3 * 4096 + 64, PATH_MAX_BYTES = 4096, SQL_TEXT = 128 };

/* ---- failures ---- */

enum status query_fail(struct query *q, int code)
{
    enum status st = record_failure(code);

    if (st == STATUS_IO)
        snprintf(q->error, sizeof(q->error), "cannot read the store: %.180s",
                 sqlite3_errmsg(q->db));
    else
        snprintf(q->error, sizeof(q->error), "%s", status_sentence(st));
    return st;
}

const char *query_error(const struct query *q)
{
    return q->error;
}

enum status query_prepare(struct query *q, const char *sql, sqlite3_stmt **ret_stmt)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(q->db, sql, -1, &stmt, NULL);

    if (code != SQLITE_OK)
        return query_fail(q, code);
    *ret_stmt = stmt;
    return STATUS_OK;
}

enum status query_number(struct query *q, const char *sql, uint64_t *ret_number)
{
    sqlite3_stmt *ask = NULL;
    enum status st = query_prepare(q, sql, &ask);
    int code;

    if (st)
        return st;
    code = sqlite3_step(ask);
    if (code == SQLITE_ROW && sqlite3_column_type(ask, 0) == SQLITE_INTEGER)
        *ret_number = (uint64_t)sqlite3_column_int64(ask, 0);
    else if (code == SQLITE_ROW || code == SQLITE_DONE)
        st = STATUS_NOT_FOUND;
    else
        st = query_fail(q, code);
    sqlite3_finalize(ask);
    return st;
}

enum status query_lock(struct query *q)
{
    int code = sqlite3_exec(q->db, "BEGIN", NULL, NULL, NULL);

    return code == SQLITE_OK ? STATUS_OK : query_fail(q, code);
}

void query_unlock(struct query *q)
{
    sqlite3_exec(q->db, "COMMIT", NULL, NULL, NULL); /* of reading alone: nothing can be lost */
}

enum status query_read(struct query *q, uint64_t number, bool bodies, struct flow **ret_flow)
{
    enum status st = record_read(&q->records, number, bodies, ret_flow);

    switch (st) {
    case STATUS_NO_MEMORY:
        return query_fail(q, SQLITE_NOMEM);
    case STATUS_CANCELLED:
        return query_fail(q, SQLITE_INTERRUPT);
    case STATUS_IO:
        return query_fail(q, SQLITE_ERROR);
    default:
        return st;
    }
}

/* ---- interruption ---- */

static int on_steps(void *self)
{
    struct query *q = self;

    return atomic_load_explicit(&q->interrupted, memory_order_relaxed);
}

void query_interrupt(struct query *q)
{
    atomic_store_explicit(&q->interrupted, true, memory_order_relaxed);
}

/* ---- opening ---- */

/* As SQLite's URI wants it. False: too long. */
static bool put_uri(const char *path, bool immutable, char out[static URI_TEXT])
{
    size_t at = (size_t)snprintf(out, URI_TEXT, "file:");

    if (strlen(path) > PATH_MAX_BYTES)
        return false;
    for (const char *c = path; *c; c++) {
        bool plain = *c > ' ' && *c < 0x7f && !strchr("?#%", *c);

        at += (size_t)snprintf(out + at, URI_TEXT - at, plain ? "%c" : "%%%02x", (uint8_t)*c);
    }
    snprintf(out + at, URI_TEXT - at, "?mode=ro%s", immutable ? "&immutable=1" : "");
    return true;
}

/* The database, if it can be read at all. */
static int open_database(const char *path, bool immutable, sqlite3 **ret_db)
{
    char uri[URI_TEXT];
    sqlite3 *db = NULL;
    int code;

    if (!put_uri(path, immutable, uri))
        return SQLITE_CANTOPEN;
    code = sqlite3_open_v2(uri, &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                           NULL);
    if (code == SQLITE_OK)
        code = sqlite3_busy_timeout(db, QUERY_BUSY_MS);
    if (code == SQLITE_OK) /* so far nothing has been read */
        code = sqlite3_exec(db, "SELECT 1 FROM sqlite_schema", NULL, NULL, NULL);
    if (code != SQLITE_OK) {
        sqlite3_close(db);
        return code;
    }
    *ret_db = db;
    return SQLITE_OK;
}

/* Nobody has written to it since its journal was emptied. */
static bool is_settled(const char *path)
{
    char journal[PATH_MAX_BYTES + sizeof("-wal")];
    struct stat st;
    int len = snprintf(journal, sizeof(journal), "%s-wal", path);

    return len > 0 && (size_t)len < sizeof(journal) && (stat(journal, &st) != 0 || st.st_size == 0);
}

/* In a folder that cannot be written to there is no place for SQLite's index of the
 * journal; where there is no journal none is needed. */
static int open_somehow(const char *path, sqlite3 **ret_db)
{
    int code = open_database(path, false, ret_db);

    if ((code & 0xff) == SQLITE_CANTOPEN || (code & 0xff) == SQLITE_READONLY)
        return is_settled(path) ? open_database(path, true, ret_db) : code;
    return code;
}

static enum status refuse(char *error, enum status st, const char *path, const char *why)
{
    snprintf(error, QUERY_ERROR_TEXT, "%.160s: %.80s", path, why);
    return st;
}

/* The file may come from anybody: nothing in it may do more than hold values. */
static enum status harden(struct query *q)
{
    char sql[SQL_TEXT];
    int code = sqlite3_db_config(q->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_db_config(q->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (code == SQLITE_OK) /* one in the place of a table could run for ever */
        code = sqlite3_db_config(q->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(q->db, SQLITE_LIMIT_LENGTH, QUERY_VALUE_BYTES);
    sqlite3_progress_handler(q->db, QUERY_INTERRUPT_STEPS, on_steps, q);
    snprintf(sql, sizeof(sql), "PRAGMA query_only=1;PRAGMA cache_size=-%d", QUERY_CACHE_KIB);
    if (code == SQLITE_OK)
        code = sqlite3_exec(q->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? STATUS_OK : query_fail(q, code);
}

static enum status look_over(struct query *q, const char *path, char *error)
{
    int version = 0;
    enum status st = store_schema_look(q->db, &version);

    if (st == STATUS_UNSUPPORTED)
        return refuse(error, STATUS_BAD_INPUT, path, "a newer weir made this store");
    if (st == STATUS_BAD_INPUT || (!st && version == 0))
        return refuse(error, STATUS_BAD_INPUT, path, "this is no store of flows");
    if (!st && version < STORE_VERSION)
        return refuse(error, STATUS_BAD_INPUT, path,
                      "an older weir made this store; `weir run` brings it up to date");
    if (!st)
        st = harden(q);
    if (!st)
        st = sql_filter_install(q->db);
    if (!st)
        st = record_reader_open(&q->records, q->db);
    return st ? refuse(error, st, path, sqlite3_errmsg(q->db)) : STATUS_OK;
}

static enum status open_failed(int code, const char *path, char *error)
{
    struct stat st;

    if (stat(path, &st))
        return refuse(error, STATUS_NOT_FOUND, path, "there is no such store of flows");
    if ((code & 0xff) == SQLITE_NOTADB)
        return refuse(error, STATUS_BAD_INPUT, path, "this is no store of flows");
    if ((code & 0xff) == SQLITE_NOMEM)
        return refuse(error, STATUS_NO_MEMORY, path, status_sentence(STATUS_NO_MEMORY));
    return refuse(error, STATUS_IO, path, sqlite3_errstr(code));
}

/* Not even opened is what one could wait for, or a device. Of what is not there SQLite tells. */
static bool may_be_store(const char *path)
{
    struct stat facts;

    return stat(path, &facts) != 0 || S_ISREG(facts.st_mode);
}

enum status query_open(const char *path, char *error, struct query **ret_query)
{
    struct query *q;
    enum status st;
    int code;

    if (!may_be_store(path))
        return refuse(error, STATUS_BAD_INPUT, path, "this is no plain file");
    q = calloc(1, sizeof(*q));
    if (!q)
        return refuse(error, STATUS_NO_MEMORY, path, status_sentence(STATUS_NO_MEMORY));
    atomic_init(&q->interrupted, false);
    filter_scratch_init(&q->walk.scratch);
    code = open_somehow(path, &q->db);
    st = code == SQLITE_OK ? look_over(q, path, error) : open_failed(code, path, error);
    if (st) {
        query_close(q);
        return st;
    }
    *ret_query = q;
    return STATUS_OK;
}

void query_close(struct query *q)
{
    if (!q)
        return;
    query_end(q);
    filter_scratch_release(&q->walk.scratch);
    record_reader_release(&q->records);
    sqlite3_close(q->db);
    free(q);
}
