/* What stands in any text: parameters, the users of URLs, labels; see redact_impl.h. Each
 * is found from the sign it has for certain, '=' '@' ':', and looked at backwards from
 * there, not far. */
#include <string.h>

#include "logs/redact_impl.h"
#include "logs/redact_markup.h"
#include "logs/redact_names.h"
#include "logs/redact_spans.h"

enum {
    PARAM_NAME_BYTES = 96,
    USER_BYTES = 256, /* of a user and password before an '@' */
};

struct loose {
    const struct redactor *redactor;
    enum redact_kind kind;
    size_t at; /* where to look for the next sign */
};

static bool is_among(const char *set, uint8_t c)
{
    return c && strchr(set, c);
}

static bool is_name(uint8_t c)
{
    uint8_t letter = byte_lower(c);

    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || is_among("_-.%[]", c);
}

/* The next `sign` in *ret_at; the look after it goes on behind it. */
static bool sign_next(struct loose *l, struct bytes text, uint8_t sign, size_t *ret_at)
{
    ptrdiff_t found = bytes_find(bytes_from(text, l->at), sign);

    if (found < 0)
        return false;
    *ret_at = l->at + (size_t)found;
    l->at = *ret_at + 1;
    return true;
}

static struct bytes name_before(struct bytes text, size_t end)
{
    size_t start = end;

    while (start > 0 && end - start < PARAM_NAME_BYTES && is_name(text.ptr[start - 1]))
        start--;
    return bytes_make(text.ptr + start, end - start);
}

/* ---- parameters ---- */

/* Does a parameter of a URL or form start at `start`? Else it may be one of something
 * else, or nothing. */
static bool is_url_param(struct bytes text, size_t start)
{
    uint8_t before = start ? text.ptr[start - 1] : '&';

    return is_among("?&#", before) || bytes_ends_with(bytes_until(text, start), BYTES("&amp;"));
}

static unsigned param_where(const struct loose *l, struct bytes text, struct bytes name)
{
    size_t start = (size_t)(name.ptr - text.ptr);
    unsigned where;

    if (start && text.ptr[start - 1] == '\\' && bytes_starts_with(name, BYTES("u0026")))
        return redact_name_find(l->redactor->own, bytes_from(name, 5)) & REDACT_PARAM;
    where = redact_name_find(l->redactor->own, name);
    if (is_url_param(text, start))
        return where & REDACT_PARAM;
    if (l->kind == REDACT_IN_SCRIPT || !is_among("\"' \t\r\n;,(", text.ptr[start - 1]))
        return 0;
    return where & REDACT_HEADER;
}

static size_t value_end(struct bytes text, size_t from, const char *ends)
{
    while (from < text.len && !is_among(ends, text.ptr[from]))
        from++;
    return from;
}

/* "name=value" and "name='value'". */
static enum redact_found param_find(void *self, struct bytes text, struct redact_span *span)
{
    struct loose *l = self;
    size_t at;

    while (sign_next(l, text, '=', &at)) {
        struct bytes name = name_before(text, at);
        uint8_t quote = at + 1 < text.len ? text.ptr[at + 1] : 0;
        char ends[2] = {(char)quote, '\0'};
        size_t start = at + 1, end;

        if (name.len == 0 || !param_where(l, text, name))
            continue;
        if (is_among("\"'", quote) && l->kind == REDACT_IN_TEXT)
            end = value_end(text, ++start, ends);
        else if (is_url_param(text, (size_t)(name.ptr - text.ptr)))
            end = value_end(text, start, "&# \t\r\n\"'<>\\`");
        else
            end = value_end(text, start, "& \t\r\n\"'<>\\`;,)}]|");
        if (end == start)
            continue;
        l->at = end; /* a sign within it tells nothing more */
        *span = (struct redact_span){start, end};
        return REDACT_FOUND;
    }
    return REDACT_NOTHING;
}

/* ---- users of URLs ---- */

/* Behind the "//" of "https://", or of "https:\/\/"; 0 when there is none. */
static size_t authority_before(struct bytes text, size_t at)
{
    size_t start = at, colon;

    while (start > 0 && at - start < USER_BYTES &&
           !is_among(" \t\r\n\"'<>\\/?#", text.ptr[start - 1]))
        start--;
    if (start < 3 || text.ptr[start - 1] != '/')
        return 0;
    colon = start - 1;
    while (colon > 0 && start - colon < 4 && is_among("/\\", text.ptr[colon - 1]))
        colon--;
    return start - colon >= 2 && colon > 0 && text.ptr[colon - 1] == ':' ? start : 0;
}

static enum redact_found user_find(void *self, struct bytes text, struct redact_span *span)
{
    struct loose *l = self;
    size_t at;

    while (sign_next(l, text, '@', &at)) {
        size_t start = authority_before(text, at);

        if (start == 0 || start == at)
            continue;
        *span = (struct redact_span){start, at};
        return REDACT_FOUND;
    }
    return REDACT_NOTHING;
}

/* ---- labels ---- */

/* Is nothing before `start` on its line but blanks and the signs of lists and quotes? */
static bool starts_line(struct bytes text, size_t start)
{
    size_t far = start > 16 ? start - 16 : 0;

    while (start > far && is_among(" \t-*+<>|#", text.ptr[start - 1]))
        start--;
    return start == 0 || text.ptr[start - 1] == '\n';
}

/* "Authorization: Bearer x", "password: x": a line of YAML, of a message's head. */
static enum redact_found label_find(void *self, struct bytes text, struct redact_span *span)
{
    struct loose *l = self;
    size_t at;

    while (sign_next(l, text, ':', &at)) {
        struct bytes name = name_before(text, at);
        size_t start = at + 1, end;

        if (!(redact_name_find(l->redactor->own, name) & REDACT_HEADER) ||
            !starts_line(text, (size_t)(name.ptr - text.ptr)))
            continue;
        while (start < text.len && is_among(" \t\"'", text.ptr[start]))
            start++;
        end = value_end(text, start, "\r\n");
        while (end > start && is_among(" \t\"',", text.ptr[end - 1]))
            end--;
        if (end == start)
            continue;
        l->at = end; /* a sign within it tells nothing more */
        *span = (struct redact_span){start, end};
        return REDACT_FOUND;
    }
    return REDACT_NOTHING;
}

bool redact_loosely(const struct redactor *r, enum redact_kind kind, struct buf *out, size_t from)
{
    struct loose param = {r, kind, 0}, user = param, label = param;
    struct redact_markup markup = {.redactor = r};
    struct redact_finder finders[] = {
        {.find = param_find, .self = &param},
        {.find = user_find, .self = &user},
        {.find = label_find, .self = &label},
        {.find = redact_markup_find, .self = &markup},
    };

    return redact_spans(r, finders, kind == REDACT_IN_TEXT ? 4 : 2, out, from);
}
