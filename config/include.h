/* include: the files that a configuration names under `include`, joined to it. A
 * name is relative to the file that holds it; a pattern (* ? [) stands for the files
 * it matches, in the order of their bytes. A file is read once, however often it is
 * named. Its rules come behind those of the file that names it, before those of the
 * next name. It may hold `rules`, `groups`, `vars` and `include`; what two files
 * define is an error that names both places, but --set wins silently. */
#ifndef WEIR_CONFIG_INCLUDE_H
#define WEIR_CONFIG_INCLUDE_H

#include "config/schema.h"

enum {
    INCLUDE_DEPTH = 8,                /* files within files, the first one included */
    INCLUDE_FILES = 1000,             /* in all */
    INCLUDE_BYTES = 32 * 1024 * 1024, /* of all of them */
    INCLUDE_NAME_BYTES = 1024,        /* of a name or pattern as written */
    INCLUDE_FOLDERS = 256,            /* watched */
    INCLUDE_PATH_BYTES = 4096,        /* of a path, its NUL included */
};

/* A file that was looked for, or a pattern, as it was just before that: for who watches
 * them. */
struct include_place {
    const char *path; /* absolute; of a pattern, with what is not special escaped by \ */
    bool is_pattern;
    uint64_t stamp; /* of the file, or of what the pattern matched; 0: no such file */
    struct include_place *next;
};

struct includes {
    /* Set by the caller: */
    const char *path;   /* of the first file, absolute; "" when there is none */
    const char *folder; /* where its names start, absolute */
    const char *shown;  /* its name in diagnostics */
    /* Answers, in the reader's arena: */
    struct include_place *first, *last;
    bool incomplete; /* a file is missing or cannot be read as YAML */
};

/* Joins to `root`, a map, what its `include` names. r->arena takes the trees, r->vars
 * are those of the root, if any. STATUS_BAD_CONFIG, with diagnostics; what could be
 * joined is. STATUS_NO_MEMORY. */
MUST_USE enum status include_join(const struct config_reader *r, struct node *root,
                                  struct includes *in);

/* Notes a place as it is now. Before the first file is read, the caller notes that. */
MUST_USE enum status include_note(struct arena *arena, struct includes *in, const char *path,
                                  bool is_pattern);

/* ---- include_watch_file.c: what became of the places ---- */

/* Is any of them not what it was? True also when there are none. */
bool includes_changed(const struct includes *in);
/* The folders in which a change of them shows, with a NUL behind each: their own, those
 * that links lead to, and where one does not exist the one above. At most
 * INCLUDE_FOLDERS. */
void includes_put_folders(const struct includes *in, struct buf *out);
/* Only the places are copied. */
MUST_USE enum status includes_copy(struct arena *arena, const struct includes *from,
                                   struct includes *ret_to);

/* ---- include_file.c: the folders and files themselves ---- */

struct include_id {
    uint64_t device, inode;
};

/* Paths, in an arena. */
struct include_names {
    const char **items;
    uint32_t count;
};

bool include_is_pattern(struct bytes name);
/* "folder/name", or `name` where that is absolute; of a pattern with the folder escaped,
 * so that only the name's own characters are special. STATUS_LIMIT. */
MUST_USE enum status include_path(struct arena *arena, const char *folder, struct bytes name,
                                  const char **ret_path);
/* What tells a place from what it was, see struct include_place. */
uint64_t include_stamp(struct arena *arena, const char *path, bool is_pattern);
/* Which file it is, whatever it is called. STATUS_NOT_FOUND; STATUS_IO (errno), also when
 * it is no file. */
MUST_USE enum status include_identify(const char *path, struct include_id *ret_id);
/* The files, but no folders, that a pattern matches, sorted by bytes; none is no failure.
 * STATUS_LIMIT: more than INCLUDE_FILES. */
MUST_USE enum status include_match(struct arena *arena, const char *pattern,
                                   struct include_names *ret_names);

#endif
