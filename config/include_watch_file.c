/* The watching part of include.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/include.h"

enum { SCRATCH_BYTES = 64 * 1024 * 1024 };

bool includes_changed(const struct includes *in)
{
    struct arena scratch;
    bool changed = !in->first;

    arena_init(&scratch, SCRATCH_BYTES);
    for (const struct include_place *p = in->first; p && !changed; p = p->next)
        changed = include_stamp(&scratch, p->path, p->is_pattern) != p->stamp;
    arena_release(&scratch);
    return changed;
}

/* ---- folders ---- */

/* The folders so far. */
struct folders {
    struct buf *out;
    uint32_t count;
};

static bool has_folder(const struct folders *f, const char *path)
{
    struct bytes rest = buf_bytes(f->out);

    while (rest.len) {
        size_t len = strlen((const char *)rest.ptr);

        if (strcmp((const char *)rest.ptr, path) == 0)
            return true;
        rest = bytes_from(rest, len + 1);
    }
    return false;
}

static void cut_last(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash)
        slash[slash == path] = '\0';
}

static bool is_folder(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* The folder of a path, or the nearest one above that is there. `path` is changed. */
static void put_folder(struct folders *f, char *path)
{
    do {
        cut_last(path);
    } while (!is_folder(path) && strcmp(path, "/") != 0);
    if (f->count == INCLUDE_FOLDERS || has_folder(f, path))
        return;
    f->count++;
    buf_put(f->out, bytes_make(path, strlen(path) + 1));
}

/* Up to the first special character, without the escapes. */
static void plain_part(const char *pattern, char *ret_path)
{
    size_t len = 0;

    for (; *pattern && !strchr("*?[", *pattern); pattern++) {
        if (*pattern == '\\' && pattern[1])
            pattern++;
        ret_path[len++] = *pattern;
    }
    ret_path[len] = '\0';
}

void includes_put_folders(const struct includes *in, struct buf *out)
{
    struct folders f = {.out = out};

    for (const struct include_place *p = in->first; p; p = p->next) {
        char path[INCLUDE_PATH_BYTES];
        char *real = p->is_pattern ? NULL : realpath(p->path, NULL);

        if (strlen(p->path) < sizeof(path)) {
            plain_part(p->is_pattern ? p->path : "", path);
            if (!p->is_pattern)
                memcpy(path, p->path, strlen(p->path) + 1);
            put_folder(&f, path);
        }
        if (real)
            put_folder(&f, real);
        free(real);
    }
}

enum status includes_copy(struct arena *arena, const struct includes *from, struct includes *ret_to)
{
    struct includes to = {.path = ""};

    for (const struct include_place *p = from->first; p; p = p->next) {
        struct include_place *copy = arena_alloc(arena, sizeof(*copy));

        if (!copy)
            return STATUS_NO_MEMORY;
        *copy = (struct include_place){.path = arena_text(arena, bytes_of(p->path)),
                                       .is_pattern = p->is_pattern,
                                       .stamp = p->stamp};
        if (!copy->path)
            return STATUS_NO_MEMORY;
        if (to.last)
            to.last->next = copy;
        else
            to.first = copy;
        to.last = copy;
    }
    *ret_to = to;
    return STATUS_OK;
}
