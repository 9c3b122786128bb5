/* punycode: the encoding of RFC 3492, one label at a time. Inner header of http/. */
#ifndef WEIR_HTTP_PUNYCODE_H
#define WEIR_HTTP_PUNYCODE_H

#include "base/buf.h"

/* Appends the encoding of `count` code points, without "xn--" (RFC 3492 §6.3).
 * `count` is at most HOST_LABEL_BYTES, so that no sum can overflow.
 * STATUS_BAD_INPUT when it is more; else the status of `out`. */
MUST_USE enum status punycode_encode(const uint32_t *code_points, size_t count, struct buf *out);

#endif
