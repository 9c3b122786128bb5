#include "logs/redact_markup.h"

#include <string.h>

#include "logs/redact_names.h"

static bool is_among(const char *set, uint8_t c)
{
    return c && strchr(set, c);
}

static uint8_t byte_at(struct bytes text, size_t at)
{
    return at < text.len ? text.ptr[at] : 0;
}

static struct bytes part(struct bytes text, struct redact_span span)
{
    return bytes_until(bytes_from(text, span.start), span.end - span.start);
}

static bool stands_at(struct bytes text, size_t at, struct bytes what)
{
    return bytes_starts_with(bytes_from(text, at), what);
}

/* Of a name, as far as it matters where one ends (XML 1.0 §2.3). */
static bool is_name(uint8_t c)
{
    uint8_t letter = byte_lower(c);

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c >= 0x80 ||
           is_among("_-.:", c);
}

/* The name from `at` on, without what stands before its colon. */
static struct redact_span name_at(struct bytes text, size_t at)
{
    struct redact_span name = {at, at};

    while (name.end < text.len && is_name(text.ptr[name.end])) {
        if (text.ptr[name.end++] == ':')
            name.start = name.end;
    }
    return name;
}

/* Names that are secret in any place: the "code" and "state" of a page are not. */
static bool is_secret(const struct redact_markup *m, struct bytes name)
{
    return (redact_name_find(m->redactor->own, name) & REDACT_HEADER) != 0;
}

static size_t skip_blanks(struct bytes text, size_t at)
{
    while (is_among(" \t\r\n", byte_at(text, at)))
        at++;
    return at;
}

/* The value of the attribute whose name ends at `at`; *at moves behind it. */
static struct redact_span take_value(struct bytes text, size_t *at)
{
    size_t equals = skip_blanks(text, *at);
    struct redact_span value = {*at, *at};
    uint8_t quote;

    if (byte_at(text, equals) != '=')
        return value;
    value.start = value.end = skip_blanks(text, equals + 1);
    quote = byte_at(text, value.start);
    if (is_among("\"'", quote)) {
        ptrdiff_t end = bytes_find(bytes_from(text, ++value.start), quote);

        value.end = end < 0 ? text.len : value.start + (size_t)end;
        *at = value.end + (end >= 0);
    } else {
        while (value.end < text.len && !is_among(" \t\r\n>", text.ptr[value.end]))
            value.end++;
        *at = value.end;
    }
    return value;
}

/* The next attribute of a tag from *at on; false at the tag's end, where *at is then. */
static bool take_attribute(struct bytes text, size_t *at, struct redact_span *ret_name,
                           struct redact_span *ret_value)
{
    while (*at < text.len && !is_name(text.ptr[*at]) && !is_among("<>", text.ptr[*at]))
        (*at)++;
    if (!is_name(byte_at(text, *at)))
        return false;
    *ret_name = name_at(text, *at);
    *at = ret_name->end;
    *ret_value = take_value(text, at);
    return true;
}

static bool is_called(struct bytes text, struct redact_span name, const char *const *names)
{
    for (; *names; names++) {
        if (bytes_equal_icase(part(text, name), bytes_of(*names)))
            return true;
    }
    return false;
}

/* Has a tag an attribute that says what its value or its content is: name="password"? */
static bool names_secret(const struct redact_markup *m, struct bytes text, size_t at)
{
    static const char *const naming[] = {"name", "key", "property", NULL};
    struct redact_span name, value;

    while (take_attribute(text, &at, &name, &value)) {
        if (is_called(text, name, naming) && is_secret(m, part(text, value)))
            return true;
    }
    return false;
}

/* Up to the end of a tag. True: *span is a secret of it. */
static bool tag_find(struct redact_markup *m, struct bytes text, struct redact_span *span)
{
    static const char *const valued[] = {"value", "content", NULL};
    struct redact_span name, value;

    while (take_attribute(text, &m->at, &name, &value)) {
        if (value.end == value.start ||
            !(is_secret(m, part(text, name)) || (m->named && is_called(text, name, valued))))
            continue;
        *span = value;
        return true;
    }
    m->in_tag = false;
    if (byte_at(text, m->at) != '>')
        return false;
    if ((m->opens || m->named) && text.ptr[m->at - 1] != '/' && m->element.end == 0) {
        m->element = m->tag;
        m->leaf = !m->opens;
    }
    m->at++;
    return false;
}

/* Text up to the next tag or the end of CDATA, without blanks at its ends. */
static struct redact_span take_text(struct redact_markup *m, struct bytes text)
{
    bool data = stands_at(text, m->at, BYTES("<![CDATA["));
    size_t start = m->at + (data ? 9 : 0);
    ptrdiff_t len = bytes_search(bytes_from(text, start), data ? BYTES("]]>") : BYTES("<"));
    struct redact_span span = {start, len < 0 ? text.len : start + (size_t)len};

    m->at = span.end + (data && len >= 0 ? 3 : 0);
    span.start = skip_blanks(text, span.start);
    if (span.start > span.end)
        span.start = span.end;
    while (span.end > span.start && is_among(" \t\r\n", text.ptr[span.end - 1]))
        span.end--;
    return span;
}

/* At a '<'. */
static void tag_begin(struct redact_markup *m, struct bytes text)
{
    bool closes = byte_at(text, m->at + 1) == '/';
    struct redact_span name = name_at(text, m->at + 1 + closes);

    m->at++;
    if (name.end == name.start)
        return;
    if (closes) {
        if (m->element.end && bytes_equal_icase(part(text, m->element), part(text, name)))
            m->element = (struct redact_span){0};
        return;
    }
    m->at = name.end;
    m->in_tag = true;
    m->tag = name;
    m->opens = is_secret(m, part(text, name));
    m->named = names_secret(m, text, m->at);
}

enum redact_found redact_markup_find(void *self, struct bytes text, struct redact_span *span)
{
    struct redact_markup *m = self;

    while (m->at < text.len) {
        if (m->in_tag) {
            if (tag_find(m, text, span))
                return REDACT_FOUND;
        } else if (m->element.end &&
                   (text.ptr[m->at] != '<' || stands_at(text, m->at, BYTES("<![CDATA[")))) {
            struct redact_span secret = take_text(m, text);

            if (m->leaf)
                m->element = (struct redact_span){0};
            if (secret.end == secret.start)
                continue;
            *span = secret;
            return REDACT_FOUND;
        } else {
            ptrdiff_t next = bytes_find(bytes_from(text, m->at), '<');

            if (next < 0)
                break;
            m->at += (size_t)next;
            if (!m->element.end || next == 0)
                tag_begin(m, text);
        }
    }
    m->at = text.len;
    return REDACT_NOTHING;
}
