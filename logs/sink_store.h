/* sink_store: the sink that keeps flows in a store. sink_settings.context is a struct
 * sink_store_settings, whose store.path is set to the file in use, or to NULL: there is
 * none. */
#ifndef WEIR_LOGS_SINK_STORE_H
#define WEIR_LOGS_SINK_STORE_H

#include "logs/redact.h"
#include "logs/store.h"

enum {
    SINK_STORE_COMMIT_MS = 100, /* flows wait at most so long for others */
    SINK_STORE_RETRY_MS = 1000, /* after a commit that failed */
    SINK_STORE_KEEP_MS = 1000,  /* between two looks at what is too old */
    SINK_STORE_INDEX_MS = 1000, /* between two looks for flows that are in no index yet */
};

struct sink_store_settings {
    struct store_settings store;
    const char *other_path;    /* taken when another process writes to the first; or NULL */
    bool optional;             /* without a store weir runs all the same */
    struct store_facts *facts; /* borrowed */
    /* On: flows are stored without their secrets. What it refers to is borrowed. */
    struct redactor redactor;
    /* A line for people: the file was damaged, the disk is full. At the start, or on the
     * log thread. May be NULL. */
    void (*say)(void *self, const char *text);
    void *self;
};

#endif
