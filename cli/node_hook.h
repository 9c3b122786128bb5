/* node_hook: the text of node_hook.js, for versions of Node that do not heed proxy
 * variables by themselves. */
#ifndef WEIR_CLI_NODE_HOOK_H
#define WEIR_CLI_NODE_HOOK_H

#include "base/bytes.h"

struct bytes node_hook(void); /* static */

#endif
