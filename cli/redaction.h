/* redaction: what --redact and logs.redact say, made into the redactor of a command
 * that shows flows or hands them out. */
#ifndef WEIR_CLI_REDACTION_H
#define WEIR_CLI_REDACTION_H

#include "cli/cli.h"
#include "cli/config.h"
#include "logs/redact.h"

/* --redact wins over the configuration; nothing said is the default, which redacts. `c`
 * is NULL for a command that reads none. Pseudonyms are by a key that is new each time:
 * equal within one output, different in the next. CODE_OK; else a message was printed,
 * and it is what the command ends with. To be released. */
int redaction_make(const struct cli *cli, const struct config *c, struct redactor *ret_redactor);
/* Of the one that was made, when none of its copies is used any more; zeroed is fine. */
void redaction_release(struct redactor *redactor);

#endif
