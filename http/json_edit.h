/* json_edit: changes JSON text in place: every byte that is not named stays as it
 * is: white space, order, the spelling of numbers and strings, repeated names.
 *
 * What is new stands at the end of its object or array, in its style: with the white
 * space the last member has before it, so on a line of its own where members stand so.
 * What is removed takes its comma and the white space on its side with it.
 * Names compare decoded. Of repeated names the last one is changed; all are removed.
 *
 * All functions append to `out`; texts are borrowed. Their statuses:
 * STATUS_BAD_INPUT  `in`, the value or the patch is not valid JSON
 * STATUS_NOT_FOUND  nothing stands where the change is to be made
 * STATUS_LIMIT      the result would be deeper than JSON_DEPTH, a patch has too many
 *                   values, or `out` is full
 * STATUS_NO_MEMORY
 * Nothing was appended on BAD_INPUT and NOT_FOUND. Without recursion; time linear in
 * the length of `in`, times the logarithm of the members of a patch. */
#ifndef WEIR_HTTP_JSON_EDIT_H
#define WEIR_HTTP_JSON_EDIT_H

#include "base/buf.h"
#include "http/json_path.h"

enum { JSON_MERGE_VALUES = 65536 }; /* values in a merge patch */

/* Replaces the value at `path`, or adds it to the object, or to the array when the
 * last step is its length or "-". What holds it must be there. */
MUST_USE enum status json_set(struct bytes in, const struct json_path *path, struct bytes value,
                              struct buf *out);
/* The whole text cannot be removed: STATUS_BAD_INPUT. */
MUST_USE enum status json_remove(struct bytes in, const struct json_path *path, struct buf *out);
/* A JSON Merge Patch (RFC 7396 §2). New members come in the patch's order; their
 * objects are written without white space. */
MUST_USE enum status json_merge(struct bytes in, struct bytes patch, struct buf *out);

/* ---- for json_patch.c --------------------------------------------------- */

enum json_edit_kind {
    JSON_EDIT_SET,
    JSON_EDIT_ADD,     /* sets, but in an array inserts before the element */
    JSON_EDIT_REPLACE, /* sets what is there already */
    JSON_EDIT_REMOVE,
};

struct json_edit {
    enum json_edit_kind kind;
    const struct json_path *path;
    struct bytes value; /* valid, without white space around it */
};

/* One edit of text that is known to be valid. The sentence, static, tells what is
 * wrong with BAD_INPUT, NOT_FOUND and a depth over the limit. */
MUST_USE enum status json_edit_apply(struct bytes in, const struct json_edit *edit, struct buf *out,
                                     const char **ret_sentence);

#endif
