#include "logs/store_schema.h"

#include <stdio.h>

enum { SQL_TEXT = 320 };

/* One step each: from the version that is its index to the next. A step that was
 * released is never changed. */
static const char *const schema_steps[STORE_VERSION] = {
    /* what is asked for most, narrow: a million rows are walked quickly */
    "CREATE TABLE flows("
    " number INTEGER PRIMARY KEY," /* the handle for people; never given twice */
    " id BLOB NOT NULL,"           /* the ULID's 16 bytes */
    " kind INTEGER NOT NULL,"      /* enum flow_kind */
    " started_us INTEGER NOT NULL,"
    " duration_us INTEGER NOT NULL," /* -1: not known */
    " method TEXT, scheme TEXT, host TEXT, port INTEGER,"
    " path TEXT,"                /* with the query */
    " status INTEGER NOT NULL,"  /* 0: none */
    " version INTEGER NOT NULL," /* 10, 11, 20 of the client's request; 0: none */
    " reason TEXT,"              /* a name of close_reasons.def */
    " error INTEGER NOT NULL, injected INTEGER NOT NULL, reused INTEGER NOT NULL,"
    " websocket INTEGER NOT NULL, anomalies INTEGER NOT NULL,"
    " mime TEXT,"                                                       /* of the response */
    " request_bytes INTEGER NOT NULL, response_bytes INTEGER NOT NULL," /* -1: not known */
    " client TEXT, user TEXT,"
    " rules TEXT, tags TEXT," /* joined by line feeds */
    " class INTEGER NOT NULL" /* of retention: classes.key, 0 when none matched */
    ") STRICT;"
    "CREATE INDEX flows_id ON flows(id);"
    "CREATE INDEX flows_class ON flows(class, number) WHERE class > 0;"
    /* all the rest of a flow: see flow_pack.h */
    "CREATE TABLE records("
    " number INTEGER PRIMARY KEY,"
    " request_body INTEGER, response_body INTEGER," /* bodies.key, or NULL */
    " record BLOB NOT NULL"
    ") STRICT;"
    /* each content once, but for short ones that come again after long; `data` is NULL
     * when it stands in body_chunk */
    "CREATE TABLE bodies("
    " key INTEGER PRIMARY KEY,"
    " sha256 BLOB NOT NULL,"    /* of the bytes as they passed */
    " bytes INTEGER NOT NULL,"  /* how many these are */
    " coding INTEGER NOT NULL," /* STORE_CODING_: how they are kept here */
    " refs INTEGER NOT NULL,"   /* by records */
    " data BLOB"
    ") STRICT;"
    /* an entry is as long as what it would save of a short one, and its place is random:
     * half of all the time of writing */
    "CREATE UNIQUE INDEX bodies_sha256 ON bodies(sha256) WHERE bytes >= 1024;"
    "CREATE TABLE body_chunk("
    " body INTEGER NOT NULL, part INTEGER NOT NULL, data BLOB NOT NULL,"
    " PRIMARY KEY(body, part)"
    ") STRICT, WITHOUT ROWID;"
    /* what could not be kept, and behind which flow it is missing */
    "CREATE TABLE gaps("
    " after INTEGER NOT NULL, time_us INTEGER NOT NULL,"
    " flows INTEGER NOT NULL, bodies INTEGER NOT NULL"
    ") STRICT;"
    /* filters of logs.keep.classes that flows were put under */
    "CREATE TABLE classes(key INTEGER PRIMARY KEY, filter TEXT NOT NULL UNIQUE) STRICT;"
    /* "last_number", "flows" (how many there are), and what others keep here: "fts_upto" */
    "CREATE TABLE meta(key TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;"
    "INSERT INTO meta VALUES('last_number', 0), ('flows', 0);",
};

static enum status run(sqlite3 *db, const char *sql)
{
    switch (sqlite3_exec(db, sql, NULL, NULL, NULL)) {
    case SQLITE_OK:
        return STATUS_OK;
    case SQLITE_NOMEM:
        return STATUS_NO_MEMORY;
    default:
        return STATUS_IO;
    }
}

enum status store_schema_tune(sqlite3 *db)
{
    char sql[SQL_TEXT];
    int on = sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

    if (on == SQLITE_OK)
        on = sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (on == SQLITE_OK) /* of others there may be some */
        on = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    if (on == SQLITE_OK)
        on = sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    if (on == SQLITE_OK)
        on = sqlite3_busy_timeout(db, STORE_BUSY_MS);
    if (on != SQLITE_OK)
        return STATUS_IO;
    /* auto_vacuum is heeded only while the file is empty, and before the journal's mode;
     * to wipe pages that hold nothing any more would write all that is removed once again */
    snprintf(sql, sizeof(sql),
             "PRAGMA auto_vacuum=INCREMENTAL;PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
             "PRAGMA journal_size_limit=%d;PRAGMA cache_size=-%d;PRAGMA temp_store=MEMORY;"
             "PRAGMA secure_delete=FAST",
             STORE_JOURNAL_BYTES, STORE_CACHE_KIB);
    return run(db, sql);
}

static enum status ask_int(sqlite3 *db, const char *sql, int *ret_value)
{
    sqlite3_stmt *ask = NULL;
    enum status st = STATUS_IO;

    if (sqlite3_prepare_v2(db, sql, -1, &ask, NULL) == SQLITE_OK &&
        sqlite3_step(ask) == SQLITE_ROW) {
        *ret_value = sqlite3_column_int(ask, 0);
        st = STATUS_OK;
    }
    sqlite3_finalize(ask);
    return st;
}

enum status store_schema_look(sqlite3 *db, int *ret_version)
{
    int tables = 0, owner = 0, version = 0;
    enum status st = ask_int(db, "SELECT count(*) FROM sqlite_schema", &tables);

    if (!st)
        st = ask_int(db, "PRAGMA application_id", &owner);
    if (!st)
        st = ask_int(db, "PRAGMA user_version", &version);
    if (st)
        return st;
    if (owner != STORE_APPLICATION_ID && (tables || owner))
        return STATUS_BAD_INPUT;
    if (version > STORE_VERSION)
        return STATUS_UNSUPPORTED;
    *ret_version = version < 0 ? 0 : version;
    return STATUS_OK;
}

static enum status take_step(sqlite3 *db, int version)
{
    char mark[SQL_TEXT];
    enum status st = run(db, "BEGIN IMMEDIATE");

    snprintf(mark, sizeof(mark), "PRAGMA user_version=%d;PRAGMA application_id=%d", version + 1,
             STORE_APPLICATION_ID);
    if (!st)
        st = run(db, schema_steps[version]);
    if (!st)
        st = run(db, mark);
    if (!st)
        st = run(db, "COMMIT");
    if (st && !sqlite3_get_autocommit(db))
        (void)!run(db, "ROLLBACK"); /* nothing to be done about it */
    return st;
}

enum status store_schema_raise(sqlite3 *db, int version)
{
    enum status st = STATUS_OK;

    if (version == STORE_VERSION)
        return STATUS_OK;
    while (!st && version < STORE_VERSION)
        st = take_step(db, version++);
    /* whose file it is shall stand in the file itself, not in the journal beside it */
    return st ? st : run(db, "PRAGMA wal_checkpoint(TRUNCATE)");
}
