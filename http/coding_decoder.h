/* coding_decoder: what undoes one content coding, step by step. Inner header of
 * http/; used by coding.c alone. */
#ifndef WEIR_HTTP_CODING_DECODER_H
#define WEIR_HTTP_CODING_DECODER_H

#include "base/bytes.h"

struct coding_decoder {
    /* *ret_state is owned by the caller until close(). STATUS_NO_MEMORY. */
    enum status (*open)(void **ret_state);
    /* Takes bytes off the front of *in and writes at most `cap` bytes to `out`,
     * *ret_len of them, set on every return, failures too.
     * STATUS_OK         it did something, and there may be more to do: call again
     * STATUS_NEED_MORE  all of *in was taken and all of it written; more must come
     * STATUS_END        as NEED_MORE, but the content may well end here
     * STATUS_BAD_INPUT, STATUS_LIMIT, STATUS_NO_MEMORY  final */
    enum status (*step)(void *state, struct bytes *in, uint8_t *out, size_t cap, size_t *ret_len);
    void (*close)(void *state);
};

#define CODING(name, decoder) extern const struct coding_decoder coding_decoder_##decoder;
#include "http/codings.def"
#undef CODING

#endif
