/* h1_chunked: takes the chunked transfer coding off, in any cuts. Content is
 * handed out where it lies; extensions are dropped. RFC 9112 §7.1. */
#ifndef WEIR_HTTP_H1_CHUNKED_H
#define WEIR_HTTP_H1_CHUNKED_H

#include "base/bytes.h"

enum h1_chunk_state {
    H1_CHUNK_FIRST_DIGIT,
    H1_CHUNK_DIGITS,
    H1_CHUNK_BLANKS, /* after the size */
    H1_CHUNK_EXTENSION,
    H1_CHUNK_LINE_LF,
    H1_CHUNK_DATA,
    H1_CHUNK_DATA_CR,
    H1_CHUNK_DATA_LF,
    H1_CHUNK_LAST, /* the line of size 0 is behind; trailers follow */
};

struct h1_chunked {
    enum h1_chunk_state state;
    bool forgives;       /* blanks after the size pass, and are marked */
    bool untidy;         /* they did */
    uint8_t digits;      /* of the size, so far */
    uint32_t line_bytes; /* of the chunk line, so far */
    uint64_t left;       /* bytes of the chunk still to come */
};

void h1_chunked_init(struct h1_chunked *d, bool forgives);
/* Takes bytes off *in.
 * STATUS_OK           *ret_data is a run of content, never empty
 * STATUS_NEED_MORE    all of *in was taken
 * STATUS_END          the last chunk's line was taken; *in begins with the trailers
 * STATUS_BAD_MESSAGE  not chunked as the RFC has it, or a line over HTTP_CHUNK_LINE_BYTES */
MUST_USE enum status h1_chunked_next(struct h1_chunked *d, struct bytes *in,
                                     struct bytes *ret_data);

#endif
