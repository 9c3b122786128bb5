/* pattern: PCRE2 patterns, searched within bounds. A search goes in slices of
 * PATTERN_SLICE start positions, each under a match, depth and heap limit; between
 * the slices the clock is read, if there is one. A search that was ended so is a
 * non-match, and counted. Patterns are UTF-8, unanchored; subjects may be any bytes.
 *
 * A pattern is immutable. What a search needs to write stands on a desk, taken of
 * the set for one thread's use and given back. */
#ifndef WEIR_RULES_PATTERN_H
#define WEIR_RULES_PATTERN_H

#include "base/buf.h"

enum {
    PATTERN_BYTES = 4096,
    PATTERN_GROUPS = 64,             /* the whole match is the first */
    PATTERN_SLICE = 64,              /* start positions of one call of PCRE2 */
    PATTERN_BRIEF_SLICE = 8,         /* the same on a loop, whose time is short */
    PATTERN_BRIEF_STEPS = 20 * 1000, /* match limit of such a slice, at most */
    PATTERN_STEPS = 1000,    /* match limit of a slice, plus four for each byte of the subject */
    PATTERN_DEPTH = 10000,   /* depth limit */
    PATTERN_HEAP_KIB = 1024, /* heap limit */
    PATTERN_JIT_BYTES = 512 * 1024, /* JIT stack, at most */
    PATTERNS_JIT = 1000,            /* compiled to machine code, since each costs about 0.1 ms */
    PATTERN_LITERAL = 32,           /* bytes kept of a text that every match holds */
    PATTERN_SUBJECT = 128 * 1024,   /* bytes of a text made for searching: a URL, a decoded value */
    PATTERN_CONTENT = 8 * 1024 * 1024, /* bytes of what is searched at all */
};

struct rule_compiler;
struct rule_text;
struct pattern;
struct pattern_set; /* owns the patterns' code, and the desks */

MUST_USE enum status pattern_set_new(struct pattern_set **ret_set);
void pattern_set_free(struct pattern_set *set);
/* Searches ended by a limit so far. */
uint64_t pattern_set_gave_up(const struct pattern_set *set);

struct pattern_desk {
    struct buf text; /* for the caller: a text made for searching */
    struct buf url;  /* for the caller: the URL of the request at hand */
    int64_t (*tick_us)(void);
    int64_t end_us; /* by that clock */
    bool over;      /* the time is up: every further search gives up */
    bool brief;     /* for the caller: on a loop; what takes long is over at once */
    uint32_t calls;
    struct pattern_tools *tools;
    struct pattern_desk *next;
};

/* NULL when out of memory. `budget_us` is for all searches until it is given back. */
struct pattern_desk *pattern_desk_take(struct pattern_set *set, int64_t (*tick_us)(void),
                                       int64_t budget_us);
void pattern_desk_return(struct pattern_set *set, struct pattern_desk *desk); /* NULL is fine */

/* Compiles `in`, the part of `text` after the '~'; named groups become captures of
 * the rule at hand. */
MUST_USE enum status pattern_parse(struct rule_compiler *c, const struct rule_text *text,
                                   struct bytes in, const struct pattern **ret_pattern);
/* Does the pattern name groups? */
bool pattern_captures(const struct pattern *p);
struct bytes pattern_text(const struct pattern *p); /* as written, without the ~ */

enum pattern_found { PATTERN_NO, PATTERN_YES, PATTERN_GAVE_UP, PATTERN_NO_MEMORY };
/* On YES writes the captures: slices of `subject`. */
enum pattern_found pattern_find(struct pattern_set *set, const struct pattern *p,
                                struct pattern_desk *desk, struct bytes subject,
                                struct bytes *captures);

/* Where a match stands, in bytes. */
struct pattern_span {
    size_t start, end;
};
/* The next match from span->end on, written to *span on YES. */
enum pattern_found pattern_find_span(struct pattern_set *set, const struct pattern *p,
                                     struct pattern_desk *desk, struct bytes subject,
                                     struct pattern_span *span);

/* The longest plain text of the pattern that every match surely holds, at most
 * PATTERN_LITERAL bytes written to `out`; 0 when none is known. pattern_literal.c */
size_t pattern_literal(struct bytes pattern, uint8_t *out);

#endif
