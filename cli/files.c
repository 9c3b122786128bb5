/* The file part of paths.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/paths.h"

enum { READ_BYTES = 64 * 1024 };

enum status file_read(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    size_t all = 0;
    enum status st = STATUS_OK;

    if (fd < 0)
        return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO;
    for (;;) {
        uint8_t *room = buf_room(out, READ_BYTES);
        ssize_t n = room ? read(fd, room, READ_BYTES) : 0;

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            st = n < 0 ? STATUS_IO : buf_status(out);
            break;
        }
        buf_added(out, (size_t)n);
        all += (size_t)n;
        if (all > PATHS_FILE_BYTES) {
            st = STATUS_LIMIT;
            break;
        }
    }
    close(fd);
    return st;
}

static enum status write_all(int fd, struct bytes content)
{
    while (content.len) {
        ssize_t n = write(fd, content.ptr, content.len);

        if (n < 0 && errno != EINTR)
            return STATUS_IO;
        if (n > 0)
            content = bytes_from(content, (size_t)n);
    }
    return STATUS_OK;
}

enum status file_write(const char *path, unsigned mode, struct bytes content)
{
    char temporary[PATHS_TEXT];
    int len = snprintf(temporary, sizeof(temporary), "%s.%ld", path, (long)getpid());
    enum status st;
    int fd;

    if (len < 0 || (size_t)len >= sizeof(temporary))
        return STATUS_LIMIT;
    unlink(temporary); /* of a process that was killed */
    fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return STATUS_IO;
    st = write_all(fd, content);
    if (!st && fchmod(fd, (mode_t)mode)) /* whatever the mask for new files is */
        st = STATUS_IO;
    if (close(fd) && !st)
        st = STATUS_IO;
    if (!st && rename(temporary, path))
        st = STATUS_IO;
    if (st)
        unlink(temporary);
    return st;
}
