/* The grammar of filters: words, operators and parentheses. What stands behind a key is
 * read by filter_value.c. Without recursion: open parentheses are a stack of frames. */
#include <stdio.h>
#include <string.h>

#include "config/diag.h"
#include "logs/filter_impl.h"

enum { FILTER_ARENA_BYTES = 4 * 1024 * 1024 };

/* What is between two parentheses: alternatives of terms side by side. */
struct frame {
    struct filter_node *any, *all; /* the whole, and the alternative that is being read */
    size_t at;                     /* of the parenthesis */
    bool negated;                  /* the whole of it, with all around it */
};

struct parser {
    struct filter_reader reader;
    struct frame frames[FILTER_DEPTH + 1];
    uint32_t depth;
    uint32_t terms;
    bool negate;  /* the term that comes */
    bool pending; /* a sign or an operator wants a term after it */
    size_t pending_at, pending_len;
};

enum status filter_refuse(struct filter_reader *r, size_t at, size_t len, const char *format, ...)
{
    va_list args;

    r->fault->at = at;
    r->fault->len = len ? len : 1;
    va_start(args, format);
    vsnprintf(r->fault->text, sizeof(r->fault->text), format, args);
    va_end(args);
    return STATUS_BAD_INPUT;
}

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint8_t byte_at(const struct filter_reader *r, size_t at)
{
    return at < r->in.len ? r->in.ptr[at] : 0;
}

/* ---- the tree ---- */

static struct filter_node *node_add(struct parser *p, struct filter_node *parent, enum filter_op op)
{
    struct filter_node *n = arena_alloc(p->reader.arena, sizeof(*n));

    if (!n)
        return NULL;
    n->op = op;
    n->parent = parent;
    if (!parent)
        return n;
    if (parent->last)
        parent->last->next = n;
    else
        parent->child = n;
    parent->last = n;
    return n;
}

/* Beneath a negation OR and AND change places (De Morgan). */
static enum status frame_open(struct parser *p, struct filter_node *parent, bool negated, size_t at)
{
    struct frame *f = &p->frames[p->depth];

    *f = (struct frame){.negated = negated, .at = at};
    f->any = node_add(p, parent, negated ? FILTER_OP_AND : FILTER_OP_OR);
    if (f->any)
        f->all = node_add(p, f->any, negated ? FILTER_OP_OR : FILTER_OP_AND);
    return f->all ? STATUS_OK : STATUS_NO_MEMORY;
}

static bool take_negation(struct parser *p)
{
    bool negated = p->negate != p->frames[p->depth].negated;

    p->negate = false;
    p->pending = false;
    return negated;
}

static enum status add_term(struct parser *p, const struct filter_term *term)
{
    struct filter_reader *r = &p->reader;
    struct filter_node *n;

    if (p->terms == FILTER_TERMS) {
        (void)filter_refuse(r, term->at, term->len, "there are more than %d terms", FILTER_TERMS);
        return STATUS_LIMIT;
    }
    n = node_add(p, p->frames[p->depth].all, FILTER_OP_TERM);
    if (!n || !(n->term = arena_alloc(r->arena, sizeof(*n->term))))
        return STATUS_NO_MEMORY;
    *n->term = *term;
    n->term->negated = take_negation(p);
    p->terms++;
    return STATUS_OK;
}

/* ---- operators and parentheses ---- */

static void want_term(struct parser *p, size_t at, size_t len)
{
    p->pending = true;
    p->pending_at = at;
    p->pending_len = len;
}

static enum status refuse_pending(struct parser *p)
{
    struct bytes op = bytes_until(bytes_from(p->reader.in, p->pending_at), p->pending_len);

    return filter_refuse(&p->reader, p->pending_at, p->pending_len, "'%s' wants a term after it",
                         excerpt(op).text);
}

static enum status open_group(struct parser *p)
{
    size_t at = p->reader.at++;
    struct filter_node *parent = p->frames[p->depth].all;
    bool negated = take_negation(p);

    if (p->depth == FILTER_DEPTH) {
        (void)filter_refuse(&p->reader, at, 1, "parentheses are more than %d deep", FILTER_DEPTH);
        return STATUS_LIMIT;
    }
    p->depth++;
    return frame_open(p, parent, negated, at);
}

static enum status close_group(struct parser *p)
{
    size_t at = p->reader.at++;

    if (p->depth == 0)
        return filter_refuse(&p->reader, at, 1, "nothing is open that this ')' could close");
    if (p->pending)
        return refuse_pending(p);
    if (!p->frames[p->depth].all->child)
        return filter_refuse(&p->reader, p->frames[p->depth].at, at + 1 - p->frames[p->depth].at,
                             "there is nothing between these parentheses");
    p->depth--;
    return STATUS_OK;
}

/* AND says nothing that standing side by side does not say. */
static enum status read_operator(struct parser *p, bool is_or, size_t len)
{
    struct frame *f = &p->frames[p->depth];
    size_t at = p->reader.at;

    p->reader.at += len;
    if (p->pending)
        return refuse_pending(p);
    if (!f->all->child)
        return filter_refuse(&p->reader, at, len, "'%s' wants a term before it",
                             is_or ? "OR" : "AND");
    want_term(p, at, len);
    if (is_or) {
        f->all = node_add(p, f->any, f->negated ? FILTER_OP_OR : FILTER_OP_AND);
        if (!f->all)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static enum status read_negation(struct parser *p, size_t len)
{
    p->negate = !p->negate;
    want_term(p, p->reader.at, len);
    p->reader.at += len;
    if (len == 1 &&
        (p->reader.at == p->reader.in.len || is_space(byte_at(&p->reader, p->reader.at))))
        return filter_refuse(&p->reader, p->pending_at, 1,
                             "'%c' stands right before the term that it turns round",
                             p->reader.in.ptr[p->pending_at]);
    return STATUS_OK;
}

/* The length of the word up to white space, a quote or a parenthesis. */
static size_t plain_len(const struct filter_reader *r, size_t at)
{
    size_t end = at;

    while (end < r->in.len && !is_space(r->in.ptr[end]) && !memchr("\"()", r->in.ptr[end], 3))
        end++;
    return end - at;
}

static const struct operator
{
    const char *text;
    enum { MEANS_AND, MEANS_OR, MEANS_NOT, MEANS_NOTHING } meaning;
    const char *instead;
}
operators[] = {
    {"AND", MEANS_AND, NULL},      {"&&", MEANS_AND, NULL},       {"&", MEANS_AND, NULL},
    {"OR", MEANS_OR, NULL},        {"||", MEANS_OR, NULL},        {"|", MEANS_OR, NULL},
    {"NOT", MEANS_NOT, NULL},      {"and", MEANS_NOTHING, "AND"}, {"or", MEANS_NOTHING, "OR"},
    {"not", MEANS_NOTHING, "NOT"},
};

/* Words that join terms; NULL: it is none of them. */
static const struct operator* operator_at(const struct filter_reader *r, size_t *ret_len)
{
    struct bytes word = bytes_until(bytes_from(r->in, r->at), plain_len(r, r->at));

    *ret_len = word.len;
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (bytes_equal(word, bytes_of(operators[i].text)))
            return &operators[i];
    return NULL;
}

static enum status read_joint(struct parser *p, const struct operator* o, size_t len)
{
    if (o->meaning == MEANS_NOTHING)
        return filter_refuse(&p->reader, p->reader.at, len,
                             "write %s in capitals, or in quotes to search for the word",
                             o->instead);
    if (o->meaning == MEANS_NOT)
        return read_negation(p, len);
    return read_operator(p, o->meaning == MEANS_OR, len);
}

/* ---- terms ---- */

/* "localhost:8080/x": digits, then nothing or a path. */
static bool looks_like_port(struct bytes rest)
{
    size_t at = 0;

    while (at < rest.len && rest.ptr[at] >= '0' && rest.ptr[at] <= '9')
        at++;
    return at > 0 && (at == rest.len || rest.ptr[at] == '/' || rest.ptr[at] == '?');
}

static bool is_key_like(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = byte_lower(name.ptr[i]);

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_'))
            return false;
    }
    return name.len > 0;
}

/* A word with a colon whose front is no key: a URL or a part of one, or a slip? */
static enum status judge_unknown(struct filter_reader *r, struct bytes name, struct bytes rest)
{
    const char *near = filter_key_nearest(name);

    if (!is_key_like(name) || bytes_starts_with(rest, BYTES("//")) ||
        (looks_like_port(rest) && !near))
        return STATUS_OK;
    if (near)
        return filter_refuse(r, r->at, name.len, "no such key '%s'; did you mean '%s'?",
                             excerpt(name).text, near);
    return filter_refuse(r, r->at, name.len,
                         "no such key '%s'; put the word in quotes to search URLs for it",
                         excerpt(name).text);
}

/* "~c": mitmproxy's, which many have in their fingers. */
static enum status refuse_foreign(struct filter_reader *r, struct bytes word)
{
    for (size_t i = 0; i < filter_like_count; i++) {
        struct bytes theirs = bytes_of(filter_likes[i].theirs);
        ptrdiff_t space = bytes_find(theirs, ' ');

        if (space >= 0)
            theirs.len = (size_t)space;
        if (bytes_equal(theirs, word) && filter_likes[i].ours[0])
            return filter_refuse(r, r->at, word.len, "'%s' is mitmproxy's; here write %s",
                                 excerpt(word).text, filter_likes[i].ours);
    }
    return STATUS_OK;
}

static bool is_compared(enum filter_key key)
{
    enum filter_kind kind = filter_key_rows[key].kind;

    return kind == FILTER_KIND_STATUS || kind == FILTER_KIND_NUMBER || kind == FILTER_KIND_SIZE ||
           kind == FILTER_KIND_DURATION || kind == FILTER_KIND_ID;
}

/* Is there a key at the front? *ret_len: how much of the word is the key with its colon;
 * 0: none, the word searches URLs. */
static enum status read_key(struct filter_reader *r, enum filter_key *ret_key, size_t *ret_len)
{
    struct bytes word = bytes_until(bytes_from(r->in, r->at), plain_len(r, r->at)), name;
    size_t end = 0;

    *ret_len = 0;
    if (word.len && word.ptr[0] == '~')
        return refuse_foreign(r, word);
    while (end < word.len && !memchr(":<>", word.ptr[end], 3))
        end++;
    name = bytes_until(word, end);
    if (end == word.len)
        return STATUS_OK;
    if (filter_key_find(name, ret_key)) {
        if (word.ptr[end] == ':')
            *ret_len = end + 1;
        else if (is_compared(*ret_key))
            *ret_len = end;
        return STATUS_OK;
    }
    return word.ptr[end] == ':' ? judge_unknown(r, name, bytes_from(word, end + 1)) : STATUS_OK;
}

static enum status read_bare(struct filter_reader *r, struct filter_term *term)
{
    struct filter_value *v = arena_alloc(r->arena, sizeof(*v));
    enum status st;

    if (!v)
        return STATUS_NO_MEMORY;
    term->key = FILTER_URL;
    term->values = v;
    term->value_count = 1;
    v->how = FILTER_CONTAINS;
    st = filter_read_piece(r, false, &v->text);
    if (!st && v->text.len == 0)
        return filter_refuse(r, term->at, r->at - term->at, "there is nothing in these quotes");
    return st;
}

static enum status read_term(struct parser *p)
{
    struct filter_reader *r = &p->reader;
    struct filter_term term = {.at = r->at};
    size_t key_len;
    enum status st = read_key(r, &term.key, &key_len);

    if (st)
        return st;
    if (key_len) {
        r->at += key_len;
        st = filter_read_values(r, &term);
    } else {
        st = read_bare(r, &term);
    }
    if (st)
        return st;
    term.len = r->at - term.at;
    return add_term(p, &term);
}

static enum status read_next(struct parser *p)
{
    uint8_t c = p->reader.in.ptr[p->reader.at];
    const struct operator* o;
    size_t len;

    if (c == '(')
        return open_group(p);
    if (c == ')')
        return close_group(p);
    if (c == '-' || c == '!')
        return read_negation(p, 1);
    o = operator_at(&p->reader, &len);
    return o ? read_joint(p, o, len) : read_term(p);
}

static enum status parse_all(struct parser *p)
{
    struct filter_reader *r = &p->reader;
    enum status st = frame_open(p, NULL, false, 0);

    for (;;) {
        while (!st && r->at < r->in.len && is_space(r->in.ptr[r->at]))
            r->at++;
        if (st || r->at == r->in.len)
            break;
        st = read_next(p);
    }
    if (st)
        return st;
    if (p->pending)
        return refuse_pending(p);
    if (p->depth)
        return filter_refuse(r, p->frames[p->depth].at, 1, "this '(' is never closed");
    return STATUS_OK;
}

static enum status filter_fill(struct filter *f, int64_t now_us, struct filter_fault *fault)
{
    struct parser p = {.reader = {.in = f->text, .now_us = now_us, .arena = &f->arena}};
    enum status st;

    p.reader.fault = fault;
    st = parse_all(&p);
    return st || !p.terms ? st : filter_build(f, p.frames[0].any, p.terms);
}

enum status filter_parse(struct bytes text, int64_t now_us, struct filter **ret_filter,
                         struct filter_fault *ret_fault)
{
    struct filter *f;
    struct arena arena;
    enum status st;

    if (text.len > FILTER_TEXT_BYTES) {
        *ret_fault = (struct filter_fault){.at = FILTER_TEXT_BYTES, .len = 1};
        snprintf(ret_fault->text, sizeof(ret_fault->text), "a filter has at most %d bytes",
                 FILTER_TEXT_BYTES);
        return STATUS_LIMIT;
    }
    arena_init(&arena, FILTER_ARENA_BYTES);
    f = arena_alloc(&arena, sizeof(*f));
    if (!f)
        return STATUS_NO_MEMORY;
    f->arena = arena;
    f->text = arena_copy(&f->arena, text);
    st = text.len && !f->text.ptr ? STATUS_NO_MEMORY : filter_fill(f, now_us, ret_fault);
    if (st) {
        filter_free(f);
        return st;
    }
    *ret_filter = f;
    return STATUS_OK;
}
