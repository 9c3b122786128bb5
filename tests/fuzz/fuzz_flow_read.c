/* A record of a HAR or of JSON Lines, as `weir import` takes it. What is read of it is
 * written and read again: from then on nothing may change. */
#include <stdlib.h>
#include <string.h>

#include "logs/flow_read.h"
#include "logs/har_format.h"

#include "fuzz.h"

enum { OUT_BYTES = 256 * 1024 * 1024 };

typedef enum status read_function(struct bytes json, uint64_t number, struct flow **ret_flow,
                                  const char **ret_fault);
typedef void put_function(const struct flow *f, struct buf *out);

static const struct redactor redactor = {.on = true, .key = "0123456789abcdef"};

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void put_entry(const struct flow *f, struct buf *out)
{
    struct har_format h;

    har_format_init(&h, &redactor);
    require(har_put_flow(&h, f, out) == STATUS_OK);
    har_format_release(&h);
}

static void put_line(const struct flow *f, struct buf *out)
{
    struct jsonl_format j;

    jsonl_format_init(&j, &redactor);
    require(jsonl_put_flow(&j, f, out) == STATUS_OK);
    jsonl_format_release(&j);
}

/* Reads the text and writes what it has: false when that cannot be read. */
static bool turn(read_function *read, put_function *put, struct bytes in, struct buf *out)
{
    const char *fault = NULL;
    struct flow *f = NULL;
    enum status st = read(in, 1, &f, &fault);

    require(st == STATUS_OK || st == STATUS_END || (st == STATUS_BAD_INPUT && fault));
    if (st)
        return false;
    require(strlen(f->id) == FLOW_ID_TEXT - 1 && f->reason && f->sentence);
    put(f, out);
    flow_free(f);
    return true;
}

static void goes_round(read_function *read, put_function *put, struct bytes in)
{
    struct buf first, second;

    buf_init(&first, OUT_BYTES);
    buf_init(&second, OUT_BYTES);
    if (turn(read, put, in, &first)) {
        require(turn(read, put, buf_bytes(&first), &second));
        require(bytes_equal(buf_bytes(&first), buf_bytes(&second)));
    }
    buf_release(&first);
    buf_release(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);

    goes_round(flow_read_har, put_entry, in);
    goes_round(flow_read_jsonl, put_line, in);
    return 0;
}
