/* journal_file: lines for a file, from any thread, written by a thread of its own from a
 * bounded queue: putting a line never waits for the disk. What does not fit is counted,
 * and told by a last line {"lost":N}. */
#ifndef WEIR_LOGS_JOURNAL_FILE_H
#define WEIR_LOGS_JOURNAL_FILE_H

#include "base/bytes.h"

enum {
    JOURNAL_QUEUE_BYTES = 16 * 1024 * 1024,
    JOURNAL_CLOSE_MS = 5000, /* how long closing waits for a disk that hangs */
    JOURNAL_ERROR_TEXT = 256,
};

struct journal; /* heap */

/* Empties the file, made with mode 0600. STATUS_IO, STATUS_NO_MEMORY, with `error`
 * (JOURNAL_ERROR_TEXT) saying why. */
MUST_USE enum status journal_open(const char *path, char *error, struct journal **ret_journal);
/* `line` ends in a line feed. */
void journal_put(struct journal *j, struct bytes line);
/* After the last line. Answers how many were not written. NULL is fine. */
uint64_t journal_close(struct journal *j);

#endif
