/* store_file: the file of a store of flows, opened by its one writer. Beside `flows.db`
 * lie `flows.db-wal` and `flows.db-shm` (SQLite's) and `flows.db.lock`, which that writer
 * holds by flock() and in which its process id stands. All have mode 0600. */
#ifndef WEIR_LOGS_STORE_FILE_H
#define WEIR_LOGS_STORE_FILE_H

#include "logs/store_schema.h"

enum {
    STORE_PATH_BYTES = 4096,
    STORE_ERROR_TEXT = 256,
};

struct store_file {
    char path[STORE_PATH_BYTES];
    bool own_place; /* whatever stands there is for us to move aside */
    int lock;
    sqlite3 *db;
    char notice[STORE_ERROR_TEXT]; /* what people should hear of, or "" */
};

/* Takes the lock and opens the file, made when it is not there; its folder must be.
 * A damaged file is moved aside to "flows.db.corrupt-<time>"; so is one that is no store
 * of weir's, if the place is our own. EXISTS: another process writes to it; BAD_INPUT: it
 * is no store of weir's; UNSUPPORTED: a newer weir made it; LIMIT: the path is too long;
 * IO; NO_MEMORY: each with `error` (STORE_ERROR_TEXT) saying so. */
MUST_USE enum status store_file_open(struct store_file *f, const char *path, bool own_place,
                                     char *error);
/* The file was found damaged while in use, and no statement is left: moves it aside and
 * begins a new one. On failure there is no database, and it may be called again. */
MUST_USE enum status store_file_renew(struct store_file *f, char *error);
/* Empties the journal, closes, gives up the lock. No statement may be left. */
void store_file_close(struct store_file *f);
/* Is that what SQLite answers for a damaged file? */
bool store_file_is_damage(int sqlite_code);

#endif
