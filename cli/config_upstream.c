/* The upstream section: which proxy to go through, and which other address to take. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/config.h"
#include "http/url.h"

enum { VIA_ENTRIES = 4096 };

/* Where via entries are gathered. */
struct via_list {
    struct config *config;
    struct via_entry *items;
    uint32_t count, cap;
};

static enum status via_push(struct via_list *l, const struct via_entry *e)
{
    if (l->count == l->cap)
        return STATUS_LIMIT;
    l->items[l->count++] = *e;
    return STATUS_OK;
}

static enum status arena_host(struct config *c, struct bytes host, struct bytes *ret_host)
{
    struct buf b;
    enum status st;

    buf_init(&b, HOST_BYTES + 1);
    st = host_normalise(host, &b);
    if (!st) {
        *ret_host = arena_copy(&c->arena, buf_bytes(&b));
        st = ret_host->ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buf_release(&b);
    return st;
}

/* "user:password@" of a URL as a value of Proxy-Authorization. */
static enum status via_credentials(struct config *c, struct bytes authority,
                                   struct bytes *ret_credentials)
{
    ptrdiff_t end = bytes_find(authority, '@');
    struct buf decoded, value;
    enum status st;

    if (end < 0)
        return STATUS_OK;
    buf_init(&decoded, 1024);
    buf_init(&value, 4096);
    percent_decode(bytes_until(authority, (size_t)end), false, &decoded);
    buf_put_text(&value, "Basic ");
    text_put_base64(&value, buf_bytes(&decoded));
    st = buf_status(&decoded) ? buf_status(&decoded) : buf_status(&value);
    if (!st) {
        *ret_credentials = arena_copy(&c->arena, buf_bytes(&value));
        st = ret_credentials->ptr ? STATUS_OK : STATUS_NO_MEMORY;
    }
    buf_release(&decoded);
    buf_release(&value);
    return st;
}

/* "http://[user:password@]host[:port]". */
static enum status via_parse(struct config *c, struct bytes text, struct via_entry *e)
{
    struct url url;
    enum status st = url_parse(text, &url);

    if (st)
        return st;
    if (!bytes_equal_icase(url.scheme, BYTES("http")))
        return STATUS_UNSUPPORTED;
    e->port =
        url.authority.port < 0 ? url_default_port(BYTES("http")) : (uint16_t)url.authority.port;
    st = arena_host(c, url.authority.host, &e->host);
    return st ? st : via_credentials(c, url.authority_text, &e->credentials);
}

static enum status refuse_via(struct config *c, const struct node *n, enum status st)
{
    if (st == STATUS_NO_MEMORY)
        return st;
    if (st == STATUS_LIMIT)
        node_error(&c->diags, n, "there are too many proxies");
    else if (st == STATUS_UNSUPPORTED)
        node_error(&c->diags, n, "a proxy is spoken to by http:// only in this version");
    else
        node_error(&c->diags, n, "this is no proxy: write direct, env or http://host:port");
    return STATUS_BAD_CONFIG;
}

/* ---- the environment's variables ---- */

static const char *first_set(const struct config *c, const char *const *names)
{
    for (; *names; names++) {
        const char *value = c->reader.getenv(*names);

        if (value && value[0])
            return value;
    }
    return NULL;
}

/* Hosts that NO_PROXY names, with all below them, as curl reads it. */
static enum status via_no_proxy(struct via_list *l)
{
    static const char *const names[] = {"no_proxy", "NO_PROXY", NULL};
    struct bytes list = bytes_of(first_set(l->config, names)), name;

    while (bytes_next_listed(&list, &name)) {
        struct via_entry e = {.direct = true};
        enum status st = host_pattern_parse(&l->config->arena, name, &e.hosts);

        if (st == STATUS_NO_MEMORY)
            return st;
        if (st) /* a range of addresses, or a host with its port */
            continue;
        e.hosts.subdomains = true;
        st = via_push(l, &e);
        if (st)
            return st;
    }
    return STATUS_OK;
}

/* `hosts`: whom it is for. A proxy of HTTPS is taken for all, when they differ. */
static enum status via_environment(struct via_list *l, const struct host_pattern *hosts)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy",
                                        "ALL_PROXY",   "http_proxy",  NULL};
    const char *proxy = first_set(l->config, names);
    struct via_entry e = {.hosts = *hosts, .direct = !proxy};
    enum status st = via_no_proxy(l);

    if (!st && proxy)
        st = via_parse(l->config, bytes_of(proxy), &e);
    return st ? st : via_push(l, &e);
}

/* ---- the key ---- */

static enum status via_add(struct via_list *l, const struct node *n,
                           const struct host_pattern *hosts)
{
    struct via_entry e = {.hosts = *hosts};
    struct bytes text = BYTES_INIT("");
    enum status st = config_text(&l->config->reader, n, &text);

    if (st)
        return st;
    if (bytes_equal(text, BYTES("env")))
        st = via_environment(l, hosts);
    else {
        e.direct = bytes_equal(text, BYTES("direct"));
        if (!e.direct)
            st = via_parse(l->config, text, &e);
        if (!st)
            st = via_push(l, &e);
    }
    return st ? refuse_via(l->config, n, st) : STATUS_OK;
}

static enum status via_add_host(struct via_list *l, const struct node *n)
{
    struct host_pattern hosts;
    enum status st = host_pattern_parse(&l->config->arena, n->key, &hosts);

    if (!st)
        return via_add(l, n, &hosts);
    if (st != STATUS_NO_MEMORY)
        node_key_error(&l->config->diags, n, "this is no host: write a.test or .a.test");
    return st == STATUS_NO_MEMORY ? st : STATUS_BAD_CONFIG;
}

/* The first match counts, so `default` comes last wherever it stands. */
static enum status join_via(struct config *c)
{
    const struct host_pattern any = {.any = true};
    const struct node *n = c->values.via, *otherwise = NULL;
    struct via_list l = {.config = c, .cap = VIA_ENTRIES};
    enum status all = STATUS_OK, st = STATUS_OK;

    if (!n)
        return STATUS_OK;
    l.items = arena_alloc(&c->arena, l.cap * sizeof(*l.items));
    if (!l.items)
        return STATUS_NO_MEMORY;
    if (n->kind != NODE_MAP)
        otherwise = n;
    for (const struct node *i = n->kind == NODE_MAP ? n->first : NULL; i; i = i->next) {
        if (bytes_equal(i->key, BYTES("default")))
            otherwise = i;
        else if ((st = via_add_host(&l, i)))
            all = st;
    }
    if (otherwise && (st = via_add(&l, otherwise, &any)))
        all = st;
    c->settings.via = l.items;
    c->settings.via_count = l.count;
    return all;
}

/* ---- map ---- */

static enum status map_parse(struct config *c, const struct node *n, struct map_entry *ret_entry)
{
    struct map_entry e = {.port = 0};
    struct authority from, to;
    struct bytes text = BYTES_INIT("");
    enum status st = config_text(&c->reader, n, &text);

    if (st)
        return st;
    if (authority_parse(n->key, &from) || from.userinfo) {
        node_key_error(&c->diags, n, "this is no host: write a.test, a.test:443 or '[::1]:443'");
        return STATUS_BAD_CONFIG;
    }
    if (authority_parse(text, &to) || to.userinfo) {
        node_error(&c->diags, n,
                   "this is no address: write 127.0.0.1:9443, '[::1]:9443' or a host");
        return STATUS_BAD_CONFIG;
    }
    e.port = from.port < 0 ? 0 : (uint16_t)from.port;
    e.to_port = to.port < 0 ? 0 : (uint16_t)to.port;
    st = arena_host(c, from.host, &e.host);
    if (!st)
        st = arena_host(c, to.host, &e.to_host);
    if (!st)
        *ret_entry = e;
    return st;
}

static enum status join_map(struct config *c)
{
    const struct node *map = c->values.map;
    enum status all = STATUS_OK;

    if (!map)
        return STATUS_OK;
    if (map->kind != NODE_MAP) {
        node_error(&c->diags, map, "map wants hosts and addresses: api.test: 127.0.0.1:9443");
        return STATUS_BAD_CONFIG;
    }
    c->settings.map = arena_alloc(&c->arena, (map->count + 1) * sizeof(*c->settings.map));
    if (!c->settings.map)
        return STATUS_NO_MEMORY;
    for (const struct node *n = map->first; n; n = n->next) {
        enum status st = map_parse(c, n, &c->settings.map[c->settings.map_count]);

        if (st)
            all = st;
        else
            c->settings.map_count++;
    }
    return all;
}

enum status config_join_upstream(struct config *c)
{
    enum status via = join_via(c), map = join_map(c);

    return via ? via : map;
}
