#include "logs/har_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "http/json.h"

enum {
    HEAD_BYTES = 1024, /* of the head and the foot, at most */
    BLOCK_BYTES = 64 * 1024,
    TORN_LINES = 4, /* at the end of a file, looked at to mend it */
};

static size_t read_at(int fd, int64_t at, uint8_t *out, size_t len)
{
    size_t done = 0;

    while (done < len) {
        ssize_t n = pread(fd, out + done, len - done, (off_t)(at + (int64_t)done));

        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            return done;
    }
    return done;
}

static bool write_at(int fd, int64_t at, struct bytes text)
{
    while (text.len) {
        ssize_t n = pwrite(fd, text.ptr, text.len, (off_t)at);

        if (n <= 0 && !(n < 0 && errno == EINTR))
            return false;
        text = bytes_from(text, n > 0 ? (size_t)n : 0);
        at += n > 0 ? n : 0;
    }
    return true;
}

/* Overwrites all from the entries' end on; what stood there may be longer. */
static bool put_foot(const struct har_file *f)
{
    struct buf foot;
    bool ok;

    buf_init(&foot, HEAD_BYTES);
    har_put_foot(&f->lost, &foot);
    ok = !buf_status(&foot) && write_at(f->fd, f->end, buf_bytes(&foot)) &&
         ftruncate(f->fd, (off_t)(f->end + (int64_t)foot.len)) == 0;
    buf_release(&foot);
    return ok;
}

/* ---- opening ------------------------------------------------------------------------ */

static enum status explain(char *error, const char *path, const char *why)
{
    snprintf(error, SINK_ERROR_BYTES, "cannot keep a HAR in %.150s: %.80s", path, why);
    return STATUS_IO;
}

static enum status begin_file(struct har_file *f, char *error)
{
    struct buf head;
    bool ok;

    buf_init(&head, HEAD_BYTES);
    har_put_head(&head);
    f->end = (int64_t)head.len;
    f->empty = true;
    ok = !buf_status(&head) && write_at(f->fd, 0, buf_bytes(&head)) && put_foot(f);
    buf_release(&head);
    return ok ? STATUS_OK : explain(error, f->path, strerror(errno));
}

/* Length of the head of a HAR of weir's, of any version; 0: it is none. */
static int64_t head_len(const struct har_file *f)
{
    static const char start[] = "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"weir\",";
    static const char end[] = "\"entries\":[\n";
    uint8_t text[HEAD_BYTES];
    struct bytes head = bytes_make(text, read_at(f->fd, 0, text, sizeof(text)));
    ptrdiff_t at = bytes_search(head, bytes_of(end));

    if (!bytes_starts_with(head, bytes_of(start)) || at < 0)
        return 0;
    return at + (int64_t)sizeof(end) - 1;
}

/* Where the line begins that ends before `end`, not before `least`. */
static int64_t line_start(int fd, int64_t least, int64_t end)
{
    uint8_t block[BLOCK_BYTES];

    while (end > least) {
        int64_t from = end - least > BLOCK_BYTES ? end - BLOCK_BYTES : least;
        size_t len = read_at(fd, from, block, (size_t)(end - from));

        while (len && block[len - 1] != '\n')
            len--;
        if (len)
            return from + (int64_t)len;
        end = from;
    }
    return least;
}

/* The number behind "name": in our own foot; 0 when there is none. */
static uint64_t foot_number(struct bytes foot, const char *name)
{
    ptrdiff_t at = bytes_search(foot, bytes_of(name));
    struct bytes rest = bytes_from(foot, at < 0 ? foot.len : (size_t)at + strlen(name));
    uint64_t number = 0;
    size_t len = 0;

    while (len < rest.len && rest.ptr[len] >= '0' && rest.ptr[len] <= '9')
        len++;
    return bytes_to_u64(bytes_until(rest, len), UINT64_MAX, &number) ? 0 : number;
}

/* "],…}}" */
static bool read_foot(struct har_file *f, int64_t at, int64_t size)
{
    uint8_t text[HEAD_BYTES];
    struct bytes foot;

    if (size - at > HEAD_BYTES)
        return false;
    foot = bytes_make(text, read_at(f->fd, at, text, (size_t)(size - at)));
    if (!bytes_starts_with(foot, BYTES("]")) || !bytes_ends_with(foot, BYTES("}}\n")))
        return false;
    f->lost = (struct log_gap){foot_number(foot, "\"flows\":"), foot_number(foot, "\"bodies\":")};
    return true;
}

static bool is_entry(const struct har_file *f, int64_t from, int64_t end)
{
    struct json_fault fault;
    struct bytes line;
    uint8_t *text;
    bool ok;

    if (end - from > HAR_ENTRY_BYTES + 2)
        return false;
    text = malloc((size_t)(end - from) + 1);
    if (!text)
        return false;
    line = bytes_make(text, read_at(f->fd, from, text, (size_t)(end - from)));
    line = bytes_from(line, bytes_starts_with(line, BYTES(HAR_BETWEEN)));
    ok = bytes_starts_with(line, BYTES("{")) && json_check(line, &fault) == STATUS_OK;
    free(text);
    return ok;
}

/* Drops what is torn at the end: a part of a line, or lines written half over the foot. */
static enum status mend(struct har_file *f, int64_t head, int64_t size, char *error)
{
    int64_t end = line_start(f->fd, head, size);
    int lines = 0;

    while (end > head) {
        int64_t from = line_start(f->fd, head, end - 1);

        if (is_entry(f, from, end))
            break;
        if (++lines == TORN_LINES)
            return explain(error, f->path, "it is broken; move it away");
        end = from;
    }
    f->end = end;
    return put_foot(f) ? STATUS_OK : explain(error, f->path, strerror(errno));
}

static enum status go_on(struct har_file *f, int64_t size, char *error)
{
    int64_t head = head_len(f), foot;
    enum status st = STATUS_OK;

    if (!head)
        return explain(error, f->path, "the file is there, and is no HAR of weir's");
    foot = line_start(f->fd, head, size > head ? size - 1 : head);
    f->end = foot;
    if (!read_foot(f, foot, size))
        st = mend(f, head, size, error);
    f->empty = f->end == head;
    return st;
}

static enum status look_over(struct har_file *f, char *error)
{
    struct stat info;

    if (fstat(f->fd, &info))
        return explain(error, f->path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return explain(error, f->path, "it is no plain file");
    if (flock(f->fd, LOCK_EX | LOCK_NB))
        return explain(error, f->path, "another weir writes it");
    return info.st_size ? go_on(f, (int64_t)info.st_size, error) : begin_file(f, error);
}

enum status har_file_open(struct har_file *f, const char *path, char *error)
{
    struct har_file made = {.path = strdup(path)};
    enum status st;

    if (!made.path) {
        snprintf(error, SINK_ERROR_BYTES, "%s", status_sentence(STATUS_NO_MEMORY));
        return STATUS_NO_MEMORY;
    }
    made.fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    st = made.fd < 0 ? explain(error, path, strerror(errno)) : look_over(&made, error);
    if (st) {
        har_file_close(&made);
        return st;
    }
    *f = made;
    return STATUS_OK;
}

/* ---- writing ------------------------------------------------------------------------- */

/* Takes the room before anything is overwritten, so that a full disk changes nothing. Not
 * every file system can; there a write that falls short is taken back. */
static bool has_room(const struct har_file *f, size_t len)
{
    return fallocate(f->fd, FALLOC_FL_KEEP_SIZE, (off_t)f->end, (off_t)len) == 0 ||
           (errno != ENOSPC && errno != EDQUOT && errno != EFBIG);
}

enum status har_file_append(struct har_file *f, struct buf *entries, const struct log_gap *lost)
{
    size_t len = entries->len, skip = f->empty && len ? sizeof(HAR_BETWEEN) - 1 : 0;
    struct bytes text;
    enum status st;

    har_put_foot(lost, entries);
    st = buf_status(entries);
    text = bytes_from(buf_bytes(entries), skip);
    if (!st && !has_room(f, text.len))
        st = STATUS_IO;
    if (!st && !write_at(f->fd, f->end, text)) {
        f->torn = !put_foot(f);
        st = STATUS_IO;
    }
    buf_clear(entries);
    if (st)
        return st;
    f->end += (int64_t)(len - skip);
    f->empty = f->empty && !len;
    f->lost = *lost;
    if (f->torn)
        f->torn = !put_foot(f);
    return STATUS_OK;
}

enum status har_file_reopen(struct har_file *f)
{
    char error[SINK_ERROR_BYTES];
    struct stat ours, named;
    struct har_file made;
    enum status st;

    if (fstat(f->fd, &ours) == 0 && stat(f->path, &named) == 0 && ours.st_dev == named.st_dev &&
        ours.st_ino == named.st_ino)
        return STATUS_OK;
    st = har_file_open(&made, f->path, error);
    if (st)
        return st;
    har_file_close(f);
    *f = made;
    return STATUS_OK;
}

void har_file_close(struct har_file *f)
{
    if (f->fd >= 0)
        close(f->fd);
    free(f->path);
    f->fd = -1;
    f->path = NULL;
}
