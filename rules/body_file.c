#include "rules/body_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { READ_BYTES = 64 * 1024 };

static const struct {
    const char *ending, *type;
} media_types[] = {
#define MEDIA_TYPE(ending, type) {ending, type},
#include "rules/media_types.def"
#undef MEDIA_TYPE
};

struct bytes body_file_media_type(struct bytes name)
{
    size_t dot = name.len;

    while (dot > 0 && name.ptr[dot - 1] != '.' && name.ptr[dot - 1] != '/')
        dot--;
    for (size_t i = 0; i < sizeof(media_types) / sizeof(media_types[0]); i++) {
        if (dot > 0 && bytes_equal_icase(bytes_from(name, dot), bytes_of(media_types[i].ending)))
            return bytes_of(media_types[i].type);
    }
    return BYTES("application/octet-stream");
}

enum status body_file_read(int fd, struct buf *out)
{
    for (;;) {
        size_t left = out->max - out->len, len = left < READ_BYTES ? left : READ_BYTES;
        uint8_t *room = buf_room(out, len);
        ssize_t got;

        if (!room)
            return buf_status(out);
        if (len == 0)
            return STATUS_LIMIT;
        got = read(fd, room, len);
        if (got == 0)
            return STATUS_OK;
        if (got < 0 && errno != EINTR)
            return STATUS_IO;
        if (got > 0)
            buf_added(out, (size_t)got);
    }
}

/* Not blocking, so that a named pipe does not hold the start; it is refused then. */
static enum status file_read(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), saved;
    struct stat info;
    enum status st = STATUS_UNSUPPORTED;

    if (fd < 0)
        return STATUS_IO;
    if (fstat(fd, &info) < 0)
        st = STATUS_IO;
    else if (S_ISREG(info.st_mode))
        st = body_file_read(fd, out);
    saved = errno;
    close(fd);
    errno = saved;
    return st;
}

static enum status fault_report(struct rule_compiler *c, const struct rule_text *text,
                                enum status st)
{
    char reason[128];

    if (st == STATUS_LIMIT)
        return compiler_error(c, text, text->all, "'%s' is larger than %d MiB",
                              excerpt(text->all).text, RULE_BODY_BYTES / (1024 * 1024));
    if (st == STATUS_UNSUPPORTED)
        return compiler_error(c, text, text->all, "'%s' is not a regular file",
                              excerpt(text->all).text);
    return compiler_error(c, text, text->all, "cannot read '%s': %s", excerpt(text->all).text,
                          strerror_r(errno, reason, sizeof(reason)));
}

enum status body_file_load(struct rule_compiler *c, const struct rule_text *text,
                           struct bytes *ret_content)
{
    bool absolute = bytes_starts_with(text->all, BYTES("/"));
    const char *folder = c->folder && !absolute ? c->folder : "";
    char *path = arena_printf(c->arena, "%s%s%.*s", folder, *folder ? "/" : "", (int)text->all.len,
                              (const char *)text->all.ptr);
    struct bytes content = bytes_make(NULL, 0);
    struct buf in;
    enum status st;

    if (!path)
        return STATUS_NO_MEMORY;
    buf_init(&in, RULE_BODY_BYTES + 1);
    st = file_read(path, &in);
    if (!st)
        content = arena_copy(c->arena, buf_bytes(&in));
    buf_release(&in);
    if (st && st != STATUS_NO_MEMORY)
        return fault_report(c, text, st);
    if (st || !content.ptr)
        return STATUS_NO_MEMORY;
    *ret_content = content;
    return STATUS_OK;
}
