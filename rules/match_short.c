#include <string.h>

#include "rules/connection_rule.h"
#include "rules/match_build.h"

/* "a=1", "b=<x>" or "c" */
static enum status parameter_parse(struct match_builder *b, const struct rule_text *text,
                                   struct bytes in)
{
    ptrdiff_t equals = bytes_find(in, '=');
    struct bytes name = equals < 0 ? in : bytes_until(in, (size_t)equals);
    struct match_test test = {.holds = test_query_as_sent, .cost = COST_QUERY};
    struct choices choices = {.count = 1, .items = {{.kind = CHOICE_PRESENT}}};
    uint8_t *canonical = arena_alloc(b->c->arena, 3 * name.len + 1);
    size_t len = 0;
    enum status st = STATUS_OK;

    if (name.len == 0 || bytes_find(name, '<') >= 0 || bytes_find(name, '*') >= 0)
        return compiler_error(b->c, text, in,
                              "a parameter is name=value with a plain name; only its value may "
                              "hold '*' or <name>");
    if (!canonical)
        return STATUS_NO_MEMORY;
    for (size_t at = 0; at < name.len;) {
        struct url_unit unit = url_unit_read(name, at);

        memcpy(canonical + len, unit.bytes, unit.len);
        len += unit.len;
        at += unit.raw;
    }
    test.name = bytes_make(canonical, len);
    if (equals >= 0) {
        choices.items[0].kind = CHOICE_GLOB;
        st = glob_parse(b->c, text, bytes_from(in, (size_t)equals + 1), GLOB_VALUE,
                        &choices.items[0].glob);
    }
    return st ? st : test_add(b, text, test, &choices);
}

static enum status query_parse(struct match_builder *b, const struct rule_text *text,
                               struct bytes in)
{
    struct bytes rest = in;
    enum status st = STATUS_OK;

    for (;;) {
        ptrdiff_t end = bytes_find(rest, '&');

        st = status_worse(
            st, parameter_parse(b, text, end < 0 ? rest : bytes_until(rest, (size_t)end)));
        if (end < 0)
            return st;
        rest = bytes_from(rest, (size_t)end + 1);
    }
}

/* Splits "host[:port]"; the port may be missing, the host too. */
static enum status authority_split(struct match_builder *b, const struct rule_text *text,
                                   struct bytes in, struct bytes *ret_host, struct bytes *ret_port)
{
    ptrdiff_t close = bytes_find(in, ']');
    struct bytes after = in;
    ptrdiff_t colon;

    if (bytes_starts_with(in, BYTES("["))) {
        if (close < 0)
            return compiler_error(b->c, text, in, "'[' without ']'");
        after = bytes_from(in, (size_t)close + 1);
        if (after.len && after.ptr[0] != ':')
            return compiler_error(b->c, text, after, "after [address] comes :port or /path");
    }
    colon = bytes_find(after, ':');
    if (colon >= 0 && bytes_find(bytes_from(after, (size_t)colon + 1), ':') >= 0)
        return compiler_error(b->c, text, in, "an IPv6 address stands in [ ]");
    *ret_port = colon < 0 ? bytes_make(NULL, 0) : bytes_from(after, (size_t)colon + 1);
    *ret_host = colon < 0 ? in : bytes_until(in, (size_t)(after.ptr + colon - in.ptr));
    if (colon >= 0 && ret_port->len == 0)
        return compiler_error(b->c, text, bytes_from(after, (size_t)colon),
                              "a port is a number from 1 to 65535");
    return STATUS_OK;
}

/* The gate knows one port; another one, of another text below `all`, is a test. */
static enum status port_add(struct match_builder *b, const struct rule_text *text, struct bytes in)
{
    struct match_test test = {.holds = test_port, .cost = COST_FIXED};
    struct choices ports = {.count = 1, .items = {{.kind = CHOICE_RANGE}}};
    uint16_t port = 0;
    enum status st = port_parse(b, text, in, &port);

    if (st)
        return st;
    if (b->port == 0)
        b->port = port;
    if (b->port == port)
        return STATUS_OK;
    ports.items[0].range.low = ports.items[0].range.high = port;
    return test_add(b, text, test, &ports);
}

static enum status authority_add(struct match_builder *b, const struct rule_text *text,
                                 struct bytes in)
{
    struct match_test test = {.holds = test_host, .cost = COST_HOST};
    struct choices hosts = {0};
    struct bytes host = {0}, port = {0};
    enum status st = authority_split(b, text, in, &host, &port);

    if (st)
        return st;
    if (host.len)
        st = host_parse(b, text, host, &hosts);
    if (port.len)
        st = status_worse(st, port_add(b, text, port));
    return st ? st : test_add(b, text, test, &hosts);
}

/* Where the authority ends: at the path or at the query. */
static size_t authority_len(struct bytes in)
{
    size_t len = 0;

    while (len < in.len && in.ptr[len] != '/' && in.ptr[len] != '?')
        len++;
    return len;
}

static enum status path_add(struct match_builder *b, const struct rule_text *text, struct bytes in)
{
    struct match_test test = {.holds = test_path, .cost = COST_PATH};
    struct choices paths = {0};
    enum status st = in.len ? path_parse(b, text, in, &paths) : STATUS_OK;

    return st ? st : test_add(b, text, test, &paths);
}

/* Everything after the methods. */
static enum status url_add(struct match_builder *b, const struct rule_text *text, struct bytes in)
{
    ptrdiff_t slashes = bytes_search(in, BYTES("://")), query;
    uint8_t schemes = SCHEME_ALL;
    struct bytes rest = in;
    enum status st = STATUS_OK;

    if (slashes >= 0 && authority_len(in) == (size_t)slashes + 1) {
        st = scheme_parse(b, text, bytes_until(in, (size_t)slashes), &schemes);
        rest = bytes_from(in, (size_t)slashes + 3);
        b->schemes &= schemes;
    }
    st = status_worse(st, authority_add(b, text, bytes_until(rest, authority_len(rest))));
    rest = bytes_from(rest, authority_len(rest));
    if (!connection_part_allowed(b->c, text, rest, "a path or a query"))
        return STATUS_BAD_CONFIG;
    query = bytes_find(rest, '?');
    st = status_worse(st, path_add(b, text, query < 0 ? rest : bytes_until(rest, (size_t)query)));
    if (query >= 0)
        st = status_worse(st, query_parse(b, text, bytes_from(rest, (size_t)query + 1)));
    return st;
}

static enum status short_form_parse(struct match_builder *b, const struct rule_text *text)
{
    struct choices methods = {0};
    ptrdiff_t space = bytes_find(text->all, ' ');
    struct bytes url = text->all;
    enum status st = STATUS_OK;

    if (!connection_part_allowed(b->c, text, bytes_until(url, (size_t)(space < 0 ? 0 : space)),
                                 "a method"))
        return STATUS_BAD_CONFIG;
    if (space >= 0) {
        st = method_names_parse(b, text, bytes_until(text->all, (size_t)space), &methods);
        url = bytes_from(text->all, (size_t)space + 1);
        if (!st)
            st = methods_add(b, text, &methods);
    }
    space = bytes_find(url, ' ');
    if (space >= 0)
        return compiler_error(b->c, text, bytes_until(bytes_from(url, (size_t)space), 1),
                              "a match has one space at most: METHOD host/path");
    if (url.len == 0)
        return compiler_error(b->c, text, text->all, "a host or a path is missing");
    return status_worse(st, url_add(b, text, url));
}

enum status match_short_parse(struct match_builder *b, const struct node *n)
{
    struct match_test test = {.holds = test_url, .cost = COST_HEADER};
    struct choices choices = {.count = 1, .items = {{.kind = CHOICE_PATTERN}}};
    struct rule_text text;
    enum status st = compiler_text(b->c, n, &text);

    if (st)
        return st;
    if (!bytes_starts_with(text.all, BYTES("~")))
        return short_form_parse(b, &text);
    if (!connection_part_allowed(b->c, &text, text.all, "a whole URL"))
        return STATUS_BAD_CONFIG;
    st = pattern_parse(b->c, &text, bytes_from(text.all, 1), &choices.items[0].pattern);
    return st ? st : test_add(b, &text, test, &choices);
}
