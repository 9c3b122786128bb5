/* replacement: every place of a text where something stands, replaced. Lives in an
 * exchange's arena; what it points to in the ruleset that the exchange pins. */
#ifndef WEIR_RULES_REPLACEMENT_H
#define WEIR_RULES_REPLACEMENT_H

#include "base/arena.h"
#include "base/buf.h"

struct pattern;
struct pattern_set;

struct replacement {
    struct bytes find;             /* not empty; unless there is a pattern */
    const struct pattern *pattern; /* NULL: `find` */
    struct bytes with;
    struct pattern_set *patterns;
    int64_t (*tick_us)(void); /* as in struct rule_view */
    int64_t *left_us;         /* for the patterns of all replacements of the exchange */
};

/* *ret_out is `in` itself when nothing was found, when a pattern took too long, or when
 * the text would grow beyond a head's limit; else it lives in `a`. NO_MEMORY. */
MUST_USE enum status replacement_run(const struct replacement *r, struct arena *a, struct bytes in,
                                     struct bytes *ret_out);
/* The same of a text of any size, put to `out`. LIMIT: a pattern took too long, or `out` is full;
 * NO_MEMORY. */
MUST_USE enum status replacement_put(const struct replacement *r, struct bytes in, struct buf *out);

#endif
