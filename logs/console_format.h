/* console_format: a flow as people read it on a terminal: one aligned line, with
 * `verbose` 1 followed by both heads and what is known of the exchange, with 2 by the
 * decoded bodies as well. Redacted; nothing from the network reaches the terminal
 * unescaped, and no line of a body can be taken for one of ours. */
#ifndef WEIR_LOGS_CONSOLE_FORMAT_H
#define WEIR_LOGS_CONSOLE_FORMAT_H

#include "logs/console_text.h"
#include "logs/sink.h"

enum {
    CONSOLE_COLUMNS = 120,              /* where the terminal's are not known */
    CONSOLE_CONTENT_BYTES = 256 * 1024, /* of a body looked at */
    CONSOLE_SHOWN_BYTES = 64 * 1024,    /* of a body shown */
    CONSOLE_HEX_BYTES = 256,            /* of a body that is not text */
};

/* Columns of the line's parts. What is left of it, `flow`, has the URL. */
struct console_layout {
    size_t time, flow;
    bool tail;    /* notes stand behind the line, else in `flow` */
    size_t notes; /* of that tail; 0: as long as they are */
};

struct console_format {
    struct redactor redactor;
    struct console_layout layout;
    int verbose;
    bool colour;
    struct buf raw, cell; /* scratch: not yet escaped, and escaped */
    struct buf note;
    struct buf content, clean; /* scratch of bodies */
    int64_t second;            /* since 1970, the one of `second_text` */
    char second_text[9];       /* "12:04:05" */
};

void console_format_init(struct console_format *c, const struct sink_settings *settings);
void console_format_release(struct console_format *c);
/* On failure nothing was added, and `out` is not broken. */
MUST_USE enum status console_put_flow(struct console_format *c, const struct flow *f,
                                      struct buf *out);
MUST_USE enum status console_put_gap(struct console_format *c, const struct log_gap *gap,
                                     struct buf *out);

/* Parts of the above. console_line.c: the line. */
void console_layout_init(struct console_layout *l, uint32_t columns);
void console_put_line(struct console_format *c, const struct flow *f, struct buf *out);
/* console_heads.c: what `verbose` adds. */
void console_put_heads(struct console_format *c, const struct flow *f, struct buf *out);
void console_put_request(struct console_format *c, const struct flow *f, struct buf *out);
void console_put_response(struct console_format *c, const struct flow *f, struct buf *out);
/* console_facts.c: lines that start with '*'. */
void console_put_connection_facts(struct console_format *c, const struct flow *f, struct buf *out);
void console_put_flow_facts(struct console_format *c, const struct flow *f, struct buf *out);
/* "* " in front of a fact. */
void console_put_star(struct console_format *c, struct buf *out);
/* console_body.c: a body, indented; for `verbose` 2. */
void console_put_body(struct console_format *c, const struct flow_message *m, struct buf *out);

#endif
