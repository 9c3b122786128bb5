/* h1_writer: heads and trailers as bytes. Untouched lines are written as they
 * came, byte for byte; framing is always weir's own. RFC 9112 §3–6. */
#ifndef WEIR_HTTP_H1_WRITER_H
#define WEIR_HTTP_H1_WRITER_H

#include "http/h1_reader.h"

enum { HTTP_HEAD_OUT_BYTES = 1024 * 1024 }; /* a head written, rules having added to it */

/* What is done with Content-Length and Transfer-Encoding. */
enum h1_frame {
    H1_FRAME_NONE,   /* neither is written */
    H1_FRAME_AS_IS,  /* they stay as they stand: an answer to HEAD, a 304 */
    H1_FRAME_LENGTH, /* Content-Length: plan.length, in its place and spelling if one stood there */
    H1_FRAME_CHUNKED, /* Transfer-Encoding as it stood if it ends in chunked, else appended */
};

struct h1_plan {
    enum h1_frame frame;
    uint64_t length;
    bool close;      /* add Connection: close */
    bool keep_alive; /* add Connection: keep-alive, for HTTP/1.0 */
};

/* The bytes lie in the scratch until the next call. STATUS_BAD_INPUT for a line
 * made by us that would break out of its place (a CR, LF or NUL, a name that is
 * no token); STATUS_LIMIT over HTTP_HEAD_OUT_BYTES. */
MUST_USE enum status h1_write_head(struct h1_scratch *s, const struct head *h,
                                   const struct h1_plan *plan, struct bytes *ret_bytes);
/* The last chunk with its trailers. Those that may not stand there are left out. */
MUST_USE enum status h1_write_trailers(struct h1_scratch *s, const struct fields *trailers,
                                       struct bytes *ret_bytes);

#endif
