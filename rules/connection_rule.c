#include "rules/connection_rule.h"

#define LOOKS_AT "a rule with 'tls', 'dns' or 'connect' looks at host, port, scheme, client and tls"

bool connection_key_allowed(const struct rule_compiler *c, const struct node *n)
{
    static const char *const names[] = {"url", "scheme", "host", "port", "client",
                                        "tls", "all",    "any",  "not"};

    if (!c->moment)
        return true;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (bytes_equal(n->key, bytes_of(names[i])))
            return true;
    }
    node_key_error(c->reader.diags, n, "'%s' is of a request; " LOOKS_AT, excerpt(n->key).text);
    return false;
}

bool connection_tls_key_allowed(const struct rule_compiler *c, const struct node *n)
{
    if (!c->moment || !bytes_equal(n->key, BYTES("version")))
        return true;
    node_key_error(c->reader.diags, n,
                   "the version may not be chosen yet when this rule acts; sni, alpn and ja4 are "
                   "known");
    return false;
}

bool connection_part_allowed(struct rule_compiler *c, const struct rule_text *text,
                             struct bytes part, const char *what)
{
    if (!c->moment || part.len == 0)
        return true;
    (void)compiler_error(c, text, part, "%s is of a request; " LOOKS_AT, what);
    return false;
}

/* The names of whens.def for what only requests have. */
static const char *request_key(const struct per *per)
{
    switch (per->kind) {
    case PER_url:
        return "url";
    case PER_header:
        return "header";
    case PER_cookie:
        return "cookie";
    case PER_rule:
    case PER_client:
    case PER_connection:
    case PER_host:
    case PER_COUNT:
        break;
    }
    return NULL;
}

static enum status when_check(struct rule_compiler *c, const struct node *n, const struct when *w)
{
    const char *word = request_key(&w->per);

    for (uint32_t i = 0; i < w->count && !word; i++)
        word = request_key(&w->items[i].per);
    if (!word)
        return STATUS_OK;
    node_error(c->reader.diags, n,
               "'per %s' is of a request; a rule with 'tls', 'dns' or 'connect' counts per rule, "
               "client, connection or host",
               word);
    return STATUS_BAD_CONFIG;
}

enum status connection_rule_check(struct rule_compiler *c, const struct node *match,
                                  const struct node *when, const struct rule *rule)
{
    uint8_t known = c->moment == VERB_AT_HELLO ? SCHEME_HTTPS : SCHEME_HTTP | SCHEME_HTTPS;

    if (!(rule->match.gate.schemes & known)) {
        node_error(
            c->reader.diags, match,
            c->moment == VERB_AT_HELLO && rule->match.gate.schemes & SCHEME_HTTP
                ? "clients open no TLS for http, so 'tls' never acts here"
                : "ws and wss are told by the request, which is not there yet; write http or "
                  "https");
        return STATUS_BAD_CONFIG;
    }
    return when_check(c, when, &rule->when);
}
