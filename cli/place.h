/* place: where a command writes what it makes: standard output, or a file that is put in
 * its place when it is whole, with mode 0600. Until then the file has no name where the
 * file system can do that, so that a command that is killed leaves nothing; else one of
 * its own beside the place. What is no plain file (a pipe, a device) is written at once. */
#ifndef WEIR_CLI_PLACE_H
#define WEIR_CLI_PLACE_H

#include "base/bytes.h"
#include "cli/paths.h"

struct place {
    const char *target;       /* borrowed; NULL: standard output */
    char written[PATHS_TEXT]; /* the file's name before it is in its place; "": it has none */
    bool direct;              /* the target itself is written */
    int fd;
    uint64_t bytes;
};

/* IO with errno; LIMIT: the path is too long. On failure *p is closed. */
MUST_USE enum status place_open(struct place *p, const char *target);
/* False with errno. */
MUST_USE bool place_write(struct place *p, struct bytes text);
/* Ends it: what was written comes to its place if `keep`, else nothing is left of it. IO with
 * errno. */
MUST_USE enum status place_close(struct place *p, bool keep);

#endif
