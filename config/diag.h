/* diag: what is wrong with a configuration, where, and what to do. Diagnostics
 * are collected, never printed by those who find them; all are reported at
 * once. */
#ifndef WEIR_CONFIG_DIAG_H
#define WEIR_CONFIG_DIAG_H

#include <stdarg.h>

#include "base/arena.h"
#include "base/buf.h"

enum {
    DIAGS = 100,           /* kept; further ones are counted only. Half of them for warnings */
    DIAG_TEXT_BYTES = 512, /* of one text, its NUL included; longer ones are cut */
    EXCERPT_CODE_POINTS = 60,
    EXCERPT_BYTES = EXCERPT_CODE_POINTS * 4 + 8, /* with the "…" and a NUL */
};

/* Lines and columns count from 1; columns count code points. */
struct mark {
    uint32_t line, column;
};

/* One configuration file (or "--set") as it was read. Lives in the tree's arena. */
struct source {
    const char *name; /* as shown: "proxy.yaml" */
    struct bytes text;
    const char *folder; /* where names of files in it start; NULL: where the reader says */
    bool is_setting;    /* of --set */
};

enum diag_level { DIAG_ERROR, DIAG_WARNING, DIAG_NOTE };

struct diag {
    enum diag_level level;
    const struct source *source; /* NULL: no place; borrowed until the last diags_put() */
    struct mark at;              /* line 0: the file as a whole */
    uint32_t width;              /* code points to underline, at least 1; cut at the line's end */
    char *text;
    struct diag *next;
};

struct diags {
    struct arena arena;
    struct diag *first, *last;
    uint32_t kept;
    uint32_t errors, warnings; /* found, kept or not */
    uint32_t dropped;
};

void diags_init(struct diags *d);
void diags_release(struct diags *d);
void diag_add(struct diags *d, enum diag_level level, const struct source *source, struct mark at,
              uint32_t width, const char *format, ...) __attribute__((format(printf, 6, 7)));
void diag_vadd(struct diags *d, enum diag_level level, const struct source *source, struct mark at,
               uint32_t width, const char *format, va_list args)
    __attribute__((format(printf, 6, 0)));
/* No more of this level is kept: they are only counted, so the work of finding the
 * right words can be spared. */
bool diags_full(const struct diags *d, enum diag_level level);
/* Adds all of `from` to `to`, and empties `from`. */
void diags_move(struct diags *to, struct diags *from);

/* Some text of the file for use in a message: excerpt(text).text, as "%s". What is
 * longer than EXCERPT_CODE_POINTS ends in "…"; a NUL shows as \0. Not escaped:
 * diags_put() does that. */
struct excerpt {
    char text[EXCERPT_BYTES];
};
struct excerpt excerpt(struct bytes in);

enum diag_format {
    DIAG_PRETTY, /* text, place, the line and a caret */
    DIAG_SHORT,  /* file:line:col: error: text */
    DIAG_JSON,   /* one JSON array */
};
/* Sorted by file and place; everything from the file is escaped for a terminal.
 * Whether it went well is the status of `out`. */
void diags_put(const struct diags *d, enum diag_format format, bool colour, struct buf *out);

#endif
