/* flow_read: a flow of a record's JSON: an entry of a HAR (1.2) of anybody's, or a line of
 * weir's own (jsonl_format.h). What weir wrote is read back whole: written again it is the
 * same. Nothing in it is trusted: names and values of fields that HTTP does not allow are
 * left out, and numbers stay within reason. */
#ifndef WEIR_LOGS_FLOW_READ_H
#define WEIR_LOGS_FLOW_READ_H

#include "logs/flow_make.h"

enum {
    FLOW_READ_DEPTH = 256,          /* arrays and objects within each other */
    FLOW_READ_FIELDS = 4096,        /* in a head */
    FLOW_READ_VALUES = 1024 * 1024, /* in a record: each takes some 250 bytes while it is read */
};

/* `number` is the record's in its file: a record without an id of weir's gets one made of
 * its time, its text and its number, so that it has the same when it is read again. The
 * flow is the caller's, to be freed by flow_free().
 * END: no exchange over HTTP (a gap record; a data: URL); BAD_INPUT, with *ret_fault, static,
 * saying what is wrong; NO_MEMORY. */
MUST_USE enum status flow_read_har(struct bytes json, uint64_t number, struct flow **ret_flow,
                                   const char **ret_fault);
MUST_USE enum status flow_read_jsonl(struct bytes json, uint64_t number, struct flow **ret_flow,
                                     const char **ret_fault);

#endif
