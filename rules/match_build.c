#include "rules/match_build.h"

#include <string.h>

#include "http/url.h"

enum status choice_add(struct match_builder *b, const struct rule_text *text,
                       struct choices *choices, struct choice choice)
{
    if (choices->count == MATCH_CHOICES)
        return compiler_error(b->c, text, text->all, "more than %d values for one key",
                              MATCH_CHOICES);
    choices->items[choices->count++] = choice;
    return STATUS_OK;
}

static bool has_pattern(const struct choices *choices)
{
    for (uint32_t i = 0; i < choices->count; i++) {
        if (choices->items[i].kind == CHOICE_PATTERN)
            return true;
    }
    return false;
}

enum status block_add(struct match_builder *b, const struct node *n, struct match_block block)
{
    uint32_t at;

    if (b->count == MATCH_TESTS) {
        node_error(b->c->reader.diags, n, "more than %d conditions in one match", MATCH_TESTS);
        return STATUS_BAD_CONFIG;
    }
    for (at = b->count++; at > 0 && b->blocks[at - 1].cost > block.cost; at--)
        b->blocks[at] = b->blocks[at - 1];
    b->blocks[at] = block;
    return STATUS_OK;
}

enum status test_add(struct match_builder *b, const struct rule_text *text, struct match_test test,
                     const struct choices *choices)
{
    struct match_block block = {.count = 1};
    struct choice *items;

    if (choices->count == 0)
        return STATUS_OK;
    items = arena_alloc(b->c->arena, choices->count * sizeof(*items));
    block.tests = arena_alloc(b->c->arena, sizeof(*block.tests));
    if (!items || !block.tests)
        return STATUS_NO_MEMORY;
    memcpy(items, choices->items, choices->count * sizeof(*items));
    test.choices = items;
    test.count = choices->count;
    test.cost += has_pattern(choices) ? COST_PATTERN : 0;
    test.yes = MATCH_YES;
    test.no = MATCH_NO;
    *block.tests = test;
    block.cost = test.cost;
    return block_add(b, text->node, block);
}

static uint16_t jump_move(uint16_t jump, uint32_t by, uint16_t yes, uint16_t no)
{
    if (jump == MATCH_YES)
        return yes;
    return jump == MATCH_NO ? no : (uint16_t)(jump + by);
}

void block_put(struct match_block *to, const struct match_block *block, uint16_t yes, uint16_t no)
{
    for (uint32_t i = 0; i < block->count; i++) {
        struct match_test *t = &to->tests[to->count + i];

        *t = block->tests[i];
        t->yes = jump_move(t->yes, to->count, yes, no);
        t->no = jump_move(t->no, to->count, yes, no);
    }
    to->count += block->count;
}

enum status blocks_join(struct match_builder *b, const struct node *n,
                        struct match_block *ret_block)
{
    struct match_block all = {0};
    uint32_t total = 0;

    for (uint32_t i = 0; i < b->count; i++)
        total += b->blocks[i].count;
    if (total > MATCH_TESTS) {
        node_error(b->c->reader.diags, n, "more than %d conditions in one match", MATCH_TESTS);
        return STATUS_BAD_CONFIG;
    }
    all.tests = arena_alloc(b->c->arena, (total + (size_t)1) * sizeof(*all.tests));
    if (!all.tests)
        return STATUS_NO_MEMORY;
    for (uint32_t i = 0; i < b->count; i++) {
        uint32_t next = all.count + b->blocks[i].count;

        all.cost = b->blocks[i].cost; /* they are sorted: the last is the most */
        block_put(&all, &b->blocks[i], i + 1 == b->count ? MATCH_YES : (uint16_t)next, MATCH_NO);
    }
    *ret_block = all;
    return STATUS_OK;
}

static const struct match_test *builder_find(const struct match_builder *b,
                                             bool (*holds)(const struct match_test *,
                                                           struct match_run *))
{
    for (uint32_t i = 0; i < b->count; i++) {
        if (b->blocks[i].count == 1 && b->blocks[i].tests->holds == holds &&
            b->blocks[i].tests->yes == MATCH_YES)
            return b->blocks[i].tests;
    }
    return NULL;
}

const struct match_test *builder_host(const struct match_builder *b)
{
    const struct match_test *found = builder_find(b, test_host);

    return found ? found : b->host;
}

const struct match_test *builder_path(const struct match_builder *b)
{
    const struct match_test *found = builder_find(b, test_path);

    return found ? found : b->path;
}

static const char *method_hint(struct bytes name)
{
    if (bytes_find(name, ',') >= 0)
        return "; several are written GET|POST";
    return bytes_find(name, '/') > 0 ? "; a space in a path is written %20" : "";
}

static enum status method_name_parse(struct match_builder *b, const struct rule_text *text,
                                     struct bytes name, struct choices *choices)
{
    bool small = false;

    if (!http_token_valid(name))
        return compiler_error(b->c, text, name, "'%s' is not a method%s", excerpt(name).text,
                              method_hint(name));
    for (size_t i = 0; i < name.len; i++)
        small |= name.ptr[i] >= 'a' && name.ptr[i] <= 'z';
    if (small && !http_method_find(name))
        compiler_warning(b->c, text, name,
                         "'%s' is not a registered method; they are written in capitals, and "
                         "case counts (RFC 9110 section 9.1)",
                         excerpt(name).text);
    return choice_add(b, text, choices, (struct choice){.kind = CHOICE_TEXT, .text = name});
}

enum status method_names_parse(struct match_builder *b, const struct rule_text *text,
                               struct bytes in, struct choices *ret_choices)
{
    struct bytes rest = in;
    enum status st = STATUS_OK;

    for (;;) {
        ptrdiff_t bar = bytes_find(rest, '|');
        struct bytes name = bar < 0 ? rest : bytes_until(rest, (size_t)bar);

        st = status_worse(st, method_name_parse(b, text, name, ret_choices));
        if (bar < 0)
            return st;
        rest = bytes_from(rest, (size_t)bar + 1);
    }
}

enum status methods_add(struct match_builder *b, const struct rule_text *text,
                        const struct choices *choices)
{
    uint32_t bits = 0;

    if (choices->count == 0)
        return STATUS_OK;
    for (uint32_t i = 0; i < choices->count; i++)
        bits |=
            choices->items[i].kind == CHOICE_TEXT ? method_bit(choices->items[i].text) : METHOD_ALL;
    if (bits & method_bit(BYTES("OPTIONS")))
        bits |= METHOD_PREFLIGHT;
    b->methods &= bits;
    b->method_given = true;
    if (!(bits & METHOD_OTHER))
        return STATUS_OK; /* the bits say it all */
    return test_add(b, text, (struct match_test){.holds = test_method, .cost = COST_FIXED},
                    choices);
}

enum status scheme_parse(struct match_builder *b, const struct rule_text *text, struct bytes in,
                         uint8_t *ret_bits)
{
    static const struct {
        const char *name;
        uint8_t bits;
    } schemes[] = {
        {"http", SCHEME_HTTP}, {"https", SCHEME_HTTPS}, {"ws", SCHEME_WS}, {"wss", SCHEME_WSS}};

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (bytes_equal_icase(in, bytes_of(schemes[i].name))) {
            *ret_bits = schemes[i].bits;
            return STATUS_OK;
        }
    }
    return compiler_error(b->c, text, in, "'%s' is not one of http, https, ws, wss",
                          excerpt(in).text);
}

static enum status host_glob_parse(struct match_builder *b, const struct rule_text *text,
                                   struct bytes in, struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_GLOB};
    enum status st;

    if (bytes_equal(in, BYTES("*")))
        return compiler_error(b->c, text, in,
                              "'*' alone is a host of one label; leave the host out to take all");
    if (in.ptr[0] == '.')
        return compiler_error(b->c, text, in,
                              "a leading dot takes all subdomains; no '*' or <name> beside it");
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = byte_lower(in.ptr[i]);

        if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && (!c || !strchr("-_.*<>", c)))
            return compiler_error(b->c, text, bytes_until(bytes_from(in, i), 1),
                                  "this may not stand in a host beside a '*' or <name> (names in "
                                  "other scripts are written as A-labels there: xn--…)");
    }
    st = glob_parse(b->c, text, in, GLOB_HOST, &choice.glob);
    return st ? st : choice_add(b, text, choices, choice);
}

enum status host_parse(struct match_builder *b, const struct rule_text *text, struct bytes in,
                       struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_TEXT};
    bool below = bytes_starts_with(in, BYTES("."));
    struct buf host;
    enum status st;

    if (bytes_find(in, '*') >= 0 || bytes_find(in, '<') >= 0)
        return host_glob_parse(b, text, in, choices);
    buf_init(&host, HOST_BYTES + 1);
    st = host_normalise(bytes_from(in, below), &host);
    if (!st) {
        choice.kind = below ? CHOICE_BELOW : CHOICE_TEXT;
        choice.text = arena_copy(b->c->arena, buf_bytes(&host));
        st = choice.text.ptr ? choice_add(b, text, choices, choice) : STATUS_NO_MEMORY;
    } else if (st != STATUS_NO_MEMORY) {
        st = compiler_error(b->c, text, in, "'%s' is not a host", excerpt(in).text);
    }
    buf_release(&host);
    return st;
}

enum status port_parse(struct match_builder *b, const struct rule_text *text, struct bytes in,
                       uint16_t *ret_port)
{
    uint64_t port;

    if (bytes_to_u64(in, UINT16_MAX, &port) || port == 0)
        return compiler_error(b->c, text, in, "a port is a number from 1 to 65535");
    *ret_port = (uint16_t)port;
    return STATUS_OK;
}

enum status path_parse(struct match_builder *b, const struct rule_text *text, struct bytes in,
                       struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_GLOB};
    ptrdiff_t hash = bytes_find(in, '#');
    enum status st;

    if (!bytes_starts_with(in, BYTES("/")))
        return compiler_error(b->c, text, in, "a path starts with '/'");
    if (hash >= 0)
        return compiler_error(b->c, text, bytes_from(in, (size_t)hash),
                              "what follows '#' is never sent, so it cannot match");
    st = glob_parse(b->c, text, in, GLOB_PATH, &choice.glob);
    return st ? st : choice_add(b, text, choices, choice);
}

static enum status match_keep(struct match_builder *b, const struct node *n, struct match *ret)
{
    struct match m = {.captures = b->c->capture_count, .plain = true};
    struct match_block block;
    enum status st = blocks_join(b, n, &block);

    if (st)
        return st;
    m.tests = block.tests;
    m.count = block.count;
    for (uint32_t i = 0; i < m.count; i++)
        m.plain = m.plain && m.tests[i].no == MATCH_NO &&
                  m.tests[i].yes == (i + 1 == m.count ? MATCH_YES : i + 1);
    m.host = builder_host(b);
    m.path = builder_path(b);
    m.gate.wants_path = m.path;
    m.gate.methods = b->method_given ? b->methods : METHOD_USUAL;
    m.gate.schemes = b->schemes;
    m.gate.port = b->port;
    *ret = m;
    return STATUS_OK;
}

enum status match_form_parse(struct match_builder *b, const struct node *n)
{
    if (n->kind == NODE_LIST) {
        node_error(b->c->reader.diags, n,
                   "a match is a text or a map; for one of several write { any: […] }");
        return STATUS_BAD_CONFIG;
    }
    return n->kind == NODE_SCALAR ? match_short_parse(b, n) : match_map_parse(b, n);
}

enum status match_parse(struct rule_compiler *c, const struct node *n, struct match *ret)
{
    struct match_builder b = {.c = c, .methods = METHOD_ALL, .schemes = SCHEME_ALL};
    enum status st = match_form_parse(&b, n);

    return st ? st : match_keep(&b, n, ret);
}
