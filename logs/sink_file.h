/* sink_file: where a sink writes its text: a file it appends to, or a descriptor it was
 * given. Text goes there in whole records or not at all. */
#ifndef WEIR_LOGS_SINK_FILE_H
#define WEIR_LOGS_SINK_FILE_H

#include "logs/sink.h"

struct sink_file {
    int fd;
    char *path; /* owned; NULL: the descriptor is not ours */
    bool torn;  /* a line stands there half written */
};

/* settings->fd, or the file settings->target, made with mode 0600; "-" is standard
 * output. STATUS_IO, STATUS_NO_MEMORY, with `error` (SINK_ERROR_BYTES) saying why. */
MUST_USE enum status sink_file_open(struct sink_file *f, const struct sink_settings *settings,
                                    char *error);
/* STATUS_IO: nothing of it was kept. What was begun and could not be finished is taken
 * back; where that cannot be (a pipe), the next text starts on a line of its own. */
MUST_USE enum status sink_file_write(struct sink_file *f, struct bytes text);
/* On failure the old file stays in use. */
MUST_USE enum status sink_file_reopen(struct sink_file *f);
void sink_file_close(struct sink_file *f);

#endif
