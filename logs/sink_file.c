#include "logs/sink_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

static int file_open(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
}

enum status sink_file_open(struct sink_file *f, const struct sink_settings *settings, char *error)
{
    struct sink_file made = {.fd = settings->fd};

    if (made.fd < 0 && strcmp(settings->target, "-") == 0)
        made.fd = STDOUT_FILENO;
    if (made.fd < 0) {
        made.path = strdup(settings->target);
        if (!made.path) {
            snprintf(error, SINK_ERROR_BYTES, "%s", status_sentence(STATUS_NO_MEMORY));
            return STATUS_NO_MEMORY;
        }
        made.fd = file_open(made.path);
    }
    if (made.fd < 0) {
        snprintf(error, SINK_ERROR_BYTES, "cannot open %s: %s", made.path, strerror(errno));
        free(made.path);
        return STATUS_IO;
    }
    *f = made;
    return STATUS_OK;
}

/* Somebody else may have made the descriptor non-blocking. */
static bool wait_for_room(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};

    return poll(&wait, 1, -1) > 0;
}

/* Writes all of it; fewer bytes when that cannot be. */
static size_t write_all(int fd, struct bytes first, struct bytes text)
{
    size_t done = 0;

    while (done < first.len + text.len) {
        struct bytes a = bytes_from(first, done);
        struct bytes b = bytes_from(text, done > first.len ? done - first.len : 0);
        const struct iovec parts[2] = {{(void *)(uintptr_t)a.ptr, a.len},
                                       {(void *)(uintptr_t)b.ptr, b.len}};
        ssize_t n = writev(fd, parts, 2);

        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || (errno != EINTR && !(errno == EAGAIN && wait_for_room(fd))))
            return done;
    }
    return done;
}

/* Takes back the last `len` bytes, if they are still the end of the file: then the
 * offset that our append left is the file's size. */
static bool take_back(int fd, size_t len)
{
    off_t end = lseek(fd, 0, SEEK_CUR);
    struct stat st;

    return end >= (off_t)len && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == end &&
           ftruncate(fd, end - (off_t)len) == 0;
}

enum status sink_file_write(struct sink_file *f, struct bytes text)
{
    struct bytes first = f->torn ? BYTES("\n") : bytes_make(NULL, 0);
    size_t len = first.len + text.len;
    size_t done = write_all(f->fd, first, text);

    if (done == len) {
        f->torn = false;
        return STATUS_OK;
    }
    if (done > 0 && !take_back(f->fd, done))
        f->torn = true;
    return STATUS_IO;
}

enum status sink_file_reopen(struct sink_file *f)
{
    int fd;

    if (!f->path)
        return STATUS_OK;
    fd = file_open(f->path);
    if (fd < 0)
        return STATUS_IO;
    close(f->fd);
    f->fd = fd;
    f->torn = false;
    return STATUS_OK;
}

void sink_file_close(struct sink_file *f)
{
    if (f->path)
        close(f->fd);
    free(f->path);
    f->path = NULL;
}
