/* The file of keylog.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "logs/keylog.h"

enum status keylog_file_open(const char *path, int *ret_fd)
{
    /* Not blocking, since a FIFO without a reader must not hold up the start. */
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0600);

    if (fd < 0)
        return STATUS_IO;
    *ret_fd = fd;
    return STATUS_OK;
}

/* What cannot be written is lost: keys are of no use later, and there is nobody
 * to tell. */
void keylog_file_write(int fd, struct bytes lines)
{
    while (lines.len) {
        ssize_t n = write(fd, lines.ptr, lines.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        lines = bytes_from(lines, (size_t)n);
    }
}

void keylog_file_close(int fd)
{
    close(fd);
}
