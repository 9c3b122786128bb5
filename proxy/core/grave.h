/* grave: objects that ended while their callbacks still run, or while a command
 * still points into them. They are freed when that is over, in the order in which
 * they ended. */
#ifndef WEIR_PROXY_CORE_GRAVE_H
#define WEIR_PROXY_CORE_GRAVE_H

#include <stdbool.h>

struct grave {
    struct grave *next;
    void (*bury)(void *self);
    void *self;
    bool dug;
};

struct grave_list {
    struct grave *first, *last;
};

#endif
