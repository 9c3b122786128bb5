/* Requests on a connection: the first byte says how it stands, the second where
 * the rest is cut. */
#include "fuzz.h"
#include "fuzz_h1.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    if (len < 2)
        return 0;

    struct player_setup setup = {
        .side = HTTP_REQUEST,
        .limits = fuzz_limits(data[0] & 1, data[0] & 2),
        .unanswered = data[0] & 4,
        .switches = data[0] & 8,
        .eof = data[0] & 16,
        .cut = data[0] & 32,
        .method = "GET",
    };

    fuzz_play(&setup, bytes_make(data + 2, len - 2), data[1]);
    return 0;
}
