#include "config/include.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

enum { PARTS = 3, REASON_TEXT = 128 };

/* A part that files share. */
struct part {
    const char *name;
    enum node_kind kind;
    const char *one;   /* what it is made of, for messages; NULL: need not be told apart */
    struct node *node; /* the root's; NULL when there is none */
    struct node **end; /* where the next one is linked; NULL: it cannot be joined */
};

/* A file whose names are being read. */
struct frame {
    const char *folder; /* absolute */
    const char *shown;  /* the folder in diagnostics: "", or with a slash behind it */
    struct config_texts entries;
    uint32_t next_entry;
    const struct node *entry; /* that `names` stand for */
    struct include_names names;
    uint32_t next_name;
    bool identified;
    struct include_id id;
};

struct joining {
    struct config_reader reader;
    struct node *root;
    struct includes *in;
    struct part parts[PARTS];
    struct frame frames[INCLUDE_DEPTH];
    uint32_t depth;
    struct include_id read[INCLUDE_FILES]; /* the files so far */
    uint32_t read_count;
    size_t bytes;
};

enum status include_note(struct arena *arena, struct includes *in, const char *path,
                         bool is_pattern)
{
    struct include_place *place = arena_alloc(arena, sizeof(*place));

    if (!place)
        return STATUS_NO_MEMORY;
    *place = (struct include_place){
        .path = path, .is_pattern = is_pattern, .stamp = include_stamp(arena, path, is_pattern)};
    if (in->last)
        in->last->next = place;
    else
        in->first = place;
    in->last = place;
    return STATUS_OK;
}

/* ---- joining one tree to another ---- */

static struct node **node_end(struct node *n)
{
    struct node **end = &n->first;

    while (*end)
        end = &(*end)->next;
    return end;
}

static void part_take(struct joining *j, struct part *p, struct node *n)
{
    p->node = n;
    p->end = n->kind == p->kind ? node_end(n) : NULL;
    if (strcmp(p->name, "vars") == 0)
        j->reader.vars = n;
}

static enum status part_check(struct joining *j, const struct part *p, const struct node *n)
{
    enum status st = config_present(&j->reader, n);

    if (st || n->kind == p->kind)
        return st;
    node_error(j->reader.diags, n, "'%s' wants a %s", p->name,
               p->kind == NODE_LIST ? "list" : "map: names and what they stand for");
    return STATUS_BAD_CONFIG;
}

/* `n` is the included file's, unlinked from its siblings. */
static enum status part_join(struct joining *j, struct part *p, struct node *n)
{
    enum status st = part_check(j, p, n);

    if (st)
        return st;
    if (!p->node) {
        *node_end(j->root) = n;
        j->root->count++;
        part_take(j, p, n);
        return STATUS_OK;
    }
    if (!p->end) /* what the root has is wrong, and will be told */
        return STATUS_OK;
    *p->end = n->first;
    while (*p->end)
        p->end = &(*p->end)->next;
    p->node->count += n->count;
    return STATUS_OK;
}

static enum status refuse_key(struct joining *j, const struct node *n)
{
    static const char *const words[] = {"rules", "groups", "vars", "include"};
    const char *near = text_nearest(n->key, words, sizeof(words) / sizeof(words[0]));

    if (near)
        node_key_error(j->reader.diags, n, "unknown key '%s', did you mean '%s'?",
                       excerpt(n->key).text, near);
    else
        node_key_error(j->reader.diags, n,
                       "'%s' cannot stand in an included file: it holds rules, groups, vars and "
                       "include",
                       excerpt(n->key).text);
    return STATUS_BAD_CONFIG;
}

/* All parts of an included file but `include`, which is answered in *ret_include. */
static enum status tree_join(struct joining *j, struct node *tree, struct node **ret_include)
{
    enum status all = STATUS_OK;
    struct node *next;

    for (struct node *n = tree->first; n; n = next) {
        enum status st = STATUS_NOT_FOUND;

        next = n->next;
        n->next = NULL;
        if (bytes_equal(n->key, BYTES("include"))) {
            *ret_include = n;
            continue;
        }
        for (size_t i = 0; i < PARTS; i++) {
            if (bytes_equal(n->key, bytes_of(j->parts[i].name)))
                st = part_join(j, &j->parts[i], n);
        }
        if (st == STATUS_NOT_FOUND)
            st = refuse_key(j, n);
        if (st)
            all = st;
    }
    return all;
}

/* ---- files ---- */

static enum status refuse(struct joining *j, const struct node *at, const char *why)
{
    node_error(j->reader.diags, at, "%s", why);
    return STATUS_BAD_CONFIG;
}

/* The part of a path before the last slash, and with it. */
static const char *folder_text(struct arena *arena, const char *path, bool slash)
{
    const char *end = strrchr(path, '/');
    size_t len = end ? (size_t)(end - path) : 0;

    return arena_text(arena, bytes_make(path, len + (end && (slash || len == 0))));
}

static enum status frame_push(struct joining *j, const struct node *include, const char *path,
                              const char *shown, const struct include_id *id)
{
    struct frame *f = &j->frames[j->depth];
    enum status st;

    if (j->depth == INCLUDE_DEPTH) {
        node_key_error(j->reader.diags, include, "files are included more than %d deep",
                       INCLUDE_DEPTH - 1);
        return STATUS_BAD_CONFIG;
    }
    *f = (struct frame){.identified = id != NULL};
    if (id)
        f->id = *id;
    if (include->kind == NODE_MAP) {
        node_error(j->reader.diags, include, "'include' is the name of a file, or a list of them");
        return STATUS_BAD_CONFIG;
    }
    st = config_texts(&j->reader, include, &f->entries);
    if (st)
        return st;
    f->folder = path ? folder_text(j->reader.arena, path, false) : j->in->folder;
    f->shown = folder_text(j->reader.arena, shown, true);
    if (!f->folder || !f->shown)
        return STATUS_NO_MEMORY;
    j->depth++;
    return STATUS_OK;
}

static bool same_file(const struct include_id *a, const struct include_id *b)
{
    return a->device == b->device && a->inode == b->inode;
}

/* Is it one of those that led here? */
static bool is_circle(const struct joining *j, const struct include_id *id)
{
    for (uint32_t i = 0; i < j->depth; i++) {
        if (j->frames[i].identified && same_file(&j->frames[i].id, id))
            return true;
    }
    return false;
}

static enum status refuse_circle(struct joining *j, const struct frame *f, const char *shown)
{
    if (!shown)
        return STATUS_NO_MEMORY;
    node_error(j->reader.diags, f->entry, "'%s' includes what led here: files in a circle", shown);
    return STATUS_BAD_CONFIG;
}

static bool was_read(const struct joining *j, const struct include_id *id)
{
    for (uint32_t i = 0; i < j->read_count; i++) {
        if (same_file(&j->read[i], id))
            return true;
    }
    return false;
}

/* errno says why. */
static enum status refuse_file(struct joining *j, const struct frame *f, const char *shown)
{
    char reason[REASON_TEXT];

    if (!shown)
        return STATUS_NO_MEMORY;
    node_error(j->reader.diags, f->entry, "cannot read '%s': %s", shown,
               strerror_r(errno, reason, sizeof(reason)));
    j->in->incomplete = true;
    return STATUS_BAD_CONFIG;
}

/* How a file is called in diagnostics. */
static const char *shown_name(struct joining *j, const struct frame *f, const char *path)
{
    size_t len = strlen(f->folder);

    if (len && f->folder[len - 1] == '/')
        len--;
    if (strncmp(path, f->folder, len) != 0 || path[len] != '/')
        return path;
    return arena_printf(j->reader.arena, "%s%s", f->shown, path + len + 1);
}

static enum status file_parse(struct joining *j, const struct frame *f, const char *path,
                              const char *shown, struct node **ret_tree)
{
    struct source *source = NULL;
    enum status st = source_load(j->reader.arena, path, shown, &source);

    if (st == STATUS_NOT_FOUND || st == STATUS_IO)
        return refuse_file(j, f, shown);
    if (st)
        return st;
    j->bytes += source->text.len;
    if (j->bytes > INCLUDE_BYTES) {
        j->in->incomplete = true;
        return refuse(j, f->entry, "with this file all included ones are larger than 32 MiB");
    }
    source->folder = folder_text(j->reader.arena, path, false);
    if (!source->folder)
        return STATUS_NO_MEMORY;
    st = node_parse(j->reader.arena, source, j->reader.diags, ret_tree);
    j->in->incomplete |= st && !*ret_tree;
    return st;
}

static enum status file_read_in(struct joining *j, const struct frame *f, const char *path,
                                const struct include_id *id)
{
    const char *shown = shown_name(j, f, path);
    struct node *tree = NULL, *include = NULL;
    enum status st, joined, pushed;

    if (!shown)
        return STATUS_NO_MEMORY;
    st = file_parse(j, f, path, shown, &tree);
    if (st == STATUS_NO_MEMORY || !tree)
        return st;
    if (tree->kind != NODE_MAP)
        return refuse(j, tree, "an included file wants keys and values ('rules: …')");
    joined = tree_join(j, tree, &include);
    if (joined == STATUS_NO_MEMORY)
        return joined;
    if (include && (pushed = frame_push(j, include, path, shown, id)))
        return pushed;
    return joined ? joined : st;
}

static enum status file_join(struct joining *j, const struct frame *f, const char *path)
{
    struct include_id id;
    enum status st = include_note(j->reader.arena, j->in, path, false);

    if (st)
        return st;
    st = include_identify(path, &id);
    if (st)
        return refuse_file(j, f, shown_name(j, f, path));
    if (is_circle(j, &id))
        return refuse_circle(j, f, shown_name(j, f, path));
    if (was_read(j, &id))
        return STATUS_OK;
    if (j->read_count == INCLUDE_FILES)
        return refuse(j, f->entry, "more than 1000 files are included");
    j->read[j->read_count++] = id;
    return file_read_in(j, f, path, &id);
}

/* ---- names ---- */

static enum status pattern_expand(struct joining *j, struct frame *f, const char *pattern)
{
    enum status st = include_note(j->reader.arena, j->in, pattern, true);

    if (!st)
        st = include_match(j->reader.arena, pattern, &f->names);
    if (st == STATUS_LIMIT)
        return refuse(j, f->entry, "this pattern matches more than 1000 files");
    if (st == STATUS_IO)
        return refuse(j, f->entry, "the folder of this pattern cannot be read");
    if (st)
        return st;
    if (f->names.count == 0)
        node_warning(j->reader.diags, f->entry, "no file matches this pattern");
    return STATUS_OK;
}

/* The next name under `include`, as the paths that it stands for. */
static enum status entry_expand(struct joining *j, struct frame *f)
{
    uint32_t i = f->next_entry++;
    struct bytes name = f->entries.items[i];
    const char *path = NULL, **one;
    enum status st;

    f->entry = f->entries.nodes[i];
    f->names = (struct include_names){0};
    f->next_name = 0;
    if (name.len == 0 || name.len > INCLUDE_NAME_BYTES || bytes_find(name, 0) >= 0)
        return refuse(j, f->entry, "this is no name of a file");
    st = include_path(j->reader.arena, f->folder, name, &path);
    if (st == STATUS_LIMIT)
        return refuse(j, f->entry, "the path of this file is too long");
    if (st)
        return st;
    if (include_is_pattern(name))
        return pattern_expand(j, f, path);
    one = arena_alloc(j->reader.arena, sizeof(*one));
    if (!one)
        return STATUS_NO_MEMORY;
    one[0] = path;
    f->names = (struct include_names){one, 1};
    return STATUS_OK;
}

/* ---- what two files define ---- */

/* A name, and how many came before it. */
struct defined {
    struct node *node;
    uint32_t order;
};

static int compare_defined(const void *a, const void *b)
{
    const struct defined *left = a, *right = b;
    struct bytes x = left->node->key, y = right->node->key;
    size_t len = x.len < y.len ? x.len : y.len;
    int order = len ? memcmp(x.ptr, y.ptr, len) : 0;

    if (order)
        return order;
    if (x.len != y.len)
        return x.len < y.len ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

static void unlink_child(struct node *parent, const struct node *child)
{
    struct node **at = &parent->first;

    while (*at != child)
        at = &(*at)->next;
    *at = child->next;
    parent->count--;
}

/* What stands twice in one file was told when that was read. */
static enum status judge_twice(struct joining *j, struct part *p, const struct node *first,
                               const struct node *again)
{
    if (first->source->is_setting) {
        unlink_child(p->node, again);
        return STATUS_OK;
    }
    if (first->source != again->source)
        node_key_error(j->reader.diags, again,
                       "the %s '%s' is defined twice, first at %s:%" PRIu32 ":%" PRIu32, p->one,
                       excerpt(again->key).text, first->source->name, first->key_at.line,
                       first->key_at.column);
    return STATUS_BAD_CONFIG;
}

static enum status check_twice(struct joining *j, struct part *p)
{
    struct defined *all = calloc(p->node->count + (size_t)1, sizeof(*all));
    const struct defined *first = all;
    enum status st = STATUS_OK;
    uint32_t count = 0;

    if (!all)
        return STATUS_NO_MEMORY;
    for (struct node *n = p->node->first; n; n = n->next, count++)
        all[count] = (struct defined){n, count};
    qsort(all, count, sizeof(*all), compare_defined);
    for (uint32_t i = 1; i < count; i++) {
        if (!bytes_equal(first->node->key, all[i].node->key))
            first = &all[i];
        else if (judge_twice(j, p, first->node, all[i].node))
            st = STATUS_BAD_CONFIG;
    }
    free(all);
    return st;
}

/* ---- all of it ---- */

static enum status join_all(struct joining *j)
{
    enum status all = STATUS_OK;

    while (j->depth > 0) {
        struct frame *f = &j->frames[j->depth - 1];
        enum status st = STATUS_OK;

        if (f->next_name < f->names.count)
            st = file_join(j, f, f->names.items[f->next_name++]);
        else if (f->next_entry < f->entries.count)
            st = entry_expand(j, f);
        else
            j->depth--;
        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            all = st;
    }
    for (size_t i = 0; i < PARTS; i++) {
        struct part *p = &j->parts[i];
        enum status st = p->one && p->end ? check_twice(j, p) : STATUS_OK;

        if (st)
            all = all == STATUS_NO_MEMORY ? all : st;
    }
    return all;
}

static enum status join_root(struct joining *j, const struct node *include)
{
    struct include_id id = {0};
    bool identified = j->in->path[0] && include_identify(j->in->path, &id) == STATUS_OK;
    enum status st;

    for (size_t i = 0; i < PARTS; i++) {
        struct node *n = node_find(j->root, j->parts[i].name);

        if (n)
            part_take(j, &j->parts[i], n);
    }
    st = frame_push(j, include, NULL, j->in->shown, identified ? &id : NULL);
    return st ? st : join_all(j);
}

enum status include_join(const struct config_reader *r, struct node *root, struct includes *in)
{
    const struct node *include = node_find(root, "include");
    struct joining *j;
    enum status st;

    if (!include)
        return STATUS_OK;
    j = calloc(1, sizeof(*j));
    if (!j)
        return STATUS_NO_MEMORY;
    *j = (struct joining){
        .reader = *r,
        .root = root,
        .in = in,
        .parts = {{.name = "vars", .kind = NODE_MAP, .one = "variable"},
                  {.name = "groups", .kind = NODE_MAP, .one = "group"},
                  {.name = "rules", .kind = NODE_LIST}},
    };
    st = join_root(j, include);
    free(j);
    return st;
}
