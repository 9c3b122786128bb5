/* Authorities and hosts: what is accepted has one normal form, which is accepted
 * again, as the same kind, and stays as it is. */
#include <stdlib.h>

#include "http/url.h"

#include "fuzz.h"

enum { OUT_BYTES = 1024 };

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_normal(const struct authority *a)
{
    struct buf once, twice;
    struct authority again;

    buf_init(&once, OUT_BYTES);
    buf_init(&twice, OUT_BYTES);
    if (host_normalise(a->host, &once) == STATUS_OK) {
        require(once.len > 0 && once.len <= HOST_BYTES);
        require(host_normalise(buf_bytes(&once), &twice) == STATUS_OK);
        require(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
        if (a->kind != HOST_IPV6) {
            require(authority_parse(buf_bytes(&once), &again) == STATUS_OK);
            require(again.kind == a->kind);
        }
    } else {
        require(a->kind == HOST_NAME && once.len == 0);
    }
    buf_release(&once);
    buf_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct bytes in = bytes_make(data, len);
    struct authority a;
    struct buf out;

    if (authority_parse(in, &a) == STATUS_OK) {
        require(a.host.ptr >= data && a.host.ptr + a.host.len <= data + len);
        require(a.port == -1 || (a.port > 0 && a.port <= 65535));
        check_normal(&a);
    }
    buf_init(&out, OUT_BYTES);
    (void)!host_normalise(in, &out);
    buf_release(&out);
    return 0;
}
