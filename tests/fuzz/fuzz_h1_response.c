/* Responses on a connection: the first byte says how it stands and what was
 * asked, the second where the rest is cut. */
#include "fuzz.h"
#include "fuzz_h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const char *const methods[] = {"GET", "HEAD", "CONNECT", "UPGRADE"};

    if (len < 2)
        return 0;

    struct player_setup setup = {
        .side = HTTP_RESPONSE,
        .limits = fuzz_limits(data[0] & 1, data[0] & 2),
        .from_http10 = data[0] & 4,
        .silent = (data[0] & 0xc8) == 8,
        .eof = data[0] & 16,
        .cut = data[0] & 32,
        .method = methods[data[0] >> 6],
    };

    fuzz_play(&setup, bytes_make(data + 2, len - 2), data[1]);
    return 0;
}
