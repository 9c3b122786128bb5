/* store_impl: what store.c, store_write.c, store_keep.c and store_space.c share. Inner
 * header. */
#ifndef WEIR_LOGS_STORE_IMPL_H
#define WEIR_LOGS_STORE_IMPL_H

#include "logs/store.h"
#include "logs/store_batch.h"

/* A statement for each row of store_statements.def, prepared when the file is opened. */
enum store_statement {
#define STATEMENT(id, sql) STORE_##id,
#include "logs/store_statements.def"
#undef STATEMENT
    STORE_STATEMENTS
};

struct store {
    struct store_settings settings;
    struct store_facts *facts;
    struct store_file file;
    sqlite3_stmt *statements[STORE_STATEMENTS];
    struct store_batch batch;
    struct filter_scratch scratch;
    int64_t class_keys[KEEP_CLASSES]; /* in the file, of settings.keep.classes */
    int64_t last_number;
    int64_t used;          /* bytes of the file that are, after the last commit */
    uint64_t flows;        /* in the file */
    int64_t oldest;        /* below this number nothing is of class 0 */
    int64_t journal_pages; /* after the last commit */
    bool fts_look;         /* flows are gone: full-text tables may have become idle */
    bool fts_gone;         /* there may be tables that are out of use */
    bool vacuumed;         /* pages were given back, and the file is not shorter yet */
    bool failing;          /* the last commit did not succeed */
    bool damaged;          /* the file is to be replaced */
    bool doubt;            /* whether the last transaction was committed */
    bool tight;            /* no free pages are left in the file */
    uint32_t squeezed;     /* so many flows went in, or did not, when the disk was full */
    bool bare;             /* what is being written goes without its bodies */
    uint64_t lost_bodies;  /* of what is being written */
    char notice[STORE_ERROR_TEXT], told[STORE_ERROR_TEXT], error[STORE_ERROR_TEXT];
};

/* Runs a statement whose parameters are bound, to its end; NO_MEMORY, LIMIT (the disk is
 * full), IO, with store_error(). */
MUST_USE enum status store_run(struct store *s, enum store_statement id);
/* One row of it, whose first column is *ret_value; NOT_FOUND: there is none. */
MUST_USE enum status store_ask(struct store *s, enum store_statement id, int64_t *ret_value);
/* What SQLite answered, as a status; writes down why. */
enum status store_failure(struct store *s, int code);
/* BEGIN, after which it is certain what earlier ones did; then COMMIT, or ROLLBACK if `st`
 * is a failure: answers it, or that of COMMIT. */
MUST_USE enum status store_begin(struct store *s);
MUST_USE enum status store_end(struct store *s, enum status st);
/* store_write.c: writes what waits in the batch, in one transaction, or as much of it as the
 * disk has room for: then it answers LIMIT. */
MUST_USE enum status store_write(struct store *s);
/* The first so many rows of the batch are in the file. */
void store_rows_stored(struct store *s, uint32_t number);
/* store_keep.c: the classes' keys in the file; what a flow is put down under. */
MUST_USE enum status store_keep_classes(struct store *s);
int64_t store_keep_class(struct store *s, const struct flow *f);
/* So many flows are no longer in the file. */
void store_flows_removed(struct store *s, uint64_t number);
/* store_space.c: one step of giving back what is no longer used. */
MUST_USE enum status store_give_back(struct store *s, bool *ret_more);
/* The oldest full-text table goes, if all of them take more than that. */
MUST_USE enum status store_retire_index(struct store *s, int64_t most_bytes, bool *ret_retired);
/* One step of dropping those that are to go. */
MUST_USE enum status store_drop_index(struct store *s, bool *ret_more);
/* Bytes of the file in use, and all of them. */
MUST_USE enum status store_measure(struct store *s, int64_t *ret_used, int64_t *ret_bytes);

#endif
