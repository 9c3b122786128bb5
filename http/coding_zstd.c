/* zstd (RFC 8878, any number of frames). */
#include <stdlib.h>

#include <zstd.h>
#include <zstd_errors.h>

#include "http/coding_decoder.h"

enum { WINDOW_LOG_MAX = 23 }; /* 8 MiB, what RFC 9659 §3 asks decoders to hold */

struct zstd_state {
    ZSTD_DStream *stream;
    bool ended; /* the last frame is complete */
};

static void zstd_close(void *state)
{
    struct zstd_state *z = state;

    if (z)
        (void)ZSTD_freeDStream(z->stream);
    free(z);
}

static enum status zstd_open(void **ret_state)
{
    struct zstd_state *z = calloc(1, sizeof(*z));

    if (!z)
        return STATUS_NO_MEMORY;
    z->stream = ZSTD_createDStream();
    if (!z->stream ||
        ZSTD_isError(ZSTD_DCtx_setParameter(z->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        zstd_close(z);
        return STATUS_NO_MEMORY;
    }
    *ret_state = z;
    return STATUS_OK;
}

static enum status zstd_error(size_t code)
{
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
        return STATUS_NO_MEMORY;
    case ZSTD_error_frameParameter_windowTooLarge:
        return STATUS_LIMIT;
    default:
        return STATUS_BAD_INPUT;
    }
}

static enum status zstd_step(void *state, struct bytes *in, uint8_t *out, size_t cap,
                             size_t *ret_len)
{
    struct zstd_state *z = state;
    ZSTD_inBuffer from = {in->ptr, in->len, 0};
    ZSTD_outBuffer to = {out, cap, 0};
    size_t code;

    *ret_len = 0;
    if (z->ended && in->len == 0)
        return STATUS_END;
    code = ZSTD_decompressStream(z->stream, &to, &from);
    *ret_len = to.pos;
    *in = bytes_from(*in, from.pos);
    if (ZSTD_isError(code))
        return zstd_error(code);
    z->ended = code == 0;
    if (in->len > 0 || to.pos == to.size)
        return STATUS_OK;
    return z->ended ? STATUS_END : STATUS_NEED_MORE;
}

const struct coding_decoder coding_decoder_zstd = {
    .open = zstd_open,
    .step = zstd_step,
    .close = zstd_close,
};
