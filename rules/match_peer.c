/* The keys about who asks and over what: client, version, tls. */
#include "rules/connection_rule.h"
#include "rules/match_build.h"

static enum status read_client(const struct value_reader *r, const struct rule_text *text,
                               struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_TEXT, .text = text->all};
    struct network *network = arena_alloc(r->b->c->arena, sizeof(*network));
    enum status st;

    if (!network)
        return STATUS_NO_MEMORY;
    st = network_parse(text->all, network);
    if (st == STATUS_LIMIT)
        return compiler_error(r->b->c, text, text->all,
                              "expected a network as 10.0.0.0/8 or 2001:db8::/32");
    if (!st) {
        choice.kind = CHOICE_NETWORK;
        choice.network = network;
    }
    return choice_add(r->b, text, choices, choice);
}

enum status match_client_parse(struct match_builder *b, const struct node *n)
{
    struct value_reader r = {.b = b, .read = read_client};

    return values_test(&r, n, (struct match_test){.holds = test_client, .cost = COST_HEADER});
}

/* One of `names`, with or without `prefix`. */
static enum status read_word(const struct value_reader *r, const struct rule_text *text,
                             struct choices *choices, const char *prefix, const char *const *names)
{
    struct bytes wanted = text->all;

    if (bytes_starts_with(wanted, bytes_of(prefix)))
        wanted = bytes_from(wanted, bytes_of(prefix).len);
    for (size_t i = 0; names[i]; i++) {
        struct bytes name = bytes_of(names[i]);

        if (bytes_equal(bytes_from(name, bytes_of(prefix).len), wanted))
            return choice_add(r->b, text, choices,
                              (struct choice){.kind = CHOICE_TEXT, .text = name});
    }
    return compiler_error(r->b->c, text, text->all, "'%s' is not a version, as %s or %s",
                          excerpt(text->all).text, names[0], names[1]);
}

static enum status read_version(const struct value_reader *r, const struct rule_text *text,
                                struct choices *choices)
{
    static const char *const names[] = {"HTTP/1.0", "HTTP/1.1", "HTTP/2", NULL};

    return read_word(r, text, choices, "HTTP/", names);
}

enum status match_version_parse(struct match_builder *b, const struct node *n)
{
    struct value_reader r = {.b = b, .read = read_version};

    return values_test(&r, n, (struct match_test){.holds = test_version, .cost = COST_FIXED});
}

/* ---- tls ------------------------------------------------------------------ */

static enum status read_tls_version(const struct value_reader *r, const struct rule_text *text,
                                    struct choices *choices)
{
    static const char *const names[] = {"TLSv1.2", "TLSv1.3", "TLSv1.1", "TLSv1", NULL};

    return read_word(r, text, choices, "TLSv", names);
}

static const struct tls_key {
    const char *name;
    bool (*holds)(const struct match_test *t, struct match_run *run);
    enum status (*read)(const struct value_reader *r, const struct rule_text *text,
                        struct choices *choices);
} tls_keys[] = {
    {"version", test_tls_version, read_tls_version},
    {"sni", test_tls_sni, value_read_host},
    {"alpn", test_tls_alpn, value_read_text},
    {"ja4", test_tls_ja4, value_read_text},
};
enum { TLS_KEYS = sizeof(tls_keys) / sizeof(tls_keys[0]) };

static enum status tls_key_parse(struct match_builder *b, const struct node *n)
{
    const char *words[TLS_KEYS];

    for (size_t i = 0; i < TLS_KEYS; i++) {
        struct value_reader r = {.b = b, .read = tls_keys[i].read};
        struct match_test test = {.holds = tls_keys[i].holds, .cost = COST_FIXED};

        words[i] = tls_keys[i].name;
        if (bytes_equal(n->key, bytes_of(words[i])) && !connection_tls_key_allowed(b->c, n))
            return STATUS_BAD_CONFIG;
        if (bytes_equal(n->key, bytes_of(words[i])))
            return values_test(&r, n, test);
    }
    config_unknown_key(&b->c->reader, n, words, TLS_KEYS);
    return STATUS_BAD_CONFIG;
}

static enum status tls_word_parse(struct match_builder *b, const struct node *n)
{
    struct match_test test = {.holds = test_tls, .cost = COST_FIXED};
    struct choices choices = {.count = 1, .items = {{.kind = CHOICE_ABSENT}}};
    struct rule_text text;
    enum status st = compiler_text(b->c, n, &text);

    if (st)
        return st;
    if (bytes_equal(text.all, BYTES("yes")) || bytes_equal(text.all, BYTES("true")))
        choices.items[0].kind = CHOICE_PRESENT;
    else if (!bytes_equal(text.all, BYTES("no")) && !bytes_equal(text.all, BYTES("false")))
        return compiler_error(b->c, &text, text.all,
                              "expected yes, no, or a map of version, sni, alpn and ja4");
    return test_add(b, &text, test, &choices);
}

enum status match_tls_parse(struct match_builder *b, const struct node *n)
{
    enum status st = STATUS_OK;

    if (n->kind != NODE_MAP)
        return tls_word_parse(b, n);
    if (!n->first) {
        node_error(b->c->reader.diags, n, "the map is empty; `tls: yes` takes all TLS");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *key = n->first; key; key = key->next)
        st = status_worse(st, tls_key_parse(b, key));
    return st;
}
