/* config_show: a configuration made ready to be shown: variables replaced, defaults
 * filled in, files named by whole paths, secrets taken out. What it gives is a
 * configuration again. */
#ifndef WEIR_CLI_CONFIG_SHOW_H
#define WEIR_CLI_CONFIG_SHOW_H

#include "cli/config.h"
#include "logs/redact.h"

/* Changes c->root, so nothing else may be asked of `c` later on. Secrets are known by
 * their names (logs/redactions.def), by where they stand (auth, cookies, the user of a
 * URL), by the name of the variable they come from, and as JWTs; `redactor` says whether
 * they are taken out. STATUS_BAD_CONFIG, with diagnostics; STATUS_NO_MEMORY. */
MUST_USE enum status config_show(struct config *c, const struct redactor *redactor);

/* config_sections.c: adds the defaults that `root` does not name. */
MUST_USE enum status config_fill(struct arena *arena, struct node *root);

#endif
