/* The file part of node.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/node.h"

enum { READ_BYTES = 64 * 1024 };

/* Reads to the end, or to one byte over the cap, which node_parse() refuses. */
static enum status read_all(int fd, struct buf *out)
{
    for (;;) {
        size_t left = out->max - out->len;
        size_t len = left < READ_BYTES ? left : READ_BYTES;
        uint8_t *room;
        ssize_t got;

        if (left == 0)
            return STATUS_OK;
        room = buf_room(out, len);
        if (!room)
            return buf_status(out);
        got = read(fd, room, len);
        if (got == 0)
            return STATUS_OK;
        if (got < 0 && errno != EINTR)
            return STATUS_IO;
        if (got > 0)
            buf_added(out, (size_t)got);
    }
}

static enum status file_read(const char *path, struct buf *out)
{
    enum status st;
    int saved, fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    st = read_all(fd, out);
    saved = errno;
    close(fd);
    errno = saved;
    return st;
}

static enum status source_new(struct arena *arena, const char *shown, struct bytes text,
                              struct source **ret_source)
{
    struct source *source = arena_alloc(arena, sizeof(*source));

    if (!source)
        return STATUS_NO_MEMORY;
    source->name = arena_text(arena, bytes_of(shown));
    source->text = arena_copy(arena, text);
    if (!source->name || !source->text.ptr)
        return STATUS_NO_MEMORY;
    *ret_source = source;
    return STATUS_OK;
}

enum status source_load(struct arena *arena, const char *path, const char *shown,
                        struct source **ret_source)
{
    struct buf text;
    enum status st;
    int saved;

    buf_init(&text, CONFIG_BYTES + 1);
    st = file_read(path, &text);
    saved = errno;
    if (!st)
        st = source_new(arena, shown, buf_bytes(&text), ret_source);
    buf_release(&text);
    errno = saved;
    return st;
}

enum status node_load(struct arena *arena, const char *path, const char *shown, struct diags *diags,
                      struct node **ret_root)
{
    struct source *source = NULL;
    char reason[128];
    enum status st = source_load(arena, path, shown, &source);

    if (st == STATUS_NOT_FOUND || st == STATUS_IO)
        diag_add(diags, DIAG_ERROR, NULL, (struct mark){0, 0}, 1, "cannot read '%s': %s", shown,
                 strerror_r(errno, reason, sizeof(reason)));
    if (st)
        return st;
    return node_parse(arena, source, diags, ret_root);
}
