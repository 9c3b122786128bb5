/* store_world: a store in a folder of its own, and a second connection to look into it. */
#ifndef TESTS_STORE_WORLD_H
#define TESTS_STORE_WORLD_H

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "logs/store.h"
#include "make_flow.h"

enum { WORLD_PATH = 512 };

struct store_world {
    char folder[64], path[WORLD_PATH];
    char error[STORE_ERROR_TEXT];
    struct store_settings settings;
    struct store_facts facts;
    struct store *store;
    unsigned flows; /* made so far: each has another id */
};

/* No SHA-256, but as good for a test: equal bytes, equal digests. */
static inline enum status world_digest(struct bytes content, uint8_t *ret_digest)
{
    for (uint64_t i = 0; i < 4; i++) {
        uint64_t hash = bytes_hash(content, i * 7919 + 1);

        memcpy(ret_digest + i * sizeof(hash), &hash, sizeof(hash));
    }
    return STATUS_OK;
}

/* Below that folder, if it is there: in memory nothing waits for a disk. */
static inline struct store_world *world_make_at(const char *above)
{
    struct store_world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    snprintf(w->folder, sizeof(w->folder), "%.32s/weir-store-XXXXXX",
             access(above, W_OK) ? "/tmp" : above);
    assert_non_null(mkdtemp(w->folder));
    snprintf(w->path, sizeof(w->path), "%s/flows.db", w->folder);
    w->settings = (struct store_settings){.path = w->path, .digest = world_digest};
    return w;
}

static inline struct store_world *world_make(void)
{
    return world_make_at("/tmp");
}

static inline void world_open(struct store_world *w)
{
    if (store_open(&w->settings, &w->facts, w->error, &w->store))
        fail_msg("%s", w->error);
}

static inline void world_close(struct store_world *w)
{
    store_close(w->store);
    w->store = NULL;
}

static inline void world_free(struct store_world *w)
{
    char command[WORLD_PATH];

    world_close(w);
    snprintf(command, sizeof(command), "rm -rf '%s'", w->folder);
    assert_int_equal(system(command), 0);
    free(w);
}

/* The first column of the first row, copied into `ret_text`; "" when there is none. */
static inline void world_text(const struct store_world *w, const char *sql, char *ret_text,
                              size_t room)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *q = NULL;

    assert_int_equal(sqlite3_open_v2(w->path, &db, SQLITE_OPEN_READWRITE, NULL), SQLITE_OK);
    sqlite3_busy_timeout(db, 2000);
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    ret_text[0] = '\0';
    if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_text(q, 0))
        snprintf(ret_text, room, "%s", (const char *)sqlite3_column_text(q, 0));
    sqlite3_finalize(q);
    sqlite3_close(db);
}

static inline long long world_number(const struct store_world *w, const char *sql)
{
    char text[64];

    world_text(w, sql, text, sizeof(text));
    return strtoll(text, NULL, 10);
}

static inline void assert_sound(const struct store_world *w)
{
    char text[256];

    world_text(w, "PRAGMA integrity_check", text, sizeof(text));
    assert_string_equal(text, "ok");
    /* every use of a body is counted, and no body is there without one */
    assert_int_equal(world_number(w, "SELECT count(*) FROM bodies WHERE refs <> (SELECT count(*)"
                                     " FROM records WHERE request_body = key) + (SELECT count(*)"
                                     " FROM records WHERE response_body = key) OR refs = 0"),
                     0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM body_chunk WHERE body NOT IN"
                                     " (SELECT key FROM bodies)"),
                     0);
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"),
                     world_number(w, "SELECT count(*) FROM records"));
    assert_int_equal(world_number(w, "SELECT count(*) FROM flows"),
                     world_number(w, "SELECT value FROM meta WHERE key = 'flows'"));
}

static inline struct flow *world_flow(struct store_world *w, const char *path, struct bytes body)
{
    struct flow *f = make_http_flow("GET", path, 200, "application/json");

    snprintf(f->id, sizeof(f->id), "01J00000000000000000%06u", w->flows++);
    if (body.len)
        make_body(f, &f->response, body);
    return f;
}

static inline void world_put(struct store_world *w, struct flow *f)
{
    assert_int_equal(store_put(w->store, f), STATUS_OK);
    free_flow(f);
}

static inline void world_commit(struct store_world *w)
{
    if (store_commit(w->store))
        fail_msg("%s", store_error(w->store));
}

#endif
