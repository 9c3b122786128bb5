/* sql_filter: a filter as a condition for SQLite, over the table `flows` and the full-text
 * tables of a store. It takes every flow that the filter takes, and perhaps more: what
 * it takes is to be asked again, with filter_match(). Values are bound, never written
 * into the text. */
#ifndef WEIR_LOGS_SQL_FILTER_H
#define WEIR_LOGS_SQL_FILTER_H

#include <sqlite3.h>

#include "base/arena.h"
#include "logs/filter.h"

enum {
    SQL_FILTER_VALUES = 512,             /* bound in one condition; more are not looked at */
    SQL_FILTER_FIRST_VALUE = 10,         /* "?10": those below are for the rest of the statement */
    SQL_FILTER_BYTES = 16 * 1024 * 1024, /* of memory that one takes */
    SQL_FILTER_NO_INDEX = -1,
};

enum sql_value_kind { SQL_VALUE_NUMBER, SQL_VALUE_BYTES, SQL_VALUE_TEXT, SQL_VALUE_FILTER };

struct sql_value {
    enum sql_value_kind kind;
    int64_t number;
    struct bytes bytes; /* BYTES and TEXT; in `arena`, or in the filter */
    const void *filter; /* FILTER: a struct filter_value */
};

struct sql_filter {
    struct arena arena;
    const char *where; /* "1" when it takes all */
    struct sql_value values[SQL_FILTER_VALUES];
    uint32_t count;
    bool uses_index;
};

/* Lets a connection know the functions that conditions are made of. NO_MEMORY, IO. */
MUST_USE enum status sql_filter_install(sqlite3 *db);
/* With `index` the flows of that full-text table only; SQL_FILTER_NO_INDEX: without one.
 * `f` (NULL takes all) is borrowed as long as the condition is in use. NO_MEMORY. */
MUST_USE enum status sql_filter_make(const struct filter *f, int64_t index, struct sql_filter *s);
void sql_filter_release(struct sql_filter *s);
/* The values into a statement that has the condition. NO_MEMORY, IO. */
MUST_USE enum status sql_filter_bind(const struct sql_filter *s, sqlite3_stmt *stmt);
/* Does asking it take the flows' bodies? */
bool sql_filter_wants_bodies(const struct filter *f);

#endif
