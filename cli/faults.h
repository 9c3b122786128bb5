/* faults: --fault-journal and --replay-faults: the decisions of `when` written down, and
 * made again. */
#ifndef WEIR_CLI_FAULTS_H
#define WEIR_CLI_FAULTS_H

#include "cli/cli.h"
#include "rules/when_tap.h"

struct faults; /* heap */

/* *ret_faults stays NULL when neither is asked for. `rules` may be NULL. An exit code. */
int faults_start(const struct cli *cli, struct rule_state *state, const struct ruleset *rules,
                 struct faults **ret_faults);
/* When no rule is asked any more. NULL is fine. */
void faults_stop(const struct cli *cli, struct faults *f);

#endif
