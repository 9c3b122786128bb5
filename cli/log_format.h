/* log_format: the forms in which `weir log` writes flows. One row in log_formats.def and
 * one struct for each. */
#ifndef WEIR_CLI_LOG_FORMAT_H
#define WEIR_CLI_LOG_FORMAT_H

#include "cli/cli.h"
#include "logs/flow_table.h"
#include "logs/har_format.h"

enum { LOG_OUT_BYTES = 512 * 1024 * 1024 }; /* of flows that are not written yet */

/* What is written, and with what. */
struct log_writer {
    const struct cli *cli;
    const struct log_format *format;
    struct redactor redactor;
    struct flow_table table;
    struct har_format har; /* its `json` serves the other forms of JSON, too */
    struct buf out;
    uint64_t count; /* flows written so far */
};

struct log_format {
    const char *name, *help;
    bool bodies; /* it shows them */
    bool whole;  /* it has an end, so it cannot follow */
    /* Append to w->out. `start` and `end` may be NULL. */
    void (*start)(struct log_writer *w);
    enum status (*flow)(struct log_writer *w, const struct flow *f);
    void (*end)(struct log_writer *w);
};

#define LOG_FORMAT(name) extern const struct log_format log_format_##name;
#include "cli/log_formats.def"
#undef LOG_FORMAT

/* By --format and --json; a table when nothing is said. CODE_USAGE. */
int log_format_choose(const struct cli *cli, const struct log_format **ret_format);
void log_format_put_help(struct buf *out);

/* By the options of `cli`, with the first text of the format in w->out already. An exit
 * code; on success it is to be released. */
int log_writer_init(struct log_writer *w, const struct cli *cli, const struct log_format *format);
void log_writer_release(struct log_writer *w);
/* Writes it, at once or together with others. An exit code. */
int log_writer_flow(struct log_writer *w, const struct flow *f);
/* What was held back. With the format's end when `end`. An exit code. */
int log_writer_flush(struct log_writer *w, bool end);

#endif
