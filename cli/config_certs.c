/* tls.client_certs: certificates of our own to show to servers. */
#include <stdio.h>

#include "cli/config.h"

static enum status read_pem(struct config *c, const struct node *map, const char *key,
                            struct buf *out)
{
    const struct node *n = node_find(map, key);
    struct bytes name = BYTES_INIT("");
    char path[PATHS_TEXT];
    enum status st;

    if (!n) {
        node_error(&c->diags, map, "'%s' is missing: a file, as PEM", key);
        return STATUS_BAD_CONFIG;
    }
    st = config_text(&c->reader, n, &name);
    if (st)
        return st;
    st = path_absolute(c->folder, name, path);
    if (!st)
        st = file_read(path, out);
    if (!st || st == STATUS_NO_MEMORY)
        return st;
    node_error(&c->diags, n, "this file cannot be read");
    return STATUS_BAD_CONFIG;
}

static enum status check_keys(struct config *c, const struct node *map)
{
    static const char *const keys[] = {"cert", "key"};
    enum status st = STATUS_OK;

    for (const struct node *n = map->first; n; n = n->next) {
        if (bytes_equal(n->key, bytes_of(keys[0])) || bytes_equal(n->key, bytes_of(keys[1])))
            continue;
        config_unknown_key(&c->reader, n, keys, 2);
        st = STATUS_BAD_CONFIG;
    }
    return st;
}

static enum status load_identity(struct config *c, const struct node *map,
                                 struct tls_identity **ret_identity)
{
    struct buf cert, key;
    char error[TLS_ERROR_TEXT];
    enum status st;

    if (map->kind != NODE_MAP) {
        node_error(&c->diags, map, "a certificate is { cert: FILE, key: FILE }");
        return STATUS_BAD_CONFIG;
    }
    buf_init(&cert, PATHS_FILE_BYTES * 2);
    buf_init(&key, PATHS_FILE_BYTES * 2);
    st = check_keys(c, map);
    if (!st)
        st = read_pem(c, map, "cert", &cert);
    if (!st)
        st = read_pem(c, map, "key", &key);
    if (!st) {
        st = tls_identity_new(buf_bytes(&cert), buf_bytes(&key), error, ret_identity);
        if (st && st != STATUS_NO_MEMORY) {
            node_error(&c->diags, map, "%s", error);
            st = STATUS_BAD_CONFIG;
        }
    }
    buf_release(&cert);
    buf_release(&key);
    return st;
}

static enum status join_cert(struct config *c, const struct node *n)
{
    struct client_cert *cert = &c->settings.tls.certs[c->settings.tls.cert_count];
    enum status st = host_pattern_parse(&c->arena, n->key, &cert->hosts);

    if (st == STATUS_NO_MEMORY)
        return st;
    if (st) {
        node_key_error(&c->diags, n, "this is no host: write a.test or .a.test");
        return STATUS_BAD_CONFIG;
    }
    st = load_identity(c, n, &c->identities[c->identity_count]);
    if (st)
        return st;
    cert->identity = c->identities[c->identity_count++];
    c->settings.tls.cert_count++;
    return STATUS_OK;
}

enum status config_join_certs(struct config *c)
{
    const struct node *map = c->values.client_certs;
    enum status all = STATUS_OK;

    if (!map)
        return STATUS_OK;
    if (map->kind != NODE_MAP || map->count > CLIENT_CERTS) {
        node_error(&c->diags, map, "client_certs wants hosts, each with { cert: FILE, key: FILE }");
        return STATUS_BAD_CONFIG;
    }
    c->settings.tls.certs = arena_alloc(&c->arena, (map->count + 1) * sizeof(struct client_cert));
    if (!c->settings.tls.certs)
        return STATUS_NO_MEMORY;
    for (const struct node *n = map->first; n; n = n->next) {
        enum status st = join_cert(c, n);

        if (st)
            all = st;
    }
    return all;
}
