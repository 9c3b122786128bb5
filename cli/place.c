#include "cli/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_MODE = 0600, DESCRIPTOR_TEXT = 32 };

/* The folder that the target lies in. */
static void put_folder(const char *target, char ret_folder[PATHS_TEXT])
{
    const char *slash = strrchr(target, '/');
    size_t len = slash ? (size_t)(slash - target) + 1 : 0;

    if (len)
        memcpy(ret_folder, target, len);
    else
        ret_folder[len++] = '.';
    ret_folder[len] = '\0';
}

/* Nobody else's file is opened here, whatever lies there by that name. */
static int open_named(const char *path)
{
    unlink(path); /* of a process that was killed */
    return open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
}

static int open_beside(struct place *p)
{
    char folder[PATHS_TEXT];
    int fd;

    put_folder(p->target, folder);
    if (access("/proc/self/fd", X_OK) == 0) { /* by which it gets its name */
        fd = open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, FILE_MODE);
        if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
            return fd;
    }
    snprintf(p->written, sizeof(p->written), "%s.%ld", p->target, (long)getpid());
    return open_named(p->written);
}

enum status place_open(struct place *p, const char *target)
{
    struct place made = {.target = target, .fd = STDOUT_FILENO};
    struct stat info;

    if (target && strlen(target) + DESCRIPTOR_TEXT > PATHS_TEXT)
        return STATUS_LIMIT;
    made.direct = target && stat(target, &info) == 0 && !S_ISREG(info.st_mode);
    if (made.direct)
        made.fd = open(target, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    else if (target)
        made.fd = open_beside(&made);
    *p = made;
    return made.fd < 0 ? STATUS_IO : STATUS_OK;
}

bool place_write(struct place *p, struct bytes text)
{
    while (text.len) {
        ssize_t n = write(p->fd, text.ptr, text.len);

        if (n < 0 && errno != EINTR)
            return false;
        text = bytes_from(text, n > 0 ? (size_t)n : 0);
        p->bytes += n > 0 ? (uint64_t)n : 0;
    }
    return true;
}

/* A name for what has none: a link cannot take the place of a file that is there. */
static bool give_name(struct place *p)
{
    char descriptor[DESCRIPTOR_TEXT];

    if (p->written[0])
        return true;
    snprintf(descriptor, sizeof(descriptor), "/proc/self/fd/%d", p->fd);
    snprintf(p->written, sizeof(p->written), "%s.%ld", p->target, (long)getpid());
    unlink(p->written);
    if (linkat(AT_FDCWD, descriptor, AT_FDCWD, p->written, AT_SYMLINK_FOLLOW) == 0)
        return true;
    p->written[0] = '\0';
    return false;
}

enum status place_close(struct place *p, bool keep)
{
    bool ok = true;
    int error;

    if (!p->target || p->fd < 0)
        return STATUS_OK;
    if (keep && !p->direct) /* whatever the mask for new files is */
        ok = fchmod(p->fd, FILE_MODE) == 0 && give_name(p);
    error = errno;
    if (close(p->fd) && ok) {
        ok = false;
        error = errno;
    }
    p->fd = -1;
    if (ok && keep && !p->direct && rename(p->written, p->target)) {
        ok = false;
        error = errno;
    }
    if (p->written[0] && (!ok || !keep))
        unlink(p->written);
    errno = error;
    return ok ? STATUS_OK : STATUS_IO;
}
