/* gzip (RFC 1952, any number of members) and deflate (RFC 1950, or bare RFC 1951
 * as some servers send it). */
#include <limits.h>
#include <stdlib.h>

#define ZLIB_CONST /* next_in points to const */
#include <zlib.h>

#include "http/coding_decoder.h"

enum {
    WINDOW_GZIP = 15 + 16, /* inflateInit2's word for: gzip only */
    WINDOW_ZLIB = 15,
    WINDOW_RAW = -15,
    HEADER_BYTES = 2, /* enough to tell zlib from raw */
};

struct zlib_state {
    z_stream stream;
    bool gzip;
    bool running; /* inflateInit2 was called */
    bool ended;   /* the last member is complete */
    uint8_t header[HEADER_BYTES];
    size_t header_len; /* bytes of `header` that came */
    size_t header_fed; /* bytes of `header` that inflate() took */
};

static enum status zlib_open(bool gzip, void **ret_state)
{
    struct zlib_state *z = calloc(1, sizeof(*z));

    if (!z)
        return STATUS_NO_MEMORY;
    z->gzip = gzip;
    *ret_state = z;
    return STATUS_OK;
}

static enum status gzip_open(void **ret_state)
{
    return zlib_open(true, ret_state);
}

static enum status deflate_open(void **ret_state)
{
    return zlib_open(false, ret_state);
}

/* RFC 1950 §2.2: CM is 8, CINFO at most 7, and the two bytes divide by 31. */
static bool header_is_zlib(const uint8_t *header)
{
    return (header[0] & 0x0f) == 8 && header[0] >> 4 <= 7 && (header[0] << 8 | header[1]) % 31 == 0;
}

/* Takes the first bytes, which tell how to inflate the rest. */
static enum status zlib_start(struct zlib_state *z, struct bytes *in)
{
    int window = WINDOW_GZIP;

    while (z->header_len < HEADER_BYTES && in->len > 0) {
        z->header[z->header_len++] = in->ptr[0];
        *in = bytes_from(*in, 1);
    }
    if (z->header_len < HEADER_BYTES)
        return STATUS_NEED_MORE;
    if (!z->gzip)
        window = header_is_zlib(z->header) ? WINDOW_ZLIB : WINDOW_RAW;
    if (inflateInit2(&z->stream, window) != Z_OK)
        return STATUS_NO_MEMORY;
    z->running = true;
    return STATUS_OK;
}

/* One inflate() over `in`; says how much of it was taken. */
static int zlib_inflate(struct zlib_state *z, struct bytes in, uint8_t *out, size_t cap,
                        size_t *ret_taken, size_t *ret_len)
{
    uInt given = in.len > INT_MAX ? INT_MAX : (uInt)in.len;
    int code;

    z->stream.next_in = in.ptr;
    z->stream.avail_in = given;
    z->stream.next_out = out;
    z->stream.avail_out = cap > INT_MAX ? INT_MAX : (uInt)cap;
    code = inflate(&z->stream, Z_NO_FLUSH);
    *ret_taken = given - z->stream.avail_in;
    *ret_len = (size_t)(z->stream.next_out - out);
    return code;
}

static enum status zlib_step(void *state, struct bytes *in, uint8_t *out, size_t cap,
                             size_t *ret_len)
{
    struct zlib_state *z = state;
    struct bytes held;
    size_t taken;
    enum status st;
    int code;

    *ret_len = 0;
    if (!z->running) {
        st = zlib_start(z, in);
        if (st)
            return st;
    }
    if (z->ended) {
        if (in->len == 0)
            return STATUS_END;
        if (!z->gzip || inflateReset(&z->stream) != Z_OK)
            return STATUS_BAD_INPUT;
        z->ended = false;
    }
    held = bytes_make(z->header + z->header_fed, z->header_len - z->header_fed);
    code = zlib_inflate(z, held.len > 0 ? held : *in, out, cap, &taken, ret_len);
    if (held.len > 0)
        z->header_fed += taken;
    else
        *in = bytes_from(*in, taken);
    z->ended = code == Z_STREAM_END;
    if (code == Z_MEM_ERROR)
        return STATUS_NO_MEMORY;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR)
        return STATUS_BAD_INPUT;
    /* Z_BUF_ERROR is no progress: with room given, all input was used. */
    return code == Z_BUF_ERROR ? STATUS_NEED_MORE : STATUS_OK;
}

static void zlib_close(void *state)
{
    struct zlib_state *z = state;

    if (z && z->running)
        (void)inflateEnd(&z->stream);
    free(z);
}

const struct coding_decoder coding_decoder_gzip = {
    .open = gzip_open,
    .step = zlib_step,
    .close = zlib_close,
};

const struct coding_decoder coding_decoder_deflate = {
    .open = deflate_open,
    .step = zlib_step,
    .close = zlib_close,
};
