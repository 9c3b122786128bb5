/* progress: how far a long piece of work is, as one line on standard error that is written
 * over and over, and is gone at the end. On a terminal only; elsewhere nothing is shown. */
#ifndef WEIR_CLI_PROGRESS_H
#define WEIR_CLI_PROGRESS_H

#include "base/buf.h"

struct progress {
    const char *what;  /* "import" */
    const char *items; /* "flows" */
    uint64_t total;    /* of whatever `done` counts; 0: not known */
    uint64_t done, count;
    bool shown; /* there is a terminal */
    int64_t begun_ms, next_ms;
};

/* Texts are borrowed. */
void progress_begin(struct progress *p, const char *what, const char *items, uint64_t total);
/* `done` of the total, which were `count` items. Cheap: may be called for each. */
void progress_set(struct progress *p, uint64_t done, uint64_t count);
/* Before other lines on standard error, and at the end. */
void progress_clear(struct progress *p);

/* The line after so much time, at most `columns` wide, without an end. */
void progress_put(const struct progress *p, int64_t elapsed_ms, uint32_t columns, struct buf *out);

#endif
