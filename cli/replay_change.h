/* replay_change: what `weir replay --set` changes in a recorded request. */
#ifndef WEIR_CLI_REPLAY_CHANGE_H
#define WEIR_CLI_REPLAY_CHANGE_H

#include "base/buf.h"
#include "logs/flow.h"

enum {
    REPLAY_CHANGES = 64,
    REPLAY_BODY_BYTES = 16 * 1024 * 1024, /* of a file that is a body */
    REPLAY_ERROR_TEXT = 256,
};

enum replay_target { REPLAY_METHOD, REPLAY_URL, REPLAY_BODY, REPLAY_HEADER };

struct replay_change {
    enum replay_target target;
    struct bytes name;  /* of a header */
    struct bytes value; /* borrowed */
};

struct replay_changes {
    struct replay_change items[REPLAY_CHANGES];
    uint32_t count;
    struct buf body; /* of a file */
};

void replay_changes_init(struct replay_changes *c);
void replay_changes_release(struct replay_changes *c);
/* Takes "method=PUT", "url=https://…", "body=TEXT", "body=@FILE", "header.NAME=VALUE";
 * "header.NAME" alone takes the header out. `text` is borrowed. BAD_INPUT, IO, NO_MEMORY,
 * with a sentence in `error` (REPLAY_ERROR_TEXT). */
MUST_USE enum status replay_changes_add(struct replay_changes *c, const char *text, char *error);
/* Changes the record itself: it becomes one of the request as it will be sent. NO_MEMORY;
 * NOT_FOUND: it has no request. */
MUST_USE enum status replay_changes_apply(const struct replay_changes *c, struct flow *f);

#endif
