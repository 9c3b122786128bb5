#include <string.h>
#include <time.h>

#include "cli/config.h"
#include "proxy/loop/endpoint.h"

static const char MARK_DEFAULT[] = "x-weir-rule";

/* A list of host patterns; "all" and "none" are for the caller. */
static enum status join_hosts(struct config *c, const struct config_texts *texts,
                              struct host_list *ret_list)
{
    enum status all = STATUS_OK;
    struct host_list l = {.count = 0};

    if (texts->count == 0)
        return STATUS_OK;
    l.items = arena_alloc(&c->arena, texts->count * sizeof(*l.items));
    if (!l.items)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < texts->count; i++) {
        enum status st = host_pattern_parse(&c->arena, texts->items[i], &l.items[l.count]);

        if (st == STATUS_NO_MEMORY)
            return st;
        if (st) {
            node_error(&c->diags, texts->nodes[i],
                       "this is no host: write a.test, .a.test (with its subdomains) or *");
            all = STATUS_BAD_CONFIG;
            continue;
        }
        l.count++;
    }
    *ret_list = l;
    return all;
}

static enum status join_tls(struct config *c)
{
    const struct config_values *v = &c->values;
    struct settings *s = &c->settings;
    bool one = v->decrypt.count == 1;
    enum status st = STATUS_OK;

    s->tls.reject_passthrough = v->on_reject == 1;
    s->tls.dial_lazy = v->dial == 1;
    if (one && bytes_equal(v->decrypt.items[0], BYTES("none")))
        s->tls.decrypt_none = true;
    else if (!one || !bytes_equal(v->decrypt.items[0], BYTES("all")))
        st = join_hosts(c, &v->decrypt, &s->tls.decrypt);
    if (v->decrypt.count == 0)
        s->tls.decrypt_none = true;
    if (!st)
        st = join_hosts(c, &v->passthrough, &s->tls.passthrough);
    if (!st)
        st = join_hosts(c, &v->no_verify, &s->tls.no_verify);
    if (!v->ca_cert.len != !v->ca_key.len) {
        diag_add(&c->diags, DIAG_ERROR, NULL, (struct mark){0}, 1,
                 "tls.ca wants both: cert and key");
        return STATUS_BAD_CONFIG;
    }
    return st;
}

static enum status join_listen(struct config *c)
{
    const struct config_texts *texts = &c->values.listen;
    enum status all = STATUS_OK;

    if (texts->count == 0 || texts->count > LISTENERS) {
        diag_add(&c->diags, DIAG_ERROR, NULL, (struct mark){0}, 1,
                 "listen wants one address, or a list of at most %d", LISTENERS);
        return STATUS_BAD_CONFIG;
    }
    for (uint32_t i = 0; i < texts->count; i++) {
        if (endpoint_parse(texts->items[i], &c->listen[i]) == STATUS_OK)
            continue;
        node_error(&c->diags, texts->nodes[i],
                   "this is no address to listen on: write 127.0.0.1:8080 or '[::1]:8080'");
        all = STATUS_BAD_CONFIG;
    }
    c->listen_count = texts->count;
    return all;
}

static enum status join_auth(struct config *c)
{
    struct bytes auth = c->values.auth;

    if (bytes_equal(auth, BYTES("off")))
        return STATUS_OK;
    if (bytes_find(auth, ':') > 0) {
        c->settings.auth = auth;
        return STATUS_OK;
    }
    node_error(&c->diags, node_find(c->root, "auth"), "auth is user:password, or off");
    return STATUS_BAD_CONFIG;
}

/* The other keys of `defaults` are the rules' own. */
static enum status join_mark(struct config *c)
{
    const struct node *map = c->values.defaults;
    const struct node *n = map && map->kind == NODE_MAP ? node_find(map, "mark") : NULL;
    struct bytes name = BYTES_INIT("");
    enum status st;

    c->settings.mark = bytes_of(MARK_DEFAULT);
    if (!n)
        return STATUS_OK;
    st = config_text(&c->reader, n, &name);
    if (st)
        return st;
    if (bytes_equal(name, BYTES("off")))
        name = bytes_make(NULL, 0);
    else if (!http_token_valid(name))
        return STATUS_BAD_CONFIG; /* the rules' compiler says so */
    c->settings.mark = name;
    return STATUS_OK;
}

static enum status join_limits(struct config *c)
{
    const struct config_values *v = &c->values;

    c->settings.limits = (struct codec_limits){
        .head_bytes = (uint32_t)v->head,
        .fields = (uint32_t)v->fields,
        .request_line_bytes = (uint32_t)v->request_line,
    };
    return join_hosts(c, &v->lenient, &c->settings.lenient);
}

/* What "since:10m" of a filter counts from. */
static int64_t now_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static enum status join_expect(struct config *c)
{
    const struct node *list = c->values.expect;

    return list ? expects_read(&c->expects, &c->reader, list, now_us()) : STATUS_OK;
}

/* Each part is looked at, so that all problems are reported at once. */
enum status config_join(struct config *c)
{
    enum status (*const parts[])(struct config * c) = {
        join_listen,          join_auth,         join_tls,         join_limits, join_mark,
        config_join_upstream, config_join_certs, config_join_keep, join_expect,
    };
    enum status all = STATUS_OK;

    c->settings = c->values.settings;
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        enum status st = parts[i](c);

        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            all = st;
    }
    return all;
}
