/* json_patch: JSON Patch (RFC 6902), applied to text in place as json_edit.h tells. */
#ifndef WEIR_HTTP_JSON_PATCH_H
#define WEIR_HTTP_JSON_PATCH_H

#include "base/buf.h"
#include "http/json_path.h"

enum { JSON_PATCH_OPS = 256 }; /* operations of one patch */

enum json_op_kind {
    JSON_OP_ADD,
    JSON_OP_REMOVE,
    JSON_OP_REPLACE,
    JSON_OP_MOVE,
    JSON_OP_COPY,
    JSON_OP_TEST,
};

struct json_op {
    enum json_op_kind kind;
    struct json_path path;
    struct json_path from; /* of move and copy */
    struct bytes value;    /* of add, replace and test: valid JSON */
};

struct json_ops {
    const struct json_op *all; /* in the arena */
    size_t count;
};

struct json_patch_fault {
    size_t op;            /* from 1; 0: the patch as a whole */
    const char *sentence; /* static */
};

/* Reads a patch (RFC 6902 §3, §4) into `arena`; `text` need not stay. Members that the
 * RFC does not name are passed over; those it names stand once.
 * STATUS_BAD_INPUT or STATUS_LIMIT, *ret_fault then tells of the first fault; or
 * STATUS_NO_MEMORY. */
MUST_USE enum status json_ops_parse(struct arena *arena, struct bytes text,
                                    struct json_ops *ret_ops, struct json_patch_fault *ret_fault);

/* Applies all operations in their order and appends the result to `out`, or, when
 * one fails, nothing (RFC 6902 §5). On each failure *ret_fault is set:
 * STATUS_BAD_INPUT  `in` is not valid JSON
 * STATUS_NOT_FOUND  nothing stands where an operation leads
 * STATUS_REFUSED    a test met another value
 * STATUS_LIMIT      a text on the way is longer than `out` may be, or too deep; or a
 *                   test value is too large for json_value_equal()
 * STATUS_NO_MEMORY
 * Each operation costs a fixed number of scans of the text as it then is, which is
 * never longer than the cap of `out`; memory is up to three such texts. */
MUST_USE enum status json_patch(struct bytes in, const struct json_ops *ops, struct buf *out,
                                struct json_patch_fault *ret_fault);

#endif
