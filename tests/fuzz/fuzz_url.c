/* URLs: the parts lie in the input and add up to it; encoding can be undone. */
#include <stdlib.h>

#include "http/url.h"

#include "fuzz.h"

enum { OUT_BYTES = 1024 * 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_parts(struct bytes in, const struct url *u)
{
    size_t sum = 2 + u->authority_text.len + u->path.len; /* "//" */

    sum += u->scheme.len > 0 ? u->scheme.len + 1 : 0;
    sum += u->query.ptr ? u->query.len + 1 : 0;
    sum += u->fragment.ptr ? u->fragment.len + 1 : 0;
    require(sum == in.len);
}

static void check_query(struct bytes query)
{
    struct bytes name, value;
    size_t sum = 0, all = query.len;

    while (url_query_next(&query, &name, &value))
        sum += name.len + value.len;
    require(query.len == 0 && sum <= all);
}

static void check_percent(struct bytes in)
{
    struct buf encoded, decoded;

    buf_init(&encoded, OUT_BYTES);
    buf_init(&decoded, OUT_BYTES);
    percent_encode(in, "/?&=", &encoded);
    percent_decode(buf_bytes(&encoded), false, &decoded);
    if (!buf_status(&encoded) && !buf_status(&decoded))
        require(bytes_equal(buf_bytes(&decoded), in));
    buf_clear(&decoded);
    percent_decode(in, true, &decoded);
    require(decoded.len <= in.len);
    buf_release(&encoded);
    buf_release(&decoded);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);
    struct url u;

    if (url_parse(in, &u) == STATUS_OK) {
        check_parts(in, &u);
        check_query(u.query);
    }
    check_query(in);
    check_percent(in);
    return 0;
}
