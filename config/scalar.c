/* The scalar readers of schema.h. */
#include <inttypes.h>

#include "base/sizes.h"
#include "base/text.h"
#include "config/schema.h"
#include "config/shape.h"

enum { WORDS_SHOWN_BYTES = 160 }; /* of a list of words in a message */

static bool is_nothing(const struct node *n)
{
    static const char *const nothings[] = {"", "~", "null", "Null", "NULL"};

    if (n->kind != NODE_SCALAR || !n->plain)
        return false;
    for (size_t i = 0; i < sizeof(nothings) / sizeof(nothings[0]); i++) {
        if (bytes_equal(n->text, bytes_of(nothings[i])))
            return true;
    }
    return false;
}

/* "text: #5 order": YAML takes all of it for a comment. */
static bool report_comment(struct diags *d, const struct node *n)
{
    struct bytes text = n->source ? n->source->text : bytes_make(NULL, 0);
    struct range range;

    if (n->text.len || diags_full(d, DIAG_ERROR))
        return false;
    range.from = shape_offset(text, n->at);
    range.to = shape_line(text, range.from).to;
    while (range.from < range.to && shape_is_blank(text.ptr[range.from]))
        range.from++;
    if (shape_at(text, range.from) != '#' || shape_is_blank(shape_at(text, range.from + 1)))
        return false;
    diag_add(d, DIAG_ERROR, n->source, shape_mark(text, range.from), shape_width(text, range),
             "a value is missing, and what follows is a comment: if it is a text, put single "
             "quotes around %s",
             shape_quoted(shape_bytes(text, range)).text);
    return true;
}

enum status config_present(const struct config_reader *r, const struct node *n)
{
    if (!is_nothing(n))
        return STATUS_OK;
    if (report_comment(r->diags, n))
        return STATUS_BAD_CONFIG;
    if (n->text.len)
        node_error(r->diags, n, "'%s' is no value: for an empty text, write ''",
                   excerpt(n->text).text);
    else if (n->key.len)
        node_key_error(r->diags, n, "'%s' has no value", excerpt(n->key).text);
    else
        node_error(r->diags, n, "a value is missing here");
    return STATUS_BAD_CONFIG;
}

/* "[::1]" and "{id}" are seldom meant as a list and a map. */
static void report_kind(struct diags *d, const struct node *n, const char *wanted)
{
    const char *kind = n->kind == NODE_LIST ? "list" : "map";
    struct bytes text = n->source ? n->source->text : bytes_make(NULL, 0);
    struct range range = {0, 0};

    if (!diags_full(d, DIAG_ERROR) && n->at.line == n->end.line) {
        range.from = shape_offset(text, n->at);
        range.to = shape_offset(text, n->end);
    }
    if (shape_at(text, range.from) == '[' || shape_at(text, range.from) == '{')
        node_error(d, n,
                   "%s is wanted here, not a %s: if it is a text, put single quotes around %s",
                   wanted, kind, shape_quoted(shape_bytes(text, range)).text);
    else
        node_error(d, n, "%s is wanted here, not a %s", wanted, kind);
}

/* The text of a scalar, expanded. */
static enum status scalar_text(const struct config_reader *r, const struct node *n,
                               const char *wanted, struct bytes *ret_text)
{
    enum status st;

    if (n->kind != NODE_SCALAR) {
        report_kind(r->diags, n, wanted);
        return STATUS_BAD_CONFIG;
    }
    st = config_present(r, n);
    if (st)
        return st;
    return config_expand(r, n, n->text, ret_text);
}

enum status config_text(const struct config_reader *r, const struct node *n, struct bytes *ret_text)
{
    struct bytes text = {0};
    enum status st = scalar_text(r, n, "a text", &text);
    const char *copy;

    if (st)
        return st;
    copy = arena_text(r->arena, text);
    if (!copy)
        return STATUS_NO_MEMORY;
    *ret_text = bytes_make(copy, text.len);
    return STATUS_OK;
}

static enum status int_parse(struct bytes in, int64_t *ret_value)
{
    bool negative = bytes_starts_with(in, BYTES("-"));
    uint64_t value = 0;
    enum status st = bytes_to_u64(bytes_from(in, negative), INT64_MAX, &value);

    if (st)
        return st;
    *ret_value = negative ? -(int64_t)value : (int64_t)value;
    return STATUS_OK;
}

enum status config_int(const struct config_reader *r, const struct node *n, int64_t min,
                       int64_t max, int64_t *ret_value)
{
    struct bytes text = {0};
    int64_t value = 0;
    enum status st = scalar_text(r, n, "a number", &text);

    if (st)
        return st;
    st = int_parse(text, &value);
    if (st == STATUS_BAD_INPUT) {
        node_error(r->diags, n, "'%s' is not a whole number", excerpt(text).text);
        return STATUS_BAD_CONFIG;
    }
    if ((st || value != min) && min == max) {
        node_error(r->diags, n, "%s is not known here: it is %" PRId64, excerpt(text).text, min);
        return STATUS_BAD_CONFIG;
    }
    if (st || value < min || value > max) {
        node_error(r->diags, n, "%s is out of range: from %" PRId64 " to %" PRId64,
                   excerpt(text).text, min, max);
        return STATUS_BAD_CONFIG;
    }
    *ret_value = value;
    return STATUS_OK;
}

enum status config_size(const struct config_reader *r, const struct node *n, int64_t *ret_bytes)
{
    struct bytes text = {0};
    int64_t value = 0;
    enum status st = scalar_text(r, n, "a size", &text);

    if (st)
        return st;
    if (size_parse(text, &value)) {
        node_error(r->diags, n, "'%s' is not a size: write 500, 64KiB, 1.5MB or 2GiB",
                   excerpt(text).text);
        return STATUS_BAD_CONFIG;
    }
    *ret_bytes = value;
    return STATUS_OK;
}

enum status config_duration(const struct config_reader *r, const struct node *n, int64_t *ret_us)
{
    struct bytes text = {0};
    int64_t value = 0;
    enum status st = scalar_text(r, n, "a duration", &text);

    if (st)
        return st;
    if (duration_parse(text, &value)) {
        node_error(r->diags, n, "'%s' is not a duration: write 250ms, 1.5s, 2m, 1h or 7d",
                   excerpt(text).text);
        return STATUS_BAD_CONFIG;
    }
    *ret_us = value;
    return STATUS_OK;
}

enum status config_bool(const struct config_reader *r, const struct node *n, bool *ret_value)
{
    static const char *const words[] = {"false", "true", "off", "on", "no", "yes"};
    const size_t count = sizeof(words) / sizeof(words[0]);
    struct bytes text = {0};
    const char *nearest;
    enum status st = scalar_text(r, n, "true or false", &text);

    if (st)
        return st;
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(text, bytes_of(words[i]))) {
            *ret_value = i % 2 != 0;
            return STATUS_OK;
        }
    }
    nearest = text_nearest(text, words, count);
    node_error(r->diags, n, "'%s' is neither true nor false%s%s%s", excerpt(text).text,
               nearest ? ", did you mean '" : "", nearest ? nearest : "", nearest ? "'?" : "");
    return STATUS_BAD_CONFIG;
}

/* "a, b, c"; too long a list leaves `out` broken. */
static void put_words(const char *const *words, size_t count, struct buf *out)
{
    for (size_t i = 0; i < count; i++) {
        buf_put_text(out, i > 0 ? ", " : "");
        buf_put_text(out, words[i]);
    }
}

/* What to say after "unknown key 'x'": the nearest of the words, or all of them. */
static void put_advice(struct bytes text, const char *const *words, size_t count, struct buf *out)
{
    const char *nearest = text_nearest(text, words, count);
    struct buf list;

    if (nearest) {
        buf_putf(out, ", did you mean '%s'?", nearest);
        return;
    }
    buf_init(&list, WORDS_SHOWN_BYTES);
    put_words(words, count, &list);
    if (buf_text(&list)[0])
        buf_putf(out, "; known here: %s", buf_text(&list));
    buf_release(&list);
}

void config_unknown_key(const struct config_reader *r, const struct node *n,
                        const char *const *words, size_t count)
{
    struct buf advice;

    buf_init(&advice, DIAG_TEXT_BYTES);
    if (!diags_full(r->diags, DIAG_ERROR))
        put_advice(n->key, words, count, &advice);
    node_key_error(r->diags, n, "unknown key '%s'%s", excerpt(n->key).text, buf_text(&advice));
    buf_release(&advice);
}

static void report_word(const struct config_reader *r, const struct node *n, struct bytes text,
                        const char *const *words, size_t count)
{
    struct buf advice;

    buf_init(&advice, DIAG_TEXT_BYTES);
    if (!diags_full(r->diags, DIAG_ERROR))
        put_advice(text, words, count, &advice);
    node_error(r->diags, n, "unknown word '%s'%s", excerpt(text).text, buf_text(&advice));
    buf_release(&advice);
}

enum status config_word(const struct config_reader *r, const struct node *n,
                        const char *const *words, int *ret_index)
{
    struct bytes text = {0};
    enum status st = scalar_text(r, n, "a word", &text);
    size_t count = 0;

    if (st)
        return st;
    for (; words[count]; count++) {
        if (bytes_equal(text, bytes_of(words[count]))) {
            *ret_index = (int)count;
            return STATUS_OK;
        }
    }
    report_word(r, n, text, words, count);
    return STATUS_BAD_CONFIG;
}

enum status config_texts(const struct config_reader *r, const struct node *n,
                         struct config_texts *ret_texts)
{
    uint32_t count = n->kind == NODE_LIST ? n->count : 1;
    const struct node *item = n->kind == NODE_LIST ? n->first : n;
    struct config_texts texts = {0};
    enum status all = STATUS_OK;

    texts.items = arena_alloc(r->arena, (count + 1) * sizeof(texts.items[0]));
    texts.nodes = arena_alloc(r->arena, (count + 1) * sizeof(texts.nodes[0]));
    if (!texts.items || !texts.nodes)
        return STATUS_NO_MEMORY;
    for (; texts.count < count && item; item = item->next) {
        enum status st = config_text(r, item, &texts.items[texts.count]);

        if (st == STATUS_NO_MEMORY)
            return st;
        if (st)
            all = st;
        texts.nodes[texts.count++] = item;
    }
    if (all)
        return all;
    *ret_texts = texts;
    return STATUS_OK;
}
