#include "cli/node_hook.h"

static const unsigned char text[] = {
#include "embed/node_hook.js.inc"
};

struct bytes node_hook(void)
{
    return bytes_make(text, sizeof(text));
}
