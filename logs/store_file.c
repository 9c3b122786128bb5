#include "logs/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    FILE_MODE = 0600,
    STAMP_BYTES = 48, /* ".corrupt-<time>" */
    SUFFIX_BYTES = STAMP_BYTES + sizeof("-wal"),
    HEADER_BYTES = 72, /* of a database, through the application's id */
    OWNER_AT = 68,
};

static const char *const own_suffixes[] = {"", "-wal", "-shm"};

bool store_file_is_damage(int sqlite_code)
{
    int code = sqlite_code & 0xff; /* without what extends it */

    return code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
}

static void path_with(const struct store_file *f, const char *suffix,
                      char ret_path[static STORE_PATH_BYTES + SUFFIX_BYTES])
{
    snprintf(ret_path, STORE_PATH_BYTES + SUFFIX_BYTES, "%s%s", f->path, suffix);
}

/* ---- the lock ---- */

/* Who holds it, as far as the file says. */
static long lock_holder(int fd)
{
    char text[24];
    ssize_t len = pread(fd, text, sizeof(text) - 1, 0);

    if (len <= 0)
        return 0;
    text[len] = '\0';
    return strtol(text, NULL, 10);
}

static void lock_sign(int fd)
{
    char text[24];
    int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

    /* only for people to read */
    if (ftruncate(fd, 0) == 0)
        (void)!pwrite(fd, text, (size_t)len, 0);
}

static enum status lock_take(struct store_file *f, char *error)
{
    char path[STORE_PATH_BYTES + SUFFIX_BYTES];
    int fd;

    path_with(f, ".lock", path);
    /* it is written to: through a link that would be some other file */
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW | O_NONBLOCK, FILE_MODE);
    if (fd < 0) {
        snprintf(error, STORE_ERROR_TEXT, "cannot write %.180s: %s", path, strerror(errno));
        return STATUS_IO;
    }
    if (flock(fd, LOCK_EX | LOCK_NB)) {
        snprintf(error, STORE_ERROR_TEXT, "process %ld is writing to %.180s", lock_holder(fd),
                 f->path);
        close(fd);
        return STATUS_EXISTS;
    }
    lock_sign(fd);
    f->lock = fd;
    return STATUS_OK;
}

/* ---- the file ---- */

/* Does its head say that it is, or was, a store of weir's? */
static bool header_is_ours(int fd)
{
    uint8_t head[HEADER_BYTES];
    uint32_t owner = 0;

    if (pread(fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
        return false;
    for (size_t i = 0; i < sizeof(owner); i++)
        owner = owner << 8 | head[OWNER_AT + i];
    return memcmp(head, "SQLite format 3", 16) == 0 && owner == STORE_APPLICATION_ID;
}

/* SQLite gives its further files the mode of this one, so it is made here. */
static enum status file_make(const struct store_file *f, char *error, bool *ret_ours)
{
    int fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, FILE_MODE);
    enum status st = STATUS_OK;
    struct stat facts;

    if (fd < 0 || fstat(fd, &facts)) {
        snprintf(error, STORE_ERROR_TEXT, "cannot write %.180s: %s", f->path, strerror(errno));
        st = STATUS_IO;
    } else if (!S_ISREG(facts.st_mode)) {
        snprintf(error, STORE_ERROR_TEXT, "%.180s is no plain file", f->path);
        st = STATUS_BAD_INPUT;
    } else {
        *ret_ours = f->own_place || facts.st_size == 0 || header_is_ours(fd);
        if (*ret_ours && facts.st_uid == geteuid() && (facts.st_mode & 0077))
            (void)!fchmod(fd, FILE_MODE); /* flows have secrets in them */
    }
    if (fd >= 0)
        close(fd);
    return st;
}

static void file_shut(struct store_file *f)
{
    sqlite3_close(f->db);
    f->db = NULL;
}

/* As it stands; *ret_code is SQLite's when that fails. */
static enum status file_try(struct store_file *f, char *error, int *ret_code)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int code = sqlite3_open_v2(f->path, &f->db, flags, NULL), version = 0;
    enum status st = code == SQLITE_OK ? STATUS_OK : STATUS_IO;

    if (!st)
        st = store_schema_look(f->db, &version);
    if (!st)
        st = store_schema_tune(f->db);
    if (!st)
        st = store_schema_raise(f->db, version);
    if (!st)
        return STATUS_OK;
    *ret_code = sqlite3_errcode(f->db); /* of no database: NOMEM */
    if (st == STATUS_BAD_INPUT)
        snprintf(error, STORE_ERROR_TEXT, "%.180s is no store of weir's", f->path);
    else if (st == STATUS_UNSUPPORTED)
        snprintf(error, STORE_ERROR_TEXT, "%.180s was made by a newer weir", f->path);
    else
        snprintf(error, STORE_ERROR_TEXT, "cannot use %.150s: %.80s", f->path,
                 f->db ? sqlite3_errmsg(f->db) : status_sentence(STATUS_NO_MEMORY));
    file_shut(f);
    return st;
}

/* What it is called from now on, in seconds; a second one within the same second is
 * counted on. */
static enum status aside_name(const struct store_file *f, char ret_suffix[static STAMP_BYTES])
{
    char path[STORE_PATH_BYTES + SUFFIX_BYTES], stamp[20] = "";
    time_t now = time(NULL);
    struct tm utc;

    if (gmtime_r(&now, &utc))
        strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &utc);
    for (int i = 1; i < 100; i++) {
        if (i == 1)
            snprintf(ret_suffix, STAMP_BYTES, ".corrupt-%s", stamp);
        else
            snprintf(ret_suffix, STAMP_BYTES, ".corrupt-%s-%d", stamp, i);
        path_with(f, ret_suffix, path);
        if (access(path, F_OK))
            return STATUS_OK;
    }
    return STATUS_EXISTS;
}

static enum status file_move_aside(struct store_file *f, const char *why, char *error)
{
    char from[STORE_PATH_BYTES + SUFFIX_BYTES], to[STORE_PATH_BYTES + SUFFIX_BYTES];
    char suffix[STAMP_BYTES], whole[SUFFIX_BYTES];
    enum status st = aside_name(f, suffix);

    for (size_t i = 0; !st && i < sizeof(own_suffixes) / sizeof(own_suffixes[0]); i++) {
        path_with(f, own_suffixes[i], from);
        snprintf(whole, sizeof(whole), "%s%s", suffix, own_suffixes[i]);
        path_with(f, whole, to);
        if (rename(from, to) && errno != ENOENT)
            st = STATUS_IO;
    }
    if (st)
        snprintf(error, STORE_ERROR_TEXT, "%.120s is %s, and cannot be moved aside: %s", f->path,
                 why, strerror(errno));
    else
        snprintf(f->notice, sizeof(f->notice), "%.140s is %s: it was moved aside to …%s", f->path,
                 why, suffix);
    return st;
}

static enum status file_open(struct store_file *f, char *error)
{
    int code = SQLITE_OK;
    bool ours = false;
    enum status st = file_make(f, error, &ours);

    if (!st)
        st = file_try(f, error, &code);
    if (!st || !ours)
        return st;
    if (st == STATUS_BAD_INPUT)
        st = file_move_aside(f, "no store of weir's", error);
    else if (store_file_is_damage(code))
        st = file_move_aside(f, "damaged", error);
    else
        return st;
    if (!st)
        st = file_make(f, error, &ours);
    return st ? st : file_try(f, error, &code);
}

enum status store_file_open(struct store_file *f, const char *path, bool own_place, char *error)
{
    size_t len = strlen(path);
    enum status st;

    *f = (struct store_file){.own_place = own_place, .lock = -1};
    if (len >= sizeof(f->path)) {
        snprintf(error, STORE_ERROR_TEXT, "the path of the store is too long");
        return STATUS_LIMIT;
    }
    memcpy(f->path, path, len + 1);
    st = lock_take(f, error);
    if (st)
        return st;
    st = file_open(f, error);
    if (st)
        close(f->lock);
    return st;
}

enum status store_file_renew(struct store_file *f, char *error)
{
    enum status st = STATUS_OK;

    if (f->db) {
        file_shut(f);
        st = file_move_aside(f, "damaged", error);
    }
    return st ? st : file_open(f, error);
}

void store_file_close(struct store_file *f)
{
    if (f->db)
        file_shut(f);
    close(f->lock);
}
