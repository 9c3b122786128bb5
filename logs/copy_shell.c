/* The words of a shell, for copy_form.h. Within '…' nothing has a meaning, but that fish
 * takes \\ and \' there; so these stand outside. What a terminal would act on when it is
 * pasted (controls), and what is not UTF-8, goes through printf in octal. */
#include <string.h>

#include "base/text.h"
#include "logs/copy_form.h"

/* Turns the order of what is read, breaks its line, or is not seen at all. */
static bool is_hidden(uint32_t code)
{
    return code < 0xa0 || code == 0xad || code == 0x61c || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0xfeff || (code >= 0xe000 && code <= 0xf8ff);
}

bool copy_is_plain(struct bytes in)
{
    while (in.len) {
        uint8_t c = in.ptr[0];
        uint32_t code = 0;
        size_t len = 1;

        if (c >= 0x80)
            len = utf8_decode(in, &code);
        if (c < 0x80 ? (c < ' ' && c != '\n') || c == 0x7f : len == 0 || is_hidden(code))
            return false;
        in = bytes_from(in, len);
    }
    return true;
}

static bool is_bare(struct bytes in)
{
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i], lower = byte_lower(c);

        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '_')
            return false;
    }
    return in.len > 0;
}

/* A backslash that could be taken together with what follows it. */
static bool stands_outside(struct bytes in, size_t at)
{
    uint8_t next = at + 1 < in.len ? in.ptr[at + 1] : '\'';

    return in.ptr[at] == '\'' || (in.ptr[at] == '\\' && (next == '\\' || next == '\''));
}

static void put_quoted(struct buf *out, struct bytes in)
{
    size_t start = 0;

    buf_put_byte(out, '\'');
    for (size_t i = 0; i < in.len; i++) {
        if (!stands_outside(in, i))
            continue;
        buf_put(out, bytes_make(in.ptr + start, i - start));
        buf_put_text(out, in.ptr[i] == '\'' ? "'\\''" : "'\\\\'");
        start = i + 1;
    }
    buf_put(out, bytes_from(in, start));
    buf_put_byte(out, '\'');
}

void copy_put_word(struct buf *out, struct bytes in)
{
    if (is_bare(in)) {
        buf_put(out, in);
    } else if (copy_is_plain(in)) {
        put_quoted(out, in);
    } else {
        buf_put_text(out, "\"$(");
        copy_put_printf(out, in);
        buf_put_text(out, ")\"");
    }
}

void copy_put_words(struct buf *out, struct arena *a, const char *before, struct bytes in)
{
    size_t len = strlen(before);
    uint8_t *text = arena_alloc(a, len + in.len + 1);

    if (!text) {
        out->status = STATUS_NO_MEMORY;
        return;
    }
    memcpy(text, before, len);
    if (in.len)
        memcpy(text + len, in.ptr, in.len);
    copy_put_word(out, bytes_make(text, len + in.len));
}

void copy_put_printf(struct buf *out, struct bytes in)
{
    buf_put_text(out, "printf '");
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.ptr[i];

        if (c == '\n')
            buf_put_text(out, "\\n");
        else if (c < ' ' || c > '~' || c == '%' || c == '\\' || c == '\'' || (i == 0 && c == '-'))
            buf_putf(out, "\\%03o", c);
        else
            buf_put_byte(out, c);
    }
    buf_put_byte(out, '\'');
}
