/* keylog: the lines of an SSLKEYLOGFILE, from any thread to one file. Adding costs
 * a short lock, never the disk. */
#ifndef WEIR_LOGS_KEYLOG_H
#define WEIR_LOGS_KEYLOG_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/buf.h"

enum { KEYLOG_BYTES = 1024 * 1024 }; /* lines that wait; more are dropped */

struct keylog {
    pthread_mutex_t lock; /* over `waiting` and `fd`; not held during a write */
    struct buf waiting;
    struct buf writing;   /* the writer's */
    int fd;               /* -1: none */
    _Atomic bool pending; /* something waits */
};

MUST_USE enum status keylog_init(struct keylog *k);
void keylog_release(struct keylog *k);
/* Appends to the file, made with mode 0600. STATUS_IO, STATUS_EXISTS (one is open). */
MUST_USE enum status keylog_open(struct keylog *k, const char *path);
/* Any thread. False: no file is open, or there is no room. */
bool keylog_add(struct keylog *k, struct bytes line);
bool keylog_pending(const struct keylog *k); /* any thread */
/* One thread only. */
void keylog_write(struct keylog *k);

/* keylog_file.c: the file itself. */
MUST_USE enum status keylog_file_open(const char *path, int *ret_fd);
void keylog_file_write(int fd, struct bytes lines);
void keylog_file_close(int fd);

#endif
