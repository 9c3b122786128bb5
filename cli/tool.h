/* tool: runs other programs, and waits for them. */
#ifndef WEIR_CLI_TOOL_H
#define WEIR_CLI_TOOL_H

#include "cli/cli.h"

enum { TOOL_ARGUMENTS = 16 };

/* How commands are run. */
struct tool {
    const struct cli *cli;
    bool dry; /* print only */
};

/* `argv` ends with NULL. With `root` it is run by sudo unless we are root. It is
 * printed first, as a shell would take it. STATUS_OK: it ended with 0; STATUS_REFUSED:
 * it did not; STATUS_NOT_FOUND: there is no such program. */
MUST_USE enum status tool_run(const struct tool *t, bool root, const char *const *argv);
/* Without printing it, also in a dry run: for questions. What it writes to standard
 * output is appended to `out`; the rest goes nowhere. */
MUST_USE enum status tool_ask(const char *const *argv, struct buf *out);

#endif
