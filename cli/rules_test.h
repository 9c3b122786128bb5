/* rules_test: `weir rules test`: a request put to the rules without traffic. */
#ifndef WEIR_CLI_RULES_TEST_H
#define WEIR_CLI_RULES_TEST_H

#include "cli/cli.h"

/* An exit code: CODE_NO_MATCH when no rule fired. */
int rules_test(const struct cli *cli);

#endif
