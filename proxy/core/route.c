#include "proxy/core/route.h"

#include <string.h>

#include "http/url.h"
#include "proxy/core/engine_impl.h"

static const struct via_entry *via_find(const struct settings *s, struct bytes host)
{
    const struct via_entry *fallback = NULL;

    for (uint32_t i = 0; i < s->via_count; i++) {
        const struct via_entry *v = &s->via[i];

        if (v->hosts.any)
            fallback = fallback ? fallback : v;
        else if (host_pattern_takes(&v->hosts, host))
            return v->direct ? NULL : v;
    }
    return fallback && !fallback->direct ? fallback : NULL;
}

/* An entry for the very port wins over one for every port. */
static const struct map_entry *map_find(const struct settings *s, struct bytes host, uint16_t port)
{
    const struct map_entry *any = NULL;

    for (uint32_t i = 0; i < s->map_count; i++) {
        const struct map_entry *m = &s->map[i];

        if (!bytes_equal(m->host, host))
            continue;
        if (m->port == port)
            return m;
        if (!m->port)
            any = m;
    }
    return any;
}

static const struct tls_identity *identity_find(const struct settings *s, struct bytes host)
{
    for (uint32_t i = 0; i < s->tls.cert_count; i++) {
        if (host_pattern_takes(&s->tls.certs[i].hosts, host))
            return s->tls.certs[i].identity;
    }
    return NULL;
}

static bool is_address(struct bytes host)
{
    struct sockaddr_storage a;

    return address_parse(host, 1, &a) == STATUS_OK;
}

/* The fixed part of a key; the texts follow it, each with its length before it. */
struct route_key_start {
    const void *identity, *via;
    uint16_t port, dial_port;
    uint8_t kind, verify;
};

/* Built by hand, not by printf: this stands on the path of every request. */
static enum status route_key(struct arena *a, struct route *r)
{
    const struct bytes texts[] = {r->host, r->sni, r->alpn, r->dial_host};
    struct route_key_start start;
    size_t len = sizeof(start);
    uint8_t *key, *at;

    memset(&start, 0, sizeof(start));
    start.identity = r->identity;
    start.via = r->via;
    start.port = r->port;
    start.dial_port = r->dial_port;
    start.kind = (uint8_t)r->kind;
    start.verify = r->verify;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        len += sizeof(uint16_t) + texts[i].len;
    if (len > ROUTE_KEY_BYTES)
        return STATUS_LIMIT;
    key = at = arena_alloc(a, len);
    if (!key)
        return STATUS_NO_MEMORY;
    memcpy(at, &start, sizeof(start));
    at += sizeof(start);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        uint16_t text_len = (uint16_t)texts[i].len;

        memcpy(at, &text_len, sizeof(text_len));
        at += sizeof(text_len);
        if (text_len)
            memcpy(at, texts[i].ptr, text_len);
        at += text_len;
    }
    r->key = bytes_make(key, len);
    r->hash = bytes_hash(r->key, 0);
    return STATUS_OK;
}

enum status route_make(struct engine *e, struct arena *a, enum route_kind kind,
                       const struct target *target, struct bytes sni, struct route *ret_route)
{
    const struct settings *s = e->settings;
    const struct map_entry *map = map_find(s, target->host, target->port);
    struct route r = {.kind = kind, .host = target->host, .port = target->port};
    enum status st;

    r.dial_host = map ? map->to_host : target->host;
    r.dial_port = map && map->to_port ? map->to_port : target->port;
    /* A mapped host is where the map says; other proxies know nothing of it. */
    r.via = map ? NULL : via_find(s, target->host);
    if (r.via) {
        r.dial_host = r.via->host;
        r.dial_port = r.via->port;
    }
    if (kind == ROUTE_HTTPS) {
        r.verify = !host_list_has(&s->tls.no_verify, target->host);
        r.identity = identity_find(s, target->host);
        r.sni = sni.len ? sni : target->host;
        if (is_address(r.sni))
            r.sni = (struct bytes){0};
        r.alpn = BYTES("\x08http/1.1");
    }
    st = route_key(a, &r);
    if (!st)
        *ret_route = r;
    return st;
}

enum status route_copy(struct arena *a, const struct route *from, struct route *ret_route)
{
    struct route r = *from;
    struct bytes *const texts[] = {&r.host, &r.sni, &r.alpn, &r.dial_host, &r.key};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        if (!texts[i]->len)
            continue;
        *texts[i] = arena_copy(a, *texts[i]);
        if (!texts[i]->ptr)
            return STATUS_NO_MEMORY;
    }
    *ret_route = r;
    return STATUS_OK;
}
