/* replay_proxy: the weir that requests are sent through. */
#ifndef WEIR_CLI_REPLAY_PROXY_H
#define WEIR_CLI_REPLAY_PROXY_H

#include <sys/socket.h>

#include "base/buf.h"
#include "cli/cli.h"

enum { REPLAY_AUTHORIZATION_BYTES = 4096 };

struct replay_proxy {
    struct sockaddr_storage address;
    struct buf authorization; /* of Proxy-Authorization; empty: nobody is asked */
};

/* --proxy ADDRESS, else the weir that runs: CODE_NO_WEIR if none does. The password stands
 * in the configuration: that of the one that runs, or of --config. To be released in any
 * case. */
int replay_proxy_find(const struct cli *cli, struct replay_proxy *p);
void replay_proxy_release(struct replay_proxy *p);

#endif
