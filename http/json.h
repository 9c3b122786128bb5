/* json: a scanner over JSON text (RFC 8259) that builds nothing: it says
 * whether the text is valid, and where it is not. The text must be UTF-8 without
 * a byte order mark (RFC 8259 §8.1). Names may be repeated; numbers may be of any
 * size; escapes of lone surrogates pass (§8.2). */
#ifndef WEIR_HTTP_JSON_H
#define WEIR_HTTP_JSON_H

#include "base/buf.h"

enum { JSON_DEPTH = 256 }; /* arrays and objects within each other */

struct json_fault {
    size_t at;             /* byte offset */
    uint32_t line, column; /* from 1; column counts code points */
    const char *sentence;  /* static */
};

/* STATUS_OK or STATUS_BAD_INPUT (then *ret_fault is set). Without recursion. */
MUST_USE enum status json_check(struct bytes in, struct json_fault *ret_fault);
/* Appends valid JSON on one line without white space outside strings; strings
 * and numbers stay as written. STATUS_BAD_INPUT when `in` is not valid (nothing
 * was appended); else the status of `out`. */
MUST_USE enum status json_compact(struct bytes in, struct buf *out);
/* The same, indented by two spaces. May be 256 times as long as `in`: the cap of
 * `out` decides. */
MUST_USE enum status json_indent(struct bytes in, struct buf *out);
/* Does a media type denote JSON: a subtype json or +json? */
bool json_media_type(struct bytes content_type);

#endif
