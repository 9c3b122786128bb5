/* filter: one grammar for all who choose among flows: `weir log`, `keep`, `expect`, and
 * the page. docs/filters.md has it. A filter is parsed once, and asked of flows without
 * allocation; sql_filter.h puts it to a store. */
#ifndef WEIR_LOGS_FILTER_H
#define WEIR_LOGS_FILTER_H

#include "logs/flow.h"

enum {
    FILTER_TEXT_BYTES = 4096, /* of its source */
    FILTER_TERMS = 256,
    FILTER_DEPTH = 32,  /* of parentheses */
    FILTER_VALUES = 64, /* in a list between commas */
    FILTER_FAULT_TEXT = 256,
};

struct filter; /* opaque, immutable: any thread may ask it */

/* What is wrong with the source, and where in it: bytes. The text may hold some of the
 * source as it came: filter_put_fault() makes it safe for a terminal. */
struct filter_fault {
    size_t at, len;
    char text[FILTER_FAULT_TEXT]; /* "no such key 'stauts'; did you mean 'status'?" */
};

/* `now_us` (since 1970) is what "since:10m" counts from. An empty text takes all flows.
 * BAD_INPUT with *ret_fault filled; LIMIT likewise; NO_MEMORY. */
MUST_USE enum status filter_parse(struct bytes text, int64_t now_us, struct filter **ret_filter,
                                  struct filter_fault *ret_fault);
void filter_free(struct filter *f); /* NULL is fine */
/* The source as it was given. */
struct bytes filter_text(const struct filter *f);
/* Scratch of one who asks; bodies are decoded into it at most once a flow. */
struct filter_content {
    bool known;
    struct bytes view; /* points into the flow or into `decoded` */
    struct buf decoded;
};
struct filter_scratch {
    struct filter_content request, response;
    const struct flow *flow; /* whose they are, with its id and what was captured of it */
    char id[FLOW_ID_TEXT];
    int64_t captured_bytes;
    struct buf text; /* of a URL */
};
void filter_scratch_init(struct filter_scratch *s);
void filter_scratch_release(struct filter_scratch *s);
/* What it knows of a flow is good as long as that is there. Whoever frees flows says so before
 * the next: the same one, read again, may lie where it lay, and its body elsewhere. */
void filter_scratch_forget(struct filter_scratch *s);
/* A part of a body beyond what was captured is not looked at. */
bool filter_match(const struct filter *f, const struct flow *flow, struct filter_scratch *s);
/* "error: …" with the source and a caret under the place; as all errors of weir. */
void filter_put_fault(const struct filter_fault *fault, struct bytes text, bool colour,
                      struct buf *out);

#endif
