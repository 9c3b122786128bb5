#include <signal.h>
#include <stdlib.h>

#include "cli/cli.h"

int main(int argc, char **argv)
{
    /* libuv reads it once, at its first piece of work; lookups that hang must not
     * hold up those of other hosts. */
    setenv("UV_THREADPOOL_SIZE", "64", 0);
    signal(SIGPIPE, SIG_IGN);
    return cli_main(argc, argv);
}
