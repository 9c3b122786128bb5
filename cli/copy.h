/* copy: flows printed as commands that send them again (logs/copy_as.h). */
#ifndef WEIR_CLI_COPY_H
#define WEIR_CLI_COPY_H

#include "cli/cli.h"
#include "logs/copy_as.h"

/* The form of that name. CODE_USAGE with the names there are. */
int copy_form_named(const struct cli *cli, const char *name, const struct copy_form **ret_form);
/* Prints a flow's request. On a terminal, what is raw is escaped. CODE_NO_MATCH: it has no
 * request. */
int copy_print(const struct cli *cli, const struct copy_form *form, const struct redactor *r,
               const struct flow *f);

#endif
