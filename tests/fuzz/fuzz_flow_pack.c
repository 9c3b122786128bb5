/* Records of a store: any bytes are refused or make a flow, and the flow's own packed
 * form is read back to the same bytes. What was read can be shown. */
#include <stdlib.h>
#include <string.h>

#include "http/json.h"
#include "logs/flow_make.h"
#include "logs/flow_pack.h"
#include "logs/jsonl_format.h"

#include "fuzz.h"

enum { PACKED_BYTES = 16 * 1024 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static struct buf pack(const struct flow *f)
{
    struct buf out;

    buf_init(&out, PACKED_BYTES);
    require(flow_pack(f, &out) == STATUS_OK);
    return out;
}

static void show(const struct flow *f)
{
    const struct redactor redactor = {.on = true};
    struct jsonl_format format;
    struct json_fault fault;
    struct buf line;

    jsonl_format_init(&format, &redactor);
    buf_init(&line, PACKED_BYTES);
    require(jsonl_put_flow(&format, f, &line) == STATUS_OK);
    require(json_check(buf_bytes(&line), &fault) == STATUS_OK);
    buf_release(&line);
    jsonl_format_release(&format);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct flow *f, *again;
    struct buf once, twice;

    if (flow_unpack(bytes_make(data, len), &f))
        return 0;
    show(f);
    once = pack(f);
    require(flow_unpack(buf_bytes(&once), &again) == STATUS_OK);
    twice = pack(again);
    require(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    buf_release(&once);
    buf_release(&twice);
    flow_free(again);
    flow_free(f);
    return 0;
}
