/* records: the records of a file, one after the other and never all in memory: the lines
 * of a JSON Lines file, or the elements of log.entries of a HAR (1.2). The elements are
 * only cut out, not checked: whoever parses them does that. A record that is too large is
 * passed over, and the next one follows. */
#ifndef WEIR_CLI_RECORDS_H
#define WEIR_CLI_RECORDS_H

#include "base/buf.h"

enum {
    RECORD_BYTES = 64 * 1024 * 1024, /* of one record */
    RECORDS_BLOCK_BYTES = 64 * 1024,
    RECORDS_KEY_BYTES = 16,
};

enum records_kind {
    RECORDS_LINES,
    RECORDS_HAR,
    RECORDS_EITHER, /* whichever it is: told by its first bytes */
};

struct records {
    int fd;
    enum records_kind kind;
    uint64_t number; /* of the record at hand, from 1; of lines empty ones count too */
    struct buf item;
    uint8_t block[RECORDS_BLOCK_BYTES];
    size_t at, len;
    uint64_t bytes; /* read so far */
    /* of a HAR: where we are */
    uint32_t depth; /* arrays and objects that are open */
    uint32_t level; /* of log and entries, how many are open */
    bool in_string, escaped, collecting, found;
    char key[RECORDS_KEY_BYTES]; /* the last string outside of records; cut */
    uint32_t key_len;
};

/* "-" is standard input. RECORDS_EITHER is looked into at once: `kind` says then what it
 * is. STATUS_IO (errno). */
MUST_USE enum status records_open(struct records *r, const char *path, enum records_kind kind);
/* *ret_item lives until the next call. STATUS_END; LIMIT: the record is too large;
 * STATUS_IO; BAD_INPUT: the HAR has no log.entries, or ends too early; NO_MEMORY. */
MUST_USE enum status records_next(struct records *r, struct bytes *ret_item);
void records_close(struct records *r);

#endif
