/* instance: which running weir a command is about. */
#ifndef WEIR_CLI_INSTANCE_H
#define WEIR_CLI_INSTANCE_H

#include "cli/cli.h"
#include "proxy/loop/control_client.h"

/* By --instance (a port, or a control socket), else the one that runs. CODE_NO_WEIR:
 * there is none; CODE_USAGE: there are several, which are listed. With `quiet` nothing
 * is printed for CODE_NO_WEIR. */
int instance_find(const struct cli *cli, bool quiet, char ret_path[static CONTROL_PATH_TEXT]);
/* One request to it; prints what went wrong. The body is the caller's. */
int instance_ask(const struct cli *cli, const char *path, const char *method, const char *target,
                 struct control_reply *ret_reply);

/* The same, with a body. */
int instance_call(const struct cli *cli, const char *path, const struct control_call *call,
                  struct control_reply *ret_reply);

#endif
