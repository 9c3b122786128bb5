/* store: the writing side of a store of flows, an SQLite file. Flows are put down in
 * memory and written together by store_commit(), in one transaction. One writer to a file;
 * of one thread. docs/store.md tells of the file; query.h reads it. */
#ifndef WEIR_LOGS_STORE_H
#define WEIR_LOGS_STORE_H

#include <stdatomic.h>

#include "logs/filter.h"
#include "logs/sink.h"
#include "logs/store_file.h"

enum {
    KEEP_CLASSES = 16,
    STORE_JOURNAL_MOST_BYTES = 512 * 1024 * 1024, /* of a journal that a reader holds on to */
};

/* How long flows are kept. */
struct keep_class {
    struct filter *filter; /* flows that it takes; owned by who made the settings */
    int64_t age_us;        /* are kept so long; 0: for ever */
};

struct keep {
    int64_t age_us;                          /* of all others; 0: for ever */
    int64_t size_bytes;                      /* of all together; 0: no limit */
    struct keep_class classes[KEEP_CLASSES]; /* the first that takes a flow decides */
    uint32_t class_count;
};

struct store_settings {
    const char *path;
    bool own_place; /* see store_file.h */
    /* SHA-256, of 32 bytes; see store_body.h */
    enum status (*digest)(struct bytes content, uint8_t *ret_digest);
    struct keep keep;           /* filters are borrowed for the store's life */
    int64_t journal_most_bytes; /* 0: STORE_JOURNAL_MOST_BYTES */
};

/* What it tells of itself, to any thread. */
struct store_facts {
    _Atomic uint64_t stored;      /* flows of commits that succeeded, since it was opened */
    _Atomic uint64_t lost_flows;  /* that could not be kept */
    _Atomic uint64_t lost_bodies; /* of flows that were */
    _Atomic uint64_t removed;     /* flows that retention took away */
    _Atomic uint64_t flows;       /* in the file */
    _Atomic uint64_t bytes;       /* of the file, without its journal */
    /* Somebody wants all that is too old removed and all space given back, soon; and how
     * often that has been done. */
    _Atomic bool tidy_asked;
    _Atomic uint64_t tidied;
};

struct store; /* opaque; heap */

/* `facts` is borrowed. As store_file_open(), and NO_MEMORY. */
MUST_USE enum status store_open(const struct store_settings *settings, struct store_facts *facts,
                                char *error, struct store **ret_store);
/* What was not committed is gone, and counted as lost. NULL is fine. */
void store_close(struct store *s);
/* What people should hear of; "" when there is nothing; once. */
const char *store_notice(struct store *s);

/* Nothing of the flow is kept in use. LIMIT: too much waits for a commit; NO_MEMORY: the
 * flow is lost, and counted. */
MUST_USE enum status store_put(struct store *s, const struct flow *f);
/* Flows that somebody else could not keep: they are missing before the next one. */
void store_gap(struct store *s, const struct log_gap *gap);
/* Is anything put down, and enough of it for a commit to pay? */
bool store_pending(const struct store *s);
bool store_full(const struct store *s);
/* Makes lasting what was put down. On failure what could not be written still waits, for
 * another commit or for store_drop(); of a disk that is nearly full, flows take what there
 * is, without their bodies if need be. LIMIT: the disk is full, or the journal, since a reader
 * holds it; IO; NO_MEMORY. A file found damaged is replaced by a new one. */
MUST_USE enum status store_commit(struct store *s);
/* Gives up what waits, and counts it as lost. */
void store_drop(struct store *s);
const char *store_error(const struct store *s); /* of the last failure, for people */

/* One step of retention, of a few milliseconds: takes away flows that are too old or too
 * many, then gives free space back. *ret_more: there is more to be done. LIMIT, IO,
 * NO_MEMORY. */
MUST_USE enum status store_keep(struct store *s, int64_t now_us, bool *ret_more);
/* One step of the full-text index (store_fts.h). As store_keep(). */
MUST_USE enum status store_index(struct store *s, bool *ret_more);
/* From now on store_keep() gives back all free space, or leaves some for the next flows. */
void store_keep_tight(struct store *s, bool tight);
/* There is so much that taking away must not wait for an idle moment. */
bool store_over(const struct store *s);
/* All of that space, at once. */
MUST_USE enum status store_shrink(struct store *s);
/* What store_keep() would take away by now, without doing it: flows, and about how many
 * bytes. IO. */
struct keep_plan {
    uint64_t flows, bytes;
};
MUST_USE enum status store_keep_plan(struct store *s, int64_t now_us, struct keep_plan *ret_plan);
/* Looks through the whole file for damage. BAD_INPUT: some was found; store_error(). */
MUST_USE enum status store_check(struct store *s);

#endif
