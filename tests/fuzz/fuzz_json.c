/* JSON: valid text stays valid in both forms, and both hold the same. */
#include <stdlib.h>

#include "http/json.h"

#include "fuzz.h"

enum { OUT_BYTES = 4 * 1024 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_forms(struct bytes in)
{
    struct buf compact, indented, again;
    struct json_fault fault;

    buf_init(&compact, OUT_BYTES);
    buf_init(&indented, OUT_BYTES);
    buf_init(&again, OUT_BYTES);
    require(json_compact(in, &compact) == STATUS_OK && compact.len <= in.len);
    if (json_indent(in, &indented) == STATUS_OK) {
        require(json_check(buf_bytes(&indented), &fault) == STATUS_OK);
        require(json_compact(buf_bytes(&indented), &again) == STATUS_OK);
        require(bytes_equal(buf_bytes(&again), buf_bytes(&compact)));
    }
    buf_release(&compact);
    buf_release(&indented);
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);
    struct json_fault fault;

    if (json_check(in, &fault) == STATUS_OK)
        check_forms(in);
    else
        require(fault.at <= len && fault.line > 0 && fault.column > 0 && fault.sentence);
    (void)json_media_type(in);
    return 0;
}
