/* The table of sink.h. */
#include <string.h>

#include "logs/sink.h"

static const struct sink *const sink_rows[] = {
#define SINK(name) &sink_##name,
#include "logs/sinks.def"
#undef SINK
};

bool sink_is_live(const struct sink *sink)
{
    return sink->begin;
}

const struct sink *sink_find(const char *name)
{
    for (size_t i = 0; i < sizeof(sink_rows) / sizeof(sink_rows[0]); i++) {
        if (strcmp(sink_rows[i]->name, name) == 0)
            return sink_rows[i];
    }
    return NULL;
}
