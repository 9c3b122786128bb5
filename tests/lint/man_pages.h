/* man_pages: the pages of weir's manual, each made from the rows that the parsers read. */
#ifndef WEIR_TESTS_MAN_PAGES_H
#define WEIR_TESTS_MAN_PAGES_H

#include "cli/options.h"
#include "roff.h"

void man_overview(struct buf *out);                         /* weir(1) */
void man_command(struct buf *out, enum subcommand command); /* weir-COMMAND(1) */
void man_config(struct buf *out);                           /* weir-proxy.yaml(5) */
void man_filters(struct buf *out);                          /* weir-filters(7) */
void man_rules(struct buf *out);                            /* weir-rules(7) */

#endif
