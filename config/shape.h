/* shape: what a mistake looks like in the text of a YAML file. YAML's own errors
 * say what a parser wanted; these functions find what the writer meant, so that a
 * diagnostic can name the text that needs quotes. All places are byte offsets, and
 * no range leaves its line. */
#ifndef WEIR_CONFIG_SHAPE_H
#define WEIR_CONFIG_SHAPE_H

#include "config/diag.h"

struct range {
    size_t from, to;
};

/* The byte at `at`, or NUL past the end. */
uint8_t shape_at(struct bytes text, size_t at);
bool shape_is_blank(uint8_t c); /* a space, a tab, the end of a line or of the text */

/* The line that holds `at`, without its end and without blanks at both ends. */
struct range shape_line(struct bytes text, size_t at);
/* The last line with text above the one of `at`; an empty range when there is none. */
struct range shape_line_above(struct bytes text, size_t at);

/* Where the value that holds `at` starts: after "key: ", "- ", or within { } and
 * [ ] after the bracket or comma. `in_flow`: the line starts within brackets. */
size_t shape_value_start(struct bytes text, size_t at, bool in_flow);
/* Where the text that starts at `from` ends: at the end of its line or at a
 * comment, and in_flow at the comma or bracket that ends it; not before `least`. */
size_t shape_value_end(struct bytes text, size_t from, size_t least, bool in_flow);
/* The place of the bracket that the one at `at` closes, on the same line and
 * nothing but a value before it; `at` itself when there is none. */
size_t shape_opener(struct bytes text, size_t at);

/* The line and column of an offset, and back. Both walk from the start of the
 * text; a byte order mark there takes no column. */
struct mark shape_mark(struct bytes text, size_t at);
size_t shape_offset(struct bytes text, struct mark at);
/* Code points in a range. */
uint32_t shape_width(struct bytes text, struct range range);

/* A text in single quotes, ready to be pasted, cut when it is long. */
struct quoted {
    char text[2 * EXCERPT_BYTES + 2];
};
struct quoted shape_quoted(struct bytes in);
struct bytes shape_bytes(struct bytes text, struct range range);

#endif
