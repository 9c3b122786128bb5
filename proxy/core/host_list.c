#include "proxy/core/settings.h"

#include "http/url.h"

bool host_pattern_takes(const struct host_pattern *p, struct bytes host)
{
    if (p->any || bytes_equal(p->host, host))
        return true;
    return p->subdomains && host.len > p->host.len && bytes_ends_with(host, p->host) &&
           host.ptr[host.len - p->host.len - 1] == '.';
}

bool host_list_has(const struct host_list *l, struct bytes host)
{
    for (uint32_t i = 0; i < l->count; i++) {
        if (host_pattern_takes(&l->items[i], host))
            return true;
    }
    return false;
}

enum status host_pattern_parse(struct arena *a, struct bytes text, struct host_pattern *ret_pattern)
{
    struct host_pattern p = {0};
    struct buf name;
    enum status st;

    if (bytes_equal(text, BYTES("*"))) {
        *ret_pattern = (struct host_pattern){.any = true};
        return STATUS_OK;
    }
    if (text.len > 1 && text.ptr[0] == '.') {
        p.subdomains = true;
        text = bytes_from(text, 1);
    }
    buf_init(&name, HOST_BYTES + 3);
    st = host_normalise(text, &name);
    if (!st) {
        p.host = arena_copy(a, buf_bytes(&name));
        if (!p.host.ptr)
            st = STATUS_NO_MEMORY;
    }
    buf_release(&name);
    if (!st)
        *ret_pattern = p;
    return st;
}
