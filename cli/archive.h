/* archive: the recorded flows that a command reads, and the filter that it was given. */
#ifndef WEIR_CLI_ARCHIVE_H
#define WEIR_CLI_ARCHIVE_H

#include "cli/cli.h"
#include "logs/query.h"

/* The store of --store FILE; else that of the weir that runs (--instance names it); else
 * flows.db of the state folder. Closed by query_close(). An exit code; what went wrong has
 * been said. */
int archive_open(const struct cli *cli, struct query **ret_query);
/* The operands from that one on, joined by spaces, with what --since says; freed by
 * filter_free(). CODE_USAGE with the fault shown. */
int archive_filter(const struct cli *cli, int first_operand, struct filter **ret_filter);
/* One flow by the name that a person gave it; freed by flow_free(). CODE_NO_MATCH: there
 * is none, or several; all failures have been said. */
int archive_find(const struct cli *cli, struct query *q, const char *name, struct flow **ret_flow);

#endif
