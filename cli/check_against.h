/* check_against: `weir check --against`: recorded requests put to the rules, to see who
 * takes them. */
#ifndef WEIR_CLI_CHECK_AGAINST_H
#define WEIR_CLI_CHECK_AGAINST_H

#include "cli/cli.h"
#include "cli/config.h"

/* An exit code. `c` is loaded without errors. */
int check_against(const struct cli *cli, const struct config *c, struct rule_state *state,
                  const char *path);

#endif
