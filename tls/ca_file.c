/* The CA on disk (ca.h). */
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tls/ca_internal.h"
#include "tls/cert_text.h"

enum {
    CA_FILE_BYTES = 64 * 1024, /* the longest certificate or key file read */
    CA_PATH_BYTES = 4096,
    CA_TEMP_TRIES = 8,
};

struct ca_paths {
    char folder[CA_PATH_BYTES];
    char cert[CA_PATH_BYTES];
    char key[CA_PATH_BYTES];
    char lock[CA_PATH_BYTES];
};

static void say(char *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void say(char *error, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vsnprintf(error, CA_ERROR_TEXT, format, args);
    va_end(args);
}

static enum status fail_errno(char *error, const char *what, const char *path)
{
    say(error, "cannot %s %s: %s", what, path, strerror(errno));
    return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
}

/* A key that others may read, or that another user could change, protects nobody. */
static enum status check_key(int fd, const char *path, char *error)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return fail_errno(error, "look at", path);
    if (info.st_uid != geteuid()) {
        say(error,
            "%s belongs to another user (%u): run weir as that user, or use a CA of your own", path,
            (unsigned)info.st_uid);
        return STATUS_REFUSED;
    }
    if (info.st_mode & (S_IRWXG | S_IRWXO)) {
        say(error,
            "other users may read %s (mode %04o): run chmod 600 %s; if they are not to be "
            "trusted, make a new CA",
            path, (unsigned)info.st_mode & 07777, path);
        return STATUS_REFUSED;
    }
    return STATUS_OK;
}

static enum status check_regular(int fd, const char *path, char *error)
{
    struct stat info;

    if (fstat(fd, &info) < 0)
        return fail_errno(error, "look at", path);
    if (S_ISREG(info.st_mode))
        return STATUS_OK;
    say(error, "%s is not a file", path);
    return STATUS_REFUSED;
}

static enum status read_all(int fd, const char *path, struct buf *out, char *error)
{
    /* asked for at once, so that no copy of a key is left behind by growing */
    uint8_t *room = buf_room(out, CA_FILE_BYTES);
    ssize_t len = 1;

    if (!room) {
        say(error, "cannot read %s: out of memory", path);
        return STATUS_NO_MEMORY;
    }
    while (len > 0 && out->len < CA_FILE_BYTES) {
        len = read(fd, out->ptr + out->len, CA_FILE_BYTES - out->len);
        if (len < 0 && errno == EINTR)
            len = 1;
        else if (len < 0)
            return fail_errno(error, "read", path);
        else
            buf_added(out, (size_t)len);
    }
    if (len == 0)
        return STATUS_OK;
    say(error, "%s is longer than %d bytes: it is no PEM file of a CA", path, CA_FILE_BYTES);
    return STATUS_LIMIT;
}

/* A symbolic link is refused: it may be turned elsewhere between two looks.
 * NONBLOCK: opening a named pipe must not wait. */
static enum status read_file(const char *path, bool is_key, struct buf *out, char *error)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    enum status st;

    if (fd < 0 && errno == ELOOP) {
        say(error, "%s is a symbolic link: give the file itself", path);
        return STATUS_REFUSED;
    }
    if (fd < 0)
        return fail_errno(error, "open", path);
    st = check_regular(fd, path, error);
    if (!st && is_key)
        st = check_key(fd, path, error);
    if (!st)
        st = read_all(fd, path, out, error);
    close(fd);
    return st;
}

static void release_secret(struct buf *secret)
{
    if (secret->ptr)
        OPENSSL_cleanse(secret->ptr, secret->cap);
    buf_release(secret);
}

static enum status open_pair(const char *cert_path, const char *key_path, char *error,
                             struct ca **ret_ca)
{
    struct buf cert, key;
    char fault[CA_ERROR_TEXT];
    enum status st;

    buf_init(&cert, CA_FILE_BYTES);
    buf_init(&key, CA_FILE_BYTES);
    st = read_file(key_path, true, &key, error);
    if (!st)
        st = read_file(cert_path, false, &cert, error);
    if (!st) {
        st = ca_from_pem(buf_bytes(&cert), buf_bytes(&key), fault, ret_ca);
        if (st)
            say(error, "%s with %s: %.160s", cert_path, key_path, fault);
    }
    release_secret(&key);
    buf_release(&cert);
    return st;
}

enum status ca_open_files(const char *cert_path, const char *key_path, int64_t now, char *error,
                          struct ca **ret_ca)
{
    char date[CERT_DATE_TEXT];
    struct ca *ca;
    enum status st = open_pair(cert_path, key_path, error, &ca);

    if (st)
        return st;
    if (ca->not_after <= now) {
        cert_date(X509_get0_notAfter(ca->cert), date);
        say(error, "the CA %s expired on %s: no client would take what it signs", cert_path, date);
        ca_free(ca);
        return STATUS_REFUSED;
    }
    *ret_ca = ca;
    return STATUS_OK;
}

static enum status write_all(int fd, struct bytes content)
{
    while (content.len) {
        ssize_t len = write(fd, content.ptr, content.len);

        if (len < 0 && errno != EINTR)
            return STATUS_IO;
        if (len > 0)
            content = bytes_from(content, (size_t)len);
    }
    return STATUS_OK;
}

/* A new file beside `path`, under a name nobody can guess. */
static int open_temp(const char *path, mode_t mode, char ret_temp[CA_PATH_BYTES])
{
    for (int i = 0; i < CA_TEMP_TRIES; i++) {
        uint64_t random;
        int len, fd;

        if (RAND_bytes((unsigned char *)&random, sizeof(random)) != 1)
            break;
        len = snprintf(ret_temp, CA_PATH_BYTES, "%s.%016llx", path, (unsigned long long)random);
        if (len < 0 || len >= CA_PATH_BYTES) {
            errno = ENAMETOOLONG;
            return -1;
        }
        fd = open(ret_temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

/* The whole file stands under its name, or nothing does; what stands there
 * already is left alone (EEXIST). */
static enum status write_new(const char *path, mode_t mode, struct bytes content, char *error)
{
    char temp[CA_PATH_BYTES];
    int fd = open_temp(path, mode, temp);
    bool ok;

    if (fd < 0)
        return fail_errno(error, "make", path);
    ok =
        fchmod(fd, mode) == 0 && !write_all(fd, content) && fsync(fd) == 0 && link(temp, path) == 0;
    if (!ok)
        (void)fail_errno(error, "make", path);
    close(fd);
    unlink(temp);
    return ok ? STATUS_OK : STATUS_IO;
}

static enum status sync_folder(const char *folder, char *error)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        (void)fail_errno(error, "write", folder);
    if (fd >= 0)
        close(fd);
    return ok ? STATUS_OK : STATUS_IO;
}

/* The key first: a certificate without its key would look like a lost CA. */
static enum status store(const struct ca *ca, const struct ca_paths *paths, char *error)
{
    struct buf cert, key;
    enum status st = STATUS_NO_MEMORY;

    buf_init(&cert, CA_FILE_BYTES);
    buf_init(&key, CA_FILE_BYTES);
    if (buf_room(&key, CA_FILE_BYTES) && !ca_key_pem(ca, &key) && !ca_cert_pem(ca, &cert)) {
        st = write_new(paths->key, 0600, buf_bytes(&key), error);
        if (!st)
            st = write_new(paths->cert, 0644, buf_bytes(&cert), error);
        if (!st)
            st = sync_folder(paths->folder, error);
    } else {
        say(error, "cannot make a CA: out of memory");
    }
    release_secret(&key);
    buf_release(&cert);
    return st;
}

static bool is_there(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0;
}

/* NOT_FOUND: there is none yet. */
static enum status open_existing(const struct ca_paths *paths, int64_t now, char *error,
                                 struct ca **ret_ca)
{
    bool has_cert = is_there(paths->cert), has_key = is_there(paths->key);
    struct ca *ca;
    enum status st;

    if (!has_cert && !has_key)
        return STATUS_NOT_FOUND;
    if (!has_cert || !has_key) {
        say(error, "in %s, %s is there without %s: put that back, or remove %s to get a new CA",
            paths->folder, has_key ? "ca.key" : "ca.pem", has_key ? "ca.pem" : "ca.key",
            has_key ? "ca.key" : "ca.pem");
        return STATUS_REFUSED;
    }
    st = open_pair(paths->cert, paths->key, error, &ca);
    if (st)
        return st == STATUS_NOT_FOUND ? STATUS_IO : st;
    if (ca->not_after <= now) {
        char date[CERT_DATE_TEXT];

        cert_date(X509_get0_notAfter(ca->cert), date);
        say(error,
            "the CA in %s expired on %s: remove ca.pem and ca.key to get a new one, and trust that",
            paths->folder, date);
        ca_free(ca);
        return STATUS_REFUSED;
    }
    *ret_ca = ca;
    return STATUS_OK;
}

/* Makes the folder and those above it, for this user alone. */
static enum status make_folder(const char *folder, char *error)
{
    char path[CA_PATH_BYTES];

    snprintf(path, sizeof(path), "%s", folder);
    for (char *at = path + 1; *at; at++) {
        if (*at != '/')
            continue;
        *at = '\0';
        if (mkdir(path, 0700) < 0 && errno != EEXIST)
            return fail_errno(error, "make the folder", path);
        *at = '/';
    }
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return fail_errno(error, "make the folder", path);
    return STATUS_OK;
}

/* Held while a CA is made: of two weirs that start at once, the second opens
 * what the first has made. Closing gives it back. */
static int take_lock(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    while (flock(fd, LOCK_EX) < 0) {
        if (errno == EINTR)
            continue;
        close(fd);
        return -1;
    }
    return fd;
}

static enum status make(const struct ca_paths *paths, const char *label, int64_t now, char *error,
                        struct ca **ret_ca)
{
    struct ca *ca;
    enum status st = ca_generate(label, now, &ca);

    if (st) {
        say(error, "cannot make a CA: %s", status_sentence(st));
        return st;
    }
    st = store(ca, paths, error);
    if (st) {
        ca_free(ca);
        return st;
    }
    *ret_ca = ca;
    return STATUS_OK;
}

static enum status set_paths(struct ca_paths *paths, const char *folder, char *error)
{
    int len = snprintf(paths->folder, CA_PATH_BYTES, "%s", folder);

    if (len > 0 && len < CA_PATH_BYTES - (int)sizeof("/ca.pem")) {
        snprintf(paths->cert, CA_PATH_BYTES, "%s/ca.pem", folder);
        snprintf(paths->key, CA_PATH_BYTES, "%s/ca.key", folder);
        snprintf(paths->lock, CA_PATH_BYTES, "%s/ca.lock", folder);
        return STATUS_OK;
    }
    say(error, "the path of the CA's folder is empty or too long");
    return STATUS_BAD_INPUT;
}

enum status ca_open(const char *folder, const char *label, int64_t now, char *error,
                    struct ca **ret_ca, bool *ret_made)
{
    struct ca_paths paths;
    bool made = false;
    enum status st;
    int lock;

    st = set_paths(&paths, folder, error);
    if (!st)
        st = make_folder(folder, error);
    if (st)
        return st;
    if (is_there(paths.cert) && is_there(paths.key)) {
        st = open_existing(&paths, now, error, ret_ca);
    } else {
        lock = take_lock(paths.lock);
        if (lock < 0)
            return fail_errno(error, "lock", paths.lock);
        st = open_existing(&paths, now, error, ret_ca);
        if (st == STATUS_NOT_FOUND) {
            st = make(&paths, label, now, error, ret_ca);
            made = !st;
        }
        close(lock);
    }
    if (!st)
        *ret_made = made;
    return st;
}
