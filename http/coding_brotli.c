/* br (RFC 7932). Its window is 16 MiB at most; the large-window variant is off. */
#include <brotli/decode.h>

#include "http/coding_decoder.h"

static enum status brotli_open(void **ret_state)
{
    BrotliDecoderState *b = BrotliDecoderCreateInstance(NULL, NULL, NULL);

    if (!b)
        return STATUS_NO_MEMORY;
    *ret_state = b;
    return STATUS_OK;
}

static enum status brotli_error(const BrotliDecoderState *b)
{
    BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(b);

    return code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES &&
                   code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES
               ? STATUS_NO_MEMORY
               : STATUS_BAD_INPUT;
}

static enum status brotli_step(void *state, struct bytes *in, uint8_t *out, size_t cap,
                               size_t *ret_len)
{
    BrotliDecoderState *b = state;
    size_t room = cap;
    BrotliDecoderResult result;

    *ret_len = 0;
    if (BrotliDecoderIsFinished(b))
        return in->len > 0 ? STATUS_BAD_INPUT : STATUS_END;
    result = BrotliDecoderDecompressStream(b, &in->len, &in->ptr, &room, &out, NULL);
    *ret_len = cap - room;
    switch (result) {
    case BROTLI_DECODER_RESULT_SUCCESS:
        return in->len > 0 ? STATUS_BAD_INPUT : STATUS_END;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT:
        return STATUS_OK;
    case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT:
        return STATUS_NEED_MORE;
    case BROTLI_DECODER_RESULT_ERROR:
        return brotli_error(b);
    }
    return STATUS_BAD_INPUT;
}

static void brotli_close(void *state)
{
    BrotliDecoderDestroyInstance(state);
}

const struct coding_decoder coding_decoder_brotli = {
    .open = brotli_open,
    .step = brotli_step,
    .close = brotli_close,
};
