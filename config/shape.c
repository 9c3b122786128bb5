#include "config/shape.h"

uint8_t shape_at(struct bytes text, size_t at)
{
    return at < text.len ? text.ptr[at] : 0;
}

bool shape_is_blank(uint8_t c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == 0;
}

struct bytes shape_bytes(struct bytes text, struct range range)
{
    return bytes_until(bytes_from(text, range.from),
                       range.to > range.from ? range.to - range.from : 0);
}

static struct range range_trim(struct bytes text, struct range range)
{
    while (range.to > range.from && shape_is_blank(text.ptr[range.to - 1]))
        range.to--;
    while (range.to > range.from && shape_is_blank(text.ptr[range.from]))
        range.from++;
    return range;
}

struct range shape_line(struct bytes text, size_t at)
{
    struct range line = {at < text.len ? at : text.len, 0};
    ptrdiff_t end = bytes_find(bytes_from(text, line.from), '\n');

    line.to = end < 0 ? text.len : line.from + (size_t)end;
    while (line.from > 0 && text.ptr[line.from - 1] != '\n')
        line.from--;
    return range_trim(text, line);
}

struct range shape_line_above(struct bytes text, size_t at)
{
    size_t start = at < text.len ? at : text.len;

    while (start > 0) {
        struct range line;

        while (start > 0 && text.ptr[start - 1] != '\n')
            start--;
        if (start == 0)
            break;
        start--; /* the line feed of the line above */
        line = shape_line(text, start);
        if (line.to > line.from)
            return line;
    }
    return (struct range){0, 0};
}

/* Past the quoted text that starts at `at`, or `at` when it does not end before `end`. */
static size_t skip_quoted(struct bytes text, size_t at, size_t end)
{
    uint8_t quote = text.ptr[at];

    for (size_t i = at + 1; i < end; i++) {
        if (text.ptr[i] == '\\' && quote == '"')
            i++;
        else if (text.ptr[i] == quote)
            return i + 1;
    }
    return at;
}

static bool is_quote(uint8_t c)
{
    return c == '"' || c == '\'';
}

static bool is_opener(uint8_t c)
{
    return c == '{' || c == '[';
}

static bool is_closer(uint8_t c)
{
    return c == '}' || c == ']';
}

static size_t skip_blanks(struct bytes text, size_t at, size_t end)
{
    while (at < end && shape_is_blank(text.ptr[at]))
        at++;
    return at;
}

size_t shape_value_start(struct bytes text, size_t at, bool in_flow)
{
    size_t start = shape_line(text, at).from;
    uint32_t brackets = in_flow;
    bool keyed = false; /* the key of this value was seen */

    for (size_t i = start; i < at; i++) {
        uint8_t c = text.ptr[i];
        bool spaced = shape_is_blank(shape_at(text, i + 1));

        if (i == start && is_quote(c) && skip_quoted(text, i, at) > i) {
            i = skip_quoted(text, i, at) - 1;
        } else if ((i == start && is_opener(c)) || (c == ',' && brackets > 0)) {
            brackets += is_opener(c);
            start = skip_blanks(text, i + 1, at);
            keyed = false;
            i = start - 1;
        } else if ((i == start && c == '-' && spaced) || (c == ':' && spaced && !keyed)) {
            start = skip_blanks(text, i + 1, at);
            keyed = c == ':';
            i = start - 1;
        } else if (is_closer(c) && brackets > 0) {
            brackets--;
        }
    }
    return start < at ? start : at;
}

size_t shape_value_end(struct bytes text, size_t from, size_t least, bool in_flow)
{
    size_t end = shape_line(text, from).to, i = from;
    uint32_t brackets = 0;

    if (from < end && is_quote(text.ptr[from]))
        i = skip_quoted(text, from, end);
    for (; i < end; i++) {
        uint8_t c = text.ptr[i];

        if (c == '#' && i > from && i >= least && shape_is_blank(text.ptr[i - 1]))
            break;
        if (in_flow && i >= least && brackets == 0 && (c == ',' || is_closer(c)))
            break;
        if (is_opener(c))
            brackets++;
        else if (is_closer(c) && brackets > 0)
            brackets--;
    }
    return range_trim(text, (struct range){from, i}).to;
}

size_t shape_opener(struct bytes text, size_t at)
{
    size_t start = shape_line(text, at).from;
    uint32_t brackets = 0;

    for (size_t i = at + 1; i-- > start;) {
        if (is_closer(text.ptr[i]))
            brackets++;
        else if (is_opener(text.ptr[i]) && --brackets == 0)
            return i;
    }
    return at;
}

/* Code points start with these bytes; a byte that is not UTF-8 counts for itself
 * only where it looks like a start, which is enough for texts that were checked. */
static bool starts_code_point(uint8_t c)
{
    return (c & 0xc0) != 0x80;
}

static size_t text_start(struct bytes text)
{
    return bytes_starts_with(text, BYTES("\xef\xbb\xbf")) ? 3 : 0;
}

size_t shape_offset(struct bytes text, struct mark at)
{
    size_t i = text_start(text);
    struct mark mark = {1, 1};

    while (mark.line < at.line && i < text.len)
        mark.line += text.ptr[i++] == '\n';
    while (mark.column < at.column && i < text.len && text.ptr[i] != '\n') {
        i++;
        while (i < text.len && !starts_code_point(text.ptr[i]))
            i++;
        mark.column++;
    }
    return i;
}

struct mark shape_mark(struct bytes text, size_t at)
{
    struct mark mark = {1, 1};

    for (size_t i = text_start(text); i < at && i < text.len; i++) {
        if (text.ptr[i] == '\n')
            mark = (struct mark){mark.line + 1, 1};
        else
            mark.column += starts_code_point(text.ptr[i]);
    }
    return mark;
}

uint32_t shape_width(struct bytes text, struct range range)
{
    uint32_t width = 0;

    for (size_t i = range.from; i < range.to && i < text.len && text.ptr[i] != '\n'; i++)
        width += starts_code_point(text.ptr[i]);
    return width;
}

struct quoted shape_quoted(struct bytes in)
{
    struct excerpt cut = excerpt(in);
    struct quoted q = {{'\''}};
    size_t len = 1;

    for (const char *c = cut.text; *c; c++) {
        if (*c == '\'')
            q.text[len++] = '\'';
        q.text[len++] = *c;
    }
    q.text[len++] = '\'';
    return q;
}
