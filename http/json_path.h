/* json_path: the way to one value within JSON text. */
#ifndef WEIR_HTTP_JSON_PATH_H
#define WEIR_HTTP_JSON_PATH_H

#include "base/arena.h"

enum { JSON_PATH_STEPS = 64 }; /* names and indexes of a path */

/* Indexes that are none: a step that is no number, and the "-" of a pointer, which
 * stands behind the last element (RFC 6901 §4). */
#define JSON_NO_INDEX SIZE_MAX
#define JSON_END_INDEX (SIZE_MAX - 1)

/* A step is a name in an object and an index in an array. */
struct json_step {
    struct bytes name;
    size_t index; /* from 0, or one of the above */
};

/* No step: the whole text. */
struct json_path {
    const struct json_step *steps; /* in the arena */
    size_t count;
};

/* Both read a path into `arena`; `text` need not stay.
 * STATUS_BAD_INPUT with a static sentence in *ret_sentence, or STATUS_NO_MEMORY.
 *
 * `items.0.sku`: steps between dots; \. and \\ stand for a dot and a backslash in a
 * name. No step is empty; so there is none for the whole text. */
MUST_USE enum status json_path_dotted(struct arena *arena, struct bytes text,
                                      struct json_path *ret_path, const char **ret_sentence);
/* RFC 6901: `/items/0/sku`, ~0 for ~ and ~1 for /; "" is the whole text. */
MUST_USE enum status json_path_pointer(struct arena *arena, struct bytes text,
                                       struct json_path *ret_path, const char **ret_sentence);

/* Does every value at or below `path` stand below `above`, and not at it? */
bool json_path_below(const struct json_path *path, const struct json_path *above);
bool json_path_equal(const struct json_path *a, const struct json_path *b);

/* Finds the value at `path` in text that json_check() has found valid (in other text
 * it may find anything in it), as it is written there. Names compare decoded; of
 * repeated names the last one counts. One scan of the text, no memory.
 * STATUS_NOT_FOUND. */
MUST_USE enum status json_find(struct bytes in, const struct json_path *path,
                               struct bytes *ret_value);

#endif
