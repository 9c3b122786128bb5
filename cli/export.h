/* export: the forms in which `weir export` hands flows out. One row in export_formats.def
 * and one file export_<name>.c each. */
#ifndef WEIR_CLI_EXPORT_H
#define WEIR_CLI_EXPORT_H

#include "cli/cli.h"
#include "logs/flow.h"
#include "logs/redact.h"

enum {
    EXPORT_BATCH_BYTES = 256 * 1024,      /* written when there is so much */
    EXPORT_TEXT_BYTES = 80 * 1024 * 1024, /* of one flow with what waits before it */
};

/* One export while it runs. A format puts its bytes into `out`, which is written and
 * emptied behind its back. */
struct export
{
    const struct cli *cli;
    struct redactor redactor;
    struct buf out;
    uint64_t flows; /* handed out so far */
};

struct export_format {
    const char *name, *help;
    /* NULL, with a message printed. */
    void *(*open)(struct export *e);
    /* What goes before all flows, one flow, what goes after them. A status that is a
     * failure ends the export; STATUS_END leaves the flow out. */
    enum status (*begin)(void *self, struct export *e);
    enum status (*flow)(void *self, struct export *e, const struct flow *f);
    enum status (*end)(void *self, struct export *e);
    void (*close)(void *self);
};

#define EXPORT(name) extern const struct export_format export_##name;
#include "cli/export_formats.def"
#undef EXPORT
/* NULL when there is none of that name. */
const struct export_format *export_format_find(const char *name);
/* "har, jsonl" */
void export_format_names(struct buf *out);

#endif
