/* flow_table: flows as lines of a table for people, with a line of titles. Redacted, and
 * nothing from the network reaches a terminal unescaped. Rows: flow_columns.def. */
#ifndef WEIR_LOGS_FLOW_TABLE_H
#define WEIR_LOGS_FLOW_TABLE_H

#include "logs/flow.h"
#include "logs/redact.h"

enum flow_column {
#define FLOW_COLUMN(name, title, width, flags, help) FLOW_COLUMN_##name,
#include "logs/flow_columns.def"
#undef FLOW_COLUMN
    FLOW_COLUMN_COUNT
};

enum { FLOW_TABLE_ERROR_TEXT = 256, FLOW_TABLE_SHOWN = 2 * FLOW_COLUMN_COUNT };

struct flow_table {
    struct redactor redactor;
    bool colour;
    uint32_t columns; /* of the terminal; 0: as many as it takes, and nothing is cut */
    int64_t today_s;  /* now, since 1970 */
    enum flow_column shown[FLOW_TABLE_SHOWN];
    size_t widths[FLOW_TABLE_SHOWN];
    size_t shown_count;
    struct buf raw, cell, cut; /* scratch: not yet escaped, escaped, cut to its width */
};

/* With the columns that are shown when none are named; a narrow terminal does without some. */
void flow_table_init(struct flow_table *t, const struct redactor *redactor, bool colour,
                     uint32_t columns, int64_t now_s);
void flow_table_release(struct flow_table *t);
/* "time,status,url". BAD_INPUT with `error` (FLOW_TABLE_ERROR_TEXT): no such column. */
MUST_USE enum status flow_table_choose(struct flow_table *t, struct bytes list, char *error);
/* Append a line each. */
void flow_table_put_titles(struct flow_table *t, struct buf *out);
void flow_table_put_flow(struct flow_table *t, const struct flow *f, struct buf *out);
/* The columns there are, a line each. */
void flow_table_put_help(struct buf *out);

#endif
