/* diff_impl: for the files of diff_. Inner header of logs/. */
#ifndef WEIR_LOGS_DIFF_IMPL_H
#define WEIR_LOGS_DIFF_IMPL_H

#include "logs/diff.h"

/* Appends a copy of `entry`, whose bytes stay where they are; beyond DIFF_ENTRIES only
 * `cut` is set. NO_MEMORY. */
MUST_USE enum status diff_add(struct diff *d, const struct diff_entry *entry);
/* Heads or trailers; either may be NULL. Values are redacted on the way. */
struct diff_fields {
    enum http_side side;
    enum diff_place place;
    const struct fields *a, *b;
};
MUST_USE enum status diff_put_fields(struct diff *d, const struct diff_fields *of,
                                     const struct redactor *redactor);
/* Both are JSON without white space outside strings, in the arena.
 * LIMIT: more than DIFF_JSON_VALUES values or DIFF_JSON_SCANNED_BYTES would have to be
 * looked at; some entries may be
 * there already. */
MUST_USE enum status diff_json(struct diff *d, enum http_side side, struct bytes a, struct bytes b);
/* Texts in the arena. Where they are too long or too different for a diff by lines,
 * the first line that is different is told. */
MUST_USE enum status diff_text(struct diff *d, enum http_side side, struct bytes a, struct bytes b);

#endif
