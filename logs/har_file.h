/* har_file: a HAR that grows, and is a whole HAR all the while: entries are written over its
 * foot, with a new foot, by one call. A writer that is killed in the middle of that call
 * leaves at worst a file whose last entries are torn; it is mended when it is opened again.
 * There is one writer at a time. On the log thread only. */
#ifndef WEIR_LOGS_HAR_FILE_H
#define WEIR_LOGS_HAR_FILE_H

#include "logs/har_format.h"

struct har_file {
    char *path; /* owned */
    int fd;
    int64_t end;         /* of the entries: where the foot begins */
    bool empty;          /* it has no entry */
    bool torn;           /* a write that failed could not be taken back */
    struct log_gap lost; /* as the foot says */
};

/* Made with mode 0600, or gone on with. STATUS_IO, STATUS_NO_MEMORY, with `error`
 * (SINK_ERROR_BYTES) saying why: no plain file, no HAR of weir's, written by another. */
MUST_USE enum status har_file_open(struct har_file *f, const char *path, char *error);
/* `entries` are as har_put_flow() makes them, each with HAR_BETWEEN before it; may be none.
 * The buffer is emptied. STATUS_IO, STATUS_NO_MEMORY, STATUS_LIMIT: the file is as it was. */
MUST_USE enum status har_file_append(struct har_file *f, struct buf *entries,
                                     const struct log_gap *lost);
/* After it was moved away. On failure the old file stays in use. */
MUST_USE enum status har_file_reopen(struct har_file *f);
void har_file_close(struct har_file *f);

#endif
