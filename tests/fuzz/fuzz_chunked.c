/* The chunked decoder: the first byte says whether it forgives, the second in
 * what pieces it is fed. Content, verdict and place must be those of the whole. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "http/h1_chunked.h"

#include "fuzz.h"

enum { CONTENT_BYTES = 16 * 1024 * 1024 };

struct outcome {
    struct buf content;
    enum status status;
    size_t used;
    bool untidy;
};

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void decode(struct outcome *o, struct bytes in, size_t piece, bool forgives)
{
    struct h1_chunked d;

    *o = (struct outcome){.status = STATUS_NEED_MORE};
    buf_init(&o->content, CONTENT_BYTES);
    h1_chunked_init(&d, forgives);
    while (o->used < in.len && o->status == STATUS_NEED_MORE) {
        struct bytes part = bytes_until(bytes_from(in, o->used), piece), data;
        size_t before = part.len;

        while ((o->status = h1_chunked_next(&d, &part, &data)) == STATUS_OK) {
            require(data.len > 0);
            buf_put(&o->content, data);
        }
        require(o->status != STATUS_NEED_MORE || part.len == 0);
        o->used += before - part.len;
    }
    o->untidy = d.untidy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct outcome whole, cut;
    struct bytes in;

    if (len < 2)
        return 0;
    in = bytes_make(data + 2, len - 2);
    decode(&whole, in, in.len, data[0] & 1);
    decode(&cut, in, 1 + data[1] % 16, data[0] & 1);
    require(whole.status == cut.status && whole.used == cut.used && whole.untidy == cut.untidy);
    require(bytes_equal(buf_bytes(&whole.content), buf_bytes(&cut.content)));
    require(whole.content.len <= in.len);
    buf_release(&whole.content);
    buf_release(&cut.content);
    return 0;
}
