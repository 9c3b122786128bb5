/* node_read: the inside of node_parse(). One pass of libyaml over the text builds
 * the tree (node_read.c). When libyaml gives up, node_explain.c says why in words
 * of the file, and often which text should have been quoted; then that text is
 * blanked out and another pass goes on, so that all mistakes come out at once. */
#ifndef WEIR_CONFIG_NODE_READ_H
#define WEIR_CONFIG_NODE_READ_H

#include <yaml.h>

#include "config/node.h"
#include "config/shape.h"

/* A list or map that is not finished. Offsets are bytes of the text. */
struct node_frame {
    struct node *node, *last;
    size_t from;
    bool flow;        /* written with brackets */
    bool is_key;      /* stands where a key should */
    bool has_key;     /* a map, and its next value belongs to the key below */
    bool key_refused; /* that value is read, and left out */
    bool key_plain;
    struct bytes key;
    struct mark key_at;
    struct range key_range;
    struct range last_range; /* of the last value, when it was plain; else empty */
    struct range bare_key;   /* the first key without a colon */
    struct range bare;       /* it and those after it, with the value before them */
    bool bare_open;          /* the last entry belongs to it */
};

struct node_reader {
    struct arena *arena;
    const struct source *source;
    struct bytes original; /* the source without its byte order mark */
    struct bytes text;     /* what libyaml reads: the same, with mistakes blanked out */
    struct diags *diags;   /* of this pass */
    yaml_parser_t yaml;
    struct node_frame frames[CONFIG_DEPTH];
    uint32_t depth, nodes;
    struct node *root;
    bool documented;     /* a document has started */
    bool spoiled;        /* the tree does not hold what was meant */
    size_t cursor_index; /* code points, and the same place in bytes */
    size_t cursor_offset;
};

/* One pass; the diagnostics, text, arena and source are set by the caller.
 * STATUS_OK           the tree is whole, see `spoiled` and the diagnostics
 * STATUS_BAD_INPUT    libyaml gave up: node_explain(), then node_read_end()
 * STATUS_BAD_CONFIG   hopeless, and said so
 * STATUS_NO_MEMORY */
MUST_USE enum status node_read(struct node_reader *p);
void node_read_end(struct node_reader *p);
/* The byte offset of a place that libyaml counted in code points. */
size_t node_read_offset(struct node_reader *p, size_t index);
void node_read_report(struct node_reader *p, enum diag_level level, struct range range,
                      const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Says why libyaml gave up. True: blank out *ret_range and try again. */
bool node_explain(struct node_reader *p, struct range *ret_range);

/* node_text.c: refuses a text that is no YAML file whatever stands in it: too
 * large, not UTF-8, with control characters. */
MUST_USE enum status node_check_text(const struct source *source, struct diags *diags,
                                     struct bytes *ret_text);
/* node_keys.c: reports keys that stand twice in a map. */
MUST_USE enum status node_check_keys(const struct node *map, struct diags *diags);

#endif
