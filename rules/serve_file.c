#include "rules/serve_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "rules/body_file.h"

enum { MICROS = 1000000 };

/* A folder that is still to be read. */
struct folder {
    const char *path; /* beneath the root; "" the root */
    unsigned depth;
    struct folder *next;
};

/* A tree while it is read. */
struct tree {
    struct rule_compiler *c;
    int root; /* descriptor */
    struct folder *left;
    uint32_t count, cap;
    struct served_file *files; /* heap */
    size_t bytes;
    const char *fault; /* a cap that was reached */
};

static int bytes_compare(struct bytes a, struct bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.ptr, b.ptr, len) : 0;

    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int file_compare(const void *left, const void *right)
{
    const struct served_file *a = left, *b = right;

    return bytes_compare(a->path, b->path);
}

const struct served_file *served_find(const struct served *s, struct bytes path)
{
    const struct served_file key = {.path = path};

    return s->count ? bsearch(&key, s->files, s->count, sizeof(key), file_compare) : NULL;
}

/* ---- reading -------------------------------------------------------------- */

/* The file behind `fd`. UNSUPPORTED: it is no regular one. */
static enum status file_read(struct tree *t, int fd, struct served_file *file)
{
    struct stat info;
    struct buf in;
    enum status st;

    if (fstat(fd, &info) < 0)
        return STATUS_IO;
    if (!S_ISREG(info.st_mode))
        return STATUS_UNSUPPORTED;
    buf_init(&in, RULE_BODY_BYTES + 1);
    st = body_file_read(fd, &in);
    if (!st) {
        file->content = in.len ? arena_copy(t->c->arena, buf_bytes(&in)) : BYTES("");
        st = file->content.ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buf_release(&in);
    file->modified_us = (int64_t)info.st_mtime * MICROS;
    t->bytes += file->content.len;
    return st;
}

static enum status tree_limit(struct tree *t, const char *fault)
{
    t->fault = fault;
    return STATUS_LIMIT;
}

static struct served_file *tree_room(struct tree *t)
{
    if (t->count == t->cap) {
        uint32_t cap = t->cap ? t->cap * 2 : 64;
        struct served_file *files = realloc(t->files, cap * sizeof(*files));

        if (!files)
            return NULL;
        t->files = files;
        t->cap = cap;
    }
    return &t->files[t->count];
}

static enum status tree_add_file(struct tree *t, int fd, const char *path)
{
    struct served_file *file;
    enum status st;

    if (t->count == SERVE_FILES)
        return tree_limit(t, "holds more than 10,000 files");
    file = tree_room(t);
    if (!file)
        return STATUS_NO_MEMORY;
    *file = (struct served_file){.path = bytes_of(path)};
    st = file_read(t, fd, file);
    if (st == STATUS_LIMIT)
        return tree_limit(t, "holds a file of more than 8 MiB");
    if (st == STATUS_UNSUPPORTED) /* a pipe, a device: left out */
        return STATUS_OK;
    if (!st)
        t->count++;
    return !st && t->bytes > SERVE_BYTES ? tree_limit(t, "holds more than 64 MiB") : st;
}

static enum status tree_add_folder(struct tree *t, const char *path, unsigned depth)
{
    struct folder *folder = arena_alloc(t->c->arena, sizeof(*folder));

    if (depth > SERVE_DEPTH)
        return tree_limit(t, "holds folders more than 16 deep in each other");
    if (!folder)
        return STATUS_NO_MEMORY;
    *folder = (struct folder){.path = path, .depth = depth, .next = t->left};
    t->left = folder;
    return STATUS_OK;
}

/* An entry that is neither a file nor a folder, or a link to one, is left out. */
static enum status tree_add(struct tree *t, const struct folder *in, int folder_fd,
                            const char *name)
{
    const char *path = arena_printf(t->c->arena, "%s%s%s", in->path, *in->path ? "/" : "", name);
    struct stat info;
    enum status st;
    int fd;

    if (!path)
        return STATUS_NO_MEMORY;
    if (fstatat(folder_fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return STATUS_IO;
    if (S_ISDIR(info.st_mode))
        return tree_add_folder(t, path, in->depth + 1);
    if (!S_ISREG(info.st_mode))
        return STATUS_OK;
    fd = openat(folder_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return STATUS_IO;
    st = tree_add_file(t, fd, path);
    close(fd);
    return st;
}

static enum status folder_read(struct tree *t, const struct folder *folder)
{
    int fd = openat(t->root, *folder->path ? folder->path : ".",
                    O_RDONLY | O_CLOEXEC | O_DIRECTORY | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    const struct dirent *entry;
    enum status st = STATUS_OK;
    int saved;

    if (!dir) {
        saved = errno;
        if (fd >= 0)
            close(fd);
        errno = saved;
        return STATUS_IO;
    }
    for (entry = readdir(dir); entry && !st; entry = st ? NULL : readdir(dir)) {
        if (entry->d_name[0] != '.')
            st = tree_add(t, folder, dirfd(dir), entry->d_name);
    }
    saved = errno;
    closedir(dir);
    errno = saved;
    return st;
}

static enum status tree_read(struct tree *t)
{
    enum status st = tree_add_folder(t, "", 0);

    while (!st && t->left) {
        const struct folder *folder = t->left;

        t->left = folder->next;
        st = folder_read(t, folder);
    }
    return st;
}

/* ---- the root ------------------------------------------------------------- */

static enum status served_keep(struct tree *t, bool folder, struct served *ret_served)
{
    struct served s = {.folder = folder, .count = t->count};

    s.files = arena_alloc(t->c->arena, (t->count + (size_t)1) * sizeof(*s.files));
    if (!s.files)
        return STATUS_NO_MEMORY;
    if (t->count) {
        memcpy(s.files, t->files, t->count * sizeof(*s.files));
        qsort(s.files, s.count, sizeof(*s.files), file_compare);
    }
    *ret_served = s;
    return STATUS_OK;
}

/* A folder, or one file that stands in for a tree of its own. */
static enum status root_read(struct tree *t, struct served *ret_served)
{
    struct stat info;
    enum status st;

    if (fstat(t->root, &info) < 0)
        return STATUS_IO;
    if (!S_ISDIR(info.st_mode) && !S_ISREG(info.st_mode))
        return tree_limit(t, "is neither a file nor a folder");
    st = S_ISDIR(info.st_mode) ? tree_read(t) : tree_add_file(t, t->root, "");
    return st ? st : served_keep(t, S_ISDIR(info.st_mode), ret_served);
}

static enum status fault_report(struct rule_compiler *c, const struct rule_text *text,
                                struct bytes root, const char *fault)
{
    char reason[128];

    if (fault)
        return compiler_error(c, text, root, "'%s' %s", excerpt(root).text, fault);
    return compiler_error(c, text, root, "cannot read '%s': %s", excerpt(root).text,
                          strerror_r(errno, reason, sizeof(reason)));
}

enum status serve_file_load(struct rule_compiler *c, const struct rule_text *text,
                            struct bytes root, struct served *ret_served)
{
    bool absolute = bytes_starts_with(root, BYTES("/"));
    const char *folder = c->folder && !absolute ? c->folder : "";
    const char *path = arena_printf(c->arena, "%s%s%.*s", folder, *folder ? "/" : "", (int)root.len,
                                    (const char *)root.ptr);
    struct tree t = {.c = c};
    enum status st;

    if (!path)
        return STATUS_NO_MEMORY;
    t.root = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    st = t.root < 0 ? STATUS_IO : root_read(&t, ret_served);
    if (st && st != STATUS_NO_MEMORY)
        st = fault_report(c, text, root, t.fault);
    if (t.root >= 0)
        close(t.root);
    free(t.files);
    return st;
}
