#include "logs/console_text.h"

#include "base/text.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026, one column */

/* The longest front of `text` of at most `columns`; its bytes. */
static size_t front_len(struct bytes text, size_t columns)
{
    size_t at = 0;

    while (at < text.len) {
        uint32_t code = 0;
        size_t len = utf8_decode(bytes_from(text, at), &code);
        size_t width = (size_t)utf8_width(code);

        if (width > columns)
            break;
        columns -= width;
        at += len ? len : 1;
    }
    return at;
}

size_t console_columns(struct bytes text)
{
    size_t columns = 0;

    for (size_t at = 0; at < text.len;) {
        uint32_t code = 0;
        size_t len = utf8_decode(bytes_from(text, at), &code);

        columns += (size_t)utf8_width(code);
        at += len ? len : 1;
    }
    return columns;
}

/* The front of `text` that has to go so that the rest takes at most `columns`. */
static size_t surplus_len(struct bytes text, size_t columns)
{
    size_t all = console_columns(text), at = 0;

    while (all > columns && at < text.len) {
        uint32_t code = 0;
        size_t len = utf8_decode(bytes_from(text, at), &code);

        all -= (size_t)utf8_width(code);
        at += len ? len : 1;
    }
    return at;
}

void console_put_middle_cut(struct buf *out, struct bytes text, size_t columns)
{
    size_t front;

    if (console_columns(text) <= columns) {
        buf_put(out, text);
        return;
    }
    if (columns == 0)
        return;
    front = (columns - 1) * 3 / 5; /* the front tells more: it has the host */
    buf_put(out, bytes_until(text, front_len(text, front)));
    buf_put_text(out, ELLIPSIS);
    buf_put(out, bytes_from(text, surplus_len(text, columns - 1 - front)));
}

void console_put_end_cut(struct buf *out, struct bytes text, size_t columns)
{
    if (console_columns(text) <= columns) {
        buf_put(out, text);
        return;
    }
    if (columns == 0)
        return;
    buf_put(out, bytes_until(text, front_len(text, columns - 1)));
    buf_put_text(out, ELLIPSIS);
}

void console_put_spaces(struct buf *out, size_t count)
{
    while (count-- > 0)
        buf_put_byte(out, ' ');
}

void console_put_left(struct buf *out, struct bytes text, size_t columns)
{
    size_t width = console_columns(text);

    buf_put(out, text);
    if (width < columns)
        console_put_spaces(out, columns - width);
}

void console_put_right(struct buf *out, struct bytes text, size_t columns)
{
    size_t width = console_columns(text);

    if (width < columns)
        console_put_spaces(out, columns - width);
    buf_put(out, text);
}

void console_put_style(struct buf *out, bool colour, enum console_style style)
{
    static const char *const codes[] = {
        [STYLE_NONE] = "\033[0m",  [STYLE_DIM] = "\033[2m",      [STYLE_BOLD] = "\033[1m",
        [STYLE_RED] = "\033[31m",  [STYLE_GREEN] = "\033[32m",   [STYLE_YELLOW] = "\033[33m",
        [STYLE_BLUE] = "\033[34m", [STYLE_MAGENTA] = "\033[35m", [STYLE_CYAN] = "\033[36m",
    };

    if (colour)
        buf_put_text(out, codes[style]);
}
