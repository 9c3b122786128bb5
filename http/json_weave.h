/* json_weave: writes a JSON text anew with the members that a tree of aims names
 * set, added or removed. All other bytes stay as they are. For the other files of
 * json_. */
#ifndef WEIR_HTTP_JSON_WEAVE_H
#define WEIR_HTTP_JSON_WEAVE_H

#include "http/json_aim.h"

/* Appends `in`, which json_check() has found valid and in which json_aims_mark()
 * has found the aims, to `out`.
 * - A member that is set keeps its place, and of repeated ones the last is meant;
 *   a new one follows the last of its object, in its style.
 * - One that is removed takes with it its comma and the white space on its side; all
 *   of that name go.
 * - An aim with children that finds no container there writes them as a new object,
 *   without those that would be removed (RFC 7396 §2).
 * `top`, which was found, is where to begin: only what stands at it and below it is
 * changed and looked at; all before and behind is copied.
 * One scan of that part; the status of `out`. */
MUST_USE enum status json_weave(const struct json_aims *aims, const struct json_aim *top,
                                struct bytes in, struct buf *out);

#endif
