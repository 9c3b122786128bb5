/* ClientHellos: what is read stays within the message, and bytes that hold a whole
 * hello are never refused when they are cut short. */
#include <stdlib.h>
#include <string.h>

#include "tls/client_hello.h"

#include "fuzz.h"

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void require_within(const struct buf *scratch, struct bytes part)
{
    require(part.len == 0 ||
            (part.ptr >= scratch->ptr && part.ptr + part.len <= scratch->ptr + scratch->len));
}

/* OK when the cut is behind the hello. */
static void check_cuts(struct bytes in, struct buf *scratch)
{
    struct client_hello hello;

    for (size_t cut = 0; cut < in.len; cut += 1 + in.len / 16) {
        enum status st = client_hello_parse(bytes_until(in, cut), scratch, &hello);

        require(st == STATUS_NEED_MORE || st == STATUS_OK);
    }
}

static void check_hello(const struct client_hello *hello, const struct buf *scratch)
{
    require_within(scratch, hello->sni);
    require_within(scratch, hello->alpn);
    require(strlen(hello->ja4) == 36);
    require(hello->ja4[10] == '_' && hello->ja4[23] == '_');
    if (hello->alpn.len)
        require(alpn_list_has(hello->alpn, bytes_make(hello->alpn.ptr + 1, hello->alpn.ptr[0])));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);
    struct client_hello hello;
    struct buf scratch;
    enum status st;

    buf_init(&scratch, 2 * CLIENT_HELLO_BYTES);
    st = client_hello_parse(in, &scratch, &hello);
    if (st == STATUS_OK) {
        check_hello(&hello, &scratch);
        check_cuts(in, &scratch);
    } else {
        require(st == STATUS_NEED_MORE || st == STATUS_UNSUPPORTED || st == STATUS_BAD_MESSAGE ||
                st == STATUS_LIMIT);
    }
    require(!alpn_list_has(in, BYTES("")));
    buf_release(&scratch);
    return 0;
}
