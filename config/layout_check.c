/* The checking part of layout.h. */
#include <string.h>
#include <yaml.h>

#include "config/layout.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static size_t skip_blanks(struct bytes in, size_t at)
{
    while (at < in.len && is_blank(in.ptr[at]))
        at++;
    return at;
}

/* The same bytes, blanks apart: so comments are looked at too. */
static bool same_bytes(struct bytes a, struct bytes b)
{
    size_t i = skip_blanks(a, 0), j = skip_blanks(b, 0);

    while (i < a.len && j < b.len && a.ptr[i] == b.ptr[j]) {
        i = skip_blanks(a, i + 1);
        j = skip_blanks(b, j + 1);
    }
    return i == a.len && j == b.len;
}

static bool same_text(const yaml_char_t *a, const yaml_char_t *b)
{
    return (!a && !b) || (a && b && strcmp((const char *)a, (const char *)b) == 0);
}

static bool same_scalar(const yaml_event_t *a, const yaml_event_t *b)
{
    return a->data.scalar.length == b->data.scalar.length &&
           memcmp(a->data.scalar.value, b->data.scalar.value, a->data.scalar.length) == 0 &&
           a->data.scalar.style == b->data.scalar.style &&
           a->data.scalar.plain_implicit == b->data.scalar.plain_implicit &&
           a->data.scalar.quoted_implicit == b->data.scalar.quoted_implicit &&
           same_text(a->data.scalar.anchor, b->data.scalar.anchor) &&
           same_text(a->data.scalar.tag, b->data.scalar.tag);
}

static bool same_event(const yaml_event_t *a, const yaml_event_t *b)
{
    if (a->type != b->type)
        return false;
    switch (a->type) {
    case YAML_SCALAR_EVENT:
        return same_scalar(a, b);
    case YAML_ALIAS_EVENT:
        return same_text(a->data.alias.anchor, b->data.alias.anchor);
    case YAML_SEQUENCE_START_EVENT:
        return a->data.sequence_start.style == b->data.sequence_start.style &&
               same_text(a->data.sequence_start.anchor, b->data.sequence_start.anchor) &&
               same_text(a->data.sequence_start.tag, b->data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
        return a->data.mapping_start.style == b->data.mapping_start.style &&
               same_text(a->data.mapping_start.anchor, b->data.mapping_start.anchor) &&
               same_text(a->data.mapping_start.tag, b->data.mapping_start.tag);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        break;
    }
    return true;
}

static enum status parser_fault(const yaml_parser_t *p, enum status otherwise)
{
    return p->error == YAML_MEMORY_ERROR ? STATUS_NO_MEMORY : otherwise;
}

/* One step of both; *ret_end: that was the last. */
static enum status compare_next(yaml_parser_t *a, yaml_parser_t *b, bool *ret_end)
{
    yaml_event_t left, right;
    enum status st = STATUS_OK;

    if (!yaml_parser_parse(a, &left))
        return parser_fault(a, STATUS_BAD_INPUT);
    if (!yaml_parser_parse(b, &right)) {
        yaml_event_delete(&left);
        return parser_fault(b, STATUS_REFUSED);
    }
    if (!same_event(&left, &right))
        st = STATUS_REFUSED;
    *ret_end = left.type == YAML_STREAM_END_EVENT;
    yaml_event_delete(&left);
    yaml_event_delete(&right);
    return st;
}

static void parser_feed(yaml_parser_t *p, struct bytes text)
{
    yaml_parser_set_encoding(p, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(p, text.ptr ? text.ptr : (const uint8_t *)"", text.len);
}

static enum status compare_events(struct bytes before, struct bytes after)
{
    yaml_parser_t a, b;
    enum status st = STATUS_OK;
    bool end = false;

    if (!yaml_parser_initialize(&a))
        return STATUS_NO_MEMORY;
    if (!yaml_parser_initialize(&b)) {
        yaml_parser_delete(&a);
        return STATUS_NO_MEMORY;
    }
    parser_feed(&a, before);
    parser_feed(&b, after);
    while (!st && !end)
        st = compare_next(&a, &b, &end);
    yaml_parser_delete(&a);
    yaml_parser_delete(&b);
    return st;
}

static struct bytes without_mark(struct bytes text)
{
    return bytes_from(text, bytes_starts_with(text, BYTES("\xef\xbb\xbf")) ? 3 : 0);
}

enum status layout_check(struct bytes before, struct bytes after)
{
    enum status st;

    before = without_mark(before);
    after = without_mark(after);
    st = compare_events(before, after);
    if (st)
        return st;
    return same_bytes(before, after) ? STATUS_OK : STATUS_REFUSED;
}
