/* coding: content codings (RFC 9110 §8.4), decoded for looking only; the wire
 * bytes of a message are never touched. Rows: codings.def; what a decoder is:
 * coding_decoder.h. All layers run at once through windows of a few KiB, so that
 * no layer's output is ever held whole but the last one's. */
#ifndef WEIR_HTTP_CODING_H
#define WEIR_HTTP_CODING_H

#include "base/buf.h"

enum {
    CODING_OUT_BYTES = 16 * 1024 * 1024,  /* the most that is decoded */
    CODING_RATIO = 100,                   /* the most that input may expand, per layer chain */
    CODING_RATIO_FLOOR_BYTES = 64 * 1024, /* outputs under this are not judged by ratio */
    CODING_LAYERS = 3,
};

/* Is it one that coding_decode() undoes, or identity? Any case. */
bool coding_known(struct bytes name);
/* Decodes `in` by the Content-Encoding value `codings` (last listed first) and
 * appends to `out`. gzip x-gzip deflate (zlib or raw) br zstd identity, in any
 * case. The caps hold for the output of every layer, against in.len; those of
 * `out` hold too. An empty `in` is an empty content, whatever its codings.
 * STATUS_OK; STATUS_TRUNCATED: the input ended early, `out` has what came;
 * STATUS_LIMIT: size, ratio, layers or a zstd window over 8 MiB (RFC 9659 §3),
 * `out` has what fitted; STATUS_BAD_INPUT: not valid, or bytes after its end,
 * `out` has what came before; STATUS_UNSUPPORTED: a coding is not known, nothing
 * was appended; STATUS_NO_MEMORY. */
MUST_USE enum status coding_decode(struct bytes codings, struct bytes in, struct buf *out);

#endif
