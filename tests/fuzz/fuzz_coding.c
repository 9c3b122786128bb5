/* Content codings: the first byte chooses the layers, the rest is the content.
 * Whatever comes, the output stays within its caps. */
#include <stdlib.h>

#include "http/coding.h"

#include "fuzz.h"

static const char *const codings[] = {
    "gzip",
    "deflate",
    "br",
    "zstd",
    "gzip, deflate",
    "br, gzip",
    "zstd, gzip",
    "zstd, zstd",
    "gzip, br",
    "br, br, br",
    "deflate, gzip, zstd",
    "gzip, gzip, gzip, gzip",
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    size_t allowed;
    struct buf out;
    enum status st;

    if (len == 0)
        return 0;
    allowed = (len - 1) * CODING_RATIO;
    if (allowed < CODING_RATIO_FLOOR_BYTES)
        allowed = CODING_RATIO_FLOOR_BYTES;
    buf_init(&out, CODING_OUT_BYTES);
    st = coding_decode(bytes_of(codings[data[0] % (sizeof(codings) / sizeof(codings[0]))]),
                       bytes_make(data + 1, len - 1), &out);
    if (out.len > allowed || buf_status(&out) || st == STATUS_NEED_MORE || st == STATUS_END)
        abort();
    buf_release(&out);
    return 0;
}
