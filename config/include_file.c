/* The file part of include.h. */
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config/include.h"

static const char special[] = "*?[\\";

bool include_is_pattern(struct bytes name)
{
    return bytes_find(name, '*') >= 0 || bytes_find(name, '?') >= 0 || bytes_find(name, '[') >= 0;
}

static void put_escaped(struct buf *out, const char *text)
{
    for (; *text; text++) {
        if (strchr(special, *text))
            buf_put_byte(out, '\\');
        buf_put_byte(out, (uint8_t)*text);
    }
}

enum status include_path(struct arena *arena, const char *folder, struct bytes name,
                         const char **ret_path)
{
    const char *copy = NULL;
    struct buf path;
    enum status st;

    buf_init(&path, INCLUDE_PATH_BYTES - 1);
    if (!bytes_starts_with(name, BYTES("/"))) {
        if (include_is_pattern(name))
            put_escaped(&path, folder);
        else
            buf_put_text(&path, folder);
        if (path.len && path.ptr[path.len - 1] != '/')
            buf_put_byte(&path, '/');
    }
    buf_put(&path, name);
    st = buf_status(&path);
    if (!st) {
        copy = arena_text(arena, buf_bytes(&path));
        st = copy ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buf_release(&path);
    if (!st)
        *ret_path = copy;
    return st;
}

enum status include_identify(const char *path, struct include_id *ret_id)
{
    struct stat info;

    if (stat(path, &info))
        return errno == ENOENT || errno == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO;
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return STATUS_IO;
    }
    *ret_id = (struct include_id){info.st_dev, info.st_ino};
    return STATUS_OK;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static enum status keep_files(struct arena *arena, const glob_t *found,
                              struct include_names *ret_names)
{
    struct include_names names = {0};
    struct include_id id;

    names.items = arena_alloc(arena, (found->gl_pathc + 1) * sizeof(*names.items));
    if (!names.items)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < found->gl_pathc; i++) {
        const char *copy;

        if (include_identify(found->gl_pathv[i], &id))
            continue;
        copy = arena_text(arena, bytes_of(found->gl_pathv[i]));
        if (!copy)
            return STATUS_NO_MEMORY;
        names.items[names.count++] = copy;
    }
    qsort(names.items, names.count, sizeof(names.items[0]), compare_paths);
    *ret_names = names;
    return STATUS_OK;
}

enum status include_match(struct arena *arena, const char *pattern, struct include_names *ret_names)
{
    glob_t found = {0};
    enum status st = STATUS_OK;
    int error = glob(pattern, GLOB_NOSORT, NULL, &found);

    if (error == GLOB_NOMATCH)
        *ret_names = (struct include_names){0};
    else if (error)
        st = error == GLOB_NOSPACE ? STATUS_NO_MEMORY : STATUS_IO;
    else if (found.gl_pathc > INCLUDE_FILES)
        st = STATUS_LIMIT;
    else
        st = keep_files(arena, &found, ret_names);
    globfree(&found);
    return st;
}

static uint64_t file_stamp(const char *path)
{
    struct stat info;
    uint64_t parts[7];

    if (stat(path, &info))
        return 0;
    parts[0] = info.st_dev;
    parts[1] = info.st_ino;
    parts[2] = (uint64_t)info.st_size;
    parts[3] = (uint64_t)info.st_mtim.tv_sec;
    parts[4] = (uint64_t)info.st_mtim.tv_nsec;
    parts[5] = (uint64_t)info.st_ctim.tv_sec;
    parts[6] = (uint64_t)info.st_ctim.tv_nsec;
    return bytes_hash(bytes_make(parts, sizeof(parts)), 1);
}

uint64_t include_stamp(struct arena *arena, const char *path, bool is_pattern)
{
    struct include_names names = {0};
    uint64_t hash = 1;

    if (!is_pattern)
        return file_stamp(path);
    if (include_match(arena, path, &names))
        return 0;
    for (uint32_t i = 0; i < names.count; i++)
        hash = bytes_hash(bytes_make(names.items[i], strlen(names.items[i]) + 1), hash);
    return hash;
}
