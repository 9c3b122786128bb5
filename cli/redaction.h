/* redaction: what --redact and logs.redact say, made into the redactor of a command
 * that shows flows or hands them out. */
#ifndef WEIR_CLI_REDACTION_H
#define WEIR_CLI_REDACTION_H

#include "cli/cli.h"
#include "cli/config.h"
#include "logs/redact.h"

enum { REDACTION_PATTERN_MS = 100 }; /* for all patterns on one text; then it goes as a whole */

/* --redact wins over the configuration; nothing said is the default, which redacts. `c`
 * must stay until the redactor is released; NULL: the user's configuration is looked for,
 * and of it only logs.redact is heeded. Pseudonyms are by a key that is new each time:
 * equal within one output, different in the next. CODE_OK; else a message was printed,
 * and it is what the command ends with. To be released. */
int redaction_make(const struct cli *cli, const struct config *c, struct redactor *ret_redactor);
/* For a store: on only where logs.redact says `store: true`, whatever --redact says. `shown`
 * was made of the same `c`, and lends what it has; to be released like that, but only if
 * that one is off: else the two are one. */
int redaction_make_stored(const struct cli *cli, const struct config *c,
                          const struct redactor *shown, struct redactor *ret_redactor);
/* Of the one that was made, when none of its copies is used any more; zeroed is fine.
 * Tells on standard error of texts that went as a whole. */
void redaction_release(struct redactor *redactor);

/* Makes c->redaction of what logs.redact names; part of config_load(). STATUS_BAD_CONFIG,
 * with diagnostics. */
MUST_USE enum status redaction_join(struct config *c);
void redaction_free(struct redaction *d); /* NULL is fine */

#endif
