/* filter_impl: what a filter is inside: a program in postfix order over its terms, for who
 * puts it to a store (sql_filter), and the same terms as a chain of jumps, which
 * filter_match() follows. Inner header of logs/. */
#ifndef WEIR_LOGS_FILTER_IMPL_H
#define WEIR_LOGS_FILTER_IMPL_H

#include "base/arena.h"
#include "logs/filter.h"
#include "logs/filter_keys.h"

enum filter_how {
    FILTER_CONTAINS,  /* TEXT: `text` stands in it, whatever the case */
    FILTER_EQUALS,    /* WORD, HOST, MIME: it equals `text`, whatever the case */
    FILTER_BELOW,     /* HOST: it ends in "." and `text` */
    FILTER_AT_BELOW,  /* HOST: either */
    FILTER_PART,      /* MIME: `text` is its type, subtype, suffix or short word */
    FILTER_MAJOR,     /* MIME: it starts with `text`, "image/" */
    FILTER_RANGE,     /* numbers: `from` <= it <= `to`; what is not known is -1, in none */
    FILTER_NAMED,     /* FIELD: one of name `text` is there */
    FILTER_NAMED_HAS, /* FIELD: and its value contains `part` */
    FILTER_PREFIX,    /* ID: the ULID starts with `text`, whatever the case */
    FILTER_ANY_BIT,   /* ANOMALY: a bit of `from` is set */
    FILTER_ONE_WORD,  /* CHOICE: `from` is an enum filter_word */
};

struct filter_value {
    enum filter_how how;
    struct bytes text, part; /* in lower case (ASCII) */
    int64_t from, to;        /* both included; durations and times in µs, sizes in bytes */
};

struct filter_term {
    enum filter_key key;
    bool negated;
    uint32_t value_count; /* any of them */
    struct filter_value *values;
    size_t at, len; /* where it stands in the source */
    /* Where filter_match() goes on: another term, FILTER_TAKES or FILTER_LEAVES. */
    uint32_t if_true, if_false;
};

enum { FILTER_TAKES = UINT16_MAX, FILTER_LEAVES = FILTER_TAKES - 1 };

/* There is no NOT: negations were moved into the terms, and AND and OR turned round
 * (De Morgan), so that to take a term for true where nothing is known of it yet gives
 * more flows, never fewer. */
enum filter_op { FILTER_OP_TERM, FILTER_OP_AND, FILTER_OP_OR };

struct filter_item {
    enum filter_op op; /* AND and OR take the two results before them */
    uint32_t term;     /* of OP_TERM: its place in `terms` */
};

struct filter {
    struct arena arena; /* holds all of it, this struct too */
    struct bytes text;
    struct filter_term *terms; /* in the order in which they are tried */
    struct filter_item *items;
    uint32_t term_count, item_count; /* 0: takes all */
};

/* ---- parsing ---- */

/* All of one kind of source: &fault with its place; BAD_INPUT or LIMIT. */
struct filter_reader {
    struct bytes in;
    size_t at;
    int64_t now_us;
    struct arena *arena;
    struct filter_fault *fault;
};

enum status filter_refuse(struct filter_reader *r, size_t at, size_t len, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A piece of a word from `r->at` on: until white space, the parenthesis that closes
 * what stands around the word, or, if `listed`, a comma; quotes are taken off. *ret_piece
 * lives in the arena. BAD_INPUT: a quote is open; NO_MEMORY. */
MUST_USE enum status filter_read_piece(struct filter_reader *r, bool listed,
                                       struct bytes *ret_piece);
/* The values of a term from `r->at` on. */
MUST_USE enum status filter_read_values(struct filter_reader *r, struct filter_term *term);
/* "10m", "2026-11-23", "2026-11-23T10:00[:30][Z]", "10:00" of the day of `now_us`, all UTC:
 * µs since 1970. BAD_INPUT. */
MUST_USE enum status filter_when(struct bytes text, int64_t now_us, int64_t *ret_us);

/* What is between the terms, as a tree with links to all sides, so that it is walked
 * without recursion. */
struct filter_node {
    enum filter_op op;
    enum filter_cost cost; /* the highest below */
    struct filter_term *term;
    uint32_t first_term; /* of all below it, where matching enters it */
    uint32_t if_true, if_false;
    struct filter_node *parent, *child, *last, *next;
};

/* Puts the tree in order, cheap parts first, and fills the filter from it. */
MUST_USE enum status filter_build(struct filter *f, struct filter_node *root, uint32_t terms);

/* ---- what a flow answers, the same for filter_match() and a store ---- */

/* Does `lower`, which is in lower case, stand in it, whatever its case? Linear. */
bool filter_contains(struct bytes in, struct bytes lower);
/* -1: not known. */
int64_t filter_size(const struct flow *f);
bool filter_value_host(const struct filter_value *v, struct bytes host);
/* `type` without parameters. */
bool filter_value_mime(const struct filter_value *v, struct bytes type);
bool filter_flow_is(const struct flow *f, enum filter_word word);

#endif
