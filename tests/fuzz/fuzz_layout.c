/* A text that weir reads is formatted as one that formatting leaves alone (that it
 * gives the same events is checked within), or it is refused, and nothing is written.
 * Any other text does no harm. */
#include <stdlib.h>

#include "config/layout.h"
#include "config/node.h"

#include "fuzz.h"

enum { ARENA_BYTES = 64 * 1024 * 1024, OUTPUT_BYTES = 64 * 1024 * 1024 };

static void require(bool ok)
{
    if (!ok)
        abort();
}

static bool reads(struct bytes text)
{
    struct source source = {.name = "fuzz", .text = text};
    struct node *root = NULL;
    struct diags diags;
    struct arena arena;
    enum status st;

    arena_init(&arena, ARENA_BYTES);
    diags_init(&diags);
    st = node_parse(&arena, &source, &diags, &root);
    diags_release(&diags);
    arena_release(&arena);
    return st == STATUS_OK;
}

static void require_settled(struct bytes text)
{
    struct buf again;

    buf_init(&again, OUTPUT_BYTES);
    require(layout_put(text, &again) == STATUS_OK);
    require(bytes_equal(text, buf_bytes(&again)));
    buf_release(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes text = bytes_make(data, len);
    struct buf out;
    enum status st;

    buf_init(&out, OUTPUT_BYTES);
    st = layout_put(text, &out);
    require(st != STATUS_OK || buf_status(&out) == STATUS_OK);
    require(st == STATUS_OK || out.len == 0);
    if (reads(text)) {
        require(st == STATUS_OK || st == STATUS_REFUSED || st == STATUS_LIMIT);
        if (st == STATUS_OK)
            require_settled(buf_bytes(&out));
    }
    buf_release(&out);
    return 0;
}
