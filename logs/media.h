/* media: what a Content-Type says about how content is shown (RFC 9110 §8.3). */
#ifndef WEIR_LOGS_MEDIA_H
#define WEIR_LOGS_MEDIA_H

#include "base/bytes.h"

enum media_kind {
    MEDIA_NONE, /* nothing is said */
    MEDIA_JSON,
    MEDIA_FORM,
    MEDIA_MULTIPART, /* multipart/form-data */
    MEDIA_TEXT,
    MEDIA_IMAGE, /* but SVG, which is text */
    MEDIA_OTHER,
};

/* "type/subtype" without parameters. */
struct bytes media_type(struct bytes content_type);
enum media_kind media_kind_of(struct bytes content_type);
/* The value of a parameter, without quotes; empty when there is none. */
struct bytes media_parameter(struct bytes content_type, struct bytes name);
/* A word for a narrow column: "json" "html" "png"; of an unknown type what is most
 * telling of its subtype, as it came; empty for none. */
struct bytes media_short(struct bytes content_type);
/* UTF-8 without a NUL: may be shown as text. `cut`: the end may be missing, so that a
 * code point may be incomplete there. */
bool media_is_text(struct bytes content, bool cut);

#endif
