/* reply: what a running weir answered. */
#ifndef WEIR_CLI_REPLY_H
#define WEIR_CLI_REPLY_H

#include <jansson.h>

#include "cli/cli.h"

/* The text or number under `key`; "" and 0 when there is none. The text is borrowed. */
const char *reply_text(const json_t *body, const char *key);
int64_t reply_number(const json_t *body, const char *key);
/* Prints all of it, indented, on standard output. An exit code. */
int reply_print(const struct cli *cli, const json_t *body);

#endif
