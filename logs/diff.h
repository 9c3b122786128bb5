/* diff: what is different between two flows, or between what came and what went on within
 * one: start lines, heads field by field, bodies by structure when both are JSON, else by
 * lines, else as a fact. Secrets are redacted before they are compared: the same
 * secret has the same pseudonym, so equality stays visible. docs/stats.md has its words. */
#ifndef WEIR_LOGS_DIFF_H
#define WEIR_LOGS_DIFF_H

#include "logs/flow.h"
#include "logs/redact.h"

enum {
    DIFF_ENTRIES = 10000,                 /* told at most */
    DIFF_CONTENT_BYTES = 8 * 1024 * 1024, /* of a body that is looked into, decoded */
    DIFF_FIELDS = 4096,                   /* of a head */
    DIFF_LINES = 50000,                   /* of a text */
    DIFF_EDITS = 1000,                    /* lines put and taken, before it gives up */
    DIFF_CONTEXT_LINES = 3,
    DIFF_JSON_VALUES = 200000,                   /* of both texts, taken apart */
    DIFF_JSON_SCANNED_BYTES = 128 * 1024 * 1024, /* in all: what is deep is passed often */
    DIFF_BYTES = 192 * 1024 * 1024,
};

/* What is compared: `a_sent` takes what went on rather than what came. */
struct diff_ask {
    const struct flow *a, *b;
    bool a_sent, b_sent;
    bool request, response;
    bool bodies; /* a record has one body a message: as it came */
    struct redactor redactor;
};

enum diff_place {
    DIFF_LINE,    /* "method" "url" "version" "status" "reason" */
    DIFF_HEADER,  /* a field's name */
    DIFF_TRAILER, /* likewise */
    DIFF_JSON,    /* "$.user.name"; before and after are JSON */
    DIFF_TEXT,    /* a line: `a_line` and `b_line` say which */
    DIFF_BODY,    /* a body as a whole; before and after are words about it */
};
enum diff_change {
    DIFF_ADDED,
    DIFF_REMOVED,
    DIFF_CHANGED,
    DIFF_MOVED, /* a field: the same among others in another order */
    DIFF_KEPT,  /* a line of text around others that are different */
};

struct diff_entry {
    enum http_side side;
    enum diff_place place;
    enum diff_change change;
    struct bytes name, before, after; /* not escaped; in the arena or in a flow */
    uint32_t a_line, b_line;          /* from 1; 0: not there */
    struct diff_entry *next;
};

struct diff {
    struct arena arena;
    struct diff_entry *first, *last;
    uint32_t count;
    bool cut; /* there are more differences than DIFF_ENTRIES */
};

/* The flows and what they hold live at least as long as the diff.
 * NO_MEMORY. Bounded in time and memory whatever the flows hold. */
MUST_USE enum status diff_flows(const struct diff_ask *ask, struct diff *ret_diff);
void diff_release(struct diff *d);
bool diff_equal(const struct diff *d);

struct diff_style {
    bool colour, utf8;
};
/* For people, with timings side by side; and as one JSON object on a line. */
void diff_put_text(const struct diff *d, const struct diff_ask *ask, const struct diff_style *style,
                   struct buf *out);
void diff_put_json(const struct diff *d, const struct diff_ask *ask, struct buf *out);

#endif
