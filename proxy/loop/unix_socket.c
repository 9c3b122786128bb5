#include "proxy/loop/unix_socket.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { UNIX_BACKLOG = 64 };

static enum status unix_address(const char *path, struct sockaddr_un *ret_address)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t len = strlen(path);

    if (len >= sizeof(a.sun_path))
        return STATUS_LIMIT;
    memcpy(a.sun_path, path, len + 1);
    *ret_address = a;
    return STATUS_OK;
}

enum status unix_connect(const char *path, int *ret_fd)
{
    struct sockaddr_un a;
    enum status st = unix_address(path, &a);
    int fd;

    if (st)
        return st;
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return STATUS_IO;
    if (connect(fd, (const struct sockaddr *)&a, sizeof(a)) == 0) {
        *ret_fd = fd;
        return STATUS_OK;
    }
    st = errno == ENOENT || errno == ECONNREFUSED ? STATUS_NOT_FOUND : STATUS_IO;
    close(fd);
    return st;
}

/* The mode is set before the name is there: nobody can be quicker. */
static enum status unix_bind(int fd, const struct sockaddr_un *a)
{
    if (fchmod(fd, S_IRUSR | S_IWUSR) || bind(fd, (const struct sockaddr *)a, sizeof(*a)))
        return STATUS_IO;
    if (chmod(a->sun_path, S_IRUSR | S_IWUSR) || listen(fd, UNIX_BACKLOG)) {
        unlink(a->sun_path);
        return STATUS_IO;
    }
    return STATUS_OK;
}

enum status unix_listen(const char *path, int *ret_fd)
{
    struct sockaddr_un a;
    struct stat old;
    enum status st = unix_address(path, &a);
    int fd;

    if (st)
        return st;
    st = unix_connect(path, &fd);
    if (st == STATUS_OK) {
        close(fd);
        return STATUS_EXISTS;
    }
    if (st == STATUS_NOT_FOUND && lstat(path, &old) == 0 && S_ISSOCK(old.st_mode))
        unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return STATUS_IO;
    st = unix_bind(fd, &a);
    if (st) {
        int error = errno;

        close(fd);
        errno = error;
        return st;
    }
    *ret_fd = fd;
    return STATUS_OK;
}
