/* What this machine lets weir have: descriptors, and room to keep things. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/sizes.h"
#include "cli/doctor.h"

enum {
    DESCRIPTORS_FEW = 1024,
    MIB = 1024 * 1024,
    SPACE_NONE_MIB = 16,
    SPACE_LITTLE_MIB = 512,
    SIZE_TEXT = 64,
};

/* `weir run` takes as many as it may have. */
void doctor_descriptors(struct doctor *d)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit)) {
        doctor_say(d, DOCTOR_REMARK, "their limit cannot be read: %s", strerror(errno));
    } else if (limit.rlim_max == RLIM_INFINITY) {
        doctor_say(d, DOCTOR_OK, "as many as weir wants");
    } else if (limit.rlim_max < DESCRIPTORS_FEW) {
        doctor_say(d, DOCTOR_REMARK, "at most %ju, which is %ju exchanges at once",
                   (uintmax_t)limit.rlim_max, (uintmax_t)limit.rlim_max / 2);
        doctor_advise(d, "raise the limit: ulimit -Hn, or nofile in /etc/security/limits.conf");
    } else {
        doctor_say(d, DOCTOR_OK, "up to %ju", (uintmax_t)limit.rlim_max);
    }
}

/* The folder, or the nearest above it that is there already. */
static bool nearest_folder(char *path)
{
    while (!path_is_folder(path)) {
        char *slash = strrchr(path, '/');

        if (!slash || slash == path)
            return false;
        *slash = '\0';
    }
    return true;
}

static void look_at_space(struct doctor *d, const char *folder)
{
    struct statvfs disk;
    struct buf text;
    int64_t free_bytes;

    if (statvfs(folder, &disk)) {
        doctor_say(d, DOCTOR_REMARK, "its free space cannot be read: %s", strerror(errno));
        return;
    }
    free_bytes = (int64_t)disk.f_bavail * (int64_t)disk.f_frsize;
    buf_init(&text, SIZE_TEXT);
    size_put(&text, free_bytes);
    if (free_bytes / MIB >= SPACE_LITTLE_MIB) {
        doctor_say(d, DOCTOR_OK, "%s can be written to, %s are free", folder, buf_text(&text));
    } else {
        doctor_say(d, free_bytes / MIB < SPACE_NONE_MIB ? DOCTOR_BROKEN : DOCTOR_REMARK,
                   "%s: only %s are free; flows that do not fit are not kept", folder,
                   buf_text(&text));
        doctor_advise(d, "make room there, or name another file: --store FILE");
    }
    buf_release(&text);
}

/* SQLite's files begin so. */
static void look_at_store(struct doctor *d, const char *folder)
{
    static const char magic[] = "SQLite format 3";
    char path[PATHS_TEXT], begin[sizeof(magic)] = "";
    struct stat info;
    FILE *file;

    if (path_join(folder, "flows.db", path) || stat(path, &info))
        return;
    file = fopen(path, "re");
    if (!file || access(path, W_OK)) {
        doctor_say(d, DOCTOR_BROKEN, "the store %s cannot be opened: %s", path, strerror(errno));
        doctor_advise(d, "chown or remove it, or name another one: --store FILE");
    } else if (info.st_size && (fread(begin, 1, sizeof(begin), file) != sizeof(begin) ||
                                memcmp(begin, magic, sizeof(magic)) != 0)) {
        doctor_say(d, DOCTOR_BROKEN, "the store %s is none: something else is in it", path);
        doctor_advise(d, "move it away: weir makes a new one");
    } else if (info.st_mode & (S_IRWXG | S_IRWXO)) {
        doctor_say(d, DOCTOR_REMARK, "other users may read the flows in %s (mode %04o)", path,
                   (unsigned)info.st_mode & 07777);
        doctor_advise(d, "chmod 600 %s", path);
    }
    if (file)
        fclose(file);
}

/* The last of those that sockets may be in is the state folder. */
static enum status state_folder(char *ret_path)
{
    enum status st = STATUS_NOT_FOUND, next = STATUS_OK;

    for (int i = 0; next == STATUS_OK; i++) {
        next = paths_runtime_at(i, ret_path);
        if (!next)
            st = STATUS_OK;
    }
    return next == STATUS_END ? st : next;
}

void doctor_state(struct doctor *d)
{
    char folder[PATHS_TEXT], there[PATHS_TEXT];

    if (state_folder(folder)) {
        doctor_say(d, DOCTOR_BROKEN, "there is none: neither HOME nor XDG_STATE_HOME is set");
        doctor_advise(d, "set HOME");
        return;
    }
    memcpy(there, folder, sizeof(there));
    if (!nearest_folder(there) || access(there, W_OK | X_OK)) {
        doctor_say(d, DOCTOR_BROKEN, "%s cannot be written to: %s", there, strerror(errno));
        doctor_advise(d, "give yourself the right to, or set XDG_STATE_HOME to another folder");
        return;
    }
    look_at_space(d, there);
    look_at_store(d, folder);
}
