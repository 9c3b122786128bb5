/* watch: tells that something changed in some folders. Whole folders are watched, since
 * editors put new files in the place of old ones. Changes that follow each other at once
 * are told once. */
#ifndef WEIR_PROXY_LOOP_WATCH_H
#define WEIR_PROXY_LOOP_WATCH_H

#include "base/buf.h"

struct uv_loop_s;

enum {
    WATCH_FOLDERS = 256,
    WATCH_QUIET_MS = 100, /* after the last change */
    WATCH_MOST_MS = 1000, /* after the first one, however many follow */
    WATCH_ERROR_TEXT = 512,
};

struct watch; /* opaque; of one loop's thread */

struct watch_env {
    struct uv_loop_s *uv;
    void (*on_change)(void *self);
    void *self;
};

MUST_USE enum status watch_new(const struct watch_env *env, struct watch **ret_watch);
/* Watches these folders in place of those before; no change of a folder that stays is
 * missed. `folders`: each with a NUL behind it. *ret_new: there are others than before.
 * STATUS_IO: some cannot be watched; `error` (WATCH_ERROR_TEXT bytes) names the first. */
MUST_USE enum status watch_set(struct watch *w, struct bytes folders, char *error, bool *ret_new);
/* Runs the loop until all has ended. NULL is fine. */
void watch_free(struct watch *w);

#endif
