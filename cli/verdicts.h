/* verdicts: expectations of `run` and `exec`: those of the configuration and of
 * --fail-if, judged when all is over; the report, the files and the exit code. */
#ifndef WEIR_CLI_VERDICTS_H
#define WEIR_CLI_VERDICTS_H

#include "cli/cli.h"
#include "logs/verdict.h"

struct verdicts {
    const struct cli *cli;
    struct expects *expects; /* the configuration's, with those of --fail-if added */
    struct verdict *verdict; /* owned; NULL: nothing is expected, nor asked for */
    bool finished;
};

/* Prints what is wrong with a --fail-if: CODE_USAGE. To be released in any case. */
int verdicts_begin(struct verdicts *v, const struct cli *cli, struct expects *expects,
                   const struct redactor *redactor);
/* When the log has stopped: judges. Does nothing the second time, or without a verdict. */
void verdicts_finish(struct verdicts *v);
/* The report on standard error, and the files that --junit and --report name. The exit
 * code: `code`, or CODE_NO_MATCH in place of CODE_OK when an expectation failed. */
int verdicts_report(struct verdicts *v, int code);
/* For who asks from elsewhere: {"outcome", "report", "junit", "verdicts"}; nothing without
 * a verdict. */
void verdicts_put_answer(const struct verdicts *v, struct buf *out);
void verdicts_release(struct verdicts *v);

/* Writes a report to a file: CODE_OK, or CODE_FAILED with a message. */
int verdicts_write(const struct cli *cli, const char *path, struct bytes content);

#endif
