/* `response` of the map form: what a response must be like. */
#include <string.h>

#include "base/sizes.h"
#include "base/text.h"
#include "rules/match_build.h"

/* A number with what it counts in. */
struct span_reader {
    enum status (*number)(const struct match_builder *b, const struct rule_text *text,
                          struct bytes in, int64_t *ret_number);
};

static enum status number_size(const struct match_builder *b, const struct rule_text *text,
                               struct bytes in, int64_t *ret_number)
{
    if (size_parse(in, ret_number) == STATUS_OK)
        return STATUS_OK;
    return compiler_error(b->c, text, in, "expected a size, as 10KiB");
}

static enum status number_duration(const struct match_builder *b, const struct rule_text *text,
                                   struct bytes in, int64_t *ret_number)
{
    if (duration_parse(in, ret_number) == STATUS_OK)
        return STATUS_OK;
    return compiler_error(b->c, text, in, "expected a time, as 500ms");
}

/* "over 10KiB", "under 1s", "1KiB to 5KiB", or one value. */
static enum status span_parse(struct match_builder *b, const struct rule_text *text,
                              const struct span_reader *r, struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_SPAN, .span = {0, INT64_MAX}};
    ptrdiff_t to = bytes_search(text->all, BYTES(" to "));
    enum status st;

    if (bytes_starts_with(text->all, BYTES("over "))) {
        st = r->number(b, text, bytes_trim(bytes_from(text->all, 5)), &choice.span.low);
        choice.span.low += choice.span.low < INT64_MAX;
    } else if (bytes_starts_with(text->all, BYTES("under "))) {
        st = r->number(b, text, bytes_trim(bytes_from(text->all, 6)), &choice.span.high);
        choice.span.high--;
    } else if (to >= 0) {
        st = r->number(b, text, bytes_trim(bytes_until(text->all, (size_t)to)), &choice.span.low);
        st = status_worse(st, r->number(b, text, bytes_trim(bytes_from(text->all, (size_t)to + 4)),
                                        &choice.span.high));
    } else {
        st = r->number(b, text, text->all, &choice.span.low);
        choice.span.high = choice.span.low;
    }
    if (!st && choice.span.low > choice.span.high)
        st = compiler_error(b->c, text, text->all, "nothing lies in this range");
    return st ? st : choice_add(b, text, choices, choice);
}

static enum status read_size(const struct value_reader *r, const struct rule_text *text,
                             struct choices *choices)
{
    return span_parse(r->b, text, &(struct span_reader){number_size}, choices);
}

static enum status read_duration(const struct value_reader *r, const struct rule_text *text,
                                 struct choices *choices)
{
    return span_parse(r->b, text, &(struct span_reader){number_duration}, choices);
}

static enum status status_number(struct match_builder *b, const struct rule_text *text,
                                 struct bytes in, uint16_t *ret_status)
{
    uint64_t status;

    if (bytes_to_u64(in, 599, &status) || status < 100)
        return compiler_error(b->c, text, in,
                              "expected a status as 404, a class as 5xx, or a "
                              "range as 500 to 504");
    if (status < 200)
        return compiler_error(b->c, text, in,
                              "an interim response is not matched; a final one has a status from "
                              "200 on (RFC 9110 section 15)");
    *ret_status = (uint16_t)status;
    return STATUS_OK;
}

/* "404", "5xx", "500 to 504" */
static enum status read_status(const struct value_reader *r, const struct rule_text *text,
                               struct choices *choices)
{
    struct choice choice = {.kind = CHOICE_RANGE};
    struct bytes in = text->all;
    ptrdiff_t to = bytes_search(in, BYTES(" to "));
    enum status st;

    if (in.len == 3 && in.ptr[0] >= '2' && in.ptr[0] <= '5' &&
        bytes_equal_icase(bytes_from(in, 1), BYTES("xx"))) {
        choice.range.low = (uint16_t)((in.ptr[0] - '0') * 100);
        choice.range.high = (uint16_t)(choice.range.low + 99);
        return choice_add(r->b, text, choices, choice);
    }
    if (to < 0) {
        st = status_number(r->b, text, in, &choice.range.low);
        choice.range.high = choice.range.low;
    } else {
        st = status_number(r->b, text, bytes_until(in, (size_t)to), &choice.range.low);
        st = status_worse(
            st, status_number(r->b, text, bytes_from(in, (size_t)to + 4), &choice.range.high));
    }
    if (!st && choice.range.low > choice.range.high)
        st = compiler_error(r->b->c, text, in, "the lower status comes first");
    return st ? st : choice_add(r->b, text, choices, choice);
}

/* "json" is a subtype, or what follows its '+'; "image" a type; "text/html" both. */
static enum status read_type(const struct value_reader *r, const struct rule_text *text,
                             struct choices *choices)
{
    struct bytes in = text->all, sub = in;
    ptrdiff_t slash = bytes_find(in, '/');

    if (slash >= 0)
        sub = bytes_from(in, (size_t)slash + 1);
    if (!http_token_valid(sub) || (slash >= 0 && !http_token_valid(bytes_until(in, (size_t)slash))))
        return compiler_error(r->b->c, text, in,
                              "expected a media type as text/html, or a part of one as json or "
                              "image (RFC 9110 section 8.3.1)");
    return value_read_text(r, text, choices);
}

static enum status response_status(struct match_builder *b, const struct node *n)
{
    return values_test(&(struct value_reader){.b = b, .read = read_status}, n,
                       (struct match_test){.holds = test_status, .cost = COST_RESPONSE});
}

static enum status response_type(struct match_builder *b, const struct node *n)
{
    return values_test(&(struct value_reader){.b = b, .read = read_type}, n,
                       (struct match_test){.holds = test_type, .cost = COST_RESPONSE + 1});
}

static enum status response_header(struct match_builder *b, const struct node *n)
{
    return match_names(
        b, n,
        (struct match_test){.holds = test_header, .cost = COST_RESPONSE + 2, .response = true});
}

static enum status response_duration(struct match_builder *b, const struct node *n)
{
    return values_test(&(struct value_reader){.b = b, .read = read_duration}, n,
                       (struct match_test){.holds = test_duration, .cost = COST_RESPONSE});
}

static enum status response_size(struct match_builder *b, const struct node *n)
{
    return values_test(&(struct value_reader){.b = b, .read = read_size}, n,
                       (struct match_test){.holds = test_size, .cost = COST_BODY});
}

static enum status response_body(struct match_builder *b, const struct node *n)
{
    return match_body(b, n, true);
}

static enum status response_json(struct match_builder *b, const struct node *n)
{
    return match_json(b, n, true);
}

static const struct response_key {
    const char *name;
    enum status (*parse)(struct match_builder *b, const struct node *n);
} keys[] = {
#define RESPONSE_KEY(name, help) {#name, response_##name},
#include "rules/response_keys.def"
#undef RESPONSE_KEY
};
enum { KEYS = sizeof(keys) / sizeof(keys[0]) };

static enum status key_parse(struct match_builder *b, const struct node *n)
{
    const char *words[KEYS];

    for (size_t i = 0; i < KEYS; i++) {
        if (bytes_equal(n->key, bytes_of(keys[i].name)))
            return keys[i].parse(b, n);
        words[i] = keys[i].name;
    }
    config_unknown_key(&b->c->reader, n, words, KEYS);
    return STATUS_BAD_CONFIG;
}

enum status match_response_parse(struct match_builder *b, const struct node *n)
{
    enum status st = compiler_want(b->c, n, NODE_MAP,
                                   "this is a map, as { status: 5xx }, of: status, type, header, "
                                   "body, size, duration");

    b->c->response_pass = true;
    if (st)
        return st;
    if (!n->first) {
        node_error(b->c->reader.diags, n, "the map is empty");
        return STATUS_BAD_CONFIG;
    }
    for (const struct node *key = n->first; key; key = key->next)
        st = status_worse(st, key_parse(b, key));
    return st;
}
