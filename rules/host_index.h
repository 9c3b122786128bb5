/* host_index: from a host and a path to the few rules that may match them, in file
 * order. A hash of the host's suffixes at label boundaries finds the rules of this
 * host, of its parents and of every host; among them a hash of the path's first
 * segments finds those whose pattern starts with the same ones. What it gives may
 * be too much (a hash is no proof), never too little. Immutable; lives in an arena. */
#ifndef WEIR_RULES_HOST_INDEX_H
#define WEIR_RULES_HOST_INDEX_H

#include "rules/match.h"

enum {
    INDEX_DEPTH = 8,  /* segments of a path that are looked at */
    INDEX_LISTS = 64, /* that one request may touch; when it is more, all rules are asked */
};

struct index_list {
    const uint32_t *at, *end; /* rule numbers, ascending */
};

struct host_index;

/* What is to be indexed: the i-th of `count`. */
struct index_source {
    uint32_t rule;
    const struct match *match;
};

/* `by_path` false: of hosts alone. `sources` are in file order. */
MUST_USE enum status host_index_new(struct arena *arena, const struct index_source *sources,
                                    uint32_t count, bool by_path,
                                    const struct host_index **ret_index);

/* The rules found, as lists to be merged. */
struct index_walk {
    uint32_t count;
    struct index_list lists[INDEX_LISTS];
};

/* `path` without the query; ptr NULL: none. */
void index_walk_init(struct index_walk *w, const struct host_index *index, struct bytes host,
                     struct bytes path);
/* The least rule number from `from` on, or UINT32_MAX; `from` never goes back. */
uint32_t index_walk_next(struct index_walk *w, uint32_t from);

#endif
