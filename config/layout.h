/* layout: formats YAML. Only what stands between the tokens changes: two spaces for
 * each level, one space after `-` `:` `,`, { a: b } and [a, b], at most one empty line in
 * a row, nothing at the ends of lines. Comments stay: behind a text in their column if
 * they can, else at the level they stood at. Line breaks and quotes stay. Texts of several
 * lines move with their level. */
#ifndef WEIR_CONFIG_LAYOUT_H
#define WEIR_CONFIG_LAYOUT_H

#include "base/buf.h"

/* Appends the formatted text; formatting that again changes nothing. `text` is UTF-8,
 * such as node_parse() reads. The result was read again: it gives the same events, and
 * no byte but blanks and line breaks was added or lost.
 * STATUS_BAD_INPUT  it is no YAML
 * STATUS_REFUSED    the result would mean something else
 * STATUS_LIMIT      nested deeper than a configuration may be
 * STATUS_NO_MEMORY, or the status of `out` */
MUST_USE enum status layout_put(struct bytes text, struct buf *out);

/* layout_check.c: is one text the other but for its layout, or a byte order mark? STATUS_REFUSED:
 * no; STATUS_BAD_INPUT: the first one is no YAML. */
MUST_USE enum status layout_check(struct bytes before, struct bytes after);

#endif
